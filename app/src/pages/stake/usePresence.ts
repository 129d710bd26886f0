import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Address } from 'viem';
import { getAbiItem } from 'viem';
import { usePublicClient } from 'wagmi';
import { inferenceHubAbi } from '../../abi/inferenceHub';
import { blockAt } from '../../chain/logs';
import { useNow } from '../../chain/sync';
import { useLogs } from '../../chain/useLogs';
import { useAppConfig } from '../../config/context';
import { type Presence, presenceOf } from './presence';

const FULFILLED = getAbiItem({ abi: inferenceHubAbi, name: 'InferenceFulfilled' });
const DAY = 86_400;
/** Answers that are looked at: the first page of the log, however many a day has. */
const MOST = 2_000;

/** In which of the last 24 hours these operators answered requests on the chain. `partial`: not all of the day was read. */
export function usePresence(operators: readonly Address[]): { presence: Map<Address, Presence>; partial: boolean } | undefined {
  const { contracts, firstBlock, chainId } = useAppConfig();
  const client = usePublicClient();
  const now = useNow(60);
  // Where the day begins is looked up once an hour: a few blocks more or less make no difference.
  const hour = Math.floor(now / 3_600);
  const start = useQuery({
    queryKey: ['day', chainId, hour],
    enabled: Boolean(client && contracts.inferenceHub),
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: async () => {
      if (!client) throw new Error('disabled');
      const head = await client.getBlockNumber({ cacheTime: 0 });
      return blockAt(async (blockNumber) => (await client.getBlock({ blockNumber })).timestamp, BigInt(hour * 3_600 - DAY), firstBlock, head);
    },
  });
  const answers = useLogs({
    address: contracts.inferenceHub,
    event: FULFILLED,
    args: { operator: operators },
    wanted: MOST,
    first: start.data,
    enabled: start.data !== undefined && operators.length > 0,
  });
  const presence = useMemo(() => presenceOf(answers.logs.map(({ args }) => ({ operator: args.fulfilment.operator, issuedAt: args.fulfilment.issuedAt })), BigInt(now)), [answers.logs, now]);
  if (!contracts.inferenceHub || start.data === undefined || answers.isPending) return undefined;
  return { presence, partial: answers.hasNextPage };
}
