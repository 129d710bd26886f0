import type { Address } from 'viem';
import { useReadContracts } from 'wagmi';
import { stakingAbi } from '../../abi/staking';
import { HEADS } from '../../app/heads';
import { usePast } from '../../chain/sync';
import { useAppConfig, useOpg } from '../../config/context';
import { formatCount, formatDuration, formatPercent } from '../../lib/format';
import { Connected } from '../../ui/Connected';
import { Card, Empty, Figure, Figures, Loading, Opg, PageHead } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { opgAbi } from '../../abi/opg';
import { Operators } from './Operators';
import { Positions } from './Positions';
import { SlashLog } from './SlashLog';

function Network({ staking }: { staking: Address }) {
  const opg = useOpg();
  const contract = { address: staking, abi: stakingAbi } as const;
  const at = usePast(10, 5);
  const read = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...contract, functionName: 'totalStakeAt', args: [at] },
      { ...contract, functionName: 'operatorCount' },
      { ...contract, functionName: 'parameters' },
      { address: opg, abi: opgAbi, functionName: 'totalSupply' },
    ],
    query: { placeholderData: (before) => before },
  });
  if (!read.data && read.error) return <Failure error={read.error} retry={read.refetch} />;
  const [stake, operators, parameters, supply] = read.data ?? [];
  return (
    <Card title="The network">
      <Figures>
        <Figure label="Staked at active operators" note={stake === undefined || supply === undefined ? <Loading /> : `${formatPercent(stake, supply)} of the supply`}>
          <Opg value={stake} />
        </Figure>
        <Figure label="Operators that ever registered">{operators === undefined ? <Loading /> : formatCount(operators)}</Figure>
        <Figure label="Unbonding takes">{parameters ? formatDuration(parameters.unbondingPeriod) : <Loading />}</Figure>
        <Figure label="Least own stake">
          <Opg value={parameters?.minSelfStake} />
        </Figure>
      </Figures>
    </Card>
  );
}

export default function Stake() {
  const { contracts } = useAppConfig();
  const { staking, custodyVault: vault } = contracts;
  const opg = useOpg();
  const head = <PageHead title={HEADS.stake.title}>{HEADS.stake.lead}</PageHead>;
  if (!staking || !vault) {
    return (
      <>
        {head}
        <Card>
          <Empty title="Staking is not deployed on this chain" />
        </Card>
      </>
    );
  }
  const addresses = { staking, vault, opg };
  return (
    <>
      {head}
      <Network staking={staking} />
      <Connected title="Your stake" what="see and change your stake">
        {(account) => <Positions key={account} addresses={addresses} account={account} />}
      </Connected>
      <Operators addresses={addresses} />
      <SlashLog staking={staking} />
    </>
  );
}
