// The airdrop with viem: claims that a claimant signs and a relayer submits, so that claimants need no ether.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { parseEther } from 'viem';
import { alice, bob, carol, custodyVault, deployer, relayer, startChain } from './support/chain.mjs';
import { leafOf, treeOf } from './support/merkle.mjs';

const claims = [
  { index: 0n, account: alice.address, amount: parseEther('10') },
  { index: 1n, account: bob.address, amount: parseEther('20') },
  { index: 2n, account: carol.address, amount: parseEther('30') },
];
const leafTypes = [{ type: 'uint256' }, { type: 'address' }, { type: 'uint256' }];
const tree = treeOf(claims.map(({ index, account, amount }) => leafOf(leafTypes, [index, account, amount])));

let chain;
let opg;
let airdrop;
let deadline;

before(async () => {
  chain = await startChain();
  opg = await chain.deploy('Opg', [custodyVault.address, deployer.address]);
  deadline = (await chain.now()) + 3600n;
  const times = [deadline + 86_400n, deadline + 2n * 86_400n];
  airdrop = await chain.deploy('Airdrop', [opg.address, tree.root, ...times, deployer.address]);
  await chain.send(deployer, opg, 'transfer', [airdrop.address, parseEther('60')]);
});
after(() => chain?.stop());

const signClaim = async (signer, claim, to) =>
  signer.signTypedData({
    domain: await chain.domainOf(airdrop),
    types: {
      Claim: [
        { name: 'index', type: 'uint256' },
        { name: 'account', type: 'address' },
        { name: 'amount', type: 'uint256' },
        { name: 'to', type: 'address' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'Claim',
    message: { ...claim, to, deadline },
  });

test('a relayer claims for Alice to the account that she signed', async () => {
  const [claim] = claims;
  const signature = await signClaim(alice, claim, carol.address);
  const args = [claim.index, claim.account, claim.amount, tree.proofs[0], carol.address, deadline, signature];
  await chain.send(relayer, airdrop, 'claimBySig', args);
  assert.equal(await chain.read(opg, 'balanceOf', [carol.address]), claim.amount);
  assert.equal(await chain.read(airdrop, 'isClaimed', [claim.index]), true);
  assert.equal(await chain.reader.getTransactionCount({ address: alice.address }), 0);
  await assert.rejects(chain.send(relayer, airdrop, 'claimBySig', args), /AlreadyClaimed/);
});

test('a relayer cannot send the tokens elsewhere', async () => {
  const claim = claims[1];
  const signature = await signClaim(bob, claim, bob.address);
  const args = [claim.index, claim.account, claim.amount, tree.proofs[1], relayer.address, deadline, signature];
  await assert.rejects(chain.send(relayer, airdrop, 'claimBySig', args), /InvalidSignature/);
});

test('a relayer claims for Bob and delegates his votes in one transaction', async () => {
  const claim = claims[1];
  const delegation = { delegatee: carol.address, nonce: 0n, expiry: deadline };
  const signature = await bob.signTypedData({
    domain: await chain.domainOf(opg),
    types: {
      DelegationFrom: [
        { name: 'delegator', type: 'address' },
        { name: 'delegatee', type: 'address' },
        { name: 'nonce', type: 'uint256' },
        { name: 'expiry', type: 'uint256' },
      ],
    },
    primaryType: 'DelegationFrom',
    message: { delegator: bob.address, ...delegation },
  });
  const consent = await signClaim(bob, claim, bob.address);
  await chain.send(relayer, airdrop, 'claimAndDelegateBySig', [
    claim.index,
    claim.account,
    claim.amount,
    tree.proofs[1],
    deadline,
    consent,
    { ...delegation, signature },
  ]);
  assert.equal(await chain.read(opg, 'balanceOf', [bob.address]), claim.amount);
  assert.equal(await chain.read(opg, 'getVotes', [carol.address]), claim.amount);
});
