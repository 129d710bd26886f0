import type { Address } from 'viem';
import { useReadContracts } from 'wagmi';
import { feeRouterAbi } from '../../abi/feeRouter';
import { useAppConfig } from '../../config/context';

/** Epochs that fees are summed over, the present one included. */
export const EPOCHS = 4;

/** Fees that were routed for each operator in the latest epochs; none where the chain has no router. */
export function useFees(operators: readonly Address[]): Map<Address, bigint> | undefined {
  const { contracts } = useAppConfig();
  const router = { address: contracts.feeRouter, abi: feeRouterAbi } as const;
  const epoch = useReadContracts({ allowFailure: false, contracts: [{ ...router, functionName: 'epoch' }], query: { enabled: Boolean(contracts.feeRouter) } }).data?.[0];
  const epochs = epoch === undefined ? [] : Array.from({ length: EPOCHS }, (_, back) => epoch - BigInt(back)).filter((number) => number >= 0n);
  const read = useReadContracts({
    allowFailure: false,
    contracts: operators.flatMap((operator) => epochs.map((number) => ({ ...router, functionName: 'feesOf', args: [number, operator] }) as const)),
    query: { enabled: operators.length > 0 && epochs.length > 0 },
  });
  if (!read.data) return undefined;
  const all = read.data as readonly (readonly [bigint, bigint])[];
  const sum = (index: number) => all.slice(index * epochs.length, (index + 1) * epochs.length).reduce((total, [fees]) => total + fees, 0n);
  return new Map(operators.map((operator, index) => [operator, sum(index)]));
}
