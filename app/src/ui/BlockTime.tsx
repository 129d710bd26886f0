import { useQuery } from '@tanstack/react-query';
import { usePublicClient } from 'wagmi';
import { useAppConfig } from '../config/context';
import { formatTime } from '../lib/format';
import { Loading } from './primitives';

/** When a block was made. */
export function BlockTime({ block }: { block: bigint }) {
  const { chainId } = useAppConfig();
  const client = usePublicClient();
  const { data } = useQuery({
    queryKey: ['chain', 'time', chainId, block.toString()],
    enabled: Boolean(client),
    staleTime: 60_000,
    queryFn: async () => (await client?.getBlock({ blockNumber: block }))?.timestamp ?? 0n,
  });
  return data === undefined ? <Loading /> : <time dateTime={new Date(Number(data) * 1000).toISOString()}>{formatTime(data)}</time>;
}
