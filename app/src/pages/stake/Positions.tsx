import { type Address, getAbiItem } from 'viem';
import { useReadContracts } from 'wagmi';
import { stakingAbi } from '../../abi/staking';
import { useLogs } from '../../chain/useLogs';
import { Button, Card, Empty, Loading } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import type { StakingAddresses } from './plans';
import { Position } from './Position';

const DELEGATED = getAbiItem({ abi: stakingAbi, name: 'Delegated' });

/** Where an account has stake: known from the events of its staking, newest first. */
export function Positions({ addresses, account }: { addresses: StakingAddresses; account: Address }) {
  const { staking } = addresses;
  const contract = { address: staking, abi: stakingAbi } as const;
  const staked = useLogs({ address: staking, event: DELEGATED, args: { owner: account }, wanted: 50 });
  const operators = [...new Set(staked.logs.map(({ args }) => args.operator))];
  const positions = useReadContracts({ allowFailure: false, contracts: operators.map((operator) => ({ ...contract, functionName: 'positionOf', args: [operator, account] }) as const), query: { enabled: operators.length > 0 } });
  const open = operators.flatMap((operator, index) => {
    const position = positions.data?.[index];
    return position && (position.shares > 0n || position.openUnbonds > 0n) ? [{ operator, position }] : [];
  });
  const isLoading = staked.isPending || (operators.length > 0 && !positions.data && !positions.error);
  const error = staked.logs.length === 0 ? staked.error : positions.data ? null : positions.error;
  return (
    <Card title="Your stake">
      {isLoading ? (
        <Loading wide />
      ) : error ? (
        <Failure error={error} retry={() => void staked.refetch()} />
      ) : open.length === 0 ? (
        <Empty title="You have no stake">
          <p>Choose an operator below.</p>
        </Empty>
      ) : (
        <ul className="list">
          {open.map(({ operator, position }) => (
            <Position key={operator} addresses={addresses} account={account} operator={operator} position={position} />
          ))}
        </ul>
      )}
      {staked.hasNextPage && (
        <Button busy={staked.isFetchingNextPage} onClick={() => void staked.fetchNextPage()}>
          Look further back
        </Button>
      )}
    </Card>
  );
}
