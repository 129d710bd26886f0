import type { Address } from 'viem';

/** A commission that an operator set, and the unix time from which it counts. */
export type Commission = { bps: number; from: bigint };
/** What was slashed of an operator: how often, and how much of its own and of delegated stake. */
export type Slashed = { count: number; amount: bigint };

/** Commissions of each operator, oldest first. `logs` are newest first. */
export function commissionsOf(logs: readonly { args: { operator: Address; commissionBps: number; effectiveFrom: bigint } }[]): Map<Address, Commission[]> {
  const all = new Map<Address, Commission[]>();
  for (const { args } of [...logs].reverse()) all.set(args.operator, [...(all.get(args.operator) ?? []), { bps: args.commissionBps, from: args.effectiveFrom }]);
  return all;
}

/** Slashes of each operator, without those that governance undid. */
export function slashesOf(
  opened: readonly { args: { operator: Address; slashId: string; slash: { own: bigint; pool: bigint } } }[],
  vetoed: readonly { args: { slashId: string } }[],
): Map<Address, Slashed> {
  const undone = new Set(vetoed.map(({ args }) => args.slashId));
  const all = new Map<Address, Slashed>();
  for (const { args } of opened) {
    if (undone.has(args.slashId)) continue;
    const { count, amount } = all.get(args.operator) ?? { count: 0, amount: 0n };
    all.set(args.operator, { count: count + 1, amount: amount + args.slash.own + args.slash.pool });
  }
  return all;
}
