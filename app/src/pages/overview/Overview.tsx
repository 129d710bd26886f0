import { useReadContracts } from 'wagmi';
import { HEADS } from '../../app/heads';
import { Link } from '../../app/router';
import { governorAbi } from '../../abi/governor';
import { opgAbi } from '../../abi/opg';
import { stakingAbi } from '../../abi/staking';
import { vestingVaultAbi } from '../../abi/vestingVault';
import { usePast } from '../../chain/sync';
import { useAppConfig, useOpg } from '../../config/context';
import { formatPercent } from '../../lib/format';
import { Card, Figure, Figures, Loading, Opg, PageHead } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { Activity } from './Activity';
import { Unlocks } from './Unlocks';

function Supply() {
  const { contracts } = useAppConfig();
  const opg = useOpg();
  // Figures of the past never change: asked for once every ten seconds.
  const at = usePast(10, 5);
  const read = useReadContracts({
    contracts: [
      { address: opg, abi: opgAbi, functionName: 'totalSupply' },
      { address: contracts.governor, abi: governorAbi, functionName: 'floatAt', args: [at] },
      { address: contracts.staking, abi: stakingAbi, functionName: 'totalStakeAt', args: [at] },
      { address: contracts.staking, abi: stakingAbi, functionName: 'operatorCount' },
      { address: contracts.vestingVault, abi: vestingVaultAbi, functionName: 'lockedAt', args: [at] },
    ],
    query: { placeholderData: (before) => before },
  });
  if (!read.data) return read.error ? <Failure error={read.error} retry={read.refetch} /> : <Card title="Token and stake"><Loading wide room={168} /></Card>;
  const [supply, float, stake, operators, locked] = read.data.map(({ result }) => result as bigint | undefined);
  if (supply === undefined) return <Failure error={read.data[0].error} retry={read.refetch} />;
  return (
    <Card title="Token and stake">
      <Figures>
        <Figure label="Supply">
          <Opg value={supply} />
        </Figure>
        {locked !== undefined && (
          <Figure label="Locked in the vault" note={formatPercent(locked, supply)}>
            <Opg value={locked} />
          </Figure>
        )}
        {float !== undefined && (
          <Figure label="Float" note="unlocked, without the treasury’s">
            <Opg value={float} />
          </Figure>
        )}
        {stake !== undefined && (
          <Figure label="Staked at active operators" note={float ? `${formatPercent(stake, float)} of the float` : undefined}>
            <Opg value={stake} />
          </Figure>
        )}
        {operators !== undefined && (
          <Figure label="Operators" note={<Link to={['nodes']}>see who is active</Link>}>
            {operators.toString()}
          </Figure>
        )}
      </Figures>
    </Card>
  );
}

export default function Overview() {
  return (
    <>
      <PageHead title={HEADS.overview.title}>{HEADS.overview.lead}</PageHead>
      <Activity />
      <Supply />
      <Unlocks />
    </>
  );
}
