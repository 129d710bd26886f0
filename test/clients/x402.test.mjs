// A payment in OPG by the `exact` scheme of x402: its own client signs an ERC-3009 authorization, its own facilitator
// checks it and submits it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { x402Client } from '@x402/core/client';
import { toFacilitatorEvmSigner } from '@x402/evm';
import { ExactEvmScheme as ExactClient } from '@x402/evm/exact/client';
import { ExactEvmScheme as ExactFacilitator } from '@x402/evm/exact/facilitator';
import { parseEther, publicActions } from 'viem';
import { alice, bob, custodyVault, relayer, startChain } from './support/chain.mjs';

const price = parseEther('0.25');
// The most that Alice lets her client pay at once, in wei.
const limit = parseEther('1').toString();

let chain;
let opg;
let facilitator;
let requirements;

before(async () => {
  chain = await startChain();
  opg = await chain.deploy('Opg', [custodyVault.address, alice.address]);
  const wallet = chain.walletOf(relayer).extend(publicActions);
  facilitator = new ExactFacilitator(toFacilitatorEvmSigner({ ...wallet, address: relayer.address }));
  // What a paid endpoint answers with status 402. The domain is what the client signs for.
  const { name, version } = await chain.domainOf(opg);
  requirements = {
    scheme: 'exact',
    network: `eip155:${chain.id}`,
    asset: opg.address,
    amount: price.toString(),
    payTo: bob.address,
    maxTimeoutSeconds: 300,
    extra: { name, version },
  };
});
after(() => chain?.stop());

// The payload that Alice's client would send in the header of its second request.
async function pay(offer) {
  const client = new x402Client()
    .register('eip155:*', new ExactClient(alice))
    // The client pays in the stablecoins that it knows; whoever wants to pay in OPG lists it, best with a limit.
    .setSpendControls({ allowedAssets: [{ network: offer.network, asset: offer.asset, maxAmountPerPayment: limit }] });
  const resource = { url: 'https://example.com/answer', description: 'an answer', mimeType: 'application/json' };
  return client.createPaymentPayload({ x402Version: 2, resource, accepts: [offer] });
}

test('a payer pays without sending a transaction; the facilitator settles on-chain', async () => {
  const payment = await pay(requirements);
  const verdict = await facilitator.verify(payment, requirements);
  assert.deepEqual(verdict, { isValid: true, invalidReason: undefined, payer: alice.address });

  const before = await chain.read(opg, 'balanceOf', [alice.address]);
  const settlement = await facilitator.settle(payment, requirements);
  assert.equal(settlement.success, true, settlement.errorReason);
  assert.equal(await chain.read(opg, 'balanceOf', [bob.address]), price);
  assert.equal(await chain.read(opg, 'balanceOf', [alice.address]), before - price);
  assert.equal(await chain.reader.getTransactionCount({ address: alice.address }), 0);
  const { authorization } = payment.payload;
  assert.equal(await chain.read(opg, 'authorizationState', [alice.address, authorization.nonce]), true);
});

test('a settled payment cannot be settled again', async () => {
  const payment = await pay(requirements);
  assert.equal((await facilitator.settle(payment, requirements)).success, true);
  const balance = await chain.read(opg, 'balanceOf', [bob.address]);
  assert.equal((await facilitator.verify(payment, requirements)).isValid, false);
  assert.equal((await facilitator.settle(payment, requirements)).success, false);
  assert.equal(await chain.read(opg, 'balanceOf', [bob.address]), balance);
});

test('any relayer can submit the authorization itself, and only as it was signed', async () => {
  const { payload } = await pay(requirements);
  const { from, to, value, validAfter, validBefore, nonce } = payload.authorization;
  const balance = await chain.read(opg, 'balanceOf', [bob.address]);
  const rest = [BigInt(validAfter), BigInt(validBefore), nonce, payload.signature];
  await assert.rejects(
    chain.send(relayer, opg, 'transferWithAuthorization', [from, relayer.address, BigInt(value), ...rest]),
    /ERC3009InvalidSignature/,
  );
  await chain.send(relayer, opg, 'transferWithAuthorization', [from, to, BigInt(value), ...rest]);
  assert.equal(await chain.read(opg, 'balanceOf', [bob.address]), balance + price);
});
