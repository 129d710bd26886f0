import { type Address, zeroAddress } from 'viem';
import { useAccount, useReadContracts } from 'wagmi';
import { governorAbi } from '../../abi/governor';
import { Link } from '../../app/router';
import { useNow } from '../../chain/sync';
import { formatPercent } from '../../lib/format';
import { proposalBody, proposalTitle } from '../../lib/text';
import { useTx } from '../../tx/context';
import { AddressView } from '../../ui/AddressView';
import { Markdown } from '../../ui/Markdown';
import { Badge, Bar, Button, Card, Empty, Figure, Figures, Loading, Opg, PageHead } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { Calls } from './Calls';
import { governorCall, identity, type Proposal, STATE, STATES } from './proposal';
import { clock } from './ProposalList';
import { Timeline } from './Timeline';
import { UnknownProposal, useProposal } from './useProposal';
import { Vote } from './Vote';
import { Votes } from './Votes';

function Actions({ proposal, governor, state, eta, guardian }: { proposal: Proposal; governor: Address; state: number; eta: bigint; guardian: Address }) {
  const begin = useTx();
  const now = useNow();
  const { address } = useAccount();
  const act = (functionName: 'queue' | 'execute' | 'cancel', title: string, action: string, done: string, warnings: string[] = []) =>
    begin({
      title,
      action,
      warnings,
      effects: [{ label: 'Proposal', value: proposalTitle(proposal.description) }],
      steps: [{ kind: 'send', label: action, call: governorCall(governor, functionName, identity(proposal)) }],
      done,
    });
  const isProposer = address === proposal.proposer && state === STATE.pending;
  const isGuardian = address === guardian && state !== STATE.executed && state !== STATE.cancelled;
  const canQueue = state === STATE.succeeded;
  const canExecute = state === STATE.queued && Number(eta) <= now;
  if (!canQueue && !canExecute && !isProposer && !isGuardian) return null;
  return (
    <div className="row">
      {canQueue && (
        <Button kind="primary" onClick={() => act('queue', 'Queue the proposal', 'Queue', 'The timelock runs. Once it is over, anyone can execute the proposal.')}>
          Queue
        </Button>
      )}
      {canExecute && (
        <Button kind="primary" onClick={() => act('execute', 'Execute the proposal', 'Execute', 'All calls of the proposal were made.')}>
          Execute
        </Button>
      )}
      {(isProposer || isGuardian) && (
        <Button kind="danger" onClick={() => act('cancel', 'Cancel the proposal', 'Cancel the proposal', 'The proposal was cancelled.', ['This cannot be undone.'])}>
          Cancel proposal
        </Button>
      )}
    </div>
  );
}

function Tally({ votes, quorum }: { votes: readonly [bigint, bigint, bigint]; quorum: bigint | undefined }) {
  const [against, inFavour, abstain] = votes;
  const cast = against + inFavour + abstain;
  const counted = inFavour + abstain;
  const share = (part: bigint, whole: bigint) => (whole === 0n ? 0 : Math.min(100, Number((part * 10_000n) / whole) / 100));
  return (
    <>
      <Figures>
        <Figure label="For" note={formatPercent(inFavour, cast)}>
          <Opg value={inFavour} unit={false} />
        </Figure>
        <Figure label="Against" note={formatPercent(against, cast)}>
          <Opg value={against} unit={false} />
        </Figure>
        <Figure label="Abstain" note={formatPercent(abstain, cast)}>
          <Opg value={abstain} unit={false} />
        </Figure>
      </Figures>
      <Bar
        label={`${formatPercent(inFavour, cast)} for, ${formatPercent(against, cast)} against`}
        parts={[
          { percent: share(inFavour, cast), tone: 'for' },
          { percent: share(against, cast), tone: 'against' },
          { percent: share(abstain, cast), tone: 'abstain' },
        ]}
      />
      {quorum === undefined ? (
        <p className="muted">Quorum is fixed when voting begins.</p>
      ) : (
        <>
          <div className="row">
            <span>
              Quorum: <Opg value={counted} unit={false} /> of <Opg value={quorum} unit={false} />
            </span>
            {counted >= quorum ? <Badge tone="good">reached</Badge> : <Badge tone="quiet">{formatPercent(counted, quorum)}</Badge>}
          </div>
          <Bar label={`Quorum ${formatPercent(counted, quorum)}`} parts={[{ percent: share(counted, quorum), tone: 'accent' }]} />
        </>
      )}
    </>
  );
}

function Loaded({ proposal, governor }: { proposal: Proposal; governor: Address }) {
  const now = useNow();
  const contract = { address: governor, abi: governorAbi } as const;
  const read = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...contract, functionName: 'state', args: [proposal.id] },
      { ...contract, functionName: 'proposalVotes', args: [proposal.id] },
      { ...contract, functionName: 'proposalDeadline', args: [proposal.id] },
      { ...contract, functionName: 'proposalEta', args: [proposal.id] },
      { ...contract, functionName: 'proposalGuardian' },
    ],
  });
  const begun = Number(proposal.voteStart) < now;
  const quorum = useReadContracts({ allowFailure: false, contracts: [{ ...contract, functionName: 'quorum', args: [proposal.voteStart] }], query: { enabled: begun } });
  if (!read.data) return read.error ? <Failure error={read.error} retry={read.refetch} /> : <Loading wide />;
  const [state, votes, deadline, eta, guardian] = read.data;
  return (
    <>
      <PageHead title={<bdi>{proposalTitle(proposal.description)}</bdi>} action={<Link to={['govern']}>All proposals</Link>} />
      <div className="row">
        <Badge tone={STATES[state]?.tone ?? 'quiet'}>{STATES[state]?.name}</Badge>
        <span className="muted">{clock(state, { snapshot: proposal.voteStart, deadline, eta }, now)}</span>
        <span className="muted">
          by <AddressView address={proposal.proposer} />
        </span>
      </div>
      <Actions proposal={proposal} governor={governor} state={state} eta={eta} guardian={guardian ?? zeroAddress} />
      <div className="columns wide-left">
        <div className="stack">
          <Card title="What it does">
            <Calls calls={proposal} simulated={state !== STATE.executed && state !== STATE.cancelled && state !== STATE.defeated} />
          </Card>
          <Card title="Text of the proposer">
            {proposalBody(proposal.description) ? <Markdown text={proposalBody(proposal.description)} /> : <Empty title="The proposal has no text" />}
          </Card>
          <Votes governor={governor} proposal={proposal} deadline={deadline} />
        </div>
        <div className="stack">
          <Card title="Votes">
            <Tally votes={votes} quorum={quorum.data?.[0]} />
          </Card>
          {(state === STATE.active || state === STATE.pending) && <Vote governor={governor} proposal={proposal} active={state === STATE.active} />}
          <Card title="Timeline">
            <Timeline proposal={proposal} state={state} deadline={deadline} eta={eta} />
          </Card>
        </div>
      </div>
    </>
  );
}

export default function ProposalPage({ governor, id, block }: { governor: Address; id: bigint; block: bigint | undefined }) {
  const proposal = useProposal(governor, id, block);
  if (proposal.data) return <Loaded proposal={proposal.data} governor={governor} />;
  return (
    <>
      <PageHead title="Proposal" action={<Link to={['govern']}>All proposals</Link>} />
      {proposal.error instanceof UnknownProposal ? <Card><Empty title={proposal.error.message} /></Card> : proposal.error ? <Failure error={proposal.error} retry={proposal.refetch} /> : <Loading wide />}
    </>
  );
}
