// Holders that are Safes: two of three owners sign, a relayer submits, and the token, the airdrop and the vesting vault
// take the Safe's signature wherever they take one of a key.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { getAbiItem, getContractAddress, keccak256, parseEther, toHex } from 'viem';
import { alice, artifact, bob, carol, custodyVault, deployer, relayer, startChain } from './support/chain.mjs';
import { leafOf, treeOf } from './support/merkle.mjs';
import { deploySafe, signAsSafe } from './support/safe.mjs';

const amount = parseEther('1000');

let chain;
let safe;
let opg;
let deadline;

before(async () => {
  chain = await startChain();
  safe = await deploySafe(chain, [alice, bob, carol], 2);
  opg = await chain.deploy('Opg', [custodyVault.address, deployer.address]);
  await chain.send(deployer, opg, 'transfer', [safe.address, amount]);
  deadline = (await chain.now()) + 3600n;
});
after(() => chain?.stop());

const field = (declaration) => {
  const [type, name] = declaration.split(' ');
  return { name, type };
};

// Typed data of `contract`; `type` as the contract writes it, for instance `Permit(address owner,…)`.
async function typedData(contract, type, message) {
  const [, primaryType, fields] = /^(\w+)\((.*)\)$/.exec(type);
  const domain = await chain.domainOf(contract);
  return { domain, types: { [primaryType]: fields.split(',').map(field) }, primaryType, message };
}

test('permit: the spender that two owners signed for can spend', async () => {
  const permit = { owner: safe.address, spender: bob.address, value: 5n, nonce: 0n, deadline };
  const data = await typedData(opg, 'Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)', permit);
  const args = (signature) => [permit.owner, permit.spender, permit.value, deadline, signature];

  const alone = await signAsSafe(chain, safe, [alice], data);
  await assert.rejects(chain.send(relayer, opg, 'permit', args(alone)), /InvalidSignature/);
  const stranger = await signAsSafe(chain, safe, [alice, relayer], data);
  await assert.rejects(chain.send(relayer, opg, 'permit', args(stranger)), /InvalidSignature/);

  await chain.send(relayer, opg, 'permit', args(await signAsSafe(chain, safe, [carol, alice], data)));
  assert.equal(await chain.read(opg, 'allowance', [safe.address, bob.address]), 5n);
});

test('delegateBySig: the votes of the Safe follow', async () => {
  const delegation = { delegator: safe.address, delegatee: bob.address, nonce: 1n, expiry: deadline };
  const type = 'DelegationFrom(address delegator,address delegatee,uint256 nonce,uint256 expiry)';
  const signature = await signAsSafe(chain, safe, [alice, bob], await typedData(opg, type, delegation));
  await chain.send(relayer, opg, 'delegateBySig', [safe.address, bob.address, 1n, deadline, signature]);
  assert.equal(await chain.read(opg, 'getVotes', [bob.address]), amount);
});

test('ERC-3009: a payment that two owners signed moves once', async () => {
  const payment = {
    from: safe.address,
    to: carol.address,
    value: parseEther('7'),
    validAfter: 0n,
    validBefore: deadline,
    nonce: keccak256(toHex('a payment of the Safe')),
  };
  const type =
    'TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)';
  const signature = await signAsSafe(chain, safe, [bob, carol], await typedData(opg, type, payment));
  // The other form takes v, r and s, which a Safe does not have.
  const functionName = 'transferWithAuthorization';
  const bySignature = opg.abi.filter(({ name, inputs }) => name === functionName && inputs.at(-1).name === 'signature');
  const token = { ...opg, abi: bySignature.concat(opg.abi.filter(({ type }) => type === 'error')) };
  await chain.send(relayer, token, functionName, [...Object.values(payment), signature]);
  assert.equal(await chain.read(opg, 'balanceOf', [carol.address]), payment.value);
  await assert.rejects(chain.send(relayer, token, functionName, [...Object.values(payment), signature]), /ERC3009/);
});

test('airdrop: a relayer claims for the Safe to the account that its owners signed', async () => {
  const claim = { index: 0n, account: safe.address, amount };
  const root = leafOf([{ type: 'uint256' }, { type: 'address' }, { type: 'uint256' }], Object.values(claim));
  const sweepableAt = deadline + 86_400n;
  const airdrop = await chain.deploy('Airdrop', [opg.address, root, deadline, sweepableAt, deployer.address]);
  await chain.send(deployer, opg, 'transfer', [airdrop.address, amount]);

  const to = relayer.address;
  const type = 'Claim(uint256 index,address account,uint256 amount,address to,uint256 deadline)';
  const data = await typedData(airdrop, type, { ...claim, to, deadline });
  const signature = await signAsSafe(chain, safe, [alice, carol], data);
  const args = (recipient) => [0n, safe.address, amount, [], recipient, deadline, signature];
  await assert.rejects(chain.send(relayer, airdrop, 'claimBySig', args(bob.address)), /InvalidSignature/);
  await chain.send(relayer, airdrop, 'claimBySig', args(to));
  assert.equal(await chain.read(opg, 'balanceOf', [to]), amount);
});

test('vesting: a relayer claims a grant of the Safe to the account that its owners signed', async () => {
  const grant = { category: 0, index: 0, beneficiary: safe.address, amount, tgeAmount: amount / 4n, revocable: false, transferable: false };
  const { abi } = await artifact('VestingVault');
  const { root } = treeOf([leafOf(getAbiItem({ abi, name: 'scheduleId' }).inputs, [grant])]);
  const category = {
    name: 'foundation',
    root,
    total: amount,
    tgeTotal: grant.tgeAmount,
    start: Number(await chain.now()),
    cliff: 86_400,
    duration: 86_400,
  };
  const authority = await chain.deploy('AccessManager', [deployer.address]);
  // The vault has to hold what it promises when it is deployed: two transactions from now.
  const nonce = BigInt(await chain.reader.getTransactionCount({ address: deployer.address }));
  const address = getContractAddress({ from: deployer.address, nonce: nonce + 1n });
  await chain.send(deployer, opg, 'transfer', [address, amount]);
  const vault = await chain.deploy('VestingVault', [opg.address, authority.address, deployer.address, [category]]);

  const to = '0x00000000000000000000000000000000000a11ce';
  const type = 'ClaimTo(bytes32 schedule,address beneficiary,address to,uint256 nonce,uint256 deadline)';
  const schedule = await chain.read(vault, 'scheduleId', [grant]);
  const message = { schedule, beneficiary: safe.address, to, nonce: 0n, deadline };
  const signature = await signAsSafe(chain, safe, [bob, alice], await typedData(vault, type, message));
  await chain.send(relayer, vault, 'claimToBySig', [grant, [], to, deadline, signature]);
  assert.equal(await chain.read(opg, 'balanceOf', [to]), grant.tgeAmount);
});
