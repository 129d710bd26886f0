/** What an account earned at an operator since the beginning, by source, in wei. */
export type Earned = {
  /** What its stake earned; for an operator with its commission, which the chain does not keep apart. */
  stake: bigint;
  /** What its work earned; nothing unless it is the operator. */
  performance: bigint;
};

const sum = (amounts: readonly bigint[]) => amounts.reduce((total, amount) => total + amount, 0n);

/** `paid` and `staked`: what was claimed and compounded; `waiting`: what can be claimed now; `settled`: rewards for work. */
export function earnedOf(paid: readonly bigint[], staked: readonly bigint[], waiting: bigint, settled: readonly bigint[]): Earned {
  const performance = sum(settled);
  return { stake: sum(paid) + sum(staked) + waiting - performance, performance };
}

/** What flows to an operator each day from its own stake and from its delegators as commission, as of now. */
export function dailyFlow(rate: bigint, total: bigint, own: bigint, delegated: bigint, commissionBps: number): { own: bigint; commission: bigint } {
  if (total === 0n) return { own: 0n, commission: 0n };
  const daily = rate * 86_400n;
  return { own: (daily * own) / total, commission: (daily * delegated * BigInt(commissionBps)) / (total * 10_000n) };
}
