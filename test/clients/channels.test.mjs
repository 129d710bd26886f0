// Payment channels by the batch-settlement scheme of x402: its own client signs deposits and vouchers, its own facilitator
// checks and submits them. Our contracts are where both expect the public ones.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { toFacilitatorEvmSigner } from '@x402/evm';
import { BatchSettlementEvmScheme as ChannelClient, computeChannelId, signVoucher } from '@x402/evm/batch-settlement/client';
import { BatchSettlementEvmScheme as ChannelFacilitator } from '@x402/evm/batch-settlement/facilitator';
import { parseEther, publicActions } from 'viem';
import { alice, artifact, bob, carol, custodyVault, relayer, startChain } from './support/chain.mjs';

// What the clients hard-code.
const SETTLEMENT = '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003';
const COLLECTOR = '0x4020806089470a89826cB9fB1f4059150b550004';
const MULTICALL3 = '0xcA11bde05977b3631167028862bE2a173976CA11';

const price = parseEther('0.25');
// The receiver is an account without a key that ever acts, like an operator's vault; Carol authorizes claims for it.
const vault = bob.address;

let chain;
let opg;
let settlement;
let client;
let facilitator;
let requirements;
let config;
let channelId;

async function place(name, address) {
  const contract = await chain.deploy(name, []);
  const code = await chain.reader.getCode({ address: contract.address });
  await chain.reader.request({ method: 'anvil_setCode', params: [address, code] });
  return { address, abi: (await artifact(name)).abi };
}

before(async () => {
  chain = await startChain();
  opg = await chain.deploy('Opg', [custodyVault.address, alice.address]);
  settlement = await place('BatchSettlement', SETTLEMENT);
  await place('Erc3009DepositCollector', COLLECTOR);
  await place('Multicall3', MULTICALL3);
  const wallet = chain.walletOf(relayer).extend(publicActions);
  facilitator = new ChannelFacilitator(toFacilitatorEvmSigner({ ...wallet, address: relayer.address }), carol);
  client = new ChannelClient(alice);
  const { name, version } = await chain.domainOf(opg);
  requirements = {
    scheme: 'batch-settlement',
    network: `eip155:${chain.id}`,
    asset: opg.address,
    amount: price.toString(),
    payTo: vault,
    maxTimeoutSeconds: 300,
    extra: { name, version, receiverAuthorizer: carol.address, withdrawDelay: 900 },
  };
});
after(() => chain?.stop());

const envelope = (payload) => ({ x402Version: 2, accepted: requirements, payload });
const stateOf = () => chain.read(settlement, 'channels', [channelId]);

async function voucher(total) {
  return signVoucher(alice, channelId, total.toString(), requirements.network);
}

function row({ maxClaimableAmount, signature }, totalClaimed) {
  return { voucher: { channel: config, maxClaimableAmount }, signature, totalClaimed: totalClaimed.toString() };
}

test('a payer opens a channel without sending a transaction', async () => {
  const { payload } = await client.createPaymentPayload(2, requirements);
  assert.equal(payload.type, 'deposit');
  config = payload.channelConfig;
  channelId = computeChannelId(config, requirements.network);
  assert.equal(await chain.read(settlement, 'getChannelId', [config]), channelId);

  const verdict = await facilitator.verify(envelope(payload), requirements);
  assert.equal(verdict.isValid, true, verdict.invalidReason);
  const settled = await facilitator.settle(envelope(payload), requirements);
  assert.equal(settled.success, true, `${settled.errorReason}: ${settled.errorMessage}`);
  const [balance, claimed] = await stateOf();
  assert.equal(balance, BigInt(payload.deposit.amount));
  assert.equal(claimed, 0n);
  assert.equal(await chain.read(opg, 'balanceOf', [SETTLEMENT]), balance);
  assert.equal(await chain.reader.getTransactionCount({ address: alice.address }), 0);
});

test('the same deposit cannot be taken twice', async () => {
  const { payload } = await new ChannelClient(alice).createPaymentPayload(2, requirements);
  assert.equal((await facilitator.settle(envelope(payload), requirements)).success, true);
  const [balance] = await stateOf();
  assert.equal((await new ChannelFacilitator(facilitator.signer, carol).verify(envelope(payload), requirements)).isValid, false);
  assert.deepEqual((await stateOf())[0], balance);
});

test('vouchers are claimed by what they allow, and settled in one transfer', async () => {
  const first = await voucher(price);
  const payload = { type: 'voucher', channelConfig: config, voucher: { channelId, ...first } };
  const verdict = await facilitator.verify(envelope(payload), requirements);
  assert.equal(verdict.isValid, true, verdict.invalidReason);

  const second = await voucher(2n * price);
  const charged = 2n * price - 7n;
  const claim = await facilitator.settle(envelope({ type: 'claim', claims: [row(second, charged)] }), requirements);
  assert.equal(claim.success, true, `${claim.errorReason}: ${claim.errorMessage}`);
  assert.equal((await stateOf())[1], charged);
  assert.equal(await chain.read(opg, 'balanceOf', [vault]), 0n);

  const settle = { type: 'settle', receiver: vault, token: opg.address };
  const settled = await facilitator.settle(envelope(settle), requirements);
  assert.equal(settled.success, true, `${settled.errorReason}: ${settled.errorMessage}`);
  assert.equal(BigInt(settled.amount), charged);
  assert.equal(await chain.read(opg, 'balanceOf', [vault]), charged);
});

test('a voucher that goes back is refused', async () => {
  const payload = { type: 'voucher', channelConfig: config, voucher: { channelId, ...(await voucher(price)) } };
  assert.equal((await facilitator.verify(envelope(payload), requirements)).isValid, false);
  const again = await facilitator.settle(envelope({ type: 'claim', claims: [row(await voucher(price), price)] }), requirements);
  assert.equal(again.success, false);
});

test('the receiver gives back what is not claimed', async () => {
  const [balance, claimed] = await stateOf();
  const before = await chain.read(opg, 'balanceOf', [alice.address]);
  const refund = {
    type: 'refund',
    channelConfig: config,
    voucher: { channelId, ...(await voucher(claimed)) },
    amount: (balance - claimed).toString(),
    refundNonce: '0',
    claims: [],
  };
  const refunded = await facilitator.settle(envelope(refund), requirements);
  assert.equal(refunded.success, true, `${refunded.errorReason}: ${refunded.errorMessage}`);
  assert.equal(await chain.read(opg, 'balanceOf', [alice.address]), before + balance - claimed);
  assert.deepEqual(await stateOf(), [claimed, claimed]);
});

test('a payer whom nobody serves takes its tokens back after the delay', async () => {
  const salt = `0x${'11'.repeat(32)}`;
  const { payload } = await new ChannelClient(alice, { salt }).createPaymentPayload(2, requirements);
  const opened = await facilitator.settle(envelope(payload), requirements);
  assert.equal(opened.success, true, `${opened.errorReason}: ${opened.errorMessage}`);
  const mine = payload.channelConfig;
  const before = await chain.read(opg, 'balanceOf', [alice.address]);
  await chain.send(alice, settlement, 'initiateWithdraw', [mine, BigInt(payload.deposit.amount)]);
  await assert.rejects(chain.send(alice, settlement, 'finalizeWithdraw', [mine]), /WithdrawalPending/);
  await chain.reader.request({ method: 'evm_increaseTime', params: [900] });
  await chain.reader.request({ method: 'evm_mine', params: [] });
  await chain.send(alice, settlement, 'finalizeWithdraw', [mine]);
  assert.equal(await chain.read(opg, 'balanceOf', [alice.address]), before + BigInt(payload.deposit.amount));
});
