import { type Address, getAddress, isAddress } from 'viem';
import { deployments } from '../abi/deployments';

/** Contracts by their keys in the address book. A chain need not have all of them. */
export const CONTRACT_KEYS = [
  'accessManager',
  'airdrop',
  'custodyVault',
  'feeMarket',
  'feeRouter',
  'governor',
  'inferenceHub',
  'measurementRegistry',
  'modelRegistry',
  'opg',
  'proofRegistry',
  'receiptBatches',
  'rewards',
  'sentinel',
  'staking',
  'timelock',
  'verifyingKeys',
  'vestingVault',
] as const;
export type ContractKey = (typeof CONTRACT_KEYS)[number];

/** What `config.json`, which lies beside the page, says. See docs/app.md. */
export type AppConfig = {
  chainId: number;
  chainName: string;
  /** In the order in which they are asked. */
  rpc: string[];
  contracts: Partial<Record<ContractKey, Address>>;
  /** First block that can hold an event of ours. */
  firstBlock: bigint;
  /** Folder with the genesis files, or none. */
  genesis?: string;
  /** File with the statements of delegates, or none. */
  statements?: string;
  /** Gateways of nodes that are asked for receipts and what they serve. */
  gateways: string[];
  /** Origins of pages within which this one may act for the Safe that they show; none by default. */
  safe: string[];
  /** WalletConnect, where a project id is configured. */
  walletConnect?: { projectId: string; relay: string };
  /** Block explorer, or none. */
  explorer?: string;
  /** Milliseconds between looks at the chain. */
  pollingInterval: number;
  /** Most blocks that one log query covers. */
  logRange: bigint;
  /** Names of addresses, lower case. */
  names: Record<string, string>;
};

/** `config.json` cannot be used; the message says what to mend. */
export class ConfigError extends Error {}

const CHAIN_NAMES: Record<number, string> = { 8453: 'Base', 84532: 'Base Sepolia', 31337: 'Devnet' };
const CONTRACT_NAMES: Record<ContractKey, string> = {
  accessManager: 'Access manager',
  airdrop: 'Airdrop',
  custodyVault: 'Custody vault',
  feeMarket: 'Fee market',
  feeRouter: 'Fee router',
  governor: 'Governor',
  inferenceHub: 'Inference hub',
  measurementRegistry: 'Measurement registry',
  modelRegistry: 'Model registry',
  opg: 'OPG token',
  proofRegistry: 'Proof registry',
  receiptBatches: 'Receipt batches',
  rewards: 'Rewards',
  sentinel: 'Sentinel (silent votes)',
  staking: 'Staking',
  timelock: 'Treasury (timelock)',
  verifyingKeys: 'Verifying keys',
  vestingVault: 'Vesting vault',
};

type Fields = Record<string, unknown>;

function text(value: unknown, field: string): string {
  if (typeof value !== 'string' || value === '') throw new ConfigError(`"${field}" must be a text`);
  return value;
}

function positive(value: unknown, field: string, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value !== 'number' || !Number.isInteger(value) || value <= 0) {
    throw new ConfigError(`"${field}" must be a whole number above zero`);
  }
  return value;
}

function httpUrl(value: unknown, field: string, base: string): string {
  try {
    const url = new URL(text(value, field), base);
    if (url.protocol === 'https:' || url.protocol === 'http:') return url.href;
  } catch {
    // Reported below.
  }
  throw new ConfigError(`"${field}" must be an http or https address`);
}

function origin(value: unknown, field: string): string {
  const url = httpUrl(value, field, 'invalid:');
  if (new URL(url).origin !== url.replace(/\/$/, '')) throw new ConfigError(`"${field}" must be an origin, such as https://app.safe.global`);
  return new URL(url).origin;
}

