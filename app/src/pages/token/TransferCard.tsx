import { useState } from 'react';
import type { Address } from 'viem';
import { opgAbi } from '../../abi/opg';
import { useAppConfig, useOpg } from '../../config/context';
import { imitated, readAddress } from '../../lib/address';
import { useTx } from '../../tx/context';
import { AddressField, AmountField, readAmount } from '../../ui/Field';
import { Button, Card, Opg } from '../../ui/primitives';

/** Sends tokens. The whole recipient is shown once more before the wallet is asked. */
export function TransferCard({ account, balance }: { account: Address; balance: bigint | undefined }) {
  const opg = useOpg();
  const { names } = useAppConfig();
  const begin = useTx();
  const [to, setTo] = useState('');
  const [amount, setAmount] = useState('');
  const recipient = readAddress(to);
  const { wei } = readAmount(amount, balance);
  const ready = 'address' in recipient && wei !== undefined;

  const send = () => {
    if (!ready) return;
    const name = names[recipient.address.toLowerCase()];
    const warnings = [
      ...(imitated(recipient.address, [...Object.keys(names), account]) ? ['The recipient looks like an address that you know, but is another one.'] : []),
      ...(name ? [`The recipient is the contract "${name}". Tokens sent to a contract may be lost.`] : []),
      ...(recipient.address === account ? ['The recipient is your own account.'] : []),
    ];
    begin({
      title: 'Send OPG',
      action: 'Send',
      effects: [
        { label: 'You send', value: <Opg value={wei} /> },
        { label: 'To', value: <span className="mono">{recipient.address}</span> },
        { label: 'You keep', value: <Opg value={balance === undefined ? undefined : balance - wei} /> },
      ],
      warnings,
      steps: [{ kind: 'send', label: 'Send', call: { address: opg, abi: opgAbi, functionName: 'transfer', args: [recipient.address, wei] } }],
      done: 'The tokens were sent.',
      onDone: () => setAmount(''),
    });
  };
  return (
    <Card title="Send">
      <AddressField label="Recipient" value={to} onChange={setTo} />
      <AmountField label="Amount" value={amount} onChange={setAmount} most={balance} />
      <div>
        <Button kind="primary" disabled={!ready} onClick={send}>
          Review
        </Button>
      </div>
    </Card>
  );
}
