import { useState } from 'react';
import type { Address } from 'viem';
import { usePublicClient, useReadContracts } from 'wagmi';
import { opgAbi } from '../../abi/opg';
import { formatBps } from '../../lib/format';
import { useTx } from '../../tx/context';
import { AddressView } from '../../ui/AddressView';
import { AmountField, readAmount } from '../../ui/Field';
import { Button, Card, Opg } from '../../ui/primitives';
import { type Pool, type StakingAddresses, stakeSteps } from './plans';

/** Stakes at one operator, with what it would earn if everything stays as it is. */
export function StakeForm({ addresses, account, operator, pool, yearly, close }: { addresses: StakingAddresses; account: Address; operator: Address; pool: Pool; yearly: number | undefined; close: () => void }) {
  const client = usePublicClient();
  const begin = useTx();
  const [amount, setAmount] = useState('');
  const balance = useReadContracts({ allowFailure: false, contracts: [{ address: addresses.opg, abi: opgAbi, functionName: 'balanceOf', args: [account] }] }).data?.[0];
  const { wei } = readAmount(amount, balance);
  const earned = wei !== undefined && yearly !== undefined ? (wei * BigInt(yearly)) / 10_000n : undefined;
  const stake = () => {
    if (!client || wei === undefined) return;
    begin({
      title: 'Stake',
      action: 'Stake',
      effects: [
        { label: 'You stake', value: <Opg value={wei} /> },
        { label: 'At', value: <AddressView address={operator} /> },
        { label: 'Your votes', value: 'stay yours' },
        ...(earned === undefined ? [] : [{ label: `A year at ${formatBps(yearly ?? 0)}`, value: <Opg value={earned} /> }]),
      ],
      warnings: ['If the operator does wrong, a slash takes a part of your stake, also while it unbonds.'],
      steps: stakeSteps(client, addresses, account, operator, wei, pool),
      done: 'Your stake counts from the next second on.',
      onDone: close,
    });
  };
  return (
    <Card title={<>Stake at {<AddressView address={operator} />}</>} className="inset">
      <AmountField label="Amount to stake" value={amount} onChange={setAmount} most={balance} />
      {earned !== undefined && (
        <p>
          If everything stays as it is: about <Opg value={earned} /> a year.
        </p>
      )}
      <div className="row">
        <Button kind="primary" disabled={wei === undefined} onClick={stake}>
          Review
        </Button>
        <Button onClick={close}>Close</Button>
      </div>
    </Card>
  );
}
