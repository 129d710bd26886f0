import { type Address, getAddress, type Hex, isAddress, isHex } from 'viem';
import { readSignedReceipt, type SignedReceipt } from '../../client/src/receipt';

/** What an operator committed to with a batch, as `ReceiptBatches` takes it. */
export type Commitment = { operator: Address; root: Hex; count: number; from: bigint; to: bigint; dataHash: Hex };
/** Where a node says that a receipt is: to be checked, not to be believed. */
export type Place = { batch: Commitment; index: number; proof: Hex[] };
/** A receipt that a gateway gave, with its place if it says one. */
export type Given = SignedReceipt & { place?: Place; gateway: string };

const PATIENCE = 10_000;
/** Bytes: more than any answer of a gateway to one question about a receipt. */
const LONGEST = 1 << 20;

/** The text of an answer. Whoever sends more than is sensible is cut off there, not read to the end. */
async function textOf(response: Response, gateway: string): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = '';
  for (let length = 0; reader; ) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.byteLength;
    if (length > LONGEST) {
      await reader.cancel();
      throw new Error(`${gateway} answered with more than ${LONGEST} bytes`);
    }
    text += decoder.decode(value, { stream: true });
  }
  return text + decoder.decode();
}

/** The gateway's answer; none where it has no such thing. Throws where it cannot be asked. */
export async function ask(gateway: string, path: string): Promise<unknown> {
  const response = await fetch(new URL(path, gateway), { signal: AbortSignal.timeout(PATIENCE), credentials: 'omit', referrerPolicy: 'no-referrer' });
  if (response.status === 404) return undefined;
  // A node that is not ready says so, and why, with 503.
  if (!response.ok && response.status !== 503) throw new Error(`http request failed: ${gateway} answered ${response.status}`);
  return JSON.parse(await textOf(response, gateway));
}

function word(value: unknown): Hex {
  if (typeof value === 'string' && isHex(value) && value.length === 66) return value.toLowerCase() as Hex;
  throw new Error('a hash is not 32 bytes');
}

function integer(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error('a number is not whole');
}

function readPlace(json: unknown): Place | undefined {
  if (typeof json !== 'object' || json === null) return undefined;
  const { commitment, index, proof } = json as Record<string, unknown>;
  const { operator, root, count, from, to, dataHash } = commitment as Record<string, unknown>;
  if (typeof operator !== 'string' || !isAddress(operator, { strict: false })) throw new Error('the batch has no operator');
  // A tree of the most receipts that a batch can have is twenty high.
  if (!Array.isArray(proof) || proof.length > 20) throw new Error('the proof is no list of hashes');
  return {
    batch: { operator: getAddress(operator), root: word(root), count: integer(count), from: BigInt(integer(from)), to: BigInt(integer(to)), dataHash: word(dataHash) },
    index: integer(index),
    proof: proof.map(word),
  };
}

/** Reads what a gateway answered about a request; throws if it is damaged or about another one. */
export function readGiven(json: unknown, gateway: string, requestId: Hex): Given {
  const signed = readSignedReceipt(json);
  if (signed.receipt.requestId !== requestId.toLowerCase()) throw new Error('the receipt is of another request');
  const place = readPlace((json as { batch?: unknown }).batch);
  return { ...signed, gateway, ...(place ? { place } : {}) };
}

/** The receipt of a request, by the first gateway that has it, and the gateways that could not be asked. */
export async function findReceipt(gateways: readonly string[], requestId: Hex): Promise<{ given?: Given; failed: string[] }> {
  const answers = await Promise.all(
    gateways.map(async (gateway) => {
      try {
        const json = await ask(gateway, `v1/receipts/${requestId}`);
        return json === undefined ? {} : { given: readGiven(json, gateway, requestId) };
      } catch {
        return { failed: gateway };
      }
    }),
  );
  const all = answers.flatMap(({ given }) => given ?? []);
  const given = all.find(({ place }) => place) ?? all[0];
  return { failed: answers.flatMap(({ failed }) => failed ?? []), ...(given ? { given } : {}) };
}
