import { parseEther } from 'viem';
import { describe, expect, test } from 'vitest';
import { dailyFlow, earnedOf } from '../../src/pages/stake/earned.ts';
import { commissionsOf, slashesOf } from '../../src/pages/stake/past.ts';

const [a, b] = ['0xAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA', '0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB'] as const;

describe('what is past of operators', () => {
  test('commissions are in the order in which they were set', () => {
    const set = (operator: typeof a | typeof b, commissionBps: number, effectiveFrom: bigint) => ({ args: { operator, commissionBps, effectiveFrom } });
    const all = commissionsOf([set(a, 900, 30n), set(b, 100, 20n), set(a, 700, 10n)]);
    expect(all.get(a)).toEqual([{ bps: 700, from: 10n }, { bps: 900, from: 30n }]);
    expect(all.get(b)).toEqual([{ bps: 100, from: 20n }]);
  });

  test('slashes count own and delegated stake, and not what governance undid', () => {
    const opened = (slashId: string, operator: typeof a | typeof b, own: bigint, pool: bigint) => ({ args: { slashId, operator, slash: { own, pool } } });
    const all = slashesOf([opened('1', a, 5n, 7n), opened('2', a, 100n, 0n), opened('3', b, 1n, 1n)], [{ args: { slashId: '3' } }]);
    expect(all.get(a)).toEqual({ count: 2, amount: 112n });
    expect(all.has(b)).toBe(false);
  });
});

describe('rewards by source', () => {
  test('are all that was paid, staked or waits, without what work earned', () => {
    expect(earnedOf([parseEther('10')], [parseEther('5')], parseEther('2'), [parseEther('4')])).toEqual({ stake: parseEther('13'), performance: parseEther('4') });
    expect(earnedOf([], [], 3n, [])).toEqual({ stake: 3n, performance: 0n });
  });

  test('flow by stake, and by a part of what delegators earn', () => {
    // 1 wei a second among 1,000, of which 250 are the operator's and 500 its delegators', at 10 %.
    expect(dailyFlow(1n, 1_000n, 250n, 500n, 1_000)).toEqual({ own: 21_600n, commission: 4_320n });
    expect(dailyFlow(1n, 0n, 0n, 0n, 1_000)).toEqual({ own: 0n, commission: 0n });
  });
});
