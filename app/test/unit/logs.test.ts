import { describe, expect, test } from 'vitest';
import { blockAt, scanBack } from '../../src/chain/logs.ts';

/** A chain of blocks of which every `each`-th has one log; refuses ranges above `limit`. */
function chainOf(each: bigint, limit = 1_000_000n) {
  const asked: [bigint, bigint][] = [];
  const fetchLogs = async (from: bigint, to: bigint) => {
    asked.push([from, to]);
    if (to - from + 1n > limit) throw new Error('query exceeds max block range');
    const logs: bigint[] = [];
    for (let block = ((from + each - 1n) / each) * each; block <= to; block += each) logs.push(block);
    return logs;
  };
  return { asked, fetchLogs };
}

describe('pages of logs', () => {
  test('of a long chain cost a bounded number of bounded queries', async () => {
    // 5,000 proposals over a year of Base.
    const { asked, fetchLogs } = chainOf(3_154n);
    const options = { first: 0n, range: 10_000n, wanted: 25, queries: 12 };
    const page = await scanBack(fetchLogs, { ...options, from: 15_768_000n });
    expect(page.logs.length).toBeGreaterThanOrEqual(25);
    expect(asked.length).toBeLessThanOrEqual(12);
    expect(asked.every(([from, to]) => to - from < 10_000n)).toBe(true);
  });

  test('follow each other without a gap or a repetition, to the first block', async () => {
    const { fetchLogs } = chainOf(7n);
    let from: bigint | undefined = 10_000n;
    const all: bigint[] = [];
    while (from !== undefined) {
      const page: { logs: bigint[]; next: bigint | undefined } = await scanBack(fetchLogs, { first: 70n, from, range: 333n, wanted: 40, queries: 5 });
      all.push(...page.logs);
      from = page.next;
    }
    const expected: bigint[] = [];
    for (let block = 9_996n; block >= 70n; block -= 7n) expected.push(block);
    expect(all).toEqual(expected);
  });

  test('end after their queries where nothing is found', async () => {
    const { asked, fetchLogs } = chainOf(10n ** 12n);
    const page = await scanBack(fetchLogs, { first: 1n, from: 10n ** 9n, range: 2_000n, wanted: 10, queries: 6 });
    expect(page.logs).toEqual([]);
    expect(page.next).toBe(10n ** 9n - 12_000n);
    expect(asked).toHaveLength(6);
  });

  test('of a busy chain come in small ranges, those of an idle one in large ones', async () => {
    // 20 logs in every block.
    const asked: bigint[] = [];
    const busy = async (from: bigint, to: bigint) => {
      asked.push(to - from + 1n);
      return Array.from({ length: Number(to - from + 1n) * 20 }, (_, index) => to - BigInt(Math.floor(index / 20)));
    };
    const page = await scanBack(busy, { first: 0n, from: 100_000n, start: 64n, range: 10_000n, wanted: 25, queries: 12 });
    expect(page.logs.length).toBeLessThanOrEqual(1_280);
    expect(asked).toEqual([64n]);
    const more = await scanBack(busy, { first: 0n, from: 100_000n, start: 64n, range: 10_000n, wanted: 3_000, queries: 12 });
    expect(Math.max(...asked.slice(2).map(Number))).toBe(16);
    expect(more.logs.length).toBeLessThan(4_000);
    const idle = chainOf(10n ** 12n);
    await scanBack(idle.fetchLogs, { first: 1n, from: 10n ** 9n, start: 64n, range: 10_000n, wanted: 25, queries: 16 });
    expect(idle.asked.reduce((sum, [from, to]) => sum + (to - from + 1n), 0n)).toBeGreaterThan(100_000n);
  });

  test('leave out what is not wanted, and go on until a page is full', async () => {
    const { asked, fetchLogs } = chainOf(10n);
    const page = await scanBack(fetchLogs, { first: 0n, from: 9_999n, range: 1_000n, wanted: 30, queries: 12, keep: (block) => block % 100n === 0n });
    expect(page.logs.every((block) => block % 100n === 0n)).toBe(true);
    expect(page.logs).toHaveLength(30);
    expect(asked).toHaveLength(3);
  });

  test('halve a range that the RPC refuses, and pass other errors on', async () => {
    const { fetchLogs } = chainOf(10n, 1_500n);
    const page = await scanBack(fetchLogs, { first: 0n, from: 9_999n, range: 10_000n, wanted: 100, queries: 12 });
    expect(page.logs.length).toBeGreaterThanOrEqual(100);
    const broken = async () => {
      throw new Error('unauthorised');
    };
    await expect(scanBack(broken, { first: 0n, from: 10n, range: 5n, wanted: 1, queries: 3 })).rejects.toThrow('unauthorised');
  });
});

test('the block of a time is found in a few questions', async () => {
  let questions = 0;
  const timeOf = async (block: bigint) => {
    questions += 1;
    return 1_700_000_000n + block * 2n;
  };
  expect(await blockAt(timeOf, 1_700_000_000n + 24_690n, 0n, 20_000_000n)).toBe(12_345n);
  expect(questions).toBeLessThan(30);
});
