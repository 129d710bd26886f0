import { encodeErrorResult } from 'viem';
import { describe, expect, test } from 'vitest';
import { errorsAbi } from '../../src/abi/errors.ts';
import { describeError, revertData } from '../../src/chain/errors.ts';
import { MESSAGES } from '../../src/chain/messages.ts';

const abi = errorsAbi as readonly { name: string; inputs: readonly { type: string }[] }[];
const now = 1_800_000_000;

test('every written message is for an error that a contract has', () => {
  const names = new Set(abi.map(({ name }) => name));
  expect(Object.keys(MESSAGES).filter((name) => !names.has(name))).toEqual([]);
});

test('every error of the contracts becomes a title and a remedy', async () => {
  const sample = (type: string): unknown => (type.startsWith('uint') || type.startsWith('int') ? (Number(/\d+/.exec(type)?.[0]) <= 48 ? 1 : 1n) : type === 'bool' ? true : type === 'string' ? 'x' : type === 'address' ? `0x${'1'.repeat(40)}` : type === 'bytes' ? '0x12' : type.startsWith('bytes') ? `0x${'12'.repeat(Number(type.slice(5)))}` : []);
  for (const { name, inputs } of abi) {
    const data = encodeErrorResult({ abi: errorsAbi, errorName: name, args: inputs.map(({ type }) => sample(type)) } as never);
    const problem = await describeError(Object.assign(new Error('execution reverted'), { data }), now);
    expect(problem.kind).toBe('reverted');
    expect(problem.title, name).toMatch(/\w/);
    expect(problem.remedy, name).toMatch(/\w/);
    expect(problem.detail).toContain(name);
  }
});

describe('errors of wallets and networks', () => {
  test.each([
    ['declined', Object.assign(new Error('User rejected'), { code: 4001 })],
    ['declined', new Error('outer', { cause: Object.assign(new Error('inner'), { code: 4001 }) })],
    ['network', new TypeError('Failed to fetch')],
    ['wallet', new Error('insufficient funds for gas * price + value')],
    ['wallet', Object.assign(new Error('pending'), { code: -32002 })],
    ['unknown', 'a bare text'],
  ])('%s', async (kind, error) => {
    expect((await describeError(error, now)).kind).toBe(kind);
  });

  test('the data of a revert is found wherever the wallet put it', () => {
    const data = '0x12345678';
    expect(revertData({ cause: { data: { data } } })).toBe(data);
    expect(revertData({ data: { cause: { data } } })).toBe(data);
    expect(revertData({ raw: data })).toBe(data);
    expect(revertData({ data: '0x' })).toBeUndefined();
  });
});
