import type { Hex } from 'viem';
import { useAppConfig } from '../config/context';
import { shorten } from '../lib/address';
import { Copy } from '../ui/AddressView';
import type { Step } from './plan';
import type { StepState } from './run';

/** A hash; `link` is false where it is no transaction's. */
const Hash = ({ hash, link = true }: { hash: Hex; link?: boolean }) => {
  const { explorer } = useAppConfig();
  const text = <span className="mono">{shorten(hash)}</span>;
  return (
    <span className="hash">
      {explorer && link ? (
        <a href={`${explorer}/tx/${hash}`} target="_blank" rel="noopener noreferrer">
          {text}
        </a>
      ) : (
        text
      )}
      <Copy text={hash} label={link ? 'Copy transaction hash' : 'Copy the number in the wallet'} />
    </span>
  );
};

function Progress({ state, wallet }: { state: StepState; wallet: string }) {
  switch (state.at) {
    case 'waiting':
      return <span className="muted">not started</span>;
    case 'checking':
      return <span>checking…</span>;
    case 'wallet':
      return <span>confirm in {wallet}…</span>;
    case 'sent':
      return (
        <span>
          sent, waiting for a block <Hash hash={state.hash} />
        </span>
      );
    case 'proposed':
      return (
        <span>
          {wallet} has it, and waits for its signers. You can close this; it goes on without the page. {state.hash && <Hash hash={state.hash} link={false} />}
        </span>
      );
    case 'done':
      if (state.skipped) return <span className="muted">not needed</span>;
      return state.hash ? (
        <span>
          in block {state.block?.toString()} <Hash hash={state.hash} />
        </span>
      ) : (
        <span>signed</span>
      );
    case 'failed':
      return (
        <span>
          <strong>{state.problem.title}.</strong> {state.problem.remedy}
          <details>
            <summary>Detail</summary>
            <code>{state.problem.detail}</code>
            {state.hash && <Hash hash={state.hash} />}
          </details>
        </span>
      );
  }
}

/** The steps of a plan and how far they are. */
export const StepList = ({ steps, states, wallet }: { steps: Step[]; states: StepState[]; wallet: string }) => (
  <ol className="steps" aria-live="polite">
    {steps.map((step, index) => {
      const state = states[index] ?? { at: 'waiting' };
      return (
        <li key={index} className={`step ${state.at}`}>
          <span className="step-label">{step.label}</span>
          <Progress state={state} wallet={wallet} />
        </li>
      );
    })}
  </ol>
);
