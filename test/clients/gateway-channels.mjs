// x402's client of payment channels, unmodified, against a keeper: several requests, one claim, and the rest comes back. Part of
// gateway.mjs, which has the chain and the keeper.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { x402Client } from '@x402/core/client';
import { BatchSettlementEvmScheme, computeChannelId } from '@x402/evm/batch-settlement/client';
import { decodePaymentResponseHeader, wrapFetchWithPayment } from '@x402/fetch';
import OpenAI from 'openai';
import { parseAbi } from 'viem';
import { foundry } from 'viem/chains';
import { statusOf } from './support/keeper.mjs';

// What the clients hard-code.
const SETTLEMENT = '0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003';
const abi = parseAbi([
  'function channels(bytes32 id) view returns (uint128 balance, uint128 totalClaimed)',
  'event Claimed(bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 newTotalClaimed)',
]);

// `world` gives what the tests of gateway.mjs work with; `restart` ends the keeper by a signal and starts it with other settings.
export function channelTests({ world, restart, verified, chat, controls }) {
  let scheme;
  let openai;
  let id;
  let vault;
  let before;
  let earned = 0n;

  const stateOf = () => {
    const call = { address: SETTLEMENT, abi, functionName: 'channels', args: [id] };
    return world().reader.readContract(call);
  };
  const claims = async () => {
    const all = { address: SETTLEMENT, event: abi[1], fromBlock: 0n };
    return (await world().reader.getLogs(all)).filter(({ topics }) => topics.includes(id));
  };
  const until = async (holds) => {
    for (let tries = 0; !(await holds()); ++tries) {
      assert.ok(tries < 240, 'it never came to that');
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };

  test('the first request opens a channel, and each is charged by what it used', async () => {
    const { payer, reader, gateway, balanceOf } = world();
    const signer = { address: payer.address, signTypedData: payer.signTypedData, readContract: reader.readContract };
    scheme = new BatchSettlementEvmScheme(signer);
    const client = new x402Client().register('eip155:*', scheme).setSpendControls(controls());
    const fetching = (input, init) => wrapFetchWithPayment(fetch, client)(input, init);
    openai = () => new OpenAI({ baseURL: `${world().gateway.url}/v1`, apiKey: 'unused', maxRetries: 0, fetch: fetching });

    const url = `${gateway.url}/v1/channels/${chat.model}`;
    const probe = await fetch(url);
    assert.equal(probe.status, 402);
    const [offer] = JSON.parse(atob(probe.headers.get('payment-required'))).accepts;
    id = computeChannelId(scheme.buildChannelConfig(offer), `eip155:${foundry.id}`);
    vault = offer.payTo;
    before = { payer: await balanceOf(payer.address), vault: await balanceOf(vault) };

    for (let request = 0; request < 3; ++request) {
      const { data, response } = await openai().chat.completions.create(chat).withResponse();
      assert.match(data.choices[0].message.content, /Paris/);
      const receipt = await verified(data.opg, chat, data.choices);
      earned += BigInt(receipt.fee);
      const { success, extra } = decodePaymentResponseHeader(response.headers.get('payment-response'));
      assert.equal(success, true);
      assert.equal(BigInt(extra.chargedAmount), BigInt(receipt.fee));
      assert.equal(BigInt(extra.channelState.chargedCumulativeAmount), earned);
    }
    const [balance, claimed] = await stateOf();
    assert.equal(claimed, 0n);
    assert.equal(await balanceOf(payer.address), before.payer - balance, 'one deposit');
  });

  test('a stream is charged too, and the client that did not see its price is told', async () => {
    let text = '';
    let last;
    for await (const event of await openai().chat.completions.create({ ...chat, stream: true })) {
      text += event.choices[0]?.delta?.content ?? '';
      last = event;
    }
    assert.match(text, /Paris/);
    earned += BigInt(last.opg.receipt.fee);
    // Its voucher is short by what the stream cost. The corrective 402 tells it, and it signs again.
    const { data, response } = await openai().chat.completions.create(chat).withResponse();
    earned += BigInt(data.opg.receipt.fee);
    const { extra } = decodePaymentResponseHeader(response.headers.get('payment-response'));
    assert.equal(BigInt(extra.channelState.chargedCumulativeAmount), earned);
  });

  test('a kill loses no voucher, and one claim brings what all of them allow', async () => {
    const soon = { OPG_CHANNELS__CLAIM_AGE: '1s', OPG_CHANNELS__MIN_CLAIM: '0 OPG', OPG_CHANNELS__POLL_INTERVAL: '1s' };
    await restart('SIGKILL', soon);
    await until(async () => (await stateOf())[1] === earned);
    assert.equal(await world().balanceOf(vault), before.vault + earned, 'the operator and the model have it');
    await restart('SIGKILL', soon);
    await until(async () => statusOf(world().devnet).channels.claimedWei === earned.toString());
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal((await claims()).length, 1, 'nothing was claimed twice');
    const { channels } = statusOf(world().devnet);
    const { earnedWei, pendingWei, atRiskWei, onChain } = channels;
    assert.deepEqual([earnedWei, pendingWei, atRiskWei], [earned.toString(), '0', '0']);
    assert.deepEqual([onChain.claimedWei, onChain.settledWei, onChain.ofUnknownChannelsWei], [earned.toString(), earned.toString(), '0']);
  });

  test('what is left comes back when the payer asks', async () => {
    const { gateway, payer, balanceOf } = world();
    const refunded = await scheme.refund(`${gateway.url}/v1/channels/${chat.model}`);
    assert.equal(refunded.success, true);
    assert.equal(await balanceOf(payer.address), before.payer - earned, 'it has paid what was charged, to the wei');
    assert.deepEqual(await stateOf(), [earned, earned]);
  });
}
