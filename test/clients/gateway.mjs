// OpenAI's clients and x402's clients, unmodified, against a keeper with the real model on a local chain.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { after, before, test } from 'node:test';
import { x402Client } from '@x402/core/client';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { decodePaymentResponseHeader, wrapFetchWithPayment } from '@x402/fetch';
import OpenAI from 'openai';
import { createPublicClient, createWalletClient, http, keccak256, parseAbi, parseEther, toBytes, verifyTypedData } from 'viem';
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { factsOf, ReceiptRefused, verifyingFetch } from '../../app/client/dist/index.js';
import { channelTests } from './gateway-channels.mjs';
import { withTemplate } from './support/gguf.mjs';
import { startDevnet, startGateway } from './support/keeper.mjs';

const erc20 = parseAbi([
  'function transfer(address to, uint256 value) returns (bool)',
  'function balanceOf(address account) view returns (uint256)',
]);
const question = [{ role: 'user', content: 'What is the capital of France? Answer in one sentence.' }];
const chat = { model: 'smollm2-135m-instruct', messages: question, max_tokens: 24 };
const most = parseEther('1').toString();

// The model's own template, with a place for tools as larger models of its family have one.
const template = `{% if tools %}<|im_start|>system
You may call these functions: {% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif %}{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system
You are a helpful AI assistant named SmolLM, trained by Hugging Face<|im_end|>
' }}{% endif %}{{ '<|im_start|>' + message.role + '\n' }}{{ message.content }}{% if message.tool_calls %}{% for call in message.tool_calls %}{{ call.function | tojson }}{% endfor %}{% endif %}{{ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}`;
const root = new URL('../../', import.meta.url).pathname;
const models = mkdtempSync(join(tmpdir(), 'opg-models-'));

function prepareModels() {
  const cache = join(process.env.OPG_CACHE ?? join(root, '.cache'), 'models');
  const chat = 'smollm2-135m-instruct-q4_1.gguf';
  withTemplate(join(cache, chat), join(models, chat), template);
  symlinkSync(join(cache, 'all-minilm-l6-v2'), join(models, 'all-minilm-l6-v2'));
}

let devnet;
let gateway;
let payer;
let reader;
let x402;
let pay;
let openai;

const balanceOf = (account) =>
  reader.readContract({ address: devnet.contracts.opg, abi: erc20, functionName: 'balanceOf', args: [account] });

before(async () => {
  prepareModels();
  devnet = await startDevnet({ models });
  gateway = await startGateway(devnet);
  payer = privateKeyToAccount(devnet.user.key);
  const transport = http(devnet.rpc);
  reader = createPublicClient({ chain: foundry, transport });
  const rich = mnemonicToAccount('test test test test test test test test test test test junk');
  const wallet = createWalletClient({ account: rich, chain: foundry, transport });
  const funds = { address: devnet.contracts.opg, abi: erc20, functionName: 'transfer', args: [payer.address, parseEther('10')] };
  await reader.waitForTransactionReceipt({ hash: await wallet.writeContract(funds) });

  x402 = new x402Client()
    .register('eip155:*', new ExactEvmScheme(payer))
    .setSpendControls({
      allowedAssets: [{ network: `eip155:${foundry.id}`, asset: devnet.contracts.opg, maxAmountPerPayment: most }],
    });
  pay = wrapFetchWithPayment(fetch, x402);
  openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'unused', maxRetries: 0, fetch: pay });
});
after(async () => {
  await gateway?.stop();
  await devnet?.stop();
  rmSync(models, { recursive: true });
});

