import type { Address } from 'viem';
import { useReadContracts } from 'wagmi';
import { governorAbi } from '../../abi/governor';
import { Link } from '../../app/router';
import { useNow } from '../../chain/sync';
import { useLogs } from '../../chain/useLogs';
import { formatDuration, formatPercent } from '../../lib/format';
import { proposalTitle } from '../../lib/text';
import { AddressView } from '../../ui/AddressView';
import { Badge, Bar, Button, Card, Empty, Loading } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { type Proposal, PROPOSAL_CREATED, proposalOf, STATE, STATES } from './proposal';

/** What comes next for a proposal, and when. */
export function clock(state: number | undefined, { snapshot, deadline, eta }: { snapshot: bigint; deadline: bigint; eta: bigint }, now: number): string {
  switch (state) {
    case STATE.pending:
      return `voting begins in ${formatDuration(Number(snapshot) - now)}`;
    case STATE.active:
      return `voting ends in ${formatDuration(Number(deadline) - now)}`;
    case STATE.succeeded:
      return 'can be queued by anyone';
    case STATE.queued:
      return Number(eta) > now ? `can be executed in ${formatDuration(Number(eta) - now)}` : 'can be executed by anyone';
    default:
      return '';
  }
}

function Row({ proposal, governor }: { proposal: Proposal; governor: Address }) {
  const now = useNow();
  const contract = { address: governor, abi: governorAbi } as const;
  const { data } = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...contract, functionName: 'state', args: [proposal.id] },
      { ...contract, functionName: 'proposalVotes', args: [proposal.id] },
      { ...contract, functionName: 'proposalDeadline', args: [proposal.id] },
      { ...contract, functionName: 'proposalEta', args: [proposal.id] },
    ],
  });
  const [state, votes, deadline, eta] = data ?? [];
  const [against = 0n, inFavour = 0n, abstain = 0n] = votes ?? [];
  const cast = against + inFavour + abstain;
  const share = (part: bigint) => (cast === 0n ? 0 : Number((part * 10_000n) / cast) / 100);
  return (
    <li>
      <div className="row">
        {state === undefined ? <Loading /> : <Badge tone={STATES[state]?.tone ?? 'quiet'}>{STATES[state]?.name}</Badge>}
        <Link className="title" to={['govern', proposal.id, proposal.block]}>
          <bdi>{proposalTitle(proposal.description)}</bdi>
        </Link>
      </div>
      <div className="row muted">
        <span>
          by <AddressView address={proposal.proposer} copy={false} />
        </span>
        <span>{clock(state, { snapshot: proposal.voteStart, deadline: deadline ?? proposal.voteEnd, eta: eta ?? 0n }, now)}</span>
        {cast > 0n && (
          <span>
            {formatPercent(inFavour, cast)} for, {formatPercent(against, cast)} against
          </span>
        )}
      </div>
      {cast > 0n && (
        <Bar
          label={`${formatPercent(inFavour, cast)} for, ${formatPercent(against, cast)} against, ${formatPercent(abstain, cast)} abstain`}
          parts={[
            { percent: share(inFavour), tone: 'for' },
            { percent: share(against), tone: 'against' },
            { percent: share(abstain), tone: 'abstain' },
          ]}
        />
      )}
    </li>
  );
}

/** Proposals, newest first. */
export function ProposalList({ governor }: { governor: Address }) {
  const list = useLogs({ address: governor, event: PROPOSAL_CREATED, wanted: 8 });
  return (
    <Card title="Proposals">
      {list.isPending ? (
        <Loading wide />
      ) : list.error && list.logs.length === 0 ? (
        <Failure error={list.error} retry={list.refetch} />
      ) : list.logs.length === 0 ? (
        <Empty title={list.hasNextPage ? 'No proposal in the blocks that were searched' : 'No proposal yet'}>
          <p>Whoever has enough votes can make the first one.</p>
        </Empty>
      ) : (
        <ul className="list">
          {list.logs.map((log) => (
            <Row key={log.args.proposalId.toString()} proposal={proposalOf(log)} governor={governor} />
          ))}
        </ul>
      )}
      {list.hasNextPage && (
        <Button busy={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()}>
          Look further back
        </Button>
      )}
    </Card>
  );
}
