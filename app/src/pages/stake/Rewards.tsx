import type { Address } from 'viem';
import { useReadContracts } from 'wagmi';
import { rewardsAbi } from '../../abi/rewards';
import { useAppConfig } from '../../config/context';
import { useTx } from '../../tx/context';
import { Button, Figure, Opg } from '../../ui/primitives';
import { OwnFlow, Sources } from './Sources';

/** What was earned at an operator. Nothing is shown on chains where rewards are not deployed yet. */
export function Rewards({ account, operator }: { account: Address; operator: Address }) {
  const rewards = useAppConfig().contracts.rewards;
  const begin = useTx();
  const read = useReadContracts({ contracts: [{ address: rewards, abi: rewardsAbi, functionName: 'claimable', args: [operator, account] }], query: { enabled: Boolean(rewards) } }).data?.[0];
  if (!rewards || read?.status !== 'success') return null;
  const amount = read.result;
  const act = (kind: 'claim' | 'compound') =>
    begin({
      title: kind === 'claim' ? 'Claim rewards' : 'Stake rewards',
      action: kind === 'claim' ? 'Claim' : 'Stake',
      effects: [
        { label: 'Rewards, at least', value: <Opg value={amount} /> },
        { label: kind === 'claim' ? 'Paid to' : 'Staked at', value: kind === 'claim' ? 'your account' : 'the same operator' },
      ],
      steps: [
        {
          kind: 'send',
          label: kind === 'claim' ? 'Claim' : 'Stake',
          call: { address: rewards, abi: rewardsAbi, functionName: kind, args: kind === 'claim' ? [operator, account, account] : [operator, account, (amount * 999n) / 1000n] },
        },
      ],
      done: kind === 'claim' ? 'The rewards were paid.' : 'The rewards are staked.',
    });
  return (
    <>
      <Figure
        label="Rewards, not claimed yet"
        note={
          <span className="row">
            <Button kind="quiet" disabled={amount === 0n} onClick={() => act('claim')}>
              Claim
            </Button>
            <Button kind="quiet" disabled={amount === 0n} onClick={() => act('compound')}>
              Stake them
            </Button>
          </span>
        }
      >
        <Opg value={amount} />
      </Figure>
      <Sources rewards={rewards} operator={operator} account={account} waiting={amount} />
      {operator === account && <OwnFlow operator={operator} />}
    </>
  );
}
