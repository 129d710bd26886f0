import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Address, getAbiItem } from 'viem';
import { usePublicClient } from 'wagmi';
import { governorAbi } from '../../abi/governor';
import { blockAt } from '../../chain/logs';
import { useLogs } from '../../chain/useLogs';
import { useAppConfig } from '../../config/context';
import { cleanLine } from '../../lib/text';
import { AddressView } from '../../ui/AddressView';
import { Badge, Button, Card, Empty, Loading, Opg, Table } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import type { Proposal } from './proposal';

const VOTE = getAbiItem({ abi: governorAbi, name: 'VoteCast' });
const VOTE_WITH_PARAMS = getAbiItem({ abi: governorAbi, name: 'VoteCastWithParams' });
const SUPPORT = [
  { name: 'Against', tone: 'bad' },
  { name: 'For', tone: 'good' },
  { name: 'Abstain', tone: 'quiet' },
] as const;

/** The last block that can hold a vote: the head while voting goes on, else the one in which it ended. */
function useLastBlock(proposal: Proposal, deadline: bigint) {
  const { chainId } = useAppConfig();
  const client = usePublicClient();
  return useQuery({
    queryKey: ['voted', chainId, proposal.id.toString(), deadline.toString()],
    enabled: Boolean(client),
    queryFn: async () => {
      if (!client) throw new Error('disabled');
      const head = await client.getBlock();
      if (head.timestamp <= deadline) return { last: undefined };
      return { last: await blockAt(async (blockNumber) => (await client.getBlock({ blockNumber })).timestamp, deadline, proposal.block, head.number) };
    },
  });
}

function List({ governor, proposal, deadline }: { governor: Address; proposal: Proposal; deadline: bigint }) {
  const end = useLastBlock(proposal, deadline);
  // The event does not index the proposal: what other proposals got in the same blocks is left out as it arrives.
  const keep = { key: proposal.id.toString(), test: ({ args }: { args: { proposalId: bigint } }) => args.proposalId === proposal.id };
  const options = { address: governor, wanted: 50, first: proposal.block, last: end.data?.last, keep, enabled: end.data !== undefined };
  const plain = useLogs({ ...options, event: VOTE });
  const signed = useLogs({ ...options, event: VOTE_WITH_PARAMS });
  const votes = [...plain.logs, ...signed.logs].sort((a, b) => Number(b.blockNumber - a.blockNumber) || b.logIndex - a.logIndex);
  if (end.error) return <Failure error={end.error} retry={end.refetch} />;
  if (plain.isPending) return <Loading wide />;
  if (plain.error && votes.length === 0) return <Failure error={plain.error} retry={plain.refetch} />;
  return (
    <>
      {votes.length === 0 ? (
        <Empty title={plain.hasNextPage || signed.hasNextPage ? 'No vote in the blocks that were searched' : 'No vote yet'} />
      ) : (
        <Table caption="Votes" head={['Voter', 'Vote', 'Weight', 'Reason']}>
          {votes.map(({ args, transactionHash, logIndex }) => (
            <tr key={`${transactionHash}${logIndex}`}>
              <td>
                <AddressView address={args.voter} />
              </td>
              <td>
                <Badge tone={SUPPORT[args.support]?.tone ?? 'quiet'}>{SUPPORT[args.support]?.name ?? 'unknown'}</Badge>
              </td>
              <td>
                <Opg value={args.weight} unit={false} />
              </td>
              <td>
                <bdi>{cleanLine(args.reason, 280)}</bdi>
              </td>
            </tr>
          ))}
        </Table>
      )}
      {(plain.hasNextPage || signed.hasNextPage) && (
        <Button
          busy={plain.isFetchingNextPage}
          onClick={() => {
            if (plain.hasNextPage) void plain.fetchNextPage();
            if (signed.hasNextPage) void signed.fetchNextPage();
          }}
        >
          Look further back
        </Button>
      )}
    </>
  );
}

/** Who voted how; read when asked for. */
export function Votes({ governor, proposal, deadline }: { governor: Address; proposal: Proposal; deadline: bigint }) {
  const [open, setOpen] = useState(false);
  return <Card title="Voters">{open ? <List governor={governor} proposal={proposal} deadline={deadline} /> : <Button onClick={() => setOpen(true)}>Show who voted</Button>}</Card>;
}
