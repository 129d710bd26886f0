import type { Address } from 'viem';

/** An answer as far as presence needs it. */
export type Sign = { operator: Address; issuedAt: bigint };

/** How an operator showed itself on the chain: its latest answer, and in how many of the last 24 hours it answered. */
export type Presence = { last: bigint; hours: number };

const HOUR = 3_600n;

/** Presence by operator, of the answers of the 24 hours before `now`. */
export function presenceOf(signs: readonly Sign[], now: bigint): Map<Address, Presence> {
  const hours = new Map<Address, Set<bigint>>();
  const last = new Map<Address, bigint>();
  for (const { operator, issuedAt } of signs) {
    const age = now > issuedAt ? now - issuedAt : 0n;
    if (age >= 24n * HOUR) continue;
    const seen = hours.get(operator) ?? new Set();
    seen.add(age / HOUR);
    hours.set(operator, seen);
    if (issuedAt > (last.get(operator) ?? 0n)) last.set(operator, issuedAt);
  }
  return new Map([...hours].map(([operator, seen]) => [operator, { last: last.get(operator) ?? 0n, hours: seen.size }]));
}
