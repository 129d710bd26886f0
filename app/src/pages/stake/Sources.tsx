import { type Address, getAbiItem } from 'viem';
import { useReadContracts } from 'wagmi';
import { rewardsAbi } from '../../abi/rewards';
import { stakingAbi } from '../../abi/staking';
import { useNow, usePast } from '../../chain/sync';
import { useLogs } from '../../chain/useLogs';
import { useAppConfig } from '../../config/context';
import { Button, Figure, Loading, Opg } from '../../ui/primitives';
import { dailyFlow, earnedOf } from './earned';

const CLAIMED = getAbiItem({ abi: rewardsAbi, name: 'Claimed' });
const COMPOUNDED = getAbiItem({ abi: rewardsAbi, name: 'Compounded' });
const SETTLED = getAbiItem({ abi: rewardsAbi, name: 'PerformanceSettled' });
/** Payments that are summed before somebody asks for more. */
const MOST = 500;

/** All that was earned at an operator, by what earned it: summed from the events of its payments. */
export function Sources({ rewards, operator, account, waiting }: { rewards: Address; operator: Address; account: Address; waiting: bigint }) {
  const isOperator = operator === account;
  const own = { operator, account };
  const paid = useLogs({ address: rewards, event: CLAIMED, args: own, wanted: MOST });
  const staked = useLogs({ address: rewards, event: COMPOUNDED, args: own, wanted: MOST });
  const settled = useLogs({ address: rewards, event: SETTLED, args: { operator }, wanted: MOST, enabled: isOperator });
  const parts = [paid, staked, ...(isOperator ? [settled] : [])];
  if (parts.some(({ isPending }) => isPending)) {
    return (
      <Figure label="Earned so far">
        <Loading />
      </Figure>
    );
  }
  const work = settled.logs.filter(({ args }) => args.earned).map(({ args }) => args.amount);
  const earned = earnedOf(paid.logs.map(({ args }) => args.amount), staked.logs.map(({ args }) => args.amount), waiting, isOperator ? work : []);
  const more = parts.filter(({ hasNextPage }) => hasNextPage);
  if (more.length > 0) {
    return (
      <Figure
        label="Earned so far"
        note={
          <Button kind="quiet" busy={more.some(({ isFetchingNextPage }) => isFetchingNextPage)} onClick={() => more.forEach(({ fetchNextPage }) => void fetchNextPage())}>
            Look further back
          </Button>
        }
      >
        at least <Opg value={earned.stake + earned.performance} />
      </Figure>
    );
  }
  return (
    <>
      <Figure label={isOperator ? 'Earned so far by stake and commission' : 'Earned so far by stake'}>
        <Opg value={earned.stake} />
      </Figure>
      {isOperator && (
        <Figure label="Earned so far by work">
          <Opg value={earned.performance} />
        </Figure>
      )}
    </>
  );
}

/** What flows to an operator now. */
export function OwnFlow({ operator }: { operator: Address }) {
  const { contracts } = useAppConfig();
  const past = usePast(10, 5);
  const now = useNow(60);
  const contract = { address: contracts.staking, abi: stakingAbi } as const;
  const { data } = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...contract, functionName: 'stream' },
      { ...contract, functionName: 'totalStakeAt', args: [past] },
      { ...contract, functionName: 'poolsOf', args: [operator] },
      { ...contract, functionName: 'operatorOf', args: [operator] },
    ],
    query: { placeholderData: (before) => before },
  });
  if (!data) return null;
  const [[rate, until], total, [own, delegated], { commissionBps }] = data;
  if (Number(until) <= now) return null;
  const flow = dailyFlow(rate, total, own.assets, delegated.assets, commissionBps);
  return (
    <>
      <Figure label="Flows each day to own stake">
        <Opg value={flow.own} />
      </Figure>
      <Figure label="Flows each day as commission">
        <Opg value={flow.commission} />
      </Figure>
    </>
  );
}
