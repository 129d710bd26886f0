import type { Address } from 'viem';
import { type Answer, type Asked, askedBy, type Extension, mismatch, readAnswer, StreamedAnswer } from './answer.ts';
import { type Check, type Facts, verify } from './checks.ts';
import { readSignedReceipt, type SignedReceipt } from './receipt.ts';

/** How answers are checked. */
export type VerifyingFetchOptions = {
  /** What the chain says; see `factsOf`. */
  facts: Facts;
  /** Takes the receipts that held, to keep them. */
  onReceipt?: (signed: SignedReceipt) => void;
  /** Only receipts of this operator are accepted; of any that is registered where absent. */
  operator?: Address;
  /** Only this model version is accepted; any published one where absent. */
  modelVersion?: string;
  /** What sends the requests. */
  fetch?: typeof globalThis.fetch;
};

/** An answer that cannot be relied on: its receipt is missing or wrong. Nothing of a body that came whole was handed on. */
export class ReceiptRefused extends Error {
  override name = 'ReceiptRefused';
  /** What the checks found, where it came that far. */
  readonly checks: readonly Check[];

  constructor(reason: string, checks: readonly Check[] = []) {
    super(`the answer cannot be relied on: ${reason}. Ask another node, and keep the answer as evidence.`);
    this.checks = checks;
  }
}

const INFERENCE = /\/v1\/(chat\/completions|completions|embeddings)$/;
/** No event of a gateway is longer, nor what comes at once. */
const MAX_EVENT = 1 << 20;

/**
 * A `fetch` for OpenAI's clients that checks each answer of a gateway against the chain and fails where it does not hold.
 * Pieces of a stream are handed on as they come; the stream ends with `ReceiptRefused` instead of its last event. What is not
 * an inference, and errors of the gateway, pass through. Payment goes around it: `wrapFetchWithPayment(verifyingFetch(…), …)`.
 */
export function verifyingFetch(options: VerifyingFetchOptions): typeof globalThis.fetch {
  const send = options.fetch ?? globalThis.fetch;
  return async (input, init) => {
    const request = new Request(input, init);
    if (request.method !== 'POST' || !INFERENCE.test(new URL(request.url).pathname)) return send(request);
    const body = await request.clone().text();
    const response = await send(request);
    if (!response.ok || response.body === null) return response;
    const asked = askedBy(body, request.headers.get('payment-signature'));
    if (response.headers.get('content-type')?.startsWith('text/event-stream')) {
      return new Response(response.body.pipeThrough(verifyingStream(asked, options)), response);
    }
    const text = await response.text();
    await check(asked, readOrRefuse(() => readAnswer(text)), options);
    return new Response(text, response);
  };
}

/** Hands events on, and the last ones only when the receipt holds. */
function verifyingStream(asked: Asked, options: VerifyingFetchOptions): TransformStream<Uint8Array, Uint8Array> {
  const answer = new StreamedAnswer();
  const [decoder, encoder] = [new TextDecoder(), new TextEncoder()];
  // What came of an event that has not ended, how long that is, and its last character.
  let parts: string[] = [];
  let size = 0;
  let tail = '';
  let isDone = false;
  return new TransformStream({
    async transform(chunk, controller) {
      const text = decoder.decode(chunk, { stream: true });
      size += text.length;
      if (size > MAX_EVENT) throw new ReceiptRefused(`an event of the stream is longer than ${MAX_EVENT} characters`);
      // Joined only where something ends: a node that sends an event byte by byte must not cost more than its length.
      const ends = (tail + text).includes('\n\n');
      tail = (tail + text).slice(-1);
      parts.push(text);
      if (!ends) return;
      const events = parts.join('').split('\n\n');
      parts = [events.pop() ?? ''];
      size = parts[0]?.length ?? 0;
      for (const event of events) {
        if (isDone) throw new ReceiptRefused('the stream goes on after its end');
        const data = dataOf(event);
        if (data === undefined) continue;
        if (data === '[DONE]') {
          await check(asked, answer.end(), options);
          isDone = true;
        } else {
          readOrRefuse(() => answer.add(data));
        }
        controller.enqueue(encoder.encode(`data: ${data}\n\n`));
      }
    },
    flush() {
      if (!isDone) throw new ReceiptRefused('the stream ended without its receipt');
    },
  });
}

/** The data of an event; nothing of a comment. Anything else a client might read otherwise than this. */
function dataOf(event: string): string | undefined {
  if (/^:[^\r\n]*$/.test(event)) return undefined;
  const data = /^data: ([^\r\n]+)$/.exec(event)?.[1];
  if (data === undefined) throw new ReceiptRefused('an event of the stream is not one line of data');
  return data;
}

function readOrRefuse<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new ReceiptRefused(error instanceof Error ? error.message : String(error));
  }
}

async function check(asked: Asked, { output, extension }: Answer, options: VerifyingFetchOptions): Promise<void> {
  if (!extension) throw new ReceiptRefused('it has no receipt');
  const { facts, operator, modelVersion } = options;
  const signed = readOrRefuse(() => readSignedReceipt(extension));
  const { receipt, signature } = signed;
  const reason =
    foreign(extension, facts) ??
    mismatch(receipt, asked, output) ??
    (operator && operator.toLowerCase() !== receipt.operator.toLowerCase() ? `it is by ${receipt.operator}, not by ${operator}` : undefined) ??
    (modelVersion && modelVersion.toLowerCase() !== receipt.modelVersion ? `it is of model version ${receipt.modelVersion}, not ${modelVersion}` : undefined);
  if (reason) throw new ReceiptRefused(reason);
  const { checks } = await verify(receipt, signature, facts);
  const failed = checks.filter(({ name, result }) => result === 'wrong' || (result === 'open' && name === 'Signature'));
  if (failed.length > 0) throw new ReceiptRefused(failed.map(({ name, detail }) => `${name}: ${detail}`).join(' '), checks);
  options.onReceipt?.(signed);
}

/** Why the receipt is of another deployment; nothing if it is not. The digest is made for ours whatever it says. */
function foreign({ chainId, proofRegistry }: Extension, facts: Facts): string | undefined {
  if (String(chainId) !== String(facts.chainId)) return `its receipt is for chain ${String(chainId)}, not ${facts.chainId}`;
  if (String(proofRegistry).toLowerCase() !== facts.proofRegistry.toLowerCase()) return `its receipt is for the registry ${String(proofRegistry)}, not ${facts.proofRegistry}`;
  return undefined;
}
