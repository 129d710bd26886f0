/** Something that returns the logs of a range of blocks, both ends included. */
export type FetchLogs<Log> = (fromBlock: bigint, toBlock: bigint) => Promise<Log[]>;

/** Where a backward scan starts and ends, and how far it may go at once. */
export type ScanOptions<Log> = {
  /** Oldest block worth a look. */
  first: bigint;
  /** Newest block that was not looked at yet. */
  from: bigint;
  /** Most blocks in one query. */
  range: bigint;
  /** Blocks in the first query, `range` by default: what it brings decides about the next. */
  start?: bigint;
  /** Leaves logs out that the query cannot tell apart. */
  keep?: ((log: Log) => boolean) | undefined;
  /** Stop after this many logs (the last query may bring more). */
  wanted: number;
  /** Stop after this many queries. */
  queries: number;
};

/** Logs, newest first, and the block from which an older page continues; none when everything was seen. */
export type LogPage<Log> = { logs: Log[]; next: bigint | undefined };

const isTooMuch = (error: unknown): boolean =>
  /range|limit|too (large|many)|more than|exceed|response size|timeout|timed out/i.test(String(error instanceof Error ? error.message : error));

// More logs than this in one answer make a page stutter; so many fewer that the next range may be larger.
const MANY = 1_000;
const FEW = 250;
const STEP = 4n;

/**
 * One page of logs, newest first. Reads backwards in bounded ranges, so that no page costs more than `queries` requests
 * however long the chain is and however busy its blocks are; halves a range that the RPC refuses.
 */
export async function scanBack<Log>(fetchLogs: FetchLogs<Log>, options: ScanOptions<Log>): Promise<LogPage<Log>> {
  const { first, wanted, keep, range: most } = options;
  const logs: Log[] = [];
  let { from, start: range = most } = options;
  let refused = most + 1n;
  for (let left = options.queries; left > 0 && logs.length < wanted && from >= first; left -= 1) {
    const oldest = from - range + 1n > first ? from - range + 1n : first;
    try {
      const found = await fetchLogs(oldest, from);
      for (const log of found.reverse()) if (!keep || keep(log)) logs.push(log);
      from = oldest - 1n;
      if (found.length > MANY) range = range > STEP ? range / STEP : 1n;
      const larger = range * STEP < most ? range * STEP : most;
      if (found.length < FEW && larger < refused) range = larger;
    } catch (error) {
      if (range === 1n || !isTooMuch(error)) throw error;
      refused = range;
      range /= 2n;
    }
  }
  return { logs, next: from >= first ? from : undefined };
}

/** Reads the time of a block. */
export type TimeOf = (block: bigint) => Promise<bigint>;

/** The first block of `first..last` that is not older than `time`, or `last` if all are. Asks about once per doubling. */
export async function blockAt(timeOf: TimeOf, time: bigint, first: bigint, last: bigint): Promise<bigint> {
  let low = first;
  let high = last;
  while (low < high) {
    const middle = (low + high) / 2n;
    if ((await timeOf(middle)) < time) low = middle + 1n;
    else high = middle;
  }
  return low;
}
