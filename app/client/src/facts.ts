import { type Address, type Hex, parseAbi, type PublicClient } from 'viem';
import type { Facts } from './checks.ts';

/** The contracts that are asked; of an address book `deployments/<chainId>.json`. */
export type Contracts = { proofRegistry: Address; modelRegistry: Address; staking: Address; verifyingKeys?: Address };

const PROOF_REGISTRY = parseAbi([
  'struct Receipt { bytes32 requestId; address payer; address operator; bytes32 modelVersion; bytes32 inputHash; bytes32 outputHash; bytes32 traceHash; uint64 inputUnits; uint64 outputUnits; uint128 unitPrice; uint128 fee; uint8 mode; uint64 issuedAt; }',
  'function verify(Receipt receipt, bytes evidence) view returns (uint8 fault)',
  'function resultOf(bytes32 requestId) view returns (bytes32 digest)',
]);
const MODEL_REGISTRY = parseAbi([
  'struct Spec { bytes32 task; bytes32 weightsDigest; bytes32 tokenizerDigest; bytes32 configDigest; bytes32 engineProfile; bytes32 zkCommitment; uint64 unitsPerRequest; uint64 unitsPerInputToken; uint64 unitsPerOutputToken; uint16 royaltyBps; uint8 modes; string licence; string uri; }',
  'function modelIdOf(bytes32 version) view returns (bytes32)',
  'function specOf(bytes32 version) view returns (Spec)',
  'function zkCommitmentOf(bytes32 version) view returns (bytes32)',
  'error UnknownModelVersion(bytes32 version)',
]);
const STAKING = parseAbi(['function signerAt(address operator, uint64 timestamp) view returns (address)']);
const VERIFYING_KEYS = parseAbi([
  'struct Key { address pointer; uint32 inputLength; uint32 outputLength; uint8 kind; }',
  'function keyOf(bytes32 commitment) view returns (Key)',
]);

/** What the chain knows, asked through `client`. */
export function factsOf(client: PublicClient, chainId: number, contracts: Contracts): Facts {
  const registry = { address: contracts.proofRegistry, abi: PROOF_REGISTRY } as const;
  const models = { address: contracts.modelRegistry, abi: MODEL_REGISTRY } as const;
  return {
    chainId,
    proofRegistry: contracts.proofRegistry,
    now: async () => (await client.getBlock()).timestamp,
    signerAt: (operator, time) => client.readContract({ address: contracts.staking, abi: STAKING, functionName: 'signerAt', args: [operator, time] }),
    resultOf: (requestId) => client.readContract({ ...registry, functionName: 'resultOf', args: [requestId] }),
    faultOf: (receipt, evidence) => client.readContract({ ...registry, functionName: 'verify', args: [receipt, evidence] }),
    setupOf: async (version) => {
      if (!contracts.verifyingKeys) return 0;
      const commitment = await client.readContract({ ...models, functionName: 'zkCommitmentOf', args: [version] });
      return (await client.readContract({ address: contracts.verifyingKeys, abi: VERIFYING_KEYS, functionName: 'keyOf', args: [commitment] })).kind;
    },
    modelOf: (version) => modelOf(client, contracts.modelRegistry, version),
  };
}

async function modelOf(client: PublicClient, address: Address, version: Hex): Promise<{ modelId: Hex; modes: number } | undefined> {
  const models = { address, abi: MODEL_REGISTRY } as const;
  try {
    const [modelId, spec] = await Promise.all([
      client.readContract({ ...models, functionName: 'modelIdOf', args: [version] }),
      client.readContract({ ...models, functionName: 'specOf', args: [version] }),
    ]);
    return { modelId, modes: spec.modes };
  } catch (error) {
    // By its name: the client may come from another copy of viem, whose classes are others.
    if (String(error).includes('UnknownModelVersion')) return undefined;
    throw error;
  }
}
