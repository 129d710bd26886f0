// A busy network: what thousands of people do, made fast. Operators register as people do. Requests, answers and votes are
// events of the real contracts' addresses, emitted by other code that stands there for a moment: the page reads nothing else
// of them, and honest ones would take an hour.
import { type Address, encodeAbiParameters, encodeFunctionData, type Hex, keccak256, numberToHex, padHex, parseEther, toEventSelector, toHex } from 'viem';
import type { AbiEvent } from 'viem';
import { getAbiItem } from 'viem';
import { governorAbi } from '../../src/abi/governor.ts';
import { inferenceHubAbi } from '../../src/abi/inferenceHub.ts';
import { opgAbi } from '../../src/abi/opg.ts';
import { stakingAbi } from '../../src/abi/staking.ts';
import { at } from './actors.ts';
import { alice, type Chain } from './chain.ts';

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

/** How many are sent before waiting: under a flood, anvil leaves some behind until it is told to make a block, and loses some. */
const FLOOD = 50;

/** Waits until everything that was sent is in a block. */
export async function settle(chain: Chain): Promise<void> {
  for (let left = 10_000; left > 0; left -= 1) {
    const { pending, queued } = await chain.client.getTxpoolStatus();
    if (queued > 0) throw new Error(`${queued} transactions wait for one that was lost`);
    if (pending === 0) return;
    await chain.client.mine({ blocks: 1 });
  }
  throw new Error('transactions stay behind');
}

type Batch = { event: AbiEvent; count: number; start: bigint; topics: Hex[]; data: Hex };

/** Has `address` log batches of events, each in a block of its own, and gives it its code back. */
async function emit(chain: Chain, address: Address, batches: Iterable<Batch>): Promise<void> {
  const code = (await chain.client.getCode({ address })) ?? '0x';
  let standing = -1;
  let sent = 0;
  for (const { event, count, start, topics, data } of batches) {
    if (topics.length !== standing) {
      await settle(chain);
      standing = topics.length;
      await chain.client.setCode({ address, bytecode: emitter(standing as 0 | 1 | 2) });
    }
    if ((sent += 1) % FLOOD === 0) await settle(chain);
    const [third = '0x', fourth = '0x'] = topics;
    const head = [word(BigInt(count)), word(start), toEventSelector(event).slice(2), padHex(third, { size: 32 }).slice(2), padHex(fourth, { size: 32 }).slice(2)].join('');
    await chain.client.request({ method: 'eth_sendTransaction', params: [{ from: alice.address, to: address, data: `0x${head}${data.slice(2)}`, gas: numberToHex(16_000_000) }] } as never);
  }
  await settle(chain);
  await chain.client.setCode({ address, bytecode: code });
}

/** Accounts of the crowd; nobody has their keys. */
export const member = (index: number): Address => `0x${keccak256(toHex(`member ${index}`)).slice(26)}`;

/** Registers `count` operators with the least own stake, paid by Alice. */
export async function registerCrowd(chain: Chain, count: number): Promise<void> {
  const [opg, staking] = [at(chain, 'opg'), at(chain, 'staking')];
  const { minSelfStake } = await chain.client.readContract({ address: staking, abi: stakingAbi, functionName: 'parameters' });
  const ask = (method: string, params: unknown[]) => chain.client.request({ method, params } as never);
  const sendAs = (from: Address, to: Address, data: Hex) => ask('eth_sendTransaction', [{ from, to, data, gas: numberToHex(2_000_000) }]);
  await ask('anvil_autoImpersonateAccount', [true]);
  const approve = encodeFunctionData({ abi: opgAbi, functionName: 'approve', args: [at(chain, 'custodyVault'), parseEther('1000000')] });
  const members = Array.from({ length: count }, (_, index) => member(index));
  for (const [index, from] of members.entries()) {
    if (index % FLOOD === 0) await settle(chain);
    await chain.client.setBalance({ address: from, value: parseEther('10') });
    await sendAs(alice.address, opg, encodeFunctionData({ abi: opgAbi, functionName: 'transfer', args: [from, minSelfStake] }));
  }
  await settle(chain);
  for (const [index, from] of members.entries()) {
    if (index % FLOOD === 0) await settle(chain);
    await sendAs(from, opg, approve);
    await sendAs(from, staking, encodeFunctionData({ abi: stakingAbi, functionName: 'register', args: [from, 1, 500, minSelfStake, `https://node${index}.example`, ''] }));
  }
  await settle(chain);
  await ask('anvil_autoImpersonateAccount', [false]);
  const registered = await chain.client.readContract({ address: staking, abi: stakingAbi, functionName: 'operatorCount' });
  if (registered < BigInt(count)) throw new Error(`${registered} of ${count} operators are registered`);
}

