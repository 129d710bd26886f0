import { encodeFunctionData, parseEther, stringToHex } from 'viem';
import { describe, expect, test } from 'vitest';
import { governorAbi } from '../../src/abi/governor.ts';
import { opgAbi } from '../../src/abi/opg.ts';
import { readConfig } from '../../src/config/config.ts';
import { decodeCall } from '../../src/pages/govern/decode.ts';
import { AnswerError, TEMPLATES } from '../../src/pages/govern/templates.ts';

const address = (digit: number) => `0x${String(digit).repeat(40)}` as const;
const contracts = { opg: address(1), governor: address(2), timelock: address(3), staking: address(4), inferenceHub: address(5), modelRegistry: address(6), proofRegistry: address(7), measurementRegistry: `0x${'a'.repeat(40)}` };
const config = readConfig({ chainId: 31337, rpc: ['http://127.0.0.1:8545'], contracts }, 'http://localhost/');
const template = (key: string) => TEMPLATES.find((one) => one.key === key)!;

describe('templates', () => {
  test('spend exactly what was typed, from the treasury', () => {
    const action = template('opg.transfer').make(config, { to: address(9), value: '1,000.25' });
    expect(action).toEqual({ target: address(1), value: 0n, data: encodeFunctionData({ abi: opgAbi, functionName: 'transfer', args: [address(9), parseEther('1000.25')] }) });
  });

  test('are read back with names and units', () => {
    const action = template('governor.setVotingPeriod').make(config, { value: '432000' });
    const call = decodeCall(config, action.target, action.value, action.data);
    expect(call).toMatchObject({ contract: 'governor', name: 'setVotingPeriod', known: true });
    expect(call.arguments[0]?.value).toBe('5 days (432000 s)');
  });

  test('add a measurement, and show its hardware by name', () => {
    const digest = `0x${'ab'.repeat(32)}`;
    const action = template('measurementRegistry.approve').make(config, { platform: 'intel-tdx', digest, description: 'keeper 0.3' });
    const call = decodeCall(config, action.target, action.value, action.data);
    expect(call).toMatchObject({ contract: 'measurementRegistry', name: 'approve', known: true });
    expect(call.arguments.map(({ value }) => value)).toEqual([`intel-tdx (${stringToHex('intel-tdx', { size: 32 })})`, digest, '“keeper 0.3”']);
  });

  test('upgrade the contract that they name', () => {
    const action = template('staking.upgrade').make(config, { implementation: address(8), data: '' });
    expect(action.target).toBe(address(4));
    expect(action.data).toContain('4f1ef286');
  });

  test.each([
    ['opg.transfer', { to: '0x12', value: '1' }],
    ['opg.transfer', { to: address(9), value: '' }],
    ['governor.setVotingPeriod', { value: '5 days' }],
    ['staking.upgrade', { implementation: address(8), data: '0x123' }],
    ['measurementRegistry.approve', { platform: 'intel-tdx', digest: `0x${'00'.repeat(32)}`, description: 'zero' }],
    ['measurementRegistry.approve', { platform: 'intel-tdx', digest: '0xab', description: 'short' }],
    ['measurementRegistry.approve', { platform: 'intel\u202etdx', digest: `0x${'ab'.repeat(32)}`, description: 'hidden' }],
    ['custom', { target: address(9), value: '-1', data: '0x' }],
  ])('%s refuses %o', (key, answers) => {
    expect(() => template(key).make(config, answers as Record<string, string>)).toThrow(AnswerError);
  });
});

describe('calls that the page cannot read', () => {
  const data = encodeFunctionData({ abi: governorAbi, functionName: 'setVotingDelay', args: [1] });
  test('are said to be unknown, never guessed', () => {
    expect(decodeCall(config, address(8), 0n, data)).toMatchObject({ known: false });
    expect(decodeCall(config, address(1), 0n, '0xdeadbeef')).toMatchObject({ known: false, name: 'unknown function 0xdeadbeef' });
    expect(decodeCall(config, address(1), 0n, '0xa9059cbb00')).toMatchObject({ known: false });
    expect(decodeCall(config, address(1), 0n, '0x12')).toMatchObject({ known: false, name: 'unknown bytes' });
  });
});
