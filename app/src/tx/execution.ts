import { type Address, type Hex, numberToHex, parseAbi, type PublicClient, toEventSelector, type TransactionReceipt } from 'viem';

// Safes of before 1.4 do not index the number; the selector is the same.
const [SUCCESS, FAILURE] = parseAbi(['event ExecutionSuccess(bytes32 indexed txHash, uint256 payment)', 'event ExecutionFailure(bytes32 indexed txHash, uint256 payment)']).map(toEventSelector) as [Hex, Hex];
/** Blocks that are looked at again, lest a reorganisation hides an execution. */
const OVERLAP = 8n;
const MOST_BLOCKS = 2_000n;

type RawLog = { topics: Hex[]; data: Hex; transactionHash: Hex };
/** How something that a contract account was asked to send ended. */
export type Execution = { succeeded: boolean; receipt: TransactionReceipt };

/** The end of a Safe's transaction, by its number, among logs of the Safe. */
export function findExecution(logs: readonly RawLog[], id: Hex): { succeeded: boolean; transactionHash: Hex } | undefined {
  const found = logs.find(({ topics, data }) => (topics[1] ?? data.slice(0, 66)).toLowerCase() === id.toLowerCase());
  return found && { succeeded: found.topics[0] === SUCCESS, transactionHash: found.transactionHash };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Waits until what a contract account was asked to send is on the chain. Its wallet answers with the hash of a transaction,
 * or, where others have to sign first, with the account's own number of the call, which the account's event repeats. Asks
 * the configured RPC only. Ends without a result when `signal` does.
 */
export async function waitForExecution(client: PublicClient, account: Address, id: Hex, signal: AbortSignal): Promise<Execution | undefined> {
  let from = (await client.getBlockNumber({ cacheTime: 0 })) - OVERLAP;
  if (from < 0n) from = 0n;
  while (!signal.aborted) {
    try {
      const direct = await client.getTransactionReceipt({ hash: id }).catch(() => undefined);
      if (direct) return { succeeded: direct.status === 'success', receipt: { ...direct } };
      const head = await client.getBlockNumber({ cacheTime: 0 });
      const to = head < from + MOST_BLOCKS ? head : from + MOST_BLOCKS;
      const logs = (await client.request({ method: 'eth_getLogs', params: [{ address: account, fromBlock: numberToHex(from), toBlock: numberToHex(to), topics: [[SUCCESS, FAILURE]] }] })) as unknown as RawLog[];
      const end = findExecution(logs, id);
      if (end) return { succeeded: end.succeeded, receipt: await client.getTransactionReceipt({ hash: end.transactionHash }) };
      if (to - OVERLAP > from) from = to - OVERLAP;
    } catch {
      // An outage: the page says so by itself, and the wait goes on.
    }
    await pause(client.pollingInterval);
  }
  return undefined;
}

/** Waits until `ready` says so; false when `signal` ended first. */
export async function waitUntil(ready: () => Promise<boolean>, interval: number, signal: AbortSignal): Promise<boolean> {
  while (!signal.aborted) {
    if (await ready().catch(() => false)) return true;
    await pause(interval);
  }
  return false;
}
