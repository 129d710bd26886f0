import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address, Hex } from 'viem';
import { describe, expect, test } from 'vitest';
import { batchLeaf, canonicalize, digestOf, hashOf, httpRequestId, isInBatch, readSignedReceipt, signerOf } from '../src/index.ts';

// The vectors that Rust and Solidity are tested with.
const vectors = (name: string) => JSON.parse(readFileSync(join(import.meta.dirname, `../../../test/vectors/${name}.json`), 'utf8'));

test('JSON has the canonical form of the other implementations', () => {
  const { accepted } = vectors('canonical-json') as { accepted: { text: string; canonical: string; keccak256: Hex }[] };
  expect(accepted.length).toBeGreaterThan(10);
  for (const { text, canonical, keccak256 } of accepted) {
    const value = JSON.parse(text);
    expect(canonicalize(value)).toBe(canonical);
    expect(hashOf(value)).toBe(keccak256);
  }
});

test.each([NaN, Infinity, '\ud83d', '\ude00', { a: ['\ud83d'] }, undefined, 1n, () => 1])('%s has no canonical form', (value) => {
  expect(() => canonicalize(value as never)).toThrow(TypeError);
});

test('receipts have the digest and the signer of the other implementations', async () => {
  type Vector = { chainId: string; proofRegistry: Address; receipt: object; digest: Hex; signer: Address; signature: Hex };
  const { receipts } = vectors('receipts') as { receipts: Vector[] };
  for (const vector of receipts) {
    const { receipt, signature } = readSignedReceipt(vector);
    expect(digestOf(receipt, BigInt(vector.chainId), vector.proofRegistry)).toBe(vector.digest);
    expect(await signerOf(vector.digest, signature)).toBe(vector.signer);
  }
});

test('a signature has one form only', async () => {
  const [{ digest, signature }] = vectors('receipts').receipts as [{ digest: Hex; signature: Hex }];
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const s = (order - BigInt(`0x${signature.slice(66, 130)}`)).toString(16).padStart(64, '0');
  const v = signature.endsWith('1b') ? '1c' : '1b';
  for (const other of [`${signature.slice(0, 66)}${s}${v}`, `${signature.slice(0, 130)}0${v === '1b' ? 1 : 0}`, `${signature}00`, '0x']) {
    expect(await signerOf(digest, other as Hex)).toBeUndefined();
  }
});

test('requests over HTTP have the id of the other implementations', () => {
  type Vector = { payer: Address; operator: Address; nonce: Hex; inputHash: Hex; requestId: Hex };
  for (const { payer, operator, nonce, inputHash, requestId } of vectors('requests').http as Vector[]) {
    expect(httpRequestId(payer, operator, nonce, inputHash)).toBe(requestId);
  }
});

describe('batches', () => {
  type Leaf = { index: number; digest: Hex; evidence: Hex; leaf: Hex; proof: Hex[] };
  type Refused = { name: string; count: number; index: number; leaf: Hex; proof: Hex[]; root: Hex };
  const { batches, refused } = vectors('batches') as { batches: { count: number; root: Hex; leaves: Leaf[] }[]; refused: Refused[] };

  test('every leaf is where the other implementations have it, and nowhere else', () => {
    for (const { count, root, leaves } of batches) {
      for (const { index, digest, evidence, leaf, proof } of leaves) {
        expect(batchLeaf(index, count, digest, evidence)).toBe(leaf);
        expect(isInBatch(root, index, count, leaf, proof)).toBe(true);
        for (const other of [index + 1, index - 1, index + count, index + 0.5, NaN]) expect(isInBatch(root, other, count, leaf, proof)).toBe(false);
      }
    }
  });

  test.each(refused)('refused: $name', ({ root, index, count, leaf, proof }) => {
    expect(isInBatch(root, index, count, leaf, proof)).toBe(false);
  });

  test('what is no hash is refused', () => {
    const root = batches[0]?.root ?? '0x';
    for (const sibling of ['0x', '0x12', `0x${'g'.repeat(64)}`, `${root}00`] as Hex[]) expect(isInBatch(root, 0, 2, root, [sibling])).toBe(false);
  });
});
