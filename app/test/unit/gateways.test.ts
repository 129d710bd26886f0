// What gateways say is checked, whoever they belong to.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import type { Hex } from 'viem';
import { describe, expect, test } from 'vitest';
import { originsOf } from '../../scripts/policy.mjs';
import { digestOf, readSignedReceipt } from '../../client/src/index.ts';
import { readConfig } from '../../src/config/config.ts';
import { readStanding } from '../../src/gateways/nodes.ts';
import { misplaced } from '../../src/gateways/place.ts';
import { ask, readGiven } from '../../src/gateways/receipts.ts';

const read = (name: string) => JSON.parse(readFileSync(new URL(`../../../test/vectors/${name}.json`, import.meta.url), 'utf8'));
const [vector] = read('receipts').receipts as { receipt: Record<string, unknown>; signature: Hex; chainId: string; proofRegistry: Hex }[];
if (!vector) throw new Error('there is no vector');
const { receipt, signature } = readSignedReceipt(vector);
const hash = `0x${'ab'.repeat(32)}` as Hex;
const commitment = { operator: receipt.operator, root: hash, count: 1, from: Number(receipt.issuedAt), to: Number(receipt.issuedAt), dataHash: hash };
const answer = { ...vector, batch: { commitment, index: 0, proof: [] as string[] } };

describe('the answer of a gateway', () => {
  test('is the receipt with its place', () => {
    const given = readGiven(answer, 'https://node.example/', receipt.requestId);
    expect(given.receipt).toEqual(receipt);
    expect(given.place).toMatchObject({ index: 0, proof: [], batch: { count: 1, from: receipt.issuedAt } });
    expect(readGiven({ ...vector, batch: null }, 'https://node.example/', receipt.requestId).place).toBeUndefined();
  });

  test.each([
    ['another request', answer, hash],
    ['a proof of a thousand hashes', { ...answer, batch: { ...answer.batch, proof: Array.from({ length: 1_000 }, () => hash) } }, receipt.requestId],
    ['a root that is none', { ...answer, batch: { ...answer.batch, commitment: { ...commitment, root: '0x12' } } }, receipt.requestId],
    ['a negative index', { ...answer, batch: { ...answer.batch, index: -1 } }, receipt.requestId],
    ['no signature', { receipt: vector.receipt }, receipt.requestId],
    ['a page instead of JSON', '<html>', receipt.requestId],
  ])('is refused with %s', (_, json, requestId) => {
    expect(() => readGiven(json, 'https://node.example/', requestId as Hex)).toThrow();
  });

  test('that never ends is cut off', async () => {
    const endless = createServer((_, response) => {
      Readable.from((function* () {
        for (;;) yield Buffer.alloc(1 << 16, '1');
      })())
        .on('error', () => undefined)
        .pipe(response);
    }).listen(0, '127.0.0.1');
    await once(endless, 'listening');
    try {
      await expect(ask(`http://127.0.0.1:${(endless.address() as AddressInfo).port}/`, 'readyz')).rejects.toThrow('answered with more than 1048576 bytes');
    } finally {
      endless.closeAllConnections();
      endless.close();
    }
  });

  test('about itself is read as far as it is whole', () => {
    const models = { data: [{ id: 'chat', owned_by: receipt.operator, opg: { modelVersion: hash, unitPrice: '7' } }, { id: 'bad', opg: { modelVersion: 'x', unitPrice: '-1' } }, 'x'] };
    expect(readStanding({ ready: false, reasons: ['starting', 7] }, models)).toEqual({ ready: false, reasons: ['starting'], operator: receipt.operator, offers: [{ name: 'chat', version: hash, unitPrice: 7n }] });
    expect(readStanding(undefined, undefined)).toEqual({ ready: false, reasons: [], operator: undefined, offers: [] });
  });
});

describe('a place in a batch is refused', () => {
  const digest = digestOf(receipt, BigInt(vector.chainId), vector.proofRegistry);
  const place = readGiven(answer, 'https://node.example/', receipt.requestId).place!;
  test.each([
    ['of another operator', { ...place, batch: { ...place.batch, operator: `0x${'1'.repeat(40)}` as Hex } }, /another operator/],
    ['of another time', { ...place, batch: { ...place.batch, to: receipt.issuedAt - 1n } }, /outside of the times/],
    ['that the proof does not lead to', place, /does not lead/],
  ])('%s', (_, wrong, reason) => {
    expect(misplaced(wrong, receipt, digest, signature)).toMatch(reason);
  });
});

test('the page may connect to the gateways of its configuration, and to no path of theirs alone', () => {
  const gateways = ['https://node.example/keeper'];
  expect(originsOf({ rpc: ['/rpc'], gateways })).toEqual(['https://node.example']);
  expect(() => originsOf({ gateways: ["https://x'; script-src *"] })).toThrow();
  const config = readConfig({ chainId: 31337, rpc: ['/rpc'], contracts: { opg: `0x${'1'.repeat(40)}` }, gateways }, 'https://example.org/');
  expect(config.gateways).toEqual(['https://node.example/keeper/']);
});
