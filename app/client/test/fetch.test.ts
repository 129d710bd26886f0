import { type Hex, zeroAddress, zeroHash } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import { digestOf, type Facts, hashOf, httpRequestId, type Json, type Receipt, ReceiptRefused, type SignedReceipt, verifyingFetch } from '../src/index.ts';

const node = privateKeyToAccount(generatePrivateKey());
const payer = privateKeyToAccount(generatePrivateKey()).address;
const registry = '0x00000000000000000000000000000000000000a1';
const modelVersion: Hex = `0x${'11'.repeat(32)}`;
const NOW = 1_800_000_000n;
const facts: Facts = {
  chainId: 31337,
  proofRegistry: registry,
  now: () => NOW,
  signerAt: async (operator) => (operator === node.address ? node.address : zeroAddress),
  modelOf: async (version) => (version === modelVersion ? { modelId: zeroHash, modes: 1 } : undefined),
  resultOf: async () => zeroHash,
  faultOf: async () => 0,
  setupOf: async () => 0,
};

const question = { model: 'm', messages: [{ role: 'user', content: 'Hi' }] };
const nonce: Hex = `0x${'22'.repeat(32)}`;
const payment = btoa(JSON.stringify({ x402Version: 2, payload: { authorization: { from: payer, nonce } } }));

type Changes = { receipt?: Partial<Receipt>; extension?: object; key?: typeof node };

/** What an honest node says under `opg` of its answer `output`, but for `changes`. */
async function extension(output: Json, body: Json, { receipt: changed, extension: other, key = node }: Changes = {}) {
  const inputHash = hashOf(body);
  const receipt: Receipt = {
    requestId: httpRequestId(payer, node.address, nonce, inputHash),
    payer,
    operator: node.address,
    modelVersion,
    inputHash,
    outputHash: hashOf(output),
    traceHash: zeroHash,
    inputUnits: 3n,
    outputUnits: 2n,
    unitPrice: 1n,
    fee: 100n,
    mode: 0,
    issuedAt: NOW + 1n,
    ...changed,
  };
  const signature = await key.sign({ hash: digestOf(receipt, 31337, registry) });
  const json = Object.fromEntries(Object.entries(receipt).map(([name, value]) => [name, typeof value === 'bigint' ? value.toString() : value]));
  return { receipt: json, signature, chainId: 31337, proofRegistry: registry, ...other };
}

const choices = (content: string) => [{ finish_reason: 'stop', index: 0, message: { content, role: 'assistant' } }];

/** Asks a node that answers with `answer`, over a real connection's types, and reads the whole body. */
async function ask(answer: string | string[], { path = '/v1/chat/completions', body = question as Json, paid = payment, ...options } = {}) {
  const receipts: SignedReceipt[] = [];
  const stream = Array.isArray(answer);
  const send = async () => new Response(stream ? streamOf(answer) : answer, { headers: { 'content-type': stream ? 'text/event-stream' : 'application/json' } });
  const fetch = verifyingFetch({ facts, fetch: send, onReceipt: (signed) => receipts.push(signed), ...options });
  const response = await fetch(`https://node.example${path}`, { method: 'POST', body: JSON.stringify(body), headers: { 'payment-signature': paid } });
  return { text: await response.text(), receipts };
}

/** Chunks as a network cuts them: anywhere. */
function streamOf(events: string[]): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(events.join(''));
  const size = Math.max(7, Math.ceil(bytes.length / 1000));
  return new ReadableStream({
    start(controller) {
      for (let at = 0; at < bytes.length; at += size) controller.enqueue(bytes.slice(at, at + size));
      controller.close();
    },
  });
}

const whole = async (said: string, signed = said, changes?: Changes) => JSON.stringify({ choices: choices(said), opg: await extension(choices(signed), question, changes) });

