import type { ReactNode } from 'react';
import { useReadContracts } from 'wagmi';
import { feeMarketAbi } from '../../abi/feeMarket';
import { feeRouterAbi } from '../../abi/feeRouter';
import { governorAbi } from '../../abi/governor';
import { inferenceHubAbi } from '../../abi/inferenceHub';
import { stakingAbi } from '../../abi/staking';
import { timelockAbi } from '../../abi/timelock';
import { usePast } from '../../chain/sync';
import { useAppConfig } from '../../config/context';
import { formatBps, formatDuration } from '../../lib/format';
import { AddressView } from '../../ui/AddressView';
import { Card, Loading, Opg, Table } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { Measurements } from './Measurements';

type Row = { name: string; value: ReactNode; meaning: string };

function List({ title, rows }: { title: string; rows: Row[] }) {
  return (
    <Card title={title}>
      <Table caption={title} head={['Parameter', 'Value', 'What it means']}>
        {rows.map(({ name, value, meaning }) => (
          <tr key={name}>
            <td>{name}</td>
            <td>{value}</td>
            <td className="muted">{meaning}</td>
          </tr>
        ))}
      </Table>
    </Card>
  );
}

function Governance() {
  const { contracts } = useAppConfig();
  const past = usePast(60, 10);
  const governor = { address: contracts.governor, abi: governorAbi } as const;
  const timelock = { address: contracts.timelock, abi: timelockAbi } as const;
  const read = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...governor, functionName: 'votingDelay' },
      { ...governor, functionName: 'votingPeriod' },
      { ...governor, functionName: 'lateQuorumVoteExtension' },
      { ...governor, functionName: 'proposalThreshold' },
      { ...governor, functionName: 'quorumNumerator' },
      { ...governor, functionName: 'proposalGuardian' },
      { ...timelock, functionName: 'getMinDelay' },
      { ...timelock, functionName: 'upgradeDelay' },
      { ...governor, functionName: 'quorum', args: [past] },
    ],
  });
  if (!read.data) return read.error ? <Failure error={read.error} retry={read.refetch} /> : <Loading wide />;
  const [delay, period, extension, threshold, numerator, guardian, minDelay, upgradeDelay, quorum] = read.data;
  const rows: Row[] = [
    { name: 'Voting delay', value: formatDuration(delay), meaning: 'From a proposal to the moment as of which votes count: time to delegate.' },
    { name: 'Voting period', value: formatDuration(period), meaning: 'How long votes can be cast.' },
    { name: 'Late-quorum extension', value: formatDuration(extension), meaning: 'Least time to vote once quorum is reached.' },
    { name: 'Proposal threshold', value: <Opg value={threshold} unit={false} />, meaning: 'Votes that a proposer needs.' },
    { name: 'Quorum', value: <>{numerator.toString()} %</>, meaning: 'Part of the float that has to vote for or abstain.' },
    { name: 'Quorum in votes', value: <Opg value={quorum} unit={false} />, meaning: 'For a proposal whose voting began a moment ago.' },
    { name: 'Routine delay', value: formatDuration(minDelay), meaning: 'What routine decisions wait in the timelock.' },
    { name: 'Upgrade delay', value: formatDuration(upgradeDelay), meaning: 'What all other decisions wait; longer than unbonding, so that stakers can leave first.' },
    { name: 'Guardian', value: <AddressView address={guardian} />, meaning: 'May cancel proposals, and nothing else here.' },
  ];
  return <List title="Governance" rows={rows} />;
}

