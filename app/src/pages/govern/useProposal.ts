import { useQuery } from '@tanstack/react-query';
import type { Address } from 'viem';
import { usePublicClient } from 'wagmi';
import { governorAbi } from '../../abi/governor';
import { blockAt } from '../../chain/logs';
import { useAppConfig } from '../../config/context';
import { type Proposal, PROPOSAL_CREATED, proposalOf } from './proposal';

/** No proposal with this number. */
export class UnknownProposal extends Error {}

/**
 * The text and calls of a proposal, which only the event has. The link names its block; without it, the block is found by
 * time: the snapshot, which the contract knows, less the voting delay.
 */
export function useProposal(governor: Address, id: bigint, block: bigint | undefined) {
  const { firstBlock, chainId, logRange } = useAppConfig();
  const client = usePublicClient();
  return useQuery({
    queryKey: ['chain', 'proposal', chainId, governor, id.toString(), block?.toString() ?? ''],
    enabled: Boolean(client),
    retry: (count, error) => !(error instanceof UnknownProposal) && count < 1,
    queryFn: async (): Promise<Proposal> => {
      if (!client) throw new Error('disabled');
      const search = async (fromBlock: bigint, toBlock: bigint) => {
        const logs = await client.getLogs({ address: governor, event: PROPOSAL_CREATED, fromBlock, toBlock, strict: true });
        return logs.map(proposalOf).find((proposal) => proposal.id === id);
      };
      const head = await client.getBlockNumber({ cacheTime: 0 });
      const there = block !== undefined && block <= head ? await search(block, block) : undefined;
      if (there) return there;
      const contract = { address: governor, abi: governorAbi } as const;
      const snapshot = await client.readContract({ ...contract, functionName: 'proposalSnapshot', args: [id] });
      if (snapshot === 0n) throw new UnknownProposal('There is no proposal with this number.');
      const delay = await client.readContract({ ...contract, functionName: 'votingDelay' });
      const near = await blockAt(async (blockNumber) => (await client.getBlock({ blockNumber })).timestamp, snapshot - BigInt(delay), firstBlock, head);
      const half = logRange / 2n;
      const found = await search(near > firstBlock + half ? near - half : firstBlock, near + half < head ? near + half : head);
      if (!found) throw new UnknownProposal('The proposal exists, but the RPC does not give its event. Open it from the list.');
      return found;
    },
  });
}
