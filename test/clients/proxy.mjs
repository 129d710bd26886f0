// OpenAI's client, unmodified, through `opg proxy` to a keeper with the real model on a local chain.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import OpenAI from 'openai';
import { createPublicClient, createWalletClient, http, parseAbi, parseEther } from 'viem';
import { mnemonicToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { startDevnet, startGateway } from './support/keeper.mjs';
import { run, startProxy } from './support/proxy.mjs';

const erc20 = parseAbi([
  'function transfer(address to, uint256 value) returns (bool)',
  'function balanceOf(address account) view returns (uint256)',
]);
const chat = {
  model: 'smollm2-135m-instruct',
  messages: [{ role: 'user', content: 'What is the capital of France? Answer in one sentence.' }],
  max_tokens: 24,
};

let devnet;
let gateway;
let relay;
let proxy;
let reader;
let openai;

const clientOf = ({ url }) => new OpenAI({ baseURL: url, apiKey: 'unused', maxRetries: 0 });
const balance = () => reader.readContract({ address: devnet.contracts.opg, abi: erc20, functionName: 'balanceOf', args: [proxy.payer] });

// Where the operator says that it is reached: in front of its gateway, able to lie and to hold answers back.
async function startRelay() {
  const state = { change: (text) => text, paid: 0, isSilent: false };
  const server = createServer(async (request, response) => {
    const body = [];
    for await (const chunk of request) body.push(chunk);
    const headers = { 'content-type': 'application/json' };
    const payment = request.headers['payment-signature'];
    if (payment) {
      headers['payment-signature'] = payment;
      state.paid += 1;
      if (state.isSilent) return;
    }
    const options = { method: request.method, headers, ...(request.method === 'POST' && { body: Buffer.concat(body) }) };
    const answer = await fetch(gateway.url + request.url, options);
    const kept = ['content-type', 'payment-required', 'retry-after'].flatMap((name) => (answer.headers.has(name) ? [[name, answer.headers.get(name)]] : []));
    response.writeHead(answer.status, Object.fromEntries(kept));
    response.end(state.change(await answer.text()));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const stop = () => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  };
  return { state, url: `http://127.0.0.1:${server.address().port}`, stop };
}

before(async () => {
  devnet = await startDevnet();
  gateway = await startGateway(devnet);
  relay = await startRelay();
  reader = createPublicClient({ chain: foundry, transport: http(devnet.rpc) });
  const rich = mnemonicToAccount('test test test test test test test test test test test junk');
  const wallet = createWalletClient({ account: rich, chain: foundry, transport: http(devnet.rpc) });
  const funds = { address: devnet.contracts.opg, abi: erc20, functionName: 'transfer', args: [devnet.delegator, parseEther('10')] };
  await reader.waitForTransactionReceipt({ hash: await wallet.writeContract(funds) });
  const keys = ['--keystore', `${devnet.folder}/operator.json`, '--password-file', `${devnet.folder}/password`];
  await run(devnet, ['operator', 'set-endpoint', relay.url, ...keys]);
  proxy = await startProxy(devnet);
  openai = clientOf(proxy);
});
after(async () => {
  await proxy?.stop();
  await relay?.stop();
  await gateway?.stop();
  await devnet?.stop();
});

test('the OpenAI client gets checked answers, and the book says what they cost', async () => {
  const before = await balance();
  const { data, response } = await openai.chat.completions.create(chat).withResponse();
  assert.match(data.choices[0].message.content, /Paris/);
  assert.equal(data.model, chat.model);
  assert.equal(response.headers.get('opg-operator').toLowerCase(), devnet.operator.toLowerCase());
  let streamed = '';
  let usage;
  for await (const event of await openai.chat.completions.create({ ...chat, stream: true, stream_options: { include_usage: true } })) {
    streamed += event.choices[0]?.delta?.content ?? '';
    usage = event.usage ?? usage;
  }
  assert.equal(streamed, data.choices[0].message.content);
  assert.ok(usage.completion_tokens > 0);
  const vectors = await openai.embeddings.create({ model: 'all-minilm-l6-v2', input: ['The chain checked the answer.', 'Il pleut.'] });
  assert.deepEqual([vectors.data.length, vectors.data[0].embedding.length], [2, 384]);
  const models = (await openai.models.list()).data.map((model) => model.id);
  assert.ok(models.includes(chat.model) && models.includes('all-minilm-l6-v2'));

  const spent = await run(devnet, ['proxy', 'spend']);
  assert.deepEqual(spent.payments.map(({ state }) => state), ['answered', 'answered', 'answered']);
  assert.equal(spent.models[chat.model], devnet.models.chat);
  assert.equal(before - (await balance()), BigInt(spent.days[0].spent), 'the book and the chain agree to the wei');
  const id = response.headers.get('x-request-id');
  assert.deepEqual(await run(devnet, ['proxy', 'receipt', id]), data.opg);
});

test('errors are those that the client knows', async () => {
  await assert.rejects(openai.chat.completions.create({ ...chat, logprobs: true }), (error) => {
    assert.ok(error instanceof OpenAI.BadRequestError);
    assert.equal(error.code, 'unsupported_parameter');
    return true;
  });
  await assert.rejects(openai.chat.completions.create({ ...chat, model: 'gpt-9' }), OpenAI.NotFoundError);
});

test('what is over the budget is not paid', async () => {
  const frugal = await startProxy(devnet, { OPG_PROXY__MAX_PER_REQUEST: '0.000000001 OPG', OPG_PROXY__BOOK: 'frugal.db' });
  const before = await balance();
  await assert.rejects(clientOf(frugal).chat.completions.create(chat), (error) => error.status === 402 && error.code === 'budget_exceeded');
  assert.equal(await balance(), before);
  await frugal.stop();
});

test('a kill between payment and answer costs nothing: the same request gets the answer', async () => {
  const before = await balance();
  const { paid } = relay.state;
  relay.state.isSilent = true;
  const body = { ...chat, seed: 5 };
  const asked = assert.rejects(openai.chat.completions.create(body));
  while (relay.state.paid === paid) await new Promise((resolve) => setTimeout(resolve, 20));
  await proxy.stop('SIGKILL');
  await asked;
  relay.state.isSilent = false;
  proxy = await startProxy(devnet);
  openai = clientOf(proxy);
  assert.equal((await run(devnet, ['proxy', 'spend'])).payments[0].state, 'open');
  const { opg } = await openai.chat.completions.create(body);
  assert.equal(before - (await balance()), BigInt(opg.receipt.fee), 'it was paid once');
  assert.equal((await run(devnet, ['proxy', 'spend'])).payments[0].state, 'answered');
});

test('a lie on the way is not handed on, and who told it is not asked again', async () => {
  relay.state.change = (text) => text.replaceAll('Paris', 'Lyons');
  await assert.rejects(openai.chat.completions.create({ ...chat, seed: 1 }), (error) => {
    assert.equal(error.code, 'receipt_refused');
    assert.match(error.message, /another answer/);
    return true;
  });
  await assert.rejects(openai.chat.completions.create({ ...chat, seed: 2 }), (error) => error.code === 'no_node');
  // A proxy with a book of its own does not know yet.
  const other = await startProxy(devnet, { OPG_PROXY__BOOK: 'other.db' });
  let pieces = '';
  await assert.rejects(async () => {
    for await (const event of await clientOf(other).chat.completions.create({ ...chat, stream: true })) {
      pieces += event.choices[0]?.delta?.content ?? '';
    }
  }, /another answer/);
  assert.match(pieces, /Lyons/, 'pieces come at once, the end only if it holds');
  const { payments } = await run(devnet, ['proxy', 'spend'], { OPG_PROXY__BOOK: 'other.db' });
  assert.deepEqual(payments.map(({ state }) => state), ['refused']);
  await other.stop();
});
