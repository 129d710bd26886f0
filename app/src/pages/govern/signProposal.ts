import type { Address, Hex, PublicClient } from 'viem';
import { governorAbi } from '../../abi/governor';
import type { Step, TypedData } from '../../tx/plan';
import { pack } from '../token/relayed';

/** A proposal as its proposer writes it. */
export type Draft = { targets: Address[]; values: bigint[]; calldatas: Hex[]; description: string; proposer: Address };

const PROPOSAL = [
  { name: 'proposer', type: 'address' },
  { name: 'targets', type: 'address[]' },
  { name: 'values', type: 'uint256[]' },
  { name: 'calldatas', type: 'bytes[]' },
  { name: 'description', type: 'string' },
  { name: 'nonce', type: 'uint256' },
  { name: 'deadline', type: 'uint256' },
] as const;

/** A proposal as the governor wants it signed. */
export const proposalData = (chainId: number, governor: Address, message: Draft & { nonce: bigint; deadline: bigint }): TypedData => ({
  domain: { name: 'OPG Governor', version: '1', chainId, verifyingContract: governor },
  primaryType: 'Proposal',
  types: { Proposal: PROPOSAL },
  message,
});

/** Has a proposal signed for somebody else to submit until `deadline`; `use` takes the signed message. */
export const signProposal = (client: PublicClient | undefined, chainId: number, governor: Address, draft: Draft, deadline: bigint, use: (message: string) => void): Step => ({
  kind: 'sign',
  label: 'Sign',
  data: async () => {
    if (!client) throw new Error('no connection to the chain');
    const nonce = await client.readContract({ address: governor, abi: governorAbi, functionName: 'nonces', args: [draft.proposer] });
    return proposalData(chainId, governor, { ...draft, nonce, deadline });
  },
  use: (signature) => use(pack({ kind: 'proposal', chainId, ...draft, deadline, signature })),
});
