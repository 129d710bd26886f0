const YEAR = 31_557_600n;

/** Yearly rewards of delegators in basis points, if everything stays as it is; none where nothing flows. */
export function yearlyBps(rate: bigint, totalStake: bigint, commissionBps: number): number | undefined {
  if (rate === 0n || totalStake === 0n) return undefined;
  return Number((rate * YEAR * BigInt(10_000 - commissionBps)) / totalStake);
}
