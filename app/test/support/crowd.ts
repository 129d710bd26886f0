// A busy network: what thousands of people do, made fast. Operators register, and proposals and votes are made, by calls of the
// real contracts, many to a transaction. Requests and answers are events of the real contracts' addresses, emitted by other
// code that stands there for a moment: the page reads nothing else of them, and honest ones would take an hour.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Abi, type AbiEvent, type Address, encodeAbiParameters, encodeFunctionData, getAbiItem, type Hex, keccak256, numberToHex, padHex, parseEther, toEventSelector, toHex } from 'viem';
import { governorAbi } from '../../src/abi/governor.ts';
import { inferenceHubAbi } from '../../src/abi/inferenceHub.ts';
import { opgAbi } from '../../src/abi/opg.ts';
import { stakingAbi } from '../../src/abi/staking.ts';
import { at } from './actors.ts';
import { alice, bob, type Chain, root } from './chain.ts';

const byte = (value: number) => value.toString(16).padStart(2, '0');
const word = (value: bigint) => padHex(toHex(value), { size: 32 }).slice(2);

/**
 * Code that logs its input's data `count` times. The second topic counts up from `start`; more topics follow it. Input: words
 * count, start, first topic, third, fourth; then the data.
 */
function emitter(moreTopics: 0 | 1 | 2): Hex {
  const load = (slot: number) => `60${byte(slot * 32)}35`;
  const dup = (position: number) => byte(0x7f + position);
  // Stack from the bottom: length of the data, counter, end.
  const start = `60a03603${dup(1)}60a0600037${load(1)}${dup(1)}${load(0)}01`;
  const topics = [...Array.from({ length: moreTopics }, (_, index) => load(2 + moreTopics - index)), dup(moreTopics + 2), load(2)].join('');
  const body = `${topics}${dup(moreTopics + 5)}6000${byte(0xa2 + moreTopics)}90600101 90`.replace(' ', '');
  const loop = start.length / 2;
  const check = `5b${dup(1)}${dup(3)}1015`;
  const exit = loop + (check.length + body.length) / 2 + 3 + 3;
  return `0x${start}${check}60${byte(exit)}57${body}60${byte(loop)}565b00`;
}

type Tx = { from?: Address; to: Address; data: Hex; gas?: bigint };

type Ask = { method: string; params: unknown[] };

/** Asks the chain many things, fifty in one message: anvil takes no longer ones. */
async function askAll(chain: Chain, calls: readonly Ask[]): Promise<unknown[]> {
  const answers: unknown[] = [];
  for (const some of groups(calls, 50)) answers.push(...(await askSome(chain, some)));
  return answers;
}

