import { describe, expect, test } from 'vitest';
import { ConfigError, readConfig } from '../../src/config/config.ts';

const base = 'https://example.org/app/';
const opg = `0x${'1'.repeat(40)}`;
const good = { chainId: 31337, rpc: ['/rpc'], contracts: { opg, deploymentBlock: 7 }, genesis: 'genesis' };

describe('config.json', () => {
  test('may name the RPC and the genesis relative to the page', () => {
    const config = readConfig(good, base);
    expect(config.rpc).toEqual(['https://example.org/rpc']);
    expect(config.genesis).toBe('https://example.org/app/genesis/');
    expect(config.firstBlock).toBe(7n);
    expect(config.names[opg]).toBe('OPG token');
  });

  test.each([
    ['no chain', { ...good, chainId: undefined }],
    ['no RPC', { ...good, rpc: [] }],
    ['an RPC that is none', { ...good, rpc: ['javascript:alert(1)'] }],
    ['a token that is no address', { ...good, contracts: { opg: '0x12' } }],
    ['no token', { ...good, contracts: {} }],
    ['an unknown chain without contracts', { chainId: 5, rpc: ['/rpc'] }],
    ['a negative interval', { ...good, pollingInterval: -1 }],
    ['an explorer that is none', { ...good, explorer: 'ftp://x' }],
    ['nothing', null],
  ])('is refused with %s', (_, json) => {
    expect(() => readConfig(json, base)).toThrow(ConfigError);
  });
});
