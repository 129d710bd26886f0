import { useInfiniteQuery } from '@tanstack/react-query';
import { useState } from 'react';
import type { AbiEvent, Address } from 'viem';
import type { GetLogsReturnType } from 'viem';
import { usePublicClient } from 'wagmi';
import { useAppConfig } from '../config/context';
import { scanBack } from './logs';

const QUERIES_PER_PAGE = 12;

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
  const { address, event, args, keep, wanted = 25 } = options;
  const first = options.first ?? firstBlock;
  const query = useInfiniteQuery({
    queryKey: ['logs', chainId, address, event.name, JSON.stringify(args ?? {}), first.toString(), options.last?.toString() ?? 'head', keep?.key ?? '', wanted],
    enabled: Boolean(client && address) && options.enabled !== false,
    initialPageParam: undefined as bigint | undefined,
    queryFn: async ({ pageParam }) => {
      if (!client || !address) throw new Error('disabled');
      const from = pageParam ?? options.last ?? (await client.getBlockNumber({ cacheTime: 0 }));
      const fetchLogs = async (fromBlock: bigint, toBlock: bigint) => {
        const logs = (await client.getLogs({ address, event, args, fromBlock, toBlock, strict: true } as never)) as GetLogsReturnType<event, [event], true>;
        return keep ? logs.filter(keep.test) : logs;
      };
      return scanBack(fetchLogs, { first, from, range: logRange, wanted, queries: QUERIES_PER_PAGE });
    },
    getNextPageParam: (page) => page.next,
  });
  // One range may hold thousands: they are drawn a page at a time, too.
  const [shown, setShown] = useState(wanted);
  const all = query.data?.pages.flatMap((page) => page.logs) ?? [];
  const fetchNextPage = async () => {
    setShown(shown + wanted);
    if (all.length <= shown && query.hasNextPage) await query.fetchNextPage();
  };
  return { ...query, fetchNextPage, hasNextPage: all.length > shown || query.hasNextPage, logs: all.slice(0, shown) };
}
