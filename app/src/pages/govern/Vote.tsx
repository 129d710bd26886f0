import { useState } from 'react';
import type { Address, Hex } from 'viem';
import { useAccount, usePublicClient, useReadContracts } from 'wagmi';
import { governorAbi } from '../../abi/governor';
import { useAppConfig } from '../../config/context';
import { proposalTitle } from '../../lib/text';
import type { TypedData } from '../../tx/plan';
import { useTx } from '../../tx/context';
import { Field } from '../../ui/Field';
import { Badge, Button, Card, Empty, Loading, Opg } from '../../ui/primitives';
import { Failure } from '../../ui/Query';
import { pack } from '../token/relayed';
import { SignedMessage } from '../token/SignedMessage';
import { governorCall, type Proposal } from './proposal';

const CHOICES = [
  { support: 1, label: 'For' },
  { support: 0, label: 'Against' },
  { support: 2, label: 'Abstain' },
] as const;
const BALLOT = [
  { name: 'proposalId', type: 'uint256' },
  { name: 'support', type: 'uint8' },
  { name: 'voter', type: 'address' },
  { name: 'nonce', type: 'uint256' },
] as const;

/** A ballot as the governor wants it signed; one with a reason is another type. */
export function ballotData(chainId: number, governor: Address, ballot: { proposalId: bigint; support: number; voter: Address; nonce: bigint; reason: string }): TypedData {
  const { reason, ...message } = ballot;
  const domain = { name: 'OPG Governor', version: '1', chainId, verifyingContract: governor };
  return reason
    ? { domain, primaryType: 'ExtendedBallot', types: { ExtendedBallot: [...BALLOT, { name: 'reason', type: 'string' }, { name: 'params', type: 'bytes' }] }, message: { ...message, reason, params: '0x' } }
    : { domain, primaryType: 'Ballot', types: { Ballot: BALLOT }, message };
}

function Form({ governor, proposal, account, weight }: { governor: Address; proposal: Proposal; account: Address; weight: bigint }) {
  const { chainId } = useAppConfig();
  const client = usePublicClient();
  const begin = useTx();
  const [support, setSupport] = useState<number>();
  const [reason, setReason] = useState('');
  const [signed, setSigned] = useState<string>();
  const label = CHOICES.find((choice) => choice.support === support)?.label ?? '';
  const effects = [
    { label: 'Proposal', value: proposalTitle(proposal.description) },
    { label: 'Your vote', value: label },
    { label: 'Weight', value: <Opg value={weight} unit={false} /> },
    ...(reason ? [{ label: 'Reason, public for ever', value: reason }] : []),
  ];
  const warnings = ['A vote cannot be changed.'];
  const vote = () =>
    begin({
      title: 'Vote',
      action: 'Vote',
      effects,
      warnings,
      steps: [{ kind: 'send', label: 'Vote', call: reason ? governorCall(governor, 'castVoteWithReason', [proposal.id, support, reason]) : governorCall(governor, 'castVote', [proposal.id, support]) }],
      done: 'Your vote is counted.',
    });
  const sign = () => {
    if (support === undefined) return;
    const ballot = { proposalId: proposal.id, support, voter: account, reason };
    let nonce = 0n;
    const use = (signature: Hex) => setSigned(pack({ kind: 'vote', chainId, ...ballot, nonce, signature }));
    begin({
      title: 'Sign a vote',
      action: 'Sign',
      effects: [...effects, { label: 'Who pays the fee', value: 'whoever submits it' }],
      warnings,
      steps: [
        {
          kind: 'sign',
          label: 'Sign',
          use,
          data: async () => {
            if (!client) throw new Error('no connection to the chain');
            nonce = await client.readContract({ address: governor, abi: governorAbi, functionName: 'nonces', args: [account] });
            return ballotData(chainId, governor, { ...ballot, nonce });
          },
        },
      ],
      done: 'Signed. The message is on the page: give it to whoever submits it.',
    });
  };
  return (
    <>
      <fieldset>
        <legend>
          You vote with <Opg value={weight} unit={false} />
        </legend>
        {CHOICES.map((choice) => (
          <label key={choice.support} className="choice">
            <input type="radio" name="support" checked={support === choice.support} onChange={() => setSupport(choice.support)} /> {choice.label}
          </label>
        ))}
      </fieldset>
      <Field label="Reason (optional)" value={reason} onChange={setReason} />
      <div className="row">
        <Button kind="primary" disabled={support === undefined} onClick={vote}>
          Vote
        </Button>
        <Button kind="quiet" disabled={support === undefined} onClick={sign}>
          Sign only
        </Button>
      </div>
      {signed && <SignedMessage text={signed} what="vote" />}
    </>
  );
}

/** Casts the connected account's vote. */
export function Vote({ governor, proposal, active }: { governor: Address; proposal: Proposal; active: boolean }) {
  const { address } = useAccount();
  const contract = { address: governor, abi: governorAbi } as const;
  const read = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...contract, functionName: 'hasVoted', args: [proposal.id, address ?? '0x0000000000000000000000000000000000000000'] },
      { ...contract, functionName: 'getVotes', args: [address ?? '0x0000000000000000000000000000000000000000', proposal.voteStart] },
    ],
    query: { enabled: active && address !== undefined },
  });
  const content = () => {
    if (!address) return <Empty title="Connect a wallet to vote" />;
    if (!active) return <p className="muted">Voting has not begun. Delegate before it begins: votes are counted as of that moment.</p>;
    if (!read.data) return read.error ? <Failure error={read.error} retry={read.refetch} /> : <Loading wide />;
    const [voted, weight] = read.data;
    if (voted) return <Badge tone="good">you have voted</Badge>;
    if (weight === 0n) return <Empty title="This account had no votes when voting began" />;
    return <Form key={address} governor={governor} proposal={proposal} account={address} weight={weight} />;
  };
  return <Card title="Your vote">{content()}</Card>;
}
