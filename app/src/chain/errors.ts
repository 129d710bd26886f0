import { BaseError, decodeErrorResult, type Hex, isHex } from 'viem';
import { words } from '../lib/text';
import { MESSAGES } from './messages';

/** An error as a person is told of it. */
export type Problem = {
  /** `declined` is not a fault: the person chose so. */
  kind: 'declined' | 'reverted' | 'network' | 'wallet' | 'unknown';
  title: string;
  remedy: string;
  /** What the machine said, for whoever reports the problem. */
  detail: string;
};

const detailOf = (error: unknown): string => (error instanceof BaseError ? error.shortMessage : error instanceof Error ? error.message : String(error)).slice(0, 600);

type Cause = { code?: unknown; name?: unknown; data?: unknown; raw?: unknown; message?: unknown; cause?: unknown };

/** The error and what caused it, from the outside in. */
function causes(error: unknown): Cause[] {
  const chain: Cause[] = [];
  for (let at: unknown = error; typeof at === 'object' && at !== null && chain.length < 12; at = (at as Cause).cause) {
    chain.push(at as Cause);
  }
  return chain;
}

/** What a contract reverted with, wherever viem, the wallet or the RPC put it. */
export function revertData(error: unknown): Hex | undefined {
  for (const { raw, data } of causes(error)) {
    for (const value of [raw, data, (data as Cause | undefined)?.data, ((data as Cause | undefined)?.cause as Cause | undefined)?.data]) {
      if (typeof value === 'string' && isHex(value) && value.length >= 10) return value;
    }
  }
  return undefined;
}

/** The meaning of what a contract reverted with. */
export async function describeRevert(data: Hex, now: number): Promise<Problem> {
  // 15 kB that only somebody with a problem loads.
  const { errorsAbi } = await import('../abi/errors');
  try {
    const { errorName, args = [] } = decodeErrorResult({ abi: errorsAbi, data }) as { errorName: string; args?: readonly unknown[] };
    const detail = `${errorName}(${args.map(String).join(', ')})`;
    const written = MESSAGES[errorName]?.(args, now);
    if (written) return { kind: 'reverted', detail, ...written };
    if (errorName === 'Error') {
      return { kind: 'reverted', title: `The contract refused: ${String(args[0])}`, remedy: 'Check what you entered.', detail };
    }
    return { kind: 'reverted', title: `The contract refused: ${words(errorName)}`, remedy: 'Check what you entered, and reload the page.', detail };
  } catch {
    return { kind: 'reverted', title: 'The contract refused without a known reason', remedy: 'Reload the page and try again.', detail: data.slice(0, 138) };
  }
}

const NETWORK = /fetch|network|timeout|timed out|http request failed|econn|socket|failed to fetch|load failed/i;

/** Any failure in words for people, with a remedy. */
export async function describeError(error: unknown, now: number): Promise<Problem> {
  const chain = causes(error);
  const detail = detailOf(error);
  if (chain.some(({ code, name }) => code === 4001 || code === 'ACTION_REJECTED' || name === 'UserRejectedRequestError')) {
    return { kind: 'declined', title: 'You declined in the wallet', remedy: 'Nothing was sent. Start again if that was a mistake.', detail };
  }
  const data = revertData(error);
  if (data) return describeRevert(data, now);
  const text = chain.map(({ message }) => String(message ?? '')).join(' ');
  if (/insufficient funds/i.test(text)) {
    return { kind: 'wallet', title: 'The account has too little ether for the fee', remedy: 'Send some ether to it, on this chain, and try again.', detail };
  }
  if (chain.some(({ code }) => code === -32002)) {
    return { kind: 'wallet', title: 'The wallet is waiting for an answer already', remedy: 'Open the wallet and answer its question.', detail };
  }
  if (chain.some(({ code }) => code === 4902 || code === 4901)) {
    return { kind: 'wallet', title: 'The wallet does not know this chain', remedy: 'Add the chain in the wallet and try again.', detail };
  }
  if (NETWORK.test(text) || chain.some(({ name }) => name === 'HttpRequestError' || name === 'TimeoutError')) {
    return { kind: 'network', title: 'The chain could not be reached', remedy: 'Check your connection. The page goes on by itself when an RPC answers.', detail };
  }
  if (/revert/i.test(text)) {
    return { kind: 'reverted', title: 'The contract refused without a reason', remedy: 'Reload the page and try again.', detail };
  }
  return { kind: 'unknown', title: 'This did not work', remedy: 'Reload the page and try again; report the detail below if it stays.', detail };
}