describe('an answer in one body', () => {
  test('is handed on as it came when its receipt holds', async () => {
    const answer = await whole('Bonjour, là-bas');
    const { text, receipts } = await ask(answer);
    expect(text).toBe(answer);
    expect(receipts[0]?.receipt.fee).toBe(100n);
  });

  test.each<[string, RegExp, () => Promise<string>]>([
    ['another text', /another answer/, () => whole('Bye', 'Hi')],
    ['another request', /another request/, () => whole('Hi', 'Hi', { receipt: { inputHash: zeroHash } })],
    ['another payment', /another payment/, () => whole('Hi', 'Hi', { receipt: { requestId: zeroHash } })],
    ['another payer', /as payer/, () => whole('Hi', 'Hi', { receipt: { payer: zeroAddress } })],
    ['no receipt', /no receipt/, async () => JSON.stringify({ choices: choices('Hi') })],
    ['half a receipt', /"payer" is not an address/, () => whole('Hi', 'Hi', { extension: { receipt: { requestId: zeroHash } } })],
    ['another chain', /chain 1/, () => whole('Hi', 'Hi', { extension: { chainId: 1 } })],
    ['another registry', /registry/, () => whole('Hi', 'Hi', { extension: { proofRegistry: zeroAddress } })],
    ['a key that is not the operator’s', /key at that time/, () => whole('Hi', 'Hi', { key: privateKeyToAccount(generatePrivateKey()) })],
    ['an operator that is not one', /not active/, () => whole('Hi', 'Hi', { receipt: { operator: payer, requestId: httpRequestId(payer, payer, nonce, hashOf(question)) } })],
    ['a model that nobody published', /never published/, () => whole('Hi', 'Hi', { receipt: { modelVersion: zeroHash } })],
    ['a mode that nobody can check', /not offered|ties a key to an approved measurement/, () => whole('Hi', 'Hi', { receipt: { mode: 1 } })],
    ['the future', /future/, () => whole('Hi', 'Hi', { receipt: { issuedAt: NOW + 61n } })],
    ['no JSON', /relied on/, async () => '<html>'],
  ])('is refused with a receipt for %s', async (_, reason, answer) => {
    const refused = ask(await answer());
    await expect(refused).rejects.toThrow(ReceiptRefused);
    await expect(refused).rejects.toThrow(reason);
  });

  test('that a voucher pays has the receipt of that voucher', async () => {
    // Channel and digest are those of keeper/chain's own test, made by the x402 client.
    const voucher = { channelId: '0x846155c7739506d21d9d413d9e55fa808e52d5d1d226418e42cab89840f246ca', maxClaimableAmount: '1000' };
    const digest: Hex = '0x8a3059e8eeb478c560bba6a054f20bf776446f1b57597e2db4c94aa99d7ca3c2';
    const accepted = { network: 'eip155:31337' };
    const by = (voucher: object) => btoa(JSON.stringify({ x402Version: 2, accepted, payload: { type: 'voucher', channelConfig: { payer }, voucher } }));
    const answer = await whole('Hi', 'Hi', { receipt: { requestId: httpRequestId(payer, node.address, digest, hashOf(question)) } });
    expect((await ask(answer, { paid: by(voucher) })).text).toBe(answer);
    await expect(ask(answer, { paid: by({ ...voucher, maxClaimableAmount: '1001' }) })).rejects.toThrow(/another payment/);
  });

  test('can be held to one operator and one version', async () => {
    const answer = await whole('Hi');
    await expect(ask(answer, { operator: payer } as never)).rejects.toThrow(/not by/);
    await expect(ask(answer, { modelVersion: zeroHash } as never)).rejects.toThrow(/model version/);
    expect((await ask(answer, { operator: node.address.toLowerCase(), modelVersion } as never)).receipts).toHaveLength(1);
  });

  test('may carry embeddings as base64: the receipt commits to the numbers', async () => {
    const body = { model: 'e', input: 'Hi' };
    const numbers = [0.5, -0.25, Math.fround(0.1)];
    const data = (embedding: Json) => [{ embedding, index: 0, object: 'embedding' }];
    const encoded = Buffer.from(Float32Array.from(numbers).buffer).toString('base64');
    const opg = await extension(data(numbers), body);
    const asked = { path: '/v1/embeddings', body };
    expect((await ask(JSON.stringify({ data: data(encoded), opg }), asked)).receipts).toHaveLength(1);
    expect((await ask(JSON.stringify({ data: data(numbers), opg }), asked)).receipts).toHaveLength(1);
    await expect(ask(JSON.stringify({ data: data([...numbers.slice(1), 0.5]), opg }), asked)).rejects.toThrow(/another answer/);
  });
});

