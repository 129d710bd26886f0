import type { Address, Hex, PublicClient } from 'viem';
import { batchLeaf, isInBatch } from '../../client/src/batch';
import type { Check } from '../../client/src/checks';
import type { Receipt } from '../../client/src/receipt';
import { receiptBatchesAbi } from '../abi/receiptBatches';
import { formatTime } from '../lib/format';
import type { Place } from './receipts';

const name = 'Batch';

/** What is wrong with the place of a receipt in a batch, told without the chain; nothing if nothing is. */
export function misplaced({ batch, index, proof }: Place, receipt: Receipt, digest: Hex, signature: Hex): string | undefined {
  if (batch.operator !== receipt.operator) return `The batch is of another operator, ${batch.operator}.`;
  if (receipt.issuedAt < batch.from || receipt.issuedAt > batch.to) return 'The receipt was issued outside of the times that the batch claims.';
  if (!isInBatch(batch.root, index, batch.count, batchLeaf(index, batch.count, digest, signature), proof)) return 'The proof does not lead from this receipt to the root of the batch.';
  return undefined;
}

/** Checks where a node says that a receipt is: the proof here, and that the operator committed to the batch, on the chain. */
export async function checkPlace(client: PublicClient, batches: Address, place: Place, receipt: Receipt, digest: Hex, signature: Hex): Promise<Check> {
  const wrong = misplaced(place, receipt, digest, signature);
  if (wrong) return { name, result: 'wrong', detail: wrong };
  const contract = { address: batches, abi: receiptBatchesAbi } as const;
  const batchId = await client.readContract({ ...contract, functionName: 'batchIdOf', args: [place.batch] });
  const [{ postedAt }, finalAt, { timestamp }] = await Promise.all([
    client.readContract({ ...contract, functionName: 'stateOf', args: [batchId] }),
    client.readContract({ ...contract, functionName: 'finalAt', args: [batchId] }),
    client.getBlock(),
  ]);
  const where = `Receipt ${place.index + 1} of ${place.batch.count} in batch ${batchId}`;
  if (postedAt === 0) return { name, result: 'open', detail: `${where}, which is not on the chain yet.` };
  const stands = timestamp >= finalAt ? `final since ${formatTime(finalAt)}` : `can be challenged until ${formatTime(finalAt)}`;
  return { name, result: 'right', detail: `${where}, to which the operator committed on ${formatTime(postedAt)}; ${stands}.` };
}
