import type { Address } from 'viem';
import { useReadContracts } from 'wagmi';
import { governorAbi } from '../../abi/governor';
import { useNow } from '../../chain/sync';
import { useLogs } from '../../chain/useLogs';
import { PROPOSAL_CREATED } from './proposal';

/** Proposals by which participation is told. */
const PROPOSALS = 8;

/** In how many of the latest proposals whose voting has begun each account voted. */
export function useParticipation(governor: Address, accounts: readonly Address[]): { of: number; votes: Map<Address, number> } | undefined {
  const now = useNow(10);
  const created = useLogs({ address: governor, event: PROPOSAL_CREATED, wanted: PROPOSALS });
  const begun = created.logs.filter(({ args }) => Number(args.voteStart) < now).map(({ args }) => args.proposalId);
  const voted = useReadContracts({
    allowFailure: false,
    contracts: accounts.flatMap((account) => begun.map((id) => ({ address: governor, abi: governorAbi, functionName: 'hasVoted', args: [id, account] }) as const)),
    query: { enabled: accounts.length > 0 && begun.length > 0 },
  });
  if (begun.length === 0) return created.isPending ? undefined : { of: 0, votes: new Map() };
  if (!voted.data) return undefined;
  const count = (index: number) => voted.data.slice(index * begun.length, (index + 1) * begun.length).filter(Boolean).length;
  return { of: begun.length, votes: new Map(accounts.map((account, index) => [account, count(index)])) };
}
