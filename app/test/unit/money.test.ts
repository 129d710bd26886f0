import { parseEther } from 'viem';
import { describe, expect, test } from 'vitest';
import { bucketize } from '../../src/pages/overview/activity.ts';
import { nextMonths, unlockedAt } from '../../src/pages/overview/calendar.ts';
import { yearlyBps } from '../../src/pages/stake/yearly.ts';
import { leastShares, sharesFor } from '../../src/pages/stake/plans.ts';
import { pack, unpack } from '../../src/pages/token/relayed.ts';

describe('shares of a pool', () => {
  test('all of a position is all of its shares', () => {
    expect(sharesFor(parseEther('10'), { shares: 777n, amount: parseEther('10') })).toBe(777n);
    expect(sharesFor(parseEther('11'), { shares: 777n, amount: parseEther('10') })).toBe(777n);
  });

  test('a part is worth at least what was asked for, and never more than there is', () => {
    const position = { shares: parseEther('13'), amount: parseEther('7') + 1n };
    for (const amount of [1n, 999n, parseEther('3'), parseEther('7')]) {
      const shares = sharesFor(amount, position);
      expect(shares).toBeLessThanOrEqual(position.shares);
      expect((shares * position.amount) / position.shares).toBeGreaterThanOrEqual(amount);
    }
  });

  test('a price that a slash changed is refused', () => {
    const before = leastShares(parseEther('100'), { assets: parseEther('50'), shares: parseEther('100') });
    expect(before).toBe((parseEther('200') * 999n) / 1000n);
    expect(leastShares(parseEther('100'), { assets: 0n, shares: 0n })).toBe((parseEther('100') * 999n) / 1000n);
  });
});

test('yearly rewards are what flows, after commission', () => {
  // 1,000 OPG a year to 10,000 OPG of stake, a tenth to the operator.
  const rate = parseEther('1000') / 31_557_600n;
  expect(yearlyBps(rate, parseEther('10000'), 1_000)).toBeGreaterThanOrEqual(899);
  expect(yearlyBps(rate, parseEther('10000'), 1_000)).toBeLessThanOrEqual(900);
  expect(yearlyBps(0n, 1n, 0)).toBeUndefined();
  expect(yearlyBps(1n, 0n, 0)).toBeUndefined();
});

describe('the calendar', () => {
  const month = 2_629_800;
  const categories = [
    { id: 0, name: 'a', total: 1_200n, tgeTotal: 0n, start: 0, cliff: 12 * month, duration: 12 * month, beneficiaries: 'schedules' },
    { id: 1, name: 'b', total: 500n, tgeTotal: 500n, start: 0, cliff: 0, duration: 0, beneficiaries: 'airdrop' },
  ];
  test('adds up to the supply', () => {
    expect(unlockedAt(categories, 0)).toBe(500n);
    expect(unlockedAt(categories, 24 * month)).toBe(1_700n);
    const months = nextMonths(categories, 1, 24);
    expect(months.reduce((sum, { amount }) => sum + amount, 0n)).toBe(1_200n);
    expect(months[0]?.to).toBe(13 * month);
  });
});

test('answers are counted once each, however many there are', () => {
  const answers = Array.from({ length: 1_000 }, (_, index) => ({ issuedAt: BigInt(1_000 + index * 37), fee: 1n }));
  const buckets = bucketize(answers, 1_000 + 999 * 37 + 5);
  expect(buckets.length).toBeLessThanOrEqual(50);
  expect(buckets.reduce((sum, { count }) => sum + count, 0)).toBe(1_000);
  expect(bucketize([], 5)).toEqual([]);
});

describe('signed messages', () => {
  const vote = { kind: 'vote', chainId: 1, proposalId: 2n ** 255n, support: 1, voter: `0x${'1'.repeat(40)}`, nonce: 3n, reason: 'ü "', signature: '0x1234' } as const;
  test('survive being sent as text', () => expect(unpack(pack(vote))).toEqual(vote));
  test.each(['', '{}', 'null', '{"kind":"vote","chainId":1,"signature":"0x12","support":7}', pack(vote).replace('"0x1234"', '"javascript:1"')])('damaged ones are refused: %s', (text) => {
    expect(() => unpack(text)).toThrow();
  });
});
