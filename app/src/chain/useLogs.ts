import { type InfiniteData, useInfiniteQuery } from '@tanstack/react-query';
import { useMemo, useState } from 'react';
import type { AbiEvent, Address } from 'viem';
import type { GetLogsReturnType } from 'viem';
import { usePublicClient } from 'wagmi';
import { useAppConfig } from '../config/context';
import { type LogPage, scanBack } from './logs';
import { useSync } from './sync';

const QUERIES_PER_PAGE = 16;
/** Blocks of the first query: a busy chain has thousands of logs in them, an idle one gets larger ranges at once. */
const START = 4n;
/** Blocks that are read again when there is a new head. A replaced block is noticed apart from this (see `ChainSync`). */
const OVERLAP = 32n;

/** A page of logs, and the head that its newest was read at. */
type Page<Log> = LogPage<Log> & { head?: bigint };

type Options<event extends AbiEvent> = {
  address: Address | undefined;
  event: event;
  /** Values of indexed arguments. */
  args?: Record<string, unknown>;
  /** Leaves out logs that the query cannot tell apart; `key` names the choice. A page is full of what is kept. */
  keep?: { key: string; test: (log: GetLogsReturnType<event, [event], true>[number]) => boolean };
  /** Logs to a page. */
  wanted?: number;
  /** Oldest block worth a look; the deployment by default. */
  first?: bigint | undefined;
  /** Newest block worth a look; the head by default. */
  last?: bigint | undefined;
  enabled?: boolean;
};

/** The logs of one event, newest first, a page at a time. */
export function useLogs<const event extends AbiEvent>(options: Options<event>) {
  const { firstBlock, logRange, chainId } = useAppConfig();
  const client = usePublicClient();
  const { reorgs } = useSync();
  type Log = GetLogsReturnType<event, [event], true>[number];
  const { address, event, args, keep, wanted = 25 } = options;
  const first = options.first ?? firstBlock;
  const query = useInfiniteQuery({
    queryKey: ['logs', chainId, address, event.name, JSON.stringify(args ?? {}), first.toString(), options.last?.toString() ?? 'head', keep?.key ?? '', wanted, reorgs],
    enabled: Boolean(client && address) && options.enabled !== false,
    initialPageParam: undefined as bigint | undefined,
    queryFn: async ({ pageParam, queryKey, client: cache }): Promise<Page<Log>> => {
      if (!client || !address) throw new Error('disabled');
      const fetchLogs = async (fromBlock: bigint, toBlock: bigint) => (await client.getLogs({ address, event, args, fromBlock, toBlock, strict: true } as never)) as unknown as Log[];
      const scan = { range: logRange, start: START < logRange ? START : logRange, keep: keep?.test, wanted, queries: QUERIES_PER_PAGE };
      const before = cache.getQueryData<InfiniteData<Page<Log>, bigint | undefined>>(queryKey);
      const known = before?.pages[before.pageParams.indexOf(pageParam)];
      // What lies behind the head stays as it is; only new blocks are asked for.
      if (known && pageParam !== undefined) return known;
      const head = options.last ?? (await client.getBlockNumber({ cacheTime: 0 }));
      if (known?.head !== undefined && head >= known.head) {
        const again = [known.head - OVERLAP + 1n, first, (known.next ?? -1n) + 1n].reduce((a, b) => (a > b ? a : b));
        const fresh = await scanBack(fetchLogs, { ...scan, first: again, from: head, wanted: Number.POSITIVE_INFINITY });
        if (fresh.next === undefined) return { ...known, head, logs: [...fresh.logs, ...known.logs.filter(({ blockNumber }) => blockNumber < again)] };
      }
      return { ...(await scanBack(fetchLogs, { ...scan, first, from: pageParam ?? head })), head };
    },
    getNextPageParam: (page) => page.next,
  });
  // One range may hold thousands: they are drawn a page at a time, too.
  const [shown, setShown] = useState(wanted);
  const all = useMemo(() => query.data?.pages.flatMap((page) => page.logs) ?? [], [query.data]);
  const logs = useMemo(() => all.slice(0, shown), [all, shown]);
  const fetchNextPage = async () => {
    setShown(shown + wanted);
    if (all.length < shown + wanted && query.hasNextPage) await query.fetchNextPage();
  };
  return { ...query, fetchNextPage, hasNextPage: all.length > shown || query.hasNextPage, logs };
}
