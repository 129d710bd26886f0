// A keeper that is paid in every way there is, and moves its fees by itself: to the wei, through kill -9 and a reorganisation.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { x402Client } from '@x402/core/client';
import { BatchSettlementEvmScheme } from '@x402/evm/batch-settlement/client';
import { ExactEvmScheme } from '@x402/evm/exact/client';
import { wrapFetchWithPayment } from '@x402/fetch';
import { createPublicClient, createTestClient, createWalletClient, http, parseAbi, parseEther, stringToHex } from 'viem';
import { mnemonicToAccount, privateKeyToAccount } from 'viem/accounts';
import { foundry } from 'viem/chains';
import { doctor, startDevnet, startGateway, statusOf } from './support/keeper.mjs';

const erc20 = parseAbi([
  'function transfer(address to, uint256 value) returns (bool)',
  'function approve(address spender, uint256 value) returns (bool)',
  'function balanceOf(address account) view returns (uint256)',
]);
const hub = parseAbi([
  'function request(bytes32 version, bytes input, uint8 mode, uint128 maxFee, uint32 callbackGas, uint64 deadline) returns (bytes32)',
  'struct Fulfilment { address operator; bytes32 traceHash; uint64 inputUnits; uint64 outputUnits; uint128 unitPrice; uint128 fee; uint64 issuedAt; bytes output; bytes evidence; }',
  'event InferenceFulfilled(bytes32 indexed requestId, address indexed operator, Fulfilment fulfilment)',
]);
const router = parseAbi([
  'event FeesRouted(address indexed operator, bytes32 indexed version, address indexed modelOwner, uint256 epoch, uint256 toOperator, uint256 toModelOwner, uint256 toVerification, uint256 burned, bool counted)',
  'event Collected(address indexed account, address indexed to, uint256 amount)',
]);
const chat = {
  model: 'smollm2-135m-instruct',
  messages: [{ role: 'user', content: 'What is the capital of France? Answer in one sentence.' }],
  max_tokens: 12,
};
const embedding = { model: 'all-minilm-l6-v2', input: 'The chain checked the answer.' };

// Answers on the chain and over HTTP. At first fees only gather.
const keeper = { OPG_INFERENCE__ENABLED: 'true', OPG_FEES__POLL_INTERVAL: '1s', OPG_CHAIN__FINALITY: '64' };
const moving = {
  ...keeper,
  OPG_FEES__AMOUNT: '1 wei',
  OPG_FEES__MIN_AMOUNT: '1 wei',
  OPG_CHANNELS__CLAIM_AGE: '1s',
  OPG_CHANNELS__MIN_CLAIM: '0 OPG',
  OPG_CHANNELS__POLL_INTERVAL: '1s',
};

let devnet;
let gateway;
let reader;
let chain;
let rich;
let payer;
const earned = { flat: 0n, vouchers: 0n, requests: 0n };

const sum = (books, of) => books.versions.reduce((total, version) => total + BigInt(of(version)), 0n);
const all = () => earned.flat + earned.vouchers + earned.requests;
const balanceOf = (account) =>
  reader.readContract({ address: devnet.contracts.opg, abi: erc20, functionName: 'balanceOf', args: [account] });
const logs = async (address, event) => (await reader.getLogs({ address, event, fromBlock: 0n })).map(({ args }) => args);
const named = (abi, name) => abi.find((item) => item.type === 'event' && item.name === name);
const total = (rows, of) => rows.reduce((sum, row) => sum + of(row), 0n);

// What the chain itself says of answers to requests on it: how many, and what they cost.
async function answered() {
  const rows = await logs(devnet.contracts.inferenceHub, named(hub, 'InferenceFulfilled'));
  return [rows.length, total(rows, ({ fulfilment }) => fulfilment.fee)];
}

// What the fee router divided in all.
async function routed() {
  const rows = await logs(devnet.contracts.feeRouter, named(router, 'FeesRouted'));
  return total(rows, (parts) => parts.toOperator + parts.toModelOwner + parts.toVerification + parts.burned);
}

