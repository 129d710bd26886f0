import { useState } from 'react';
import { governorAbi } from '../../abi/governor';
import { opgAbi } from '../../abi/opg';
import { useAppConfig, useOpg } from '../../config/context';
import { cleanLine } from '../../lib/text';
import type { Call, Effect } from '../../tx/plan';
import { useTx } from '../../tx/context';
import { AddressView } from '../../ui/AddressView';
import { Field } from '../../ui/Field';
import { Button, Card } from '../../ui/primitives';
import { type Relayed, unpack } from './relayed';

const SUPPORT = ['Against', 'For', 'Abstain'];

/** Submits what somebody else signed; whoever submits pays the fee and can change nothing. */
export function Relay() {
  const [text, setText] = useState('');
  const { chainId, chainName, contracts } = useAppConfig();
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
        label="Signed delegation or vote"
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