function readWalletConnect(value: unknown): AppConfig['walletConnect'] {
  if (typeof value !== 'object' || value === null) throw new ConfigError('"walletConnect" must be an object with a "projectId"');
  const { projectId, relay = 'wss://relay.walletconnect.org' } = value as Fields;
  const address = text(relay, 'walletConnect.relay');
  if (!/^wss?:\/\/[\w.:[\]-]+\/?$/.test(address)) throw new ConfigError('"walletConnect.relay" must be a wss address without a path');
  return { projectId: text(projectId, 'walletConnect.projectId'), relay: address.replace(/\/$/, '') };
}

function readContracts(book: Fields): AppConfig['contracts'] {
  const contracts: AppConfig['contracts'] = {};
  for (const key of CONTRACT_KEYS) {
    const value = book[key];
    if (value === undefined) continue;
    if (typeof value !== 'string' || !isAddress(value)) throw new ConfigError(`"contracts.${key}" is not an address`);
    contracts[key] = getAddress(value);
  }
  if (!contracts.opg) throw new ConfigError('"contracts.opg" is missing: give the address book of the chain');
  return contracts;
}

/** Checks the content of `config.json`; `base` is the address of the page. */
export function readConfig(json: unknown, base: string): AppConfig {
  if (typeof json !== 'object' || json === null) throw new ConfigError('it is not an object');
  const fields = json as Fields;
  const chainId = positive(fields['chainId'], 'chainId', 0);
  if (chainId === 0) throw new ConfigError('"chainId" is missing');
  const book = (fields['contracts'] ?? deployments[String(chainId)]) as Fields | undefined;
  if (typeof book !== 'object' || book === null) {
    throw new ConfigError(`"contracts" is missing, and OPG is not known to be deployed on chain ${chainId}`);
  }
  const rpc = Array.isArray(fields['rpc']) ? fields['rpc'] : [];
  if (rpc.length === 0) throw new ConfigError('"rpc" must list at least one address');
  const contracts = readContracts(book);
  const names: Record<string, string> = {};
  for (const key of CONTRACT_KEYS) {
    const address = contracts[key];
    if (address) names[address.toLowerCase()] = CONTRACT_NAMES[key];
  }
  for (const [address, name] of Object.entries((fields['names'] ?? {}) as Fields)) {
    if (isAddress(address)) names[address.toLowerCase()] = text(name, `names.${address}`);
  }
  return {
    chainId,
    chainName: fields['chainName'] ? text(fields['chainName'], 'chainName') : (CHAIN_NAMES[chainId] ?? `Chain ${chainId}`),
    rpc: rpc.map((url, index) => httpUrl(url, `rpc[${index}]`, base)),
    contracts,
    firstBlock: BigInt(typeof book['deploymentBlock'] === 'number' ? book['deploymentBlock'] : 0),
    ...(fields['genesis'] ? { genesis: httpUrl(fields['genesis'], 'genesis', base).replace(/\/?$/, '/') } : {}),
    ...(fields['statements'] ? { statements: httpUrl(fields['statements'], 'statements', base) } : {}),
    gateways: Array.isArray(fields['gateways']) ? fields['gateways'].map((url, index) => httpUrl(url, `gateways[${index}]`, base).replace(/\/?$/, '/')) : [],
    safe: Array.isArray(fields['safe']) ? fields['safe'].map((value, index) => origin(value, `safe[${index}]`)) : [],
    ...(fields['walletConnect'] ? { walletConnect: readWalletConnect(fields['walletConnect']) } : {}),
    ...(fields['explorer'] ? { explorer: httpUrl(fields['explorer'], 'explorer', base).replace(/\/$/, '') } : {}),
    pollingInterval: positive(fields['pollingInterval'], 'pollingInterval', 4_000),
    logRange: BigInt(positive(fields['logRange'], 'logRange', 10_000)),
    names,
  };
}

/** Reads `config.json`, which lies beside the page at `base`. */
export async function loadConfig(base: string, answer: Promise<Response>): Promise<AppConfig> {
  const response = await answer;
  if (!response.ok) throw new ConfigError(`it could not be read (HTTP ${response.status})`);
  return readConfig(await response.json(), base);
}
