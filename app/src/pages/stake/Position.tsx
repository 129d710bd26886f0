import { useState } from 'react';
import type { Address } from 'viem';
import { useReadContracts } from 'wagmi';
import { stakingAbi } from '../../abi/staking';
import { formatDuration } from '../../lib/format';
import { useTx } from '../../tx/context';
import { AddressView } from '../../ui/AddressView';
import { AmountField, readAmount } from '../../ui/Field';
import { Button, Figure, Figures, Opg } from '../../ui/primitives';
import { type StakingAddresses, unbondStep } from './plans';
import { Rewards } from './Rewards';
import { Unbonds } from './Unbonds';

export type PositionView = { shares: bigint; amount: bigint; booked: bigint; lastId: bigint; openUnbonds: bigint };

function UnbondForm({ addresses, account, operator, position, close }: { addresses: StakingAddresses; account: Address; operator: Address; position: PositionView; close: () => void }) {
  const begin = useTx();
  const [amount, setAmount] = useState('');
  const { wei } = readAmount(amount, position.amount);
  const parameters = useReadContracts({ allowFailure: false, contracts: [{ address: addresses.staking, abi: stakingAbi, functionName: 'parameters' }] }).data?.[0];
  const unbond = () => {
    if (wei === undefined) return;
    begin({
      title: 'Unbond',
      action: 'Unbond',
      effects: [
        { label: 'You take out', value: <Opg value={wei} /> },
        { label: 'Of your stake at', value: <AddressView address={operator} /> },
        { label: 'Ready in', value: parameters ? formatDuration(parameters.unbondingPeriod) : 'the unbonding time' },
      ],
      warnings: ['Until you withdraw, it earns nothing and can still be slashed. You can cancel at any time.'],
      steps: [unbondStep(addresses.staking, operator, account, wei, position)],
      done: 'It waits in the queue below.',
      onDone: close,
    });
  };
  return (
    <div className="stack">
      <AmountField label="Amount to unbond" value={amount} onChange={setAmount} most={position.amount} />
      <div className="row">
        <Button kind="primary" disabled={wei === undefined} onClick={unbond}>
          Review
        </Button>
        <Button onClick={close}>Close</Button>
      </div>
    </div>
  );
}

/** What an account has at one operator. */
export function Position({ addresses, account, operator, position }: { addresses: StakingAddresses; account: Address; operator: Address; position: PositionView }) {
  const [open, setOpen] = useState(false);
  return (
    <li>
      <div className="row">
        <AddressView address={operator} />
        <span className="spring" />
        {position.shares > 0n && !open && <Button onClick={() => setOpen(true)}>Unbond</Button>}
      </div>
      <Figures>
        <Figure label="Staked">
          <Opg value={position.amount} />
        </Figure>
        <Rewards account={account} operator={operator} />
      </Figures>
      {open && <UnbondForm addresses={addresses} account={account} operator={operator} position={position} close={() => setOpen(false)} />}
      {position.openUnbonds > 0n && <Unbonds addresses={addresses} account={account} operator={operator} position={position} />}
    </li>
  );
}
