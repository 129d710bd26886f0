import { useState } from 'react';
import { type Address, type Hex, zeroAddress } from 'viem';
import { usePublicClient, useReadContracts } from 'wagmi';
import { airdropAbi } from '../../abi/airdrop';
import { opgAbi } from '../../abi/opg';
import { useNow } from '../../chain/sync';
import { useAppConfig, useOpg } from '../../config/context';
import { readAddress } from '../../lib/address';
import { formatDuration, formatTime } from '../../lib/format';
import { useTx } from '../../tx/context';
import { AddressField } from '../../ui/Field';
import { Badge, Button, Card, Empty, Figure, Figures, Loading, Opg } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { type Claim, useClaim } from './genesis';
import { delegationData, SIGNATURE_LIFETIME } from './typed';

function Open({ claim, airdrop, account, deadline }: { claim: Claim; airdrop: Address; account: Address; deadline: bigint }) {
  const opg = useOpg();
  const { chainId } = useAppConfig();
  const client = usePublicClient();
  const now = useNow();
  const begin = useTx();
  const [delegatee, setDelegatee] = useState('');
  const [elsewhere, setElsewhere] = useState('');
  const read = readAddress(delegatee);
  const other = readAddress(elsewhere);
  const voter = delegatee === '' ? account : 'address' in read ? read.address : undefined;

  const claimAndDelegate = (to: Address) => {
    let delegation = { delegatee: to, nonce: 0n, expiry: 0n, signature: '0x' as Hex };
    begin({
      title: 'Claim the airdrop and delegate',
      action: 'Sign and claim',
      effects: [
        { label: 'You receive', value: <Opg value={claim.amount} /> },
        { label: 'Your votes go to', value: to === account ? 'yourself' : <span className="mono">{to}</span> },
      ],
      steps: [
        {
          kind: 'sign',
          label: 'Sign the delegation',
          data: async () => {
            if (!client) throw new Error('no connection to the chain');
            const nonce = await client.readContract({ address: opg, abi: opgAbi, functionName: 'nonces', args: [account] });
            delegation = { ...delegation, nonce, expiry: BigInt(now) + SIGNATURE_LIFETIME };
            return delegationData(chainId, opg, { delegator: account, delegatee: to, nonce, expiry: delegation.expiry });
          },
          use: (signature) => {
            delegation = { ...delegation, signature };
          },
        },
        {
          kind: 'send',
          label: 'Claim',
          call: async () => ({ address: airdrop, abi: airdropAbi, functionName: 'claimAndDelegate', args: [claim.index, claim.amount, claim.proof, delegation] }),
        },
      ],
      done: 'The tokens are yours, and they vote.',
    });
  };
  const claimTo = (to: Address) =>
    begin({
      title: 'Claim the airdrop to another address',
      action: 'Claim',
      effects: [
        { label: 'Amount', value: <Opg value={claim.amount} /> },
        { label: 'Goes to', value: <span className="mono">{to}</span> },
      ],
      warnings: ['A claim can be made once. Nobody can take it back from a wrong address.'],
      steps: [{ kind: 'send', label: 'Claim', call: { address: airdrop, abi: airdropAbi, functionName: 'claimTo', args: [claim.index, claim.amount, claim.proof, to] } }],
      done: 'The tokens were sent there.',
    });
  return (
    <>
      <p className="muted">
        Claim until {formatTime(deadline)} ({formatDuration(Number(deadline) - now)} left). One transaction claims and delegates, so that your tokens vote.
      </p>
      <AddressField label="Delegate to (yourself if empty)" value={delegatee} onChange={setDelegatee} />
      <div className="row">
        <Button kind="primary" disabled={!voter} onClick={() => voter && claimAndDelegate(voter)}>
          Claim and delegate
        </Button>
      </div>
      <details>
        <summary>Claim to another address</summary>
        <AddressField label="Recipient of the airdrop" value={elsewhere} onChange={setElsewhere} />
        <Button disabled={!('address' in other)} onClick={() => 'address' in other && claimTo(other.address)}>
          Review
        </Button>
      </details>
    </>
  );
}

function Claimable({ claim, airdrop, account }: { claim: Claim; airdrop: Address; account: Address }) {
  const now = useNow();
  const contract = { address: airdrop, abi: airdropAbi } as const;
  const opg = { address: useOpg(), abi: opgAbi } as const;
  const state = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...contract, functionName: 'isClaimed', args: [claim.index] },
      { ...contract, functionName: 'deadline' },
      { ...opg, functionName: 'balanceOf', args: [airdrop] },
    ],
  });
  if (!state.data) return state.error ? <Failure error={state.error} retry={state.refetch} /> : <Loading wide />;
  const [claimed, deadline, funds] = state.data;
  const over = BigInt(now) > deadline;
  return (
    <>
      <Figures>
        <Figure label="Your airdrop">
          <Opg value={claim.amount} />
        </Figure>
        <Figure label="Status">
          {claimed ? <Badge tone="good">claimed</Badge> : over ? <Badge tone="bad">expired</Badge> : funds < claim.amount ? <Badge tone="warn">not funded yet</Badge> : <Badge>open</Badge>}
        </Figure>
      </Figures>
      {!claimed && !over && funds < claim.amount && <p className="muted">The vault has not paid the airdrop yet; anyone can release it once the token generation event has come.</p>}
      {!claimed && !over && funds >= claim.amount && <Open claim={claim} airdrop={airdrop} account={account} deadline={deadline} />}
    </>
  );
}

/** The airdrop of an account, if it has one. */
export function AirdropCard({ account }: { account: Address }) {
  const { contracts, genesis } = useAppConfig();
  const claim = useClaim(account);
  const airdrop = contracts.airdrop;
  if (!airdrop || airdrop === zeroAddress || !genesis) return null;
  return (
    <Card title="Airdrop">
      {claim.error ? (
        <Failure error={claim.error} retry={claim.refetch} />
      ) : claim.data === undefined ? (
        <Loading wide />
      ) : claim.data === null ? (
        <Empty title="This account is not in the airdrop">
          <p>If you expected to be, switch to the account that you used then.</p>
        </Empty>
      ) : (
        <Claimable claim={claim.data} airdrop={airdrop} account={account} />
      )}
    </Card>
  );
}
