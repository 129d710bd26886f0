import { useState } from 'react';
import { governorAbi } from '../../abi/governor';
import { opgAbi } from '../../abi/opg';
import { useAppConfig, useOpg } from '../../config/context';
import { formatTime } from '../../lib/format';
import { cleanLine, proposalTitle, words } from '../../lib/text';
import type { Call, Effect } from '../../tx/plan';
import { useTx } from '../../tx/context';
import { AddressView } from '../../ui/AddressView';
import { Field } from '../../ui/Field';
import { Button, Card } from '../../ui/primitives';
import { type DecodedCall, decodeCall } from '../govern/decode';
import { type Relayed, unpack } from './relayed';

/** A call in one line. */
const summary = ({ name, known, arguments: parts }: DecodedCall) => (
  <>
    {known ? words(name) : name}
    {parts.length > 0 && `: ${parts.map((part) => `${part.name} ${part.value}`).join(', ')}`}
  </>
);

const SUPPORT = ['Against', 'For', 'Abstain'];

/** Submits what somebody else signed; whoever submits pays the fee and can change nothing. */
export function Relay() {
  const [text, setText] = useState('');
  const config = useAppConfig();
  const { chainId, chainName, contracts } = config;
  const opg = useOpg();
  const begin = useTx();
  let message: Relayed | undefined;
  let problem: string | undefined;
  try {
    message = text.trim() ? unpack(text.trim()) : undefined;
    if (message && message.chainId !== chainId) problem = `It was signed for chain ${message.chainId}; this page shows ${chainName}.`;
  } catch (error) {
    problem = `This cannot be submitted: ${error instanceof Error ? error.message : 'it is damaged'}.`;
  }

  const plan = (relayed: Relayed): { effects: Effect[]; call: Call } | undefined => {
    if (relayed.kind === 'delegation') {
      const { delegator, delegatee, nonce, expiry, signature } = relayed;
      return {
        effects: [
          { label: 'Votes of', value: <AddressView address={delegator} /> },
          { label: 'Go to', value: <AddressView address={delegatee} /> },
        ],
        call: { address: opg, abi: opgAbi, functionName: 'delegateBySig', args: [delegator, delegatee, nonce, expiry, signature] },
      };
    }
    if (!contracts.governor) return undefined;
    if (relayed.kind === 'proposal') {
      const { targets, values, calldatas, description, proposer, deadline, signature } = relayed;
      return {
        effects: [
          { label: 'Proposal of', value: <AddressView address={proposer} /> },
          { label: 'Title', value: <bdi>{proposalTitle(description)}</bdi> },
          ...targets.map((target, index) => ({ label: `Call ${index + 1}`, value: summary(decodeCall(config, target, values[index] ?? 0n, calldatas[index] ?? '0x')) })),
          { label: 'Valid until', value: formatTime(deadline) },
        ],
        call: { address: contracts.governor, abi: governorAbi, functionName: 'proposeBySig', args: [targets, values, calldatas, description, proposer, deadline, signature] },
      };
    }
    const { voter, proposalId, support, reason, signature } = relayed;
    return {
      effects: [
        { label: 'Vote of', value: <AddressView address={voter} /> },
        { label: 'Choice', value: SUPPORT[support] },
        ...(reason ? [{ label: 'Reason', value: cleanLine(reason, 300) }] : []),
      ],
      call: reason
        ? { address: contracts.governor, abi: governorAbi, functionName: 'castVoteWithReasonAndParamsBySig', args: [proposalId, support, voter, reason, '0x', signature] }
        : { address: contracts.governor, abi: governorAbi, functionName: 'castVoteBySig', args: [proposalId, support, voter, signature] },
    };
  };
  const submit = () => {
    const made = message && !problem ? plan(message) : undefined;
    if (!made || !message) return;
    begin({
      title: `Submit a signed ${message.kind}`,
      action: 'Submit',
      effects: [...made.effects, { label: 'Network fee', value: 'paid by you' }],
      steps: [{ kind: 'send', label: 'Submit', call: made.call }],
      done: 'Submitted.',
      onDone: () => setText(''),
    });
  };
  return (
    <Card title="Submit for somebody">
      <Field
        label="Signed delegation, vote or proposal"
        value={text}
        onChange={setText}
        multiline
        problem={problem}
        hint="Somebody who has no ether for the fee can sign, and you submit. The chain accepts exactly what was signed."
      />
      <div>
        <Button disabled={!message || Boolean(problem)} onClick={submit}>
          Review
        </Button>
      </div>
    </Card>
  );
}