// What RFC 8785 makes of JSON with ASCII keys and no exotic numbers.
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (value === null || typeof value !== 'object') return JSON.stringify(value);
  const fields = Object.keys(value).filter((key) => value[key] !== undefined).sort();
  return `{${fields.map((key) => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
}
const hashOf = (value) => keccak256(toBytes(canonical(value)));

const fields = [
  'bytes32 requestId', 'address payer', 'address operator', 'bytes32 modelVersion', 'bytes32 inputHash',
  'bytes32 outputHash', 'bytes32 traceHash', 'uint64 inputUnits', 'uint64 outputUnits', 'uint128 unitPrice',
  'uint128 fee', 'uint8 mode', 'uint64 issuedAt',
].map((field) => { const [type, name] = field.split(' '); return { type, name }; });

// Checks a receipt with viem's EIP-712.
async function verified(opg, body, choices) {
  const { receipt, signature, chainId, proofRegistry } = opg;
  assert.equal(receipt.inputHash, hashOf(body));
  assert.equal(receipt.outputHash, hashOf(choices));
  assert.equal(receipt.payer.toLowerCase(), payer.address.toLowerCase());
  assert.equal(receipt.operator.toLowerCase(), devnet.operator.toLowerCase());
  assert.ok(
    await verifyTypedData({
      address: devnet.signer,
      domain: { name: 'OPG Inference', version: '1', chainId, verifyingContract: proofRegistry },
      types: { InferenceReceipt: fields },
      primaryType: 'InferenceReceipt',
      message: receipt,
      signature,
    }),
    'the operator signed it',
  );
  return receipt;
}

test('the OpenAI client gets a paid answer with a receipt that holds', async () => {
  const before = await balanceOf(payer.address);
  const { data, response } = await openai.chat.completions.create(chat).withResponse();
  assert.match(data.choices[0].message.content, /Paris/);
  const receipt = await verified(data.opg, chat, data.choices);
  assert.equal(await balanceOf(payer.address), before - BigInt(receipt.fee));
  const settled = decodePaymentResponseHeader(response.headers.get('payment-response'));
  assert.equal(settled.success, true);
  const mined = await reader.getTransactionReceipt({ hash: settled.transaction });
  assert.equal(mined.status, 'success');
  const fetched = await (await fetch(`${gateway.url}/v1/receipts/${receipt.requestId}`)).json();
  assert.deepEqual(fetched.receipt, receipt);
});

test('a stream is paid before its first word and ends with the receipt', async () => {
  const body = { ...chat, stream: true, stream_options: { include_usage: true } };
  let text = '';
  let finish;
  let last;
  for await (const event of await openai.chat.completions.create(body)) {
    text += event.choices[0]?.delta?.content ?? '';
    finish = event.choices[0]?.finish_reason ?? finish;
    last = event;
  }
  assert.match(text, /Paris/);
  assert.ok(last.usage.completion_tokens > 0);
  const choices = [{ finish_reason: finish, index: 0, message: { content: text, role: 'assistant' } }];
  await verified(last.opg, body, choices);
});

test('embeddings and completions work with the same client', async () => {
  const input = ['The chain checked the answer.', 'Il pleut à Paris.'];
  // The client asks for base64 by itself and decodes it.
  const vectors = await openai.embeddings.create({ model: 'all-minilm-l6-v2', input });
  assert.equal(vectors.data.length, 2);
  assert.equal(vectors.data[0].embedding.length, 384);
  const done = await openai.completions.create({ model: chat.model, prompt: 'Say hello.', max_tokens: 8 });
  assert.ok(done.choices[0].text.length > 0);
  const several = { model: chat.model, prompt: ['Name a colour.', 'Say hello.'], max_tokens: 8 };
  const { choices, usage, opg } = await openai.completions.create(several);
  assert.deepEqual(choices.map(({ index }) => index), [0, 1]);
  assert.equal(choices[1].text, done.choices[0].text, 'as if it came alone');
  assert.notEqual(choices[0].text, choices[1].text);
  const receipt = await verified(opg, several, choices);
  assert.ok(usage.completion_tokens > 1 && Number(receipt.outputUnits) > 0);
  await assert.rejects(openai.completions.create({ ...several, stream: true }), ({ param }) => param === 'stream');
  const models = (await openai.models.list()).data.map((model) => model.id);
  assert.deepEqual(models.sort(), ['all-minilm-l6-v2', 'digits', 'smollm2-135m-instruct']);
});

// What a node on the way does to the answer.
const tampering = (change) => async (request) => {
  const response = await fetch(request);
  return response.ok ? new Response(change(await response.text()), response) : response;
};

test('a client that verifies takes what holds on the chain, and nothing else', async () => {
  const receipts = [];
  const facts = factsOf(reader, foundry.id, devnet.contracts);
  const verifying = (send) => {
    const checked = verifyingFetch({ facts, operator: devnet.operator, onReceipt: ({ receipt }) => receipts.push(receipt), fetch: send });
    return new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'unused', maxRetries: 0, fetch: wrapFetchWithPayment(checked, x402) });
  };
  const { choices } = await verifying(fetch).chat.completions.create(chat);
  assert.match(choices[0].message.content, /Paris/);
  let streamed = '';
  for await (const event of await verifying(fetch).chat.completions.create({ ...chat, stream: true })) {
    streamed += event.choices[0]?.delta?.content ?? '';
  }
  assert.equal(streamed, choices[0].message.content);
  const vectors = await verifying(fetch).embeddings.create({ model: 'all-minilm-l6-v2', input: 'The chain checked.' });
  assert.equal(vectors.data[0].embedding.length, 384);
  assert.equal(receipts.length, 3);

  const lying = verifying(tampering((text) => text.replaceAll('Paris', 'Lyons')));
  // OpenAI's client wraps what its fetch throws.
  await assert.rejects(lying.chat.completions.create(chat), ({ cause }) => cause instanceof ReceiptRefused && /another answer/.test(cause.message));
  await assert.rejects(async () => {
    for await (const _ of await lying.chat.completions.create({ ...chat, stream: true })) { /* read to its end */ }
  }, /another answer/);
  assert.equal(receipts.length, 3);
});

const weather = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'Tells the weather in a city.',
    parameters: { type: 'object', properties: { city: { type: 'string', maxLength: 20 } }, required: ['city'] },
  },
};

test('calls of tools come back as the client reads them, streamed or not', async () => {
  const body = {
    model: chat.model,
    messages: [{ role: 'user', content: 'How is the weather in Oslo?' }],
    max_tokens: 96,
    tools: [weather],
    tool_choice: { type: 'function', function: { name: 'get_weather' } },
  };
  const { choices, opg } = await openai.chat.completions.create(body);
  await verified(opg, body, choices);
  assert.equal(choices[0].finish_reason, 'tool_calls');
  const [call] = choices[0].message.tool_calls;
  assert.equal(call.function.name, 'get_weather');
  assert.equal(typeof JSON.parse(call.function.arguments).city, 'string');
  const streamed = await openai.chat.completions.stream(body).finalMessage();
  assert.deepEqual(streamed.tool_calls[0].function.arguments, call.function.arguments);
  const messages = [...body.messages, choices[0].message, { role: 'tool', tool_call_id: call.id, content: 'It rains.' }];
  const after = await openai.chat.completions.create({ ...body, messages, tool_choice: 'none' });
  assert.ok(after.choices[0].message.content.length > 0);
});

test('a JSON object is one at every limit', async () => {
  for (const max_tokens of [3, 16, 48]) {
    const body = { model: chat.model, messages: question, max_tokens, temperature: 1, response_format: { type: 'json_object' } };
    const { choices, opg } = await openai.chat.completions.create(body);
    await verified(opg, body, choices);
    assert.equal(typeof JSON.parse(choices[0].message.content), 'object', choices[0].message.content);
  }
});

// Python's client knows no payments: what it sends is paid on the way.
async function startPayer() {
  const server = createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = parts.length > 0 ? Buffer.concat(parts) : undefined;
    const headers = { 'content-type': 'application/json' };
    const answer = await pay(gateway.url + request.url, { method: request.method, headers, body });
    response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') });
    Readable.fromWeb(answer.body).pipe(response);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, stop: () => server.close() };
}

test('the OpenAI client for Python gets the same', async () => {
  const paying = await startPayer();
  try {
    const args = [join(root, 'test/clients/openai_client.py'), `${paying.url}/v1`, `${gateway.url}/v1`];
    const python = spawn(join(root, '.venv/bin/python'), args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [python.stdout, python.stderr]) stream.on('data', (data) => (said += data));
    const code = await new Promise((resolve) => python.once('close', resolve));
    assert.equal(code, 0, said);
  } finally {
    paying.stop();
  }
});

test('errors are the ones that the client knows', async () => {
  await assert.rejects(openai.chat.completions.create({ ...chat, logprobs: true }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.deepEqual([error.code, error.param], ['unsupported_parameter', 'logprobs']);
    return true;
  });
  await assert.rejects(openai.chat.completions.create({ ...chat, model: 'gpt-9' }), OpenAI.NotFoundError);
  const unpaid = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'unused', maxRetries: 0 });
  await assert.rejects(unpaid.chat.completions.create(chat), (error) => error.status === 402);
});

test('a kill loses no receipt that was seen, and nothing is charged twice', async () => {
  let header;
  const spy = async (input, init) => {
    const request = new Request(input, init);
    header = request.headers.get('payment-signature') ?? header;
    return fetch(request);
  };
  const client = new x402Client().register('eip155:*', new ExactEvmScheme(payer)).setSpendControls({
    allowedAssets: [{ network: `eip155:${foundry.id}`, asset: devnet.contracts.opg, maxAmountPerPayment: most }],
  });
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(chat) };
  const url = '/v1/chat/completions';
  const seen = await (await wrapFetchWithPayment(spy, client)(gateway.url + url, request)).json();
  const after = await balanceOf(payer.address);
  // Others are under way when it is killed.
  const others = [1, 2, 3].map((seed) => openai.chat.completions.create({ ...chat, seed }).catch(() => undefined));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await gateway.stop('SIGKILL');
  await Promise.all(others);
  gateway = await startGateway(devnet);

  const receipt = await (await fetch(`${gateway.url}/v1/receipts/${seen.opg.receipt.requestId}`)).json();
  assert.deepEqual(receipt.receipt, seen.opg.receipt);
  const paid = { ...request, headers: { ...request.headers, 'payment-signature': header } };
  const again = await (await fetch(gateway.url + url, paid)).json();
  assert.deepEqual(again.choices, seen.choices);
  assert.deepEqual(again.opg, seen.opg);
  const most3 = BigInt(seen.opg.receipt.fee) * 3n;
  assert.ok(after - (await balanceOf(payer.address)) <= most3, 'the repetition cost nothing');
});

// Last: they end the keeper and start it with other settings.
channelTests({
  world: () => ({ devnet, gateway, payer, reader, balanceOf }),
  restart: async (signal, settings) => {
    await gateway.stop(signal);
    gateway = await startGateway(devnet, settings);
  },
  verified,
  chat,
  controls: () => ({
    allowedAssets: [{ network: `eip155:${foundry.id}`, asset: devnet.contracts.opg, maxAmountPerPayment: most }],
  }),
});
