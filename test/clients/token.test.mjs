// OPG with viem: permits and delegations that a holder signs and somebody else submits.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getAddress, parseEther, parseSignature } from 'viem';
import { alice, bob, carol, custodyVault, relayer, startChain } from './support/chain.mjs';

let chain;
let opg;
let domain;
let deadline;

before(async () => {
  chain = await startChain();
  opg = await chain.deploy('Opg', [custodyVault.address, alice.address]);
  domain = await chain.domainOf(opg);
  deadline = (await chain.now()) + 3600n;
});
after(() => chain?.stop());

test('the domain that wallets read is the documented one', () => {
  const verifyingContract = getAddress(opg.address);
  assert.deepEqual(domain, { name: 'OPG', version: '1', chainId: chain.id, verifyingContract });
});

const permitOf = async (value) => ({
  domain,
  types: {
    Permit: [
      { name: 'owner', type: 'address' },
      { name: 'spender', type: 'address' },
      { name: 'value', type: 'uint256' },
      { name: 'nonce', type: 'uint256' },
      { name: 'deadline', type: 'uint256' },
    ],
  },
  primaryType: 'Permit',
  message: {
    owner: alice.address,
    spender: bob.address,
    value,
    nonce: await chain.read(opg, 'nonces', [alice.address]),
    deadline,
  },
});

test('a permit, as v, r, s and as bytes, lets the spender spend', async () => {
  const { v, r, s } = parseSignature(await alice.signTypedData(await permitOf(parseEther('3'))));
  await chain.send(relayer, opg, 'permit', [alice.address, bob.address, parseEther('3'), deadline, Number(v), r, s]);
  assert.equal(await chain.read(opg, 'allowance', [alice.address, bob.address]), parseEther('3'));

  const second = await alice.signTypedData(await permitOf(parseEther('5')));
  await chain.send(relayer, opg, 'permit', [alice.address, bob.address, parseEther('5'), deadline, second]);
  assert.equal(await chain.read(opg, 'allowance', [alice.address, bob.address]), parseEther('5'));

  await chain.send(bob, opg, 'transferFrom', [alice.address, bob.address, parseEther('5')]);
  assert.equal(await chain.read(opg, 'balanceOf', [bob.address]), parseEther('5'));

  // Used up: the contract's own error reaches the client by name.
  await assert.rejects(
    chain.send(relayer, opg, 'permit', [alice.address, bob.address, parseEther('5'), deadline, second]),
    /InvalidSignature/,
  );
});

test('a delegation, in the form of ERC-5805 and in that of wallets, moves the votes', async () => {
  const nonce = await chain.read(opg, 'nonces', [alice.address]);
  const standard = parseSignature(
    await alice.signTypedData({
      domain,
      types: {
        Delegation: [
          { name: 'delegatee', type: 'address' },
          { name: 'nonce', type: 'uint256' },
          { name: 'expiry', type: 'uint256' },
        ],
      },
      primaryType: 'Delegation',
      message: { delegatee: bob.address, nonce, expiry: deadline },
    }),
  );
  const { v, r, s } = standard;
  await chain.send(relayer, opg, 'delegateBySig', [bob.address, nonce, deadline, Number(v), r, s]);
  const votes = await chain.read(opg, 'balanceOf', [alice.address]);
  assert.equal(await chain.read(opg, 'getVotes', [bob.address]), votes);

  const signature = await alice.signTypedData({
    domain,
    types: {
      DelegationFrom: [
        { name: 'delegator', type: 'address' },
        { name: 'delegatee', type: 'address' },
        { name: 'nonce', type: 'uint256' },
        { name: 'expiry', type: 'uint256' },
      ],
    },
    primaryType: 'DelegationFrom',
    message: { delegator: alice.address, delegatee: carol.address, nonce: nonce + 1n, expiry: deadline },
  });
  const args = [alice.address, carol.address, nonce + 1n, deadline, signature];
  await chain.send(relayer, opg, 'delegateBySig', args);
  assert.equal(await chain.read(opg, 'getVotes', [bob.address]), 0n);
  assert.equal(await chain.read(opg, 'getVotes', [carol.address]), votes);
});
