import { type AbiEvent, type Address, getAbiItem, type Hex, keccak256, toBytes } from 'viem';
import { governorAbi } from '../../abi/governor';
import type { Call } from '../../tx/plan';
import type { Tone } from '../../ui/primitives';

/** A proposal as the event that made it tells it. */
export type Proposal = {
  id: bigint;
  proposer: Address;
  targets: readonly Address[];
  values: readonly bigint[];
  calldatas: readonly Hex[];
  description: string;
  voteStart: bigint;
  voteEnd: bigint;
  block: bigint;
};

export const PROPOSAL_CREATED = getAbiItem({ abi: governorAbi, name: 'ProposalCreated' });

type Log = { args: { proposalId: bigint; proposer: Address; targets: readonly Address[]; values: readonly bigint[]; calldatas: readonly Hex[]; description: string; voteStart: bigint; voteEnd: bigint }; blockNumber: bigint };

export const proposalOf = ({ args, blockNumber }: Log): Proposal => ({ ...args, id: args.proposalId, block: blockNumber });

/** States in the order of the governor's enumeration. */
export const STATES: { name: string; tone: Tone | 'quiet' }[] = [
  { name: 'Pending', tone: 'quiet' },
  { name: 'Voting', tone: 'info' },
  { name: 'Cancelled', tone: 'quiet' },
  { name: 'Defeated', tone: 'bad' },
  { name: 'Succeeded', tone: 'good' },
  { name: 'Queued', tone: 'warn' },
  { name: 'Expired', tone: 'quiet' },
  { name: 'Executed', tone: 'good' },
];
export const STATE = { pending: 0, active: 1, cancelled: 2, defeated: 3, succeeded: 4, queued: 5, expired: 6, executed: 7 } as const;

/** The four arguments by which the governor knows a proposal again. */
export const identity = ({ targets, values, calldatas, description }: Pick<Proposal, 'targets' | 'values' | 'calldatas' | 'description'>) =>
  [targets, values, calldatas, keccak256(toBytes(description))] as const;

/** A call of the governor about a proposal. */
export const governorCall = (governor: Address, functionName: string, args: readonly unknown[]): Call => ({ address: governor, abi: governorAbi, functionName, args });

export type ProposalCreated = typeof PROPOSAL_CREATED & AbiEvent;
