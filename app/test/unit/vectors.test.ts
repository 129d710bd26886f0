// The vectors that Rust and Solidity are tested with, too.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { vestedAt } from '../../src/lib/vesting.ts';
import { type Facts, verify } from '../../client/src/index.ts';
import { readPasted } from '../../src/pages/receipts/pasted.ts';

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../../test/vectors/${name}.json`, import.meta.url), 'utf8'));
type Vector = { name: string; chainId: string; proofRegistry: `0x${string}`; receipt: Record<string, unknown>; digest: `0x${string}`; signer: `0x${string}`; signature: `0x${string}` };
const vectors = read('receipts').receipts as Vector[];

const factsOf = (vector: Vector, signer = vector.signer): Facts => ({
  chainId: BigInt(vector.chainId),
  proofRegistry: vector.proofRegistry,
  now: () => 2n ** 64n,
  signerAt: async () => signer,
  modelOf: async () => ({ modelId: vector.digest, modes: 7 }),
  resultOf: async () => vector.digest,
  faultOf: async () => 0,
  setupOf: async () => 2,
});
const pasted = (vector: Vector) => {
  const result = readPasted(JSON.stringify({ receipt: vector.receipt, signature: vector.signature }));
  if (result.kind !== 'receipt') throw new Error('not a receipt');
  return result;
};

describe.each(vectors)('receipt "$name"', (vector) => {
  test('is rightly signed, unless it claims an enclave, or a mode that does not exist', async () => {
    const { receipt, signature } = pasted(vector);
    const { checks } = await verify(receipt, signature, factsOf(vector));
    expect(checks.find(({ name }) => name === 'Signature')?.result).toBe(['right', 'open', 'right'][receipt.mode] ?? 'wrong');
  });
});

describe('a forged receipt is found out', () => {
  const vector = vectors.find(({ receipt }) => receipt['mode'] === 0) as Vector;
  const results = async (change: (receipt: ReturnType<typeof pasted>['receipt']) => void, signature?: `0x${string}`) => {
    const { receipt, signature: own } = pasted(vector);
    change(receipt);
    const { checks } = await verify(receipt, signature ?? own, factsOf(vector));
    return Object.fromEntries(checks.map(({ name, result }) => [name, result]));
  };

  test('by another fee', async () => {
    const result = await results((receipt) => (receipt.fee += 1n));
    expect(result).toMatchObject({ Signature: 'wrong', 'Record on the chain': 'wrong', 'Time and price': 'wrong' });
  });

  test('by another output', async () => {
    expect(await results((receipt) => (receipt.outputHash = `0x${'12'.repeat(32)}`))).toMatchObject({ Signature: 'wrong' });
  });

  test('by a signature with the other s, which the contracts refuse', async () => {
    const { signature } = vector;
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
    const s = (order - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0');
    const v = signature.endsWith('1b') ? '1c' : '1b';
    expect(await results(() => undefined, `0x${signature.slice(2, 66)}${s}${v}`)).toMatchObject({ Signature: 'wrong' });
  });

  test('by a key that was not the operator’s', async () => {
    const { receipt, signature } = pasted(vector);
    const { checks } = await verify(receipt, signature, factsOf(vector, vector.proofRegistry));
    expect(checks.find(({ name }) => name === 'Signature')?.result).toBe('wrong');
  });
});

describe('a receipt', () => {
  const vector = vectors.find(({ receipt }) => receipt['mode'] === 0) as Vector;
  const { receipt, signature } = pasted(vector);
  const result = async (change: Partial<typeof receipt>, facts: Partial<Facts>) => {
    const { checks } = await verify({ ...receipt, ...change }, signature, { ...factsOf(vector), ...facts });
    return Object.fromEntries(checks.map(({ name, result: found }) => [name, found]));
  };

  test('of HTTP may carry a flat fee above price × units, one of the hub may not', async () => {
    const fee = receipt.unitPrice * (receipt.inputUnits + receipt.outputUnits) + 1n;
    const http = { resultOf: async () => `0x${'00'.repeat(32)}` as const };
    expect(await result({ fee }, http)).toMatchObject({ 'Time and price': 'right' });
    expect(await result({ fee }, {})).toMatchObject({ 'Time and price': 'wrong' });
    expect(await result({ fee, issuedAt: 2n ** 64n - 1n }, { ...http, now: () => 0n })).toMatchObject({ 'Time and price': 'wrong' });
  });

  test.each([
    [0, 2, 'right', 'right'],
    [0, 1, 'right', 'open'],
    [5, 2, 'wrong', 'right'],
    [9, 0, 'wrong', 'wrong'],
  ])('with a proof that the chain finds at fault %i and a setup of kind %i', async (fault, kind, proof, setup) => {
    const found = await result({ mode: 2 }, { faultOf: async () => fault, setupOf: async () => kind });
    expect(found).toMatchObject({ Proof: proof, 'Setup of the proof system': setup });
  });
});

test.each([
  ['{}', 'signature'],
  ['[]', 'signature'],
  ['nonsense', 'neither'],
  ['{"receipt":{"requestId":"0x12"},"signature":"0x"}', 'requestId'],
  ['0x1234', 'neither'],
])('what is no receipt is refused with the reason: %s', (text, reason) => {
  expect(() => readPasted(text)).toThrow(reason);
});

test('vested amounts are those of the vault', () => {
  type Point = { amount: string; tgeAmount: string; time: number; vested: string };
  const { curves } = read('vesting') as { curves: { start: number; cliff: number; duration: number; points: Point[] }[] };
  const points = curves.flatMap((curve) => curve.points.map((point) => ({ ...curve, ...point })));
  expect(points.length).toBeGreaterThan(10);
  for (const { start, cliff, duration, amount, tgeAmount, time, vested } of points) {
    expect(vestedAt({ start, cliff, duration, amount: BigInt(amount), tgeAmount: BigInt(tgeAmount) }, time)).toBe(BigInt(vested));
  }
});
