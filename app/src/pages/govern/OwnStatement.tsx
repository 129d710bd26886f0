import { useState } from 'react';
import { useAccount } from 'wagmi';
import { useNow } from '../../chain/sync';
import { useAppConfig, useOpg } from '../../config/context';
import { formatCount } from '../../lib/format';
import { useTx } from '../../tx/context';
import { Copy } from '../../ui/AddressView';
import { Field } from '../../ui/Field';
import { Markdown } from '../../ui/Markdown';
import { Button, Card, Notice } from '../../ui/primitives';
import { LONGEST, statementData } from './statements';

/** Lets a delegate sign what it says of itself, to hand to whoever publishes this page. */
export default function OwnStatement() {
  const { address } = useAccount();
  const { chainId } = useAppConfig();
  const opg = useOpg();
  const now = useNow();
  const begin = useTx();
  const [text, setText] = useState('');
  const [signed, setSigned] = useState<string>();
  if (!address) return null;
  const sign = () => {
    const statement = { delegate: address, text: text.trim(), writtenAt: BigInt(now) };
    begin({
      title: 'Sign your statement',
      action: 'Sign',
      effects: [
        { label: 'You state', value: <Markdown text={statement.text} /> },
        { label: 'It costs', value: 'nothing: it is signed, not sent' },
      ],
      steps: [
        {
          kind: 'sign',
          label: 'Sign',
          data: statementData(chainId, opg, statement),
          use: (signature) => setSigned(JSON.stringify({ ...statement, writtenAt: statement.writtenAt.toString(), signature })),
        },
      ],
      done: 'Signed. The text is on the page: hand it to whoever publishes this page.',
    });
  };
  return (
    <Card title="Your statement">
      <Field
        label="Why people should delegate to you (Markdown)"
        value={text}
        onChange={setText}
        multiline
        problem={text.length > LONGEST ? `At most ${formatCount(LONGEST)} characters.` : undefined}
        hint="You sign it, so that nobody can change it or speak for you. Whoever publishes a page like this one can add it."
      />
      <div>
        <Button disabled={!text.trim() || text.length > LONGEST} onClick={sign}>
          Review
        </Button>
      </div>
      {signed && (
        <Notice tone="good" title="Your signed statement">
          <p>
            For the file of statements of any page. <Copy text={signed} label="Copy the signed statement" />
          </p>
          <code data-testid="signed-statement">{signed}</code>
        </Notice>
      )}
    </Card>
  );
}
