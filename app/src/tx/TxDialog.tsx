import { Dialog, DialogDescription, DialogHeading } from '@ariakit/react';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { formatEther } from 'viem';
import { useAccount, usePublicClient, useWalletClient } from 'wagmi';
import { describeError } from '../chain/errors';
import { useNow, useSync } from '../chain/sync';
import { useAppConfig } from '../config/context';
import { Button, Loading, Notice, Rows } from '../ui/primitives';
import type { Plan } from './plan';
import { run, simulate, type StepState } from './run';
import { StepList } from './StepList';

let opened = 0;

/** What the first transaction of a plan would do if it were sent now: its fee, or why it would fail. */
function usePreview(plan: Plan, enabled: boolean) {
  const client = usePublicClient();
  const { address } = useAccount();
  const now = useNow();
  const first = plan.steps[0];
  // Of this dialog alone: plans with the same title may do different things.
  const [dialog] = useState(() => (opened += 1));
  return useQuery({
    queryKey: ['preview', dialog, address],
    enabled: enabled && Boolean(client && address) && first?.kind === 'send',
    retry: false,
    queryFn: async () => {
      if (!client || !address || first?.kind !== 'send') throw new Error('disabled');
      try {
        const call = typeof first.call === 'function' ? await first.call() : first.call;
        if (await first.skip?.()) return {};
        await simulate({ reader: client, account: address }, call);
        const gas = await client.estimateContractGas({ ...call, account: address } as Parameters<typeof client.estimateContractGas>[0]);
        return { fee: gas * (await client.getGasPrice()) };
      } catch (error) {
        return { problem: await describeError(error, now) };
      }
    },
  });
}

/** Whether the block that a finished step was in is still part of the chain. */
function useDropped(states: StepState[]): boolean {
  const client = usePublicClient();
  const { reorgs } = useSync();
  const last = states.findLast((state) => state.at === 'done' && state.hash);
  const query = useQuery({
    queryKey: ['chain', 'kept', last?.at === 'done' ? last.hash : undefined, reorgs],
    enabled: Boolean(client && last && reorgs > 0),
    queryFn: async () => {
      if (!client || last?.at !== 'done' || !last.hash) return false;
      return client.getTransactionReceipt({ hash: last.hash }).then(
        () => false,
        (error: unknown) => error instanceof Error && error.name === 'TransactionReceiptNotFoundError',
      );
    },
  });
  return query.data ?? false;
}

export default function TxDialog({ plan, onClose }: { plan: Plan; onClose: () => void }) {
  const { chainId, chainName } = useAppConfig();
  const { address, chainId: walletChain, isConnected, connector } = useAccount();
  const client = usePublicClient();
  const { data: wallet } = useWalletClient();
  const now = useNow();
  const clock = useRef(now);
  clock.current = now;
  const [states, setStates] = useState<StepState[]>(() => plan.steps.map(() => ({ at: 'waiting' })));
  const [phase, setPhase] = useState<'review' | 'running' | 'done' | 'failed'>('review');
  const ready = isConnected && walletChain === chainId && client && wallet && address;
  const preview = usePreview(plan, phase === 'review');
  const dropped = useDropped(states);
  // A plan is made for one account; its amounts and proofs do not fit another.
  const made = useRef(address);
  useEffect(() => {
    if (phase === 'review' && address !== made.current) onClose();
  }, [address, onClose, phase]);

  // Who closes the dialog does not wait for other signers any more.
  const ended = useRef<AbortController>(undefined);
  useEffect(() => () => ended.current?.abort(), []);

  const start = async () => {
    if (!ready) return;
    const from = Math.max(0, states.findIndex(({ at }) => at !== 'done'));
    setPhase('running');
    ended.current = new AbortController();
    const report = (index: number, state: StepState) => setStates((before) => before.map((old, at) => (at === index ? state : old)));
    const succeeded = await run(plan, { reader: client, wallet, account: address, now: () => clock.current, signal: ended.current.signal, report }, from);
    setPhase(succeeded ? 'done' : 'failed');
    if (succeeded) plan.onDone?.();
  };

  const problem = preview.data && 'problem' in preview.data ? preview.data.problem : undefined;
  const fee = preview.data && 'fee' in preview.data ? preview.data.fee : undefined;
  const sends = plan.steps.some(({ kind }) => kind === 'send');
  return (
    <Dialog open onClose={onClose} className="dialog" backdrop={<div className="backdrop" />} hideOnInteractOutside={phase === 'review'}>
      <DialogHeading className="dialog-title">{plan.title}</DialogHeading>
      <DialogDescription className="hidden">What will happen, before you sign anything.</DialogDescription>
      <Rows
        rows={[
          ...plan.effects,
          ...(sends && phase === 'review' && !problem
            ? [{ label: 'Network fee', value: fee === undefined ? preview.isFetching ? <Loading /> : 'Shown by the wallet' : `about ${Number(formatEther(fee)).toPrecision(2)} ETH` }]
            : []),
          { label: 'Chain', value: chainName },
        ]}
      />
      {plan.warnings?.map((warning) => (
        <Notice key={warning} tone="warn" title={warning} />
      ))}
      {phase === 'review' && problem && (
        <Notice tone="bad" title={problem.title} live>
          <p>{problem.remedy}</p>
        </Notice>
      )}
      {(plan.steps.length > 1 || phase !== 'review') && <StepList steps={plan.steps} states={states} wallet={connector?.name ?? 'your wallet'} />}
      {phase === 'done' && !dropped && (
        <Notice tone="good" title="Done" live>
          <div>{plan.done}</div>
        </Notice>
      )}
      {dropped && (
        <Notice tone="bad" title="The chain replaced the block with your transaction" live>
          <p>It is not part of the chain any more. Your wallet may send it again by itself; look at the figures on the page, and start again if nothing happens.</p>
        </Notice>
      )}
      <div className="dialog-actions">
        {(phase === 'review' || phase === 'failed') && (
          <Button kind="primary" disabled={!ready || (phase === 'review' && Boolean(problem))} onClick={() => void start()}>
            {phase === 'failed' ? 'Try again' : plan.action}
          </Button>
        )}
        <Button onClick={onClose}>{phase === 'review' ? 'Cancel' : 'Close'}</Button>
      </div>
    </Dialog>
  );
}
