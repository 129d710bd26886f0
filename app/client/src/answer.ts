import { type Address, getAddress, hashTypedData, type Hex } from 'viem';
import { hashOf, type Json } from './canonical.ts';
import { httpRequestId, type Receipt } from './receipt.ts';

type Fields = { [key: string]: Json };

/** What an answer of the gateway says about itself, under `opg`. */
export type Extension = { receipt: unknown; signature: unknown; chainId: unknown; proofRegistry: unknown };

/** The parts of an answer that its receipt commits to, and the receipt. */
export type Answer = { output: Json; extension: Extension | undefined };

/** What the caller of the API knows before it has an answer. */
export type Asked = { inputHash: Hex; payment?: { payer: Address; nonce: Hex } };

const isFields = (value: Json | undefined): value is Fields => typeof value === 'object' && value !== null && !Array.isArray(value);
const extensionOf = (body: Fields): Extension | undefined => (isFields(body['opg']) ? (body['opg'] as Extension) : undefined);

/** What the request says: its body and, where it is paid by x402, the payment's header. */
export function askedBy(body: string, payment: string | null): Asked {
  const inputHash = hashOf(JSON.parse(body) as Json);
  if (payment === null) return { inputHash };
  const { accepted, payload } = JSON.parse(atob(payment)) as Payment;
  if ('voucher' in payload) {
    const payer = getAddress(payload.channelConfig.payer);
    return { inputHash, payment: { payer, nonce: voucherDigest(accepted.network, payload.voucher) } };
  }
  return { inputHash, payment: { payer: getAddress(payload.authorization.from), nonce: payload.authorization.nonce } };
}

type Voucher = { channelId: Hex; maxClaimableAmount: string };
type Payment = {
  accepted: { network: string };
  payload: { authorization: { from: string; nonce: Hex } } | { channelConfig: { payer: string }; voucher: Voucher };
};

/** What the payer of a channel signs: the number of the payment. */
function voucherDigest(network: string, { channelId, maxClaimableAmount }: Voucher): Hex {
  return hashTypedData({
    domain: {
      name: 'x402 Batch Settlement',
      version: '1',
      chainId: Number(network.replace('eip155:', '')),
      verifyingContract: '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003',
    },
    types: {
      Voucher: [
        { name: 'channelId', type: 'bytes32' },
        { name: 'maxClaimableAmount', type: 'uint128' },
      ],
    },
    primaryType: 'Voucher',
    message: { channelId, maxClaimableAmount: BigInt(maxClaimableAmount) },
  });
}

/** The receipt commits to embeddings as numbers, however they were sent. */
function withNumbers(item: Json): Json {
  if (!isFields(item) || typeof item['embedding'] !== 'string') return item;
  const bytes = Uint8Array.from(atob(item['embedding']), (char) => char.charCodeAt(0));
  const view = new DataView(bytes.buffer);
  const embedding = Array.from({ length: bytes.length / 4 }, (_, i) => view.getFloat32(4 * i, true));
  return { ...item, embedding };
}

/** Reads an answer that came as one body. */
export function readAnswer(text: string): Answer {
  const body = JSON.parse(text) as Json;
  if (!isFields(body)) throw new Error('the answer is not an object');
  const { choices, data } = body;
  return { output: choices ?? (Array.isArray(data) ? data.map(withNumbers) : null), extension: extensionOf(body) };
}

/** Puts an answer together from the events of a stream. */
export class StreamedAnswer {
  #text = '';
  #calls: Json[] = [];
  #finish: Json = null;
  #isChat = true;
  #extension: Extension | undefined;

  /**
   * Takes the data of an event, other than the closing `[DONE]`.
   * @throws {Error} If it says something that the receipt cannot commit to.
   */
  add(data: string): void {
    const event = JSON.parse(data) as Json;
    if (!isFields(event)) throw new Error('an event is not an object');
    this.#extension = extensionOf(event) ?? this.#extension;
    const [choice, ...more] = Array.isArray(event['choices']) ? event['choices'] : [];
    if (choice === undefined) return;
    if (!isFields(choice) || choice['index'] !== 0 || more.length > 0) throw new Error('an event has other choices than one of index 0');
    const { index: _, finish_reason, delta, text, ...unknown } = choice;
    this.#isChat = isFields(delta);
    const { role: __, content = this.#isChat ? undefined : text, tool_calls = null, ...unknownDelta } = isFields(delta) ? delta : {};
    const strange = [...Object.keys(unknown), ...Object.keys(unknownDelta)];
    if (strange.length > 0) throw new Error(`an event has a part that no receipt commits to: "${strange[0]}"`);
    if (typeof content === 'string') this.#text += content;
    if (tool_calls !== null) this.#addCalls(tool_calls);
    this.#finish = finish_reason ?? this.#finish;
  }

  // A node sends each call whole, numbered in order; clients that put pieces together must not find others.
  #addCalls(calls: Json): void {
    for (const call of Array.isArray(calls) ? calls : [null]) {
      if (!isFields(call) || call['index'] !== this.#calls.length) throw new Error('an event has a call of a tool that is not the next one');
      const { index: _, ...whole } = call;
      this.#calls.push(whole);
    }
  }

  end(): Answer {
    const [finish_reason, text, tool_calls] = [this.#finish, this.#text, this.#calls];
    const content = text === '' ? null : text;
    const message: Json = tool_calls.length > 0 ? { content, role: 'assistant', tool_calls } : { content: text, role: 'assistant' };
    const choice: Json = this.#isChat ? { finish_reason, index: 0, message } : { finish_reason, index: 0, text };
    return { output: [choice], extension: this.#extension };
  }
}

/** Why `receipt` is not for what was asked and answered; nothing if it is. */
export function mismatch(receipt: Receipt, { inputHash, payment }: Asked, output: Json): string | undefined {
  if (receipt.inputHash !== inputHash) return 'the receipt is for another request';
  if (receipt.outputHash !== hashOf(output)) return 'the receipt is for another answer';
  if (!payment) return undefined;
  if (receipt.payer !== payment.payer) return `the receipt names ${receipt.payer} as payer, not ${payment.payer}`;
  if (receipt.requestId !== httpRequestId(payment.payer, receipt.operator, payment.nonce, inputHash)) return 'the receipt is for another payment';
  return undefined;
}
