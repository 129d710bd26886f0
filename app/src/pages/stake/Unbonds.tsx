import { useState } from 'react';
import type { Address } from 'viem';
import { useReadContracts } from 'wagmi';
import { stakingAbi } from '../../abi/staking';
import { useNow } from '../../chain/sync';
import { readAddress } from '../../lib/address';
import { formatDuration, formatTime } from '../../lib/format';
import { useTx } from '../../tx/context';
import { AddressView } from '../../ui/AddressView';
import { AddressField } from '../../ui/Field';
import { Badge, Button, Loading, Notice, Opg, Table } from '../../ui/primitives';
import { cancelStep, redelegateStep, type StakingAddresses, withdrawStep } from './plans';
import type { PositionView } from './Position';

type Unbond = { id: bigint; shares: bigint; amount: bigint; maturesAt: bigint };
const ZERO = { assets: 0n, shares: 0n };

function Move({ addresses, account, operator, unbond, close }: { addresses: StakingAddresses; account: Address; operator: Address; unbond: Unbond; close: () => void }) {
  const begin = useTx();
  const [to, setTo] = useState('');
  const read = readAddress(to);
  const target = 'address' in read ? read.address : undefined;
  const pools = useReadContracts({ allowFailure: false, contracts: [{ address: addresses.staking, abi: stakingAbi, functionName: 'poolsOf', args: [target ?? operator] }], query: { enabled: target !== undefined } }).data?.[0];
  const move = () => {
    if (!target) return;
    begin({
      title: 'Move to another operator',
      action: 'Move',
      effects: [
        { label: 'You move', value: <Opg value={unbond.amount} /> },
        { label: 'To', value: <AddressView address={target} /> },
      ],
      steps: [redelegateStep(addresses.staking, operator, account, unbond.id, target, unbond.amount, pools?.[1] ?? ZERO)],
      done: 'Staked at the other operator.',
      onDone: close,
    });
  };
  return (
    <div className="stack">
      <AddressField label="Operator to move to" value={to} onChange={setTo} hint="Copy it from the table of operators." />
      <div className="row">
        <Button kind="primary" disabled={!target || !pools} onClick={move}>
          Review
        </Button>
        <Button onClick={close}>Close</Button>
      </div>
    </div>
  );
}

/** The queue of unbonds at one operator: countdown, cancel, withdraw, move. */
export function Unbonds({ addresses, account, operator, position }: { addresses: StakingAddresses; account: Address; operator: Address; position: PositionView }) {
  const begin = useTx();
  const now = useNow();
  const [moving, setMoving] = useState<bigint>();
  const [depth, setDepth] = useState(32);
  const contract = { address: addresses.staking, abi: stakingAbi } as const;
  const count = Math.min(depth, Number(position.lastId));
  const ids = Array.from({ length: count }, (_, index) => position.lastId - BigInt(index));
  const read = useReadContracts({ allowFailure: false, contracts: ids.map((id) => ({ ...contract, functionName: 'unbondOf', args: [operator, account, id] }) as const) });
  if (!read.data) return <Loading wide />;
  const open: Unbond[] = read.data.flatMap((unbond, index) => (unbond.shares > 0n ? [{ ...unbond, id: ids[index] ?? 0n }] : []));
  const missing = BigInt(open.length) < position.openUnbonds && BigInt(count) < position.lastId;

  const effects = (unbond: Unbond) => [
    { label: 'Amount', value: <Opg value={unbond.amount} /> },
    { label: 'Operator', value: <AddressView address={operator} /> },
  ];
  const cancel = (unbond: Unbond) =>
    begin({ title: 'Cancel the unbond', action: 'Stake again', effects: effects(unbond), steps: [cancelStep(addresses.staking, operator, account, unbond.id)], done: 'It is staked again.' });
  const withdraw = (unbond: Unbond) =>
    begin({ title: 'Withdraw', action: 'Withdraw', effects: effects(unbond), steps: [withdrawStep(addresses.staking, operator, account, unbond.id, unbond.amount)], done: 'The tokens are in your wallet.' });
  const moved = open.find(({ id }) => id === moving);
  return (
    <>
      <Table caption="Unbonding" head={['Unbonding', 'Ready', '']}>
        {open.map((unbond) => {
          const ready = Number(unbond.maturesAt) <= now;
          return (
            <tr key={unbond.id.toString()}>
              <td>
                <Opg value={unbond.amount} />
              </td>
              <td title={formatTime(unbond.maturesAt)}>{ready ? <Badge tone="good">ready</Badge> : `in ${formatDuration(Number(unbond.maturesAt) - now)}`}</td>
              <td>
                <span className="row">
                  {ready && (
                    <Button kind="primary" onClick={() => withdraw(unbond)}>
                      Withdraw
                    </Button>
                  )}
                  {ready && <Button onClick={() => setMoving(unbond.id)}>Move</Button>}
                  <Button onClick={() => cancel(unbond)}>Cancel unbond</Button>
                </span>
              </td>
            </tr>
          );
        })}
      </Table>
      {missing && (
        <Notice title="Older unbonds are open">
          <Button onClick={() => setDepth(depth * 2)}>Show more</Button>
        </Notice>
      )}
      {moved && <Move addresses={addresses} account={account} operator={operator} unbond={moved} close={() => setMoving(undefined)} />}
    </>
  );
}