describe('a stream', () => {
  const event = (value: object) => `data: ${JSON.stringify(value)}\n\n`;
  const delta = (delta: object, finish_reason: string | null = null) => ({ choices: [{ index: 0, delta, finish_reason }] });
  const last = async (said: string) => ({ ...delta({}, 'stop'), opg: await extension(choices(said), question) });
  const done = 'data: [DONE]\n\n';

  test('is handed on piece by piece', async () => {
    const events = [event(delta({ role: 'assistant', content: 'Là-' })), ': still at work\n\n', event(delta({ content: 'bas' })), event(await last('Là-bas')), done];
    const { text, receipts } = await ask(events);
    expect(text).toBe(events.filter((part) => !part.startsWith(':')).join(''));
    expect(receipts).toHaveLength(1);
  });

  test('may end with calls of tools', async () => {
    const calls = ['a', 'b'].map((name) => ({ id: `call_${name}`, type: 'function', function: { name, arguments: '{}' } }));
    const told = (calls: object[]) => event(delta({ role: 'assistant', content: null, tool_calls: calls.map((call, index) => ({ index, ...call })) }));
    const output = [{ finish_reason: 'tool_calls', index: 0, message: { content: null, role: 'assistant', tool_calls: calls } }];
    const end = event({ ...delta({}, 'tool_calls'), opg: await extension(output, question) });
    expect((await ask([told(calls), end, done])).receipts).toHaveLength(1);
    await expect(ask([told(calls.slice(1)), end, done])).rejects.toThrow(/another answer/);
    const pieces = [told(calls), event(delta({ tool_calls: [{ index: 1, function: { arguments: '{"more": 1}' } }] }))];
    await expect(ask([...pieces, end, done])).rejects.toThrow(/not the next one/);
  });

  test('of bare completions, too', async () => {
    const end = { choices: [{ index: 0, text: '', finish_reason: 'length' }], opg: await extension([{ finish_reason: 'length', index: 0, text: 'ab' }], question) };
    const events = [event({ choices: [{ index: 0, text: 'ab', finish_reason: null }] }), event(end), done];
    expect((await ask(events, { path: '/v1/completions' })).receipts).toHaveLength(1);
  });

  test.each<[string, RegExp, (end: string) => string[]]>([
    ['says more than its receipt', /another answer/, (end) => [event(delta({ content: 'Hi' })), event(delta({ content: '!' })), end, done]],
    ['ends without its receipt', /without its receipt/, (end) => [event(delta({ content: 'Hi' })), end]],
    ['has no receipt', /no receipt/, () => [event(delta({ content: 'Hi' })), done]],
    ['goes on after its end', /goes on/, (end) => [event(delta({ content: 'Hi' })), end, done, event(delta({ content: '!' }))]],
    ['hides data behind a field', /one line of data/, (end) => [`event: x\n${event(delta({ content: 'Hi' }))}`, end, done]],
    ['hides data behind a carriage return', /one line of data/, (end) => [`: \r${event(delta({ content: 'Hi' }))}`, end, done]],
    ['has a second choice', /other choices/, (end) => [event({ choices: [{ index: 1, delta: { content: 'Hi' }, finish_reason: null }] }), end, done]],
    ['has a part beside the text', /"reasoning_content"/, (end) => [event(delta({ content: 'Hi', reasoning_content: 'obey' })), end, done]],
    ['never ends an event', /longer than/, () => [`data: ${'x'.repeat(1 << 21)}`]],
  ])('is refused that %s', async (_, reason, events) => {
    await expect(ask(events(event(await last('Hi'))))).rejects.toThrow(reason);
  });
});

test('what is no answer passes through', async () => {
  const fetch = verifyingFetch({ facts, fetch: async () => Response.json({ error: 'pay' }, { status: 402 }) });
  expect((await fetch('https://node.example/v1/chat/completions', { method: 'POST', body: '{}' })).status).toBe(402);
  const models = verifyingFetch({ facts, fetch: async () => Response.json({ data: [] }) });
  expect(await (await models('https://node.example/v1/models')).json()).toEqual({ data: [] });
});
