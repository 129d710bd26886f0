import { type Abi, type AbiFunction, type Address, decodeFunctionData, type Hex, size, slice, toFunctionSelector } from 'viem';
import { accessManagerAbi } from '../../abi/accessManager';
import { feeMarketAbi } from '../../abi/feeMarket';
import { feeRouterAbi } from '../../abi/feeRouter';
import { governorAbi } from '../../abi/governor';
import { inferenceHubAbi } from '../../abi/inferenceHub';
import { measurementRegistryAbi } from '../../abi/measurementRegistry';
import { modelRegistryAbi } from '../../abi/modelRegistry';
import { opgAbi } from '../../abi/opg';
import { proofRegistryAbi } from '../../abi/proofRegistry';
import { rewardsAbi } from '../../abi/rewards';
import { stakingAbi } from '../../abi/staking';
import { timelockAbi } from '../../abi/timelock';
import { vestingVaultAbi } from '../../abi/vestingVault';
import type { AppConfig, ContractKey } from '../../config/config';
import { formatBps, formatDuration, formatOpg } from '../../lib/format';
import { cleanLine, nameOf, words } from '../../lib/text';

/** Interfaces of the contracts that governance calls. */
export const ABIS: Partial<Record<ContractKey, Abi>> = {
  accessManager: accessManagerAbi,
  feeMarket: feeMarketAbi,
  feeRouter: feeRouterAbi,
  governor: governorAbi,
  inferenceHub: inferenceHubAbi,
  measurementRegistry: measurementRegistryAbi,
  modelRegistry: modelRegistryAbi,
  opg: opgAbi,
  proofRegistry: proofRegistryAbi,
  rewards: rewardsAbi,
  staking: stakingAbi,
  timelock: timelockAbi,
  vestingVault: vestingVaultAbi,
};

/** An argument for people: its name, the plain value, and where it is an address, that address. */
export type Argument = { name: string; value: string; address?: Address };
/** A call for people. `known` is false where the contract or its function is not one of ours. */
export type DecodedCall = { target: Address; contract?: ContractKey; name: string; arguments: Argument[]; data: Hex; value: bigint; known: boolean };

/** The key of a contract of this chain. */
export const keyOf = (config: AppConfig, target: Address): ContractKey | undefined =>
  (Object.keys(config.contracts) as ContractKey[]).find((key) => config.contracts[key]?.toLowerCase() === target.toLowerCase());

const SECONDS = /(delay|period|window|extension|notice|age|duration|cliff|coolDown|cap$)/i;
const AMOUNT = /(amount|stake|threshold|value|total|fee$)/i;

function plain(name: string, type: string, value: unknown): string {
  if (typeof value === 'bigint' || typeof value === 'number') {
    const integer = BigInt(value);
    if (/bps$/i.test(name)) return formatBps(Number(value));
    if (/(quorumNumerator)/i.test(name)) return `${integer} %`;
    if (SECONDS.test(name) && integer > 0n && integer < 10n ** 10n) return `${formatDuration(integer)} (${integer} s)`;
    if (AMOUNT.test(name) && integer >= 10n ** 12n) return `${formatOpg(integer, 'exact')} OPG`;
    return integer.toString();
  }
  // A name in 32 bytes, with the bytes themselves: what a name looks like decides nothing.
  if (type === 'bytes32' && /platform$/i.test(name)) return `${nameOf(value as Hex)} (${value as string})`;
  if (typeof value === 'string') return type === 'string' ? `“${cleanLine(value, 300)}”` : value.length > 140 ? `${value.slice(0, 138)}… (${size(value as Hex)} bytes)` : value;
  return String(value);
}

type Input = { name?: string; type: string; components?: readonly Input[] };

function flatten(input: Input, value: unknown, functionName: string, path = ''): Argument[] {
  const own = input.name || functionName;
  const name = path ? `${path} · ${words(own)}` : words(own);
  if (input.type === 'tuple' && input.components) {
    return input.components.flatMap((part) => flatten(part, (value as Record<string, unknown>)[part.name ?? ''], functionName, input.components && path ? name : ''));
  }
  if (Array.isArray(value)) return [{ name, value: value.map((item) => (typeof item === 'object' ? JSON.stringify(item, (_, v: unknown) => (typeof v === 'bigint' ? v.toString() : v)) : plain(own, input.type, item))).join(', ').slice(0, 600) }];
  return [{ name, value: plain(`${functionName} ${own}`, input.type, value), ...(input.type === 'address' ? { address: value as Address } : {}) }];
}

/** What a call of a proposal does. */
export function decodeCall(config: AppConfig, target: Address, value: bigint, data: Hex): DecodedCall {
  const contract = keyOf(config, target);
  const abi = contract && ABIS[contract];
  const shared = { target, data, value, ...(contract ? { contract } : {}) };
  if (data === '0x') return { ...shared, name: 'send ether', arguments: [], known: true };
  if (abi && size(data) >= 4) {
    try {
      const { functionName, args = [] } = decodeFunctionData({ abi, data });
      const selector = slice(data, 0, 4);
      const item = abi.find((entry): entry is AbiFunction => entry.type === 'function' && toFunctionSelector(entry) === selector);
      return { ...shared, known: true, name: functionName, arguments: (item?.inputs ?? []).flatMap((input, index) => flatten(input as Input, (args as readonly unknown[])[index], functionName)) };
    } catch {
      // Not a function of the interface, or damaged: shown as bytes.
    }
  }
  return { ...shared, known: false, name: size(data) >= 4 ? `unknown function ${slice(data, 0, 4)}` : 'unknown bytes', arguments: [] };
}
