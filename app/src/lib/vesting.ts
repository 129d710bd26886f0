/** What a curve needs: amounts in wei, times in seconds. */
export type Curve = { amount: bigint; tgeAmount: bigint; start: number; cliff: number; duration: number };

/** Wei vested at `time`, as the vault computes it (IVestingVault, CURVE). */
export function vestedAt({ amount, tgeAmount, start, cliff, duration }: Curve, time: number): bigint {
  if (time < start) return 0n;
  const since = time - start - cliff;
  if (since >= duration) return since < 0 ? tgeAmount : amount;
  return since <= 0 ? tgeAmount : tgeAmount + ((amount - tgeAmount) * BigInt(since)) / BigInt(duration);
}

/** Time of the last unlock. */
export const endOf = ({ start, cliff, duration }: Curve): number => start + cliff + duration;

/** Where a curve bends, for drawing: times, oldest first, with a step at the start. */
export function bends(curve: Curve): number[] {
  const { start, cliff, duration } = curve;
  const span = Math.max(86_400, cliff + duration);
  const times = [start - span / 20, start - 1, start, start + cliff - 1, start + cliff, start + cliff + duration, start + cliff + duration + span / 20];
  return [...new Set(times.map(Math.round))].sort((a, b) => a - b);
}