// The books, once they are as they should be.
async function books(what, holds) {
  let fees;
  for (let tries = 0; tries < 240; ++tries) {
    fees = statusOf(devnet).fees;
    if (fees.books && (await holds(fees.books, fees))) return fees.books;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  return assert.fail(`${what}: it never came to that: ${JSON.stringify(fees, null, 1)}`);
}

const isOperator = (account) => account.toLowerCase() === devnet.operator.toLowerCase();
const settled = (books) => sum(books, (version) => version.pending.settlingWei) === 0n;
const agrees = (books) => books.missingWei === '0' && books.surplusWei === '0';
const dividedAll = (books) => sum(books, (version) => version.dividedWei) === all() && sum(books, (version) => version.pendingWei) === 0n;

async function send(call) {
  const { request } = await reader.simulateContract({ account: rich.account, ...call });
  return reader.waitForTransactionReceipt({ hash: await rich.writeContract({ ...request, gas: 2_000_000n }) });
}

async function restart(signal, settings) {
  await gateway.stop(signal);
  gateway = await startGateway(devnet, settings);
}

const paying = (scheme) => {
  const client = new x402Client().register('eip155:*', scheme).setSpendControls({
    allowedAssets: [{ network: `eip155:${foundry.id}`, asset: devnet.contracts.opg, maxAmountPerPayment: parseEther('1').toString() }],
  });
  return wrapFetchWithPayment(fetch, client);
};

// Asks over HTTP; returns what it cost.
async function ask(pay, path, body) {
  const request = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
  const response = await pay(`${gateway.url}/v1/${path}`, request);
  const text = await response.text();
  assert.equal(response.status, 200, text);
  return BigInt(JSON.parse(text).opg.receipt.fee);
}

// Asks on the chain.
async function askOnChain(text) {
  const { timestamp } = await reader.getBlock();
  const input = stringToHex(JSON.stringify({ input: text }));
  const args = [devnet.models.embedding, input, 0, parseEther('1'), 0, timestamp + 600n];
  await send({ address: devnet.contracts.inferenceHub, abi: hub, functionName: 'request', args });
}

before(async () => {
  devnet = await startDevnet();
  gateway = await startGateway(devnet, keeper);
  const transport = http(devnet.rpc);
  reader = createPublicClient({ chain: foundry, transport });
  chain = createTestClient({ chain: foundry, mode: 'anvil', transport });
  const account = mnemonicToAccount('test test test test test test test test test test test junk');
  rich = createWalletClient({ account, chain: foundry, transport });
  payer = privateKeyToAccount(devnet.user.key);
  const { opg, inferenceHub } = devnet.contracts;
  await send({ address: opg, abi: erc20, functionName: 'transfer', args: [payer.address, parseEther('10')] });
  await send({ address: opg, abi: erc20, functionName: 'approve', args: [inferenceHub, parseEther('100')] });
});
after(async () => {
  await gateway?.stop();
  await devnet?.stop();
});

test('what is earned in each way is in the books, and where it is', async () => {
  const flat = paying(new ExactEvmScheme(payer));
  earned.flat += await ask(flat, 'chat/completions', chat);
  earned.flat += await ask(flat, 'embeddings', embedding);
  const signer = { address: payer.address, signTypedData: payer.signTypedData, readContract: reader.readContract };
  const vouchers = paying(new BatchSettlementEvmScheme(signer));
  earned.vouchers += await ask(vouchers, 'chat/completions', chat);
  earned.vouchers += await ask(vouchers, 'chat/completions', { ...chat, seed: 7 });
  await askOnChain('first');
  await askOnChain('second');

  const found = await books('earned', async (books) => {
    const [count, fees] = await answered();
    earned.requests = fees;
    return count === 2 && agrees(books) && sum(books, (version) => version.earnedWei) === all() && settled(books);
  });
  assert.equal(sum(found, (version) => version.earned.requestsWei), earned.requests);
  assert.equal(sum(found, (version) => version.pending.hubWei), earned.requests);
  assert.equal(sum(found, (version) => version.earned.flatWei), earned.flat);
  assert.equal(sum(found, (version) => version.earned.vouchersWei), earned.vouchers);
  assert.equal(sum(found, (version) => version.pending.claimableWei), earned.vouchers, 'not claimed yet');
  assert.equal(sum(found, (version) => version.pending.vaultWei), earned.flat, 'not divided yet');
  assert.equal(sum(found, (version) => version.dividedWei), 0n);
});

test('after a kill everything is claimed, divided and collected, once', async () => {
  const before = await balanceOf(devnet.operator);
  await restart('SIGKILL', moving);
  const found = await books('collected', (books) => agrees(books) && dividedAll(books) && books.account.owedWei === '0');
  assert.equal(sum(found, (version) => version.earnedWei), all());
  assert.equal(await routed(), all(), 'nothing was divided twice');
  const got = (await balanceOf(devnet.operator)) - before;
  const paid = (await logs(devnet.contracts.feeRouter, named(router, 'Collected'))).filter(({ account }) => isOperator(account));
  assert.deepEqual([got, BigInt(found.account.collectedWei)], [total(paid, ({ amount }) => amount), got]);
});

test('what a reorganisation undoes is undone in the books and done again', async () => {
  await askOnChain('third');
  const isAll = async (books) => {
    [, earned.requests] = await answered();
    return agrees(books) && dividedAll(books) && sum(books, (version) => version.earnedWei) === all() && books.account.owedWei === '0';
  };
  const found = await books('answered', async (books) => (await answered())[0] === 3 && (await isAll(books)));
  const depth = Number((await reader.getBlockNumber()) - BigInt(found.block)) + 10;
  await chain.request({ method: 'anvil_reorg', params: [depth, []] });
  assert.ok((await routed()) < all(), 'something was undone');
  await restart('SIGKILL', moving);
  await books('done again', async (books) => books.block > found.block + 10 && (await isAll(books)));
  assert.equal(await routed(), all(), 'nothing was divided twice');
});

test('a wei that is missing, and one that nobody asked for, is told', async () => {
  await restart('SIGTERM', keeper);
  earned.flat += await ask(paying(new ExactEvmScheme(payer)), 'chat/completions', chat);
  const found = await books('paid', (books) => agrees(books) && sum(books, (version) => version.pending.vaultWei) > 0n);
  const { vault } = found.versions.find((version) => version.pending.vaultWei !== '0');
  const { opg } = devnet.contracts;
  await send({ address: opg, abi: erc20, functionName: 'transfer', args: [vault, 7n] });
  await books('told', (books) => books.surplusWei === '7' && books.missingWei === '0');
  assert.equal(doctor(devnet).findings.find(({ check }) => check === 'fees').ok, true, 'a gift is no fault');

  // No key moves what is in a vault; this chain does what it is told.
  await chain.impersonateAccount({ address: vault });
  await chain.setBalance({ address: vault, value: parseEther('1') });
  const thief = createWalletClient({ account: vault, chain: foundry, transport: http(devnet.rpc) });
  const hash = await thief.writeContract({ address: opg, abi: erc20, functionName: 'transfer', args: [rich.account.address, 12n], gas: 200_000n });
  await reader.waitForTransactionReceipt({ hash });
  const broken = await books('told', (books) => books.missingWei === '5' && books.surplusWei === '0');
  const version = broken.versions.find((version) => version.vault === vault);
  assert.equal(BigInt(version.earnedWei) - 5n, BigInt(version.dividedWei) + BigInt(version.pendingWei), 'both figures are named');
  const finding = doctor(devnet).findings.find(({ check }) => check === 'fees');
  assert.equal(finding.ok, false);
  assert.match(finding.detail, /5 wei MISSING/);
  assert.match(finding.remedy, /opg fees show/);
  const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
  assert.match(metrics, /^opg_fees_missing_wei 5$/m);
});
