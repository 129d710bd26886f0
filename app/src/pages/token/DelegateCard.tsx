import { useState } from 'react';
import { type Address, type Hex, zeroAddress } from 'viem';
import { usePublicClient } from 'wagmi';
import { opgAbi } from '../../abi/opg';
import { useNow } from '../../chain/sync';
import { useAppConfig, useOpg } from '../../config/context';
import { readAddress } from '../../lib/address';
import { useTx } from '../../tx/context';
import { AddressView } from '../../ui/AddressView';
import { AddressField } from '../../ui/Field';
import { Button, Card, Opg } from '../../ui/primitives';
import { pack } from './relayed';
import { SignedMessage } from './SignedMessage';
import { delegationData, SIGNATURE_LIFETIME } from './typed';

/** Delegates votes, by a transaction or by a signature that somebody else submits. */
export function DelegateCard({ account, delegatee, units }: { account: Address; delegatee: Address | undefined; units: bigint | undefined }) {
  const opg = useOpg();
  const { chainId } = useAppConfig();
  const client = usePublicClient();
  const now = useNow();
  const begin = useTx();
  const [to, setTo] = useState('');
  const [signed, setSigned] = useState<string>();
  const read = readAddress(to);
  const target = 'address' in read ? read.address : undefined;

  const effects = (next: Address) => [
    { label: 'Votes that move', value: <Opg value={units} unit={false} /> },
    { label: 'From', value: delegatee && delegatee !== zeroAddress ? <AddressView address={delegatee} copy={false} /> : 'nobody' },
    { label: 'To', value: <span className="mono">{next}</span> },
    { label: 'Your tokens', value: 'stay where they are' },
  ];
  const delegate = (next: Address) =>
    begin({
      title: next === account ? 'Vote yourself' : 'Delegate your votes',
      action: 'Delegate',
      effects: effects(next),
      steps: [{ kind: 'send', label: 'Delegate', call: { address: opg, abi: opgAbi, functionName: 'delegate', args: [next] } }],
      done: 'Your votes moved. They count for proposals whose voting begins from now on.',
      onDone: () => setTo(''),
    });
  const sign = (next: Address) => {
    let message: { delegator: Address; delegatee: Address; nonce: bigint; expiry: bigint } | undefined;
    const use = (signature: Hex) => message && setSigned(pack({ kind: 'delegation', chainId, ...message, signature }));
    begin({
      title: 'Sign a delegation',
      action: 'Sign',
      effects: [...effects(next), { label: 'Who pays the fee', value: 'whoever submits it, within an hour' }],
      steps: [
        {
          kind: 'sign',
          label: 'Sign',
          use,
          data: async () => {
            if (!client) throw new Error('no connection to the chain');
            const nonce = await client.readContract({ address: opg, abi: opgAbi, functionName: 'nonces', args: [account] });
            message = { delegator: account, delegatee: next, nonce, expiry: BigInt(now) + SIGNATURE_LIFETIME };
            return delegationData(chainId, opg, message);
          },
        },
      ],
      done: 'Signed. The message is on the page: give it to whoever submits it.',
    });
  };
  return (
    <Card title="Delegate">
      <AddressField label="Delegate to" value={to} onChange={setTo} hint="Delegating moves votes, not tokens." />
      <div className="row">
        <Button kind="primary" disabled={!target} onClick={() => target && delegate(target)}>
          Delegate
        </Button>
        {delegatee !== account && <Button onClick={() => delegate(account)}>Vote myself</Button>}
        <Button kind="quiet" disabled={!target} onClick={() => target && sign(target)}>
          Sign only
        </Button>
      </div>
      {signed && <SignedMessage text={signed} what="delegation" />}
    </Card>
  );
}
