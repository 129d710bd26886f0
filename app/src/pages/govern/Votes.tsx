import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Address, getAbiItem } from 'viem';
import { usePublicClient } from 'wagmi';
import { governorAbi } from '../../abi/governor';
import { useLogs } from '../../chain/useLogs';
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

function List({ governor, proposal }: { governor: Address; proposal: Proposal }) {
  const client = usePublicClient();
  const head = useQuery({ queryKey: ['chain', 'number'], enabled: Boolean(client), queryFn: () => client?.getBlockNumber({ cacheTime: 0 }) });
  // The event does not index the proposal: what other proposals got in the same blocks is left out here.
  const options = { address: governor, wanted: 50, first: proposal.block, enabled: head.data !== undefined };
  const plain = useLogs({ ...options, event: VOTE });
  const signed = useLogs({ ...options, event: VOTE_WITH_PARAMS });
  const votes = [...plain.logs, ...signed.logs].filter(({ args }) => args.proposalId === proposal.id).sort((a, b) => Number(b.blockNumber - a.blockNumber) || b.logIndex - a.logIndex);
  if (plain.isPending) return <Loading wide />;
  if (plain.error && votes.length === 0) return <Failure error={plain.error} retry={plain.refetch} />;
  return (
    <>
      {votes.length === 0 ? (
        <Empty title="No vote yet" />
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
export function Votes({ governor, proposal }: { governor: Address; proposal: Proposal }) {
  const [open, setOpen] = useState(false);
  return <Card title="Voters">{open ? <List governor={governor} proposal={proposal} /> : <Button onClick={() => setOpen(true)}>Show who voted</Button>}</Card>;
}