async function askSome(chain: Chain, calls: readonly Ask[]): Promise<unknown[]> {
  const body = JSON.stringify(calls.map((call, id) => ({ jsonrpc: '2.0', id, ...call })));
  const response = await fetch(chain.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
  const answers = (await response.json()) as { id: number; result?: unknown; error?: { message: string } }[];
  const bad = answers.find(({ error }) => error);
  if (bad?.error) throw new Error(`${calls[bad.id]?.method}: ${bad.error.message}`);
  return answers.sort((a, b) => a.id - b.id).map(({ result }) => result);
}

/** Makes blocks of the given transactions of Alice's, in this order; fails if one of them reverts. */
export async function fill(chain: Chain, blocks: Iterable<Tx[]>): Promise<void> {
  const { client } = chain;
  let nonce = await client.getTransactionCount({ address: alice.address });
  await client.setAutomine(false);
  await client.setBlockGasLimit({ gasLimit: 10n ** 10n });
  for (const txs of blocks) {
    const calls = txs.map(({ to, data, gas = 2_000_000n }) => ({ method: 'eth_sendTransaction', params: [{ from: alice.address, to, data, gas: numberToHex(gas), nonce: numberToHex(nonce++) }] }));
    const hashes = (await askAll(chain, calls)) as Hex[];
    await client.mine({ blocks: 1 });
    const receipts = (await askAll(chain, hashes.map((hash) => ({ method: 'eth_getTransactionReceipt', params: [hash] })))) as ({ status: Hex } | null)[];
    if (receipts.some((receipt) => receipt?.status !== '0x1')) throw new Error(`a transaction to ${txs[0]?.to} is missing or reverted`);
  }
  await client.setBlockGasLimit({ gasLimit: 30_000_000n });
  await client.setAutomine(true);
}

/** Groups of at most `size`. */
function* groups<T>(items: readonly T[], size: number): Generator<T[]> {
  for (let start = 0; start < items.length; start += size) yield items.slice(start, start + size);
}

const call = (abi: Abi, functionName: string, args: readonly unknown[]): Hex => encodeFunctionData({ abi, functionName, args });
const { abi: multicallAbi, deployedBytecode } = JSON.parse(readFileSync(join(root, 'out/Multicall3.sol/Multicall3.json'), 'utf8')) as { abi: Abi; deployedBytecode: { object: Hex } };
/** Transaction that has an account of the crowd make calls: for as long as `whileCrowd` runs, its code is that of Multicall3. */
const act = (who: Address, calls: [target: Address, data: Hex][], gas?: bigint): Tx => ({
  to: who,
  data: call(multicallAbi, 'aggregate3', [calls.map(([target, callData]) => ({ target, allowFailure: false, callData }))]),
  ...(gas ? { gas } : {}),
});

async function whileCrowd(chain: Chain, crowd: readonly Address[], then: () => Promise<void>): Promise<void> {
  const setCode = (code: Hex) => askAll(chain, crowd.map((who) => ({ method: 'anvil_setCode', params: [who, code] })));
  await setCode(deployedBytecode.object);
  await then();
  await setCode('0x');
}

/** Logs of one transaction, and transactions of one block. */
const AT_ONCE = 100;
const PER_BLOCK = 2;
/** Transactions with requests before those with their answers. */
const IN_TURN = 10;

type Batch = { event: AbiEvent; count: number; start: bigint; topics: Hex[]; data: Hex };

/** Has `address` log batches of events, `PER_BLOCK` in a block, and gives it its code back. */
async function emit(chain: Chain, address: Address, batches: readonly Batch[]): Promise<void> {
  const code = (await chain.client.getCode({ address })) ?? '0x';
  await chain.client.setCode({ address, bytecode: emitter((batches[0]?.topics.length ?? 0) as 0 | 1 | 2) });
  const txs = batches.map(({ event, count, start, topics, data }): Tx => {
    const [third = '0x', fourth = '0x'] = topics;
    const head = [word(BigInt(count)), word(start), toEventSelector(event).slice(2), padHex(third, { size: 32 }).slice(2), padHex(fourth, { size: 32 }).slice(2)].join('');
    return { to: address, data: `0x${head}${data.slice(2)}`, gas: 16_000_000n };
  });
  await fill(chain, groups(txs, PER_BLOCK));
  await chain.client.setCode({ address, bytecode: code });
}

/** Accounts of the crowd; nobody has their keys. */
export const member = (index: number): Address => `0x${keccak256(toHex(`member ${index}`)).slice(26)}`;

const voter = (index: number): Address => `0x${keccak256(toHex(`voter ${index}`)).slice(26)}`;

/** Registers `count` operators with the least own stake, paid by Alice. */
export async function registerCrowd(chain: Chain, count: number): Promise<void> {
  const [opg, staking] = [at(chain, 'opg'), at(chain, 'staking')];
  const { minSelfStake } = await chain.client.readContract({ address: staking, abi: stakingAbi, functionName: 'parameters' });
  const members = Array.from({ length: count }, (_, index) => member(index));
  const approve = call(opgAbi, 'approve', [at(chain, 'custodyVault'), minSelfStake]);
  const register = (who: Address, index: number) => call(stakingAbi, 'register', [who, 1, 500, minSelfStake, `https://node${index}.example`, '']);
  await fill(chain, groups(members.map((who) => ({ to: opg, data: call(opgAbi, 'transfer', [who, minSelfStake]) })), 50));
  await whileCrowd(chain, members, () => fill(chain, groups(members.map((who, index) => act(who, [[opg, approve], [staking, register(who, index)]])), 5)));
  const registered = await chain.client.readContract({ address: staking, abi: stakingAbi, functionName: 'operatorCount' });
  if (registered < BigInt(count)) throw new Error(`${registered} of ${count} operators are registered`);
}

/** Proposals of one window of voting. Each is in a block of its own. */
const WINDOW = 30;

/**
 * `count` proposals of Alice's, on each of which `each` voters vote while its voting lasts, and `more` others on the last one.
 * All of it goes through the governor. Returns the last proposal's number.
 */
export async function proposeCrowd(chain: Chain, count: number, each: number, more: number): Promise<bigint> {
  const [opg, governor] = [at(chain, 'opg'), at(chain, 'governor')];
  const voters = Array.from({ length: each + more }, (_, index) => voter(index));
  const payment = call(opgAbi, 'transfer', [bob.address, parseEther('1')]);
  const proposal = (index: number) => ({ data: call(governorAbi, 'propose', [[opg], [0n], [payment], `# Proposal ${index}`]), id: idOf(opg, payment, `# Proposal ${index}`) });
  const delay = await chain.client.readContract({ address: governor, abi: governorAbi, functionName: 'votingDelay' });
  await fill(chain, groups(voters.map((who) => ({ to: opg, data: call(opgAbi, 'transfer', [who, parseEther('1000')]) })), 50));
  let last = 0n;
  await whileCrowd(chain, voters, async () => {
    await fill(chain, groups(voters.map((who) => act(who, [[opg, call(opgAbi, 'delegate', [who])]])), 50));
    for (let start = 0; start < count; start += WINDOW) {
      const made = Array.from({ length: Math.min(WINDOW, count - start) }, (_, index) => proposal(start + index));
      await fill(chain, made.map(({ data }) => [{ to: governor, data }]));
      await chain.pass(Number(delay) + 1);
      last = made.at(-1)?.id ?? last;
      const vote = (id: bigint): [Address, Hex] => [governor, call(governorAbi, 'castVoteWithReason', [id, 1, 'Why not'])];
      const isEnd = start + WINDOW >= count;
      const votes = voters.slice(0, isEnd ? undefined : each).map((who, index) => act(who, index < each ? made.map(({ id }) => vote(id)) : [vote(last)], 8_000_000n));
      await fill(chain, groups(votes, 5));
    }
  });
  const [, inFavour] = await chain.client.readContract({ address: governor, abi: governorAbi, functionName: 'proposalVotes', args: [last] });
  if (inFavour !== BigInt(each + more) * parseEther('1000')) throw new Error(`${inFavour} votes are for the last proposal`);
  return last;
}

/** The number of a proposal with one call, as the governor derives it. */
const idOf = (target: Address, data: Hex, description: string): bigint =>
  BigInt(keccak256(encodeAbiParameters([{ type: 'address[]' }, { type: 'uint256[]' }, { type: 'bytes[]' }, { type: 'bytes32' }], [[target], [0n], [data], keccak256(toHex(description))])));

const REQUESTED = getAbiItem({ abi: inferenceHubAbi, name: 'InferenceRequested' });
const FULFILLED = getAbiItem({ abi: inferenceHubAbi, name: 'InferenceFulfilled' });
// Beyond what honest requests of a test use.
const FIRST_ID = 1n << 128n;

/** `count` requests and their answers, spread over `operators` of the crowd. */
export async function answerCrowd(chain: Chain, operators: number, count: number): Promise<void> {
  const { timestamp } = await chain.client.getBlock();
  const version = keccak256(toHex('version'));
  const hash = keccak256(toHex('a hash'));
  const dataOf = (event: AbiEvent, values: unknown[]) => encodeAbiParameters(event.inputs.filter(({ indexed }) => !indexed), values);
  const request = { payer: alice.address, nonce: BigInt(count), modelVersion: version, inputHash: hash, mode: 0, callbackGas: 0, blockNumber: 1n, requestedAt: timestamp, deadline: timestamp + 3_000n, maxFee: parseEther('1') };
  const starts = Array.from({ length: Math.ceil(count / AT_ONCE) }, (_, index) => FIRST_ID + BigInt(index * AT_ONCE));
  const requests = starts.map((start): Batch => ({ event: REQUESTED, count: AT_ONCE, start, topics: [alice.address, version], data: dataOf(REQUESTED, [request, toHex('{"messages":[]}')]) }));
  const answers = starts.map((start, index): Batch => {
    const operator = member(index % operators);
    const fulfilment = { operator, traceHash: hash, inputUnits: 120n, outputUnits: 80n, unitPrice: parseEther('0.001'), fee: parseEther('0.2'), issuedAt: timestamp, output: toHex('An answer'), evidence: `0x${'11'.repeat(65)}` };
    return { event: FULFILLED, count: AT_ONCE, start, topics: [operator], data: dataOf(FULFILLED, [fulfilment]) };
  });
  // Answers soon follow their requests.
  for (let start = 0; start < starts.length; start += IN_TURN) {
    await emit(chain, at(chain, 'inferenceHub'), requests.slice(start, start + IN_TURN));
    await emit(chain, at(chain, 'inferenceHub'), answers.slice(start, start + IN_TURN));
  }
}
