// The vesting vault with viem: a beneficiary signs where a release goes, and a relayer submits it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getAbiItem, getContractAddress, parseEther } from 'viem';
import { alice, artifact, bob, carol, custodyVault, deployer, relayer, startChain } from './support/chain.mjs';
import { leafOf, treeOf } from './support/merkle.mjs';

const amount = parseEther('1000');
const tgeAmount = parseEther('250');
const schedules = [alice, bob].map(({ address }, index) => ({
  category: 0,
  index,
  beneficiary: address,
  amount,
  tgeAmount,
  revocable: false,
  transferable: true,
}));

let chain;
let opg;
let vault;
let tree;
let deadline;

before(async () => {
  chain = await startChain();
  opg = await chain.deploy('Opg', [custodyVault.address, deployer.address]);
  const authority = await chain.deploy('AccessManager', [deployer.address]);
  const start = await chain.now();
  deadline = start + 3600n;

  const { abi } = await artifact('VestingVault');
  const leafTypes = getAbiItem({ abi, name: 'scheduleId' }).inputs;
  tree = treeOf(schedules.map((schedule) => leafOf(leafTypes, [schedule])));
  const category = {
    name: 'investors',
    root: tree.root,
    total: 2n * amount,
    tgeTotal: 2n * tgeAmount,
    start: Number(start),
    cliff: 365 * 86_400,
    duration: 3 * 365 * 86_400,
  };
  // The vault has to hold what it promises when it is deployed: two transactions from now.
  const nonce = BigInt(await chain.reader.getTransactionCount({ address: deployer.address }));
  const address = getContractAddress({ from: deployer.address, nonce: nonce + 1n });
  await chain.send(deployer, opg, 'transfer', [address, category.total]);
  vault = await chain.deploy('VestingVault', [opg.address, authority.address, deployer.address, [category]]);
  assert.equal(vault.address.toLowerCase(), address.toLowerCase());
});
after(() => chain?.stop());

const signClaimTo = async (signer, schedule, to, nonce) =>
  signer.signTypedData({
    domain: await chain.domainOf(vault),
    types: {
      ClaimTo: [
        { name: 'schedule', type: 'bytes32' },
        { name: 'beneficiary', type: 'address' },
        { name: 'to', type: 'address' },
        { name: 'nonce', type: 'uint256' },
        { name: 'deadline', type: 'uint256' },
      ],
    },
    primaryType: 'ClaimTo',
    message: {
      schedule: await chain.read(vault, 'scheduleId', [schedule]),
      beneficiary: signer.address,
      to,
      nonce,
      deadline,
    },
  });

test('the leaf that a client computes is the identifier of the schedule', async () => {
  assert.equal((await chain.read(vault, 'category', [0])).root, tree.root);
  await chain.send(relayer, vault, 'release', [schedules[1], tree.proofs[1]]);
  assert.equal(await chain.read(opg, 'balanceOf', [bob.address]), tgeAmount);
});

test('a relayer pays what Alice signed to whom she signed, once', async () => {
  const nonce = await chain.read(vault, 'nonces', [alice.address]);
  const signature = await signClaimTo(alice, schedules[0], carol.address, nonce);
  const stolen = [schedules[0], tree.proofs[0], relayer.address, deadline, signature];
  await assert.rejects(chain.send(relayer, vault, 'claimToBySig', stolen), /InvalidSignature/);

  const args = [schedules[0], tree.proofs[0], carol.address, deadline, signature];
  await chain.send(relayer, vault, 'claimToBySig', args);
  assert.equal(await chain.read(opg, 'balanceOf', [carol.address]), tgeAmount);
  await assert.rejects(chain.send(relayer, vault, 'claimToBySig', args), /InvalidSignature/);
});