const REQUESTED = getAbiItem({ abi: inferenceHubAbi, name: 'InferenceRequested' });
const FULFILLED = getAbiItem({ abi: inferenceHubAbi, name: 'InferenceFulfilled' });
const VOTE = getAbiItem({ abi: governorAbi, name: 'VoteCast' });
const AT_ONCE = 100;
// Beyond what honest requests of a test use.
const FIRST_ID = 1n << 128n;

/** `count` requests and their answers, spread over `operators` of the crowd. */
export async function answerCrowd(chain: Chain, operators: number, count: number): Promise<void> {
  const { timestamp } = await chain.client.getBlock();
  const version = keccak256(toHex('version'));
  const hash = keccak256(toHex('a hash'));
  const dataOf = (event: AbiEvent, values: unknown[]) => encodeAbiParameters(event.inputs.filter(({ indexed }) => !indexed), values);
  const request = { payer: alice.address, nonce: BigInt(count), modelVersion: version, inputHash: hash, mode: 0, callbackGas: 0, blockNumber: 1n, requestedAt: timestamp, deadline: timestamp + 3_000n, maxFee: parseEther('1') };
  function* batches(): Generator<Batch> {
    for (let done = 0; done < count; done += AT_ONCE) {
      yield { event: REQUESTED, count: AT_ONCE, start: FIRST_ID + BigInt(done), topics: [alice.address, version], data: dataOf(REQUESTED, [request, toHex('{"messages":[]}')]) };
    }
    for (let done = 0; done < count; done += AT_ONCE) {
      const operator = member((done / AT_ONCE) % operators);
      const start = FIRST_ID + BigInt(done);
      const fulfilment = { operator, traceHash: hash, inputUnits: 120n, outputUnits: 80n, unitPrice: parseEther('0.001'), fee: parseEther('0.2'), issuedAt: timestamp, output: toHex('An answer'), evidence: `0x${'11'.repeat(65)}` };
      yield { event: FULFILLED, count: AT_ONCE, start, topics: [operator], data: dataOf(FULFILLED, [fulfilment]) };
    }
  }
  await emit(chain, at(chain, 'inferenceHub'), batches());
}

/** `each` votes on each of `proposals` other proposals, and `own` votes on the proposal `id` in their midst. */
export async function voteCrowd(chain: Chain, id: bigint, own: number, proposals: number, each: number): Promise<void> {
  const dataOf = (proposal: bigint) => encodeAbiParameters(VOTE.inputs.filter(({ indexed }) => !indexed), [proposal, 1, parseEther('1000'), 'Why not']);
  function* batches(): Generator<Batch> {
    for (let index = 0; index < proposals; index += 1) {
      if (index === Math.floor(proposals / 2)) yield { event: VOTE, count: own, start: FIRST_ID, topics: [], data: dataOf(id) };
      yield { event: VOTE, count: each, start: FIRST_ID, topics: [], data: dataOf(BigInt(keccak256(toHex(`proposal ${index}`)))) };
    }
  }
  await emit(chain, at(chain, 'governor'), batches());
}