function Staking() {
  const { contracts } = useAppConfig();
  const read = useReadContracts({ allowFailure: false, contracts: [{ address: contracts.staking, abi: stakingAbi, functionName: 'parameters' }], query: { enabled: Boolean(contracts.staking) } });
  if (!contracts.staking) return null;
  if (!read.data) return read.error ? <Failure error={read.error} retry={read.refetch} /> : <Loading wide />;
  const [values] = read.data;
  const rows: Row[] = [
    { name: 'Least own stake', value: <Opg value={values.minSelfStake} />, meaning: 'What an operator must stake itself.' },
    { name: 'Unbonding', value: formatDuration(values.unbondingPeriod), meaning: 'From leaving to withdrawing; slashable until then.' },
    { name: 'Veto window', value: formatDuration(values.vetoWindow), meaning: 'What a slash waits, so that governance can undo it.' },
    { name: 'Commission notice', value: formatDuration(values.commissionNotice), meaning: 'From the announcement of a higher commission to its effect.' },
    { name: 'Highest commission', value: formatBps(values.maxCommissionBps), meaning: 'What an operator may keep of its delegators’ rewards.' },
    { name: 'Receipt age', value: formatDuration(values.receiptAge), meaning: 'Longest time from a receipt to its batch.' },
    { name: 'Challenge window', value: formatDuration(values.challengeWindow), meaning: 'From a batch to its being final.' },
  ];
  return <List title="Staking" rows={rows} />;
}

function Inference() {
  const { contracts } = useAppConfig();
  const read = useReadContracts({ allowFailure: false, contracts: [{ address: contracts.inferenceHub, abi: inferenceHubAbi, functionName: 'turnParameters' }], query: { enabled: Boolean(contracts.inferenceHub) } });
  if (!contracts.inferenceHub || !read.data) return null;
  const [[turnWindow, turnCap]] = read.data;
  return (
    <List
      title="On-chain inference"
      rows={[
        { name: 'Turn window', value: formatDuration(turnWindow), meaning: 'Time over which the turns of operators are spread.' },
        { name: 'Turn cap', value: formatDuration(turnCap), meaning: 'After this, anyone may answer.' },
      ]}
    />
  );
}

function Fees() {
  const { contracts } = useAppConfig();
  const read = useReadContracts({
    allowFailure: false,
    contracts: [
      { address: contracts.feeRouter, abi: feeRouterAbi, functionName: 'shares' },
      { address: contracts.feeRouter, abi: feeRouterAbi, functionName: 'cap' },
      { address: contracts.feeMarket, abi: feeMarketAbi, functionName: 'parameters' },
      { address: contracts.feeMarket, abi: feeMarketAbi, functionName: 'price' },
    ],
    query: { enabled: Boolean(contracts.feeRouter && contracts.feeMarket) },
  });
  if (!contracts.feeRouter || !contracts.feeMarket || !read.data) return null;
  const [shares, cap, market, price] = read.data;
  return (
    <List
      title="Fees"
      rows={[
        { name: 'Burned', value: formatBps(shares.burnBps), meaning: 'Part of each fee that is destroyed.' },
        { name: 'Verification pool', value: formatBps(shares.verificationBps), meaning: 'Part of each fee for those who verify.' },
        { name: 'Unsettled fees for own stake', value: formatBps(cap.perStakeBps), meaning: 'Most fees of an operator that are divided within the time below.' },
        { name: 'Unsettled fees for everyone', value: <Opg value={cap.least} />, meaning: 'As many may be divided whatever the stake.' },
        { name: 'Fees settle after', value: formatDuration(cap.window), meaning: 'Until then the work that they paid for can be shown to be wrong.' },
        { name: 'A million compute units', value: <Opg value={price * 1_000_000n} />, meaning: 'What they cost now. How many an answer takes, the model says.' },
        { name: 'Price moves every', value: formatDuration(market.epochLength), meaning: 'By how much of the declared capacity was paid for.' },
        { name: 'Most change', value: formatBps(market.maxChangeBps), meaning: 'By which the price rises at most then.' },
        { name: 'Target', value: formatBps(market.targetBps), meaning: 'Utilisation at which the price stays.' },
      ]}
    />
  );
}

/** What governance decided so far, and what it means. */
export default function Parameters() {
  return (
    <>
      <Governance />
      <Staking />
      <Inference />
      <Fees />
      <Measurements />
    </>
  );
}
