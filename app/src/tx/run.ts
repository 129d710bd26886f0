import { type Account, type Hex, type PublicClient, type TransactionReceipt, type WalletClient, BaseError } from 'viem';
import { digestOfTyped, isContractAccount, isSignedByContract } from '../chain/accounts';
import { describeError, type Problem } from '../chain/errors';
import { waitForExecution, waitUntil } from './execution';
import type { Call, Plan, Step } from './plan';

/** Where a step stands. */
export type StepState =
  | { at: 'waiting' }
  | { at: 'checking' }
  | { at: 'wallet' }
  | { at: 'sent'; hash: Hex }
  /** Waits for the other signers of the account, a Safe for instance. */
  | { at: 'proposed'; hash?: Hex }
  | { at: 'done'; hash?: Hex; block?: bigint; blockHash?: Hex; skipped?: boolean }
  | { at: 'failed'; problem: Problem; hash?: Hex };

/** What a run needs of the outside. */
export type Tools = {
  reader: PublicClient;
  wallet: WalletClient;
  account: Account['address'];
  now: () => number;
  /** Ends waiting for others. */
  signal: AbortSignal;
  report: (index: number, state: StepState) => void;
};

/** Thrown after the failure was reported, or when nobody waits any more. */
class Stopped extends Error {}

const callOf = async ({ call }: Extract<Step, { kind: 'send' }>): Promise<Call> => (typeof call === 'function' ? call() : call);

/** Simulates a call as the account would send it. */
export const simulate = ({ reader, account }: Pick<Tools, 'reader' | 'account'>, call: Call) =>
  reader.simulateContract({ ...call, account } as Parameters<PublicClient['simulateContract']>[0]);

async function revertOf(tools: Tools, call: Call, receipt: TransactionReceipt): Promise<unknown> {
  try {
    await tools.reader.simulateContract({ ...call, account: tools.account, blockNumber: receipt.blockNumber } as Parameters<PublicClient['simulateContract']>[0]);
  } catch (error) {
    return error;
  }
  return new BaseError('execution reverted: the state of the chain changed before the transaction was included');
}

/** Follows what a contract account was asked for until the account made the call. */
async function proposed({ reader, account, signal, report }: Tools, hash: Hex, index: number): Promise<void> {
  report(index, { at: 'proposed', hash });
  const end = await waitForExecution(reader, account, hash, signal);
  if (!end) throw new Stopped();
  const { transactionHash, blockNumber, blockHash } = end.receipt;
  if (end.succeeded) return report(index, { at: 'done', hash: transactionHash, block: blockNumber, blockHash });
  const problem: Problem = { kind: 'reverted', title: 'The account’s contract reports that the call failed', remedy: 'Look at the transaction in your wallet, then start again.', detail: hash };
  report(index, { at: 'failed', problem, hash: transactionHash });
  throw new Stopped();
}

async function send(tools: Tools, step: Extract<Step, { kind: 'send' }>, index: number): Promise<void> {
  tools.report(index, { at: 'checking' });
  if (await step.skip?.()) return tools.report(index, { at: 'done', skipped: true });
  const call = await callOf(step);
  // What would fail is not offered to the wallet: the person pays no fee for it.
  await simulate(tools, call);
  tools.report(index, { at: 'wallet' });
  const hash = await tools.wallet.writeContract({ ...call, account: tools.account, chain: tools.wallet.chain } as Parameters<WalletClient['writeContract']>[0]);
  if (await isContractAccount(tools.reader, tools.account)) return proposed(tools, hash, index);
  tools.report(index, { at: 'sent', hash });
  const receipt = await tools.reader.waitForTransactionReceipt({ hash, timeout: 300_000 });
  if (receipt.status === 'reverted') {
    const problem = await describeError(await revertOf(tools, call, receipt), tools.now());
    tools.report(index, { at: 'failed', problem: { ...problem, kind: 'reverted' }, hash: receipt.transactionHash });
    throw new Stopped();
  }
  tools.report(index, { at: 'done', hash: receipt.transactionHash, block: receipt.blockNumber, blockHash: receipt.blockHash });
}

async function sign(tools: Tools, step: Extract<Step, { kind: 'sign' }>, index: number): Promise<void> {
  tools.report(index, { at: 'wallet' });
  const data = typeof step.data === 'function' ? await step.data() : step.data;
  const signature = await tools.wallet.signTypedData({ ...data, account: tools.account } as Parameters<WalletClient['signTypedData']>[0]);
  if (await isContractAccount(tools.reader, tools.account)) {
    // A Safe's signature is whatever its contract stands for, at once or after the others signed.
    tools.report(index, { at: 'proposed' });
    const isGood = () => isSignedByContract(tools.reader, tools.account, digestOfTyped(data), signature);
    if (!(await waitUntil(isGood, tools.reader.pollingInterval, tools.signal))) throw new Stopped();
  }
  step.use(signature);
  tools.report(index, { at: 'done' });
}

/** Goes through the steps of a plan from `from` on. Reports each; answers whether all were done. */
export async function run(plan: Plan, tools: Tools, from = 0): Promise<boolean> {
  for (const [index, step] of plan.steps.entries()) {
    if (index < from) continue;
    try {
      await (step.kind === 'send' ? send(tools, step, index) : sign(tools, step, index));
    } catch (error) {
      if (!(error instanceof Stopped)) tools.report(index, { at: 'failed', problem: await describeError(error, tools.now()) });
      return false;
    }
  }
  return true;
}
