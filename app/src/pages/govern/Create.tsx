import { useMemo, useState } from 'react';
import type { Address } from 'viem';
import { useAccount, usePublicClient, useReadContracts } from 'wagmi';
import { governorAbi } from '../../abi/governor';
import { go, Link } from '../../app/router';
import { useNow, usePast } from '../../chain/sync';
import { useAppConfig } from '../../config/context';
import { proposalTitle } from '../../lib/text';
import { useTx } from '../../tx/context';
import { Field } from '../../ui/Field';
import { Markdown } from '../../ui/Markdown';
import { Button, Card, Empty, Notice, Opg, PageHead } from '../../ui/primitives';
import { SignedMessage } from '../token/SignedMessage';
import { Calls } from './Calls';
import { governorCall } from './proposal';
import { signProposal } from './signProposal';
import { type Action, AnswerError, TEMPLATES } from './templates';

/** Seconds for which a signed proposal can be submitted. */
const VALID = 3_600;

function ActionForm({ add }: { add: (action: Action) => void }) {
  const config = useAppConfig();
  const offered = TEMPLATES.filter(({ needs }) => config.contracts[needs]);
  const [key, setKey] = useState(offered[0]?.key ?? '');
  const [answers, setAnswers] = useState<Record<string, string>>({});
  const [problem, setProblem] = useState<string>();
  const template = offered.find((one) => one.key === key);
  const submit = () => {
    try {
      if (!template) return;
      add(template.make(config, answers));
      setAnswers({});
      setProblem(undefined);
    } catch (error) {
      setProblem(error instanceof AnswerError ? error.message : 'The call does not accept these values.');
    }
  };
  return (
    <>
      <div className="field">
        <label htmlFor="template">Action</label>
        <select
          id="template"
          value={key}
          onChange={(event) => {
            setKey(event.target.value);
            setAnswers({});
            setProblem(undefined);
          }}
        >
          {offered.map(({ key: value, title }) => (
            <option key={value} value={value}>
              {title}
            </option>
          ))}
        </select>
      </div>
      {template?.questions.map(({ name, label, hint }) => (
        <Field key={`${key}.${name}`} label={label} value={answers[name] ?? ''} onChange={(value) => setAnswers((before) => ({ ...before, [name]: value }))} hint={hint} />
      ))}
      {problem && <Notice tone="bad" title={problem} live />}
      <div>
        <Button onClick={submit}>Add action</Button>
      </div>
    </>
  );
}

/** Who may propose, and whether the connected account may. */
function useThreshold(governor: Address) {
  const { address } = useAccount();
  const contract = { address: governor, abi: governorAbi } as const;
  // Votes count a second after they came; the question is asked once for each ten.
  const past = usePast(10, 2);
  const read = useReadContracts({
    allowFailure: false,
    contracts: [
      { ...contract, functionName: 'proposalThreshold' },
      { ...contract, functionName: 'getVotes', args: [address ?? governor, past] },
    ],
    query: { enabled: address !== undefined },
  });
  return { threshold: read.data?.[0], votes: read.data?.[1] };
}

export default function Create({ governor }: { governor: Address }) {
  const begin = useTx();
  const now = useNow();
  const client = usePublicClient();
  const { chainId } = useAppConfig();
  const { address } = useAccount();
  const { threshold, votes } = useThreshold(governor);
  const [title, setTitle] = useState('');
  const [text, setText] = useState('');
  const [actions, setActions] = useState<Action[]>([]);
  const [preview, setPreview] = useState(false);
  const calls = useMemo(() => ({ targets: actions.map(({ target }) => target), values: actions.map(({ value }) => value), calldatas: actions.map(({ data }) => data) }), [actions]);
  // Named in the text, so that nobody can submit a copy first.
  const description = `# ${title.trim()}\n\n${text.trim()}\n\n#proposer=${address ?? ''}`;
  const short = votes !== undefined && threshold !== undefined && votes < threshold;
  const ready = address && title.trim() && actions.length > 0;
  const [signed, setSigned] = useState<string>();
  const effects = [
    { label: 'Title', value: proposalTitle(description) },
    { label: 'Actions', value: actions.length },
    { label: 'Reserved for', value: 'your account: nobody can submit this text first' },
  ];
  const warnings = ['Text and actions are public for ever and cannot be changed; you can cancel until voting begins.'];
  const sign = () => {
    if (!address) return;
    const draft = { ...calls, description, proposer: address };
    begin({
      title: 'Sign a proposal',
      action: 'Sign',
      effects: [...effects, { label: 'Who pays the fee', value: 'whoever submits it' }],
      warnings,
      steps: [signProposal(client, chainId, governor, draft, BigInt(now + VALID), setSigned)],
      done: 'Signed. The message is on the page: give it to whoever submits it.',
    });
  };

  const propose = () =>
    begin({
      title: 'Make a proposal',
      action: 'Propose',
      effects,
      warnings,
      steps: [{ kind: 'send', label: 'Propose', call: governorCall(governor, 'propose', [calls.targets, calls.values, calls.calldatas, description]) }],
      done: 'The proposal is on the chain.',
      onDone: () => go('govern'),
    });
  return (
    <>
      <PageHead title="New proposal" action={<Link to={['govern']}>All proposals</Link>}>
        What it says and what it does are voted on together.
      </PageHead>
      {short && (
        <Notice tone="warn" title="This account has too few votes to propose">
          <p>
            It needs <Opg value={threshold} unit={false} /> and has <Opg value={votes} unit={false} />. Votes can be delegated to it on the Token page.
          </p>
        </Notice>
      )}
      <div className="columns">
        <Card title="Text">
          <Field label="Title" value={title} onChange={setTitle} />
          <Field label="Why, and what else voters should know (Markdown)" value={text} onChange={setText} multiline />
          <Button kind="quiet" aria-expanded={preview} onClick={() => setPreview(!preview)}>
            {preview ? 'Hide preview' : 'Preview'}
          </Button>
          {preview && <Markdown text={text || '*nothing yet*'} />}
        </Card>
        <Card title="Add an action">
          <ActionForm add={(action) => setActions((before) => [...before, action])} />
        </Card>
      </div>
      <Card
        title="What it will do"
        action={
          actions.length > 0 && (
            <Button kind="quiet" onClick={() => setActions((before) => before.slice(0, -1))}>
              Remove last
            </Button>
          )
        }
      >
        {actions.length === 0 ? <Empty title="No action yet" /> : <Calls calls={calls} />}
      </Card>
      <div className="row">
        <Button kind="primary" disabled={!ready || short} onClick={propose}>
          Review
        </Button>
        <Button kind="quiet" disabled={!ready || short} onClick={sign}>
          Sign only
        </Button>
      </div>
      {signed && <SignedMessage text={signed} what="proposal" />}
    </>
  );
}
