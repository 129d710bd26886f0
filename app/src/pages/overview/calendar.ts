import { vestedAt } from '../../lib/vesting';
import type { Category } from '../token/genesis';

const MONTH = 2_629_800;

const curveOf = ({ total, tgeTotal, start, cliff, duration }: Category) => ({ amount: total, tgeAmount: tgeTotal, start, cliff, duration });

/** Wei of all categories that have vested at `time`. */
export const unlockedAt = (categories: readonly Category[], time: number): bigint => categories.reduce((sum, category) => sum + vestedAt(curveOf(category), time), 0n);

/** A month ahead: what unlocks in it, and in which categories. */
export type Month = { from: number; to: number; amount: bigint; parts: { name: string; amount: bigint; cliff: boolean }[] };

/** The next months, counted from the token generation event, with what unlocks in each. */
export function nextMonths(categories: readonly Category[], now: number, count: number): Month[] {
  const start = Math.min(...categories.map((category) => category.start));
  const current = Math.max(0, Math.floor((now - start) / MONTH));
  return Array.from({ length: count }, (_, index) => {
    const to = start + (current + index + 1) * MONTH;
    const from = index === 0 ? Math.max(now, start) : to - MONTH;
    const parts = categories
      .map((category) => {
        const curve = curveOf(category);
        const cliffEnd = curve.start + curve.cliff;
        return { name: category.name, amount: vestedAt(curve, to) - vestedAt(curve, from), cliff: curve.cliff > 0 && cliffEnd >= from && cliffEnd < to };
      })
      .filter(({ amount }) => amount > 0n);
    return { from, to, amount: parts.reduce((sum, { amount }) => sum + amount, 0n), parts };
  }).filter(({ amount }) => amount > 0n);
}

/** Times at which to draw the supply: each month from the event to the last unlock. */
export function drawingTimes(categories: readonly Category[]): number[] {
  const start = Math.min(...categories.map((category) => category.start));
  const end = Math.max(...categories.map((category) => category.start + category.cliff + category.duration));
  const months = Math.max(1, Math.ceil((end - start) / MONTH));
  return [start - 1, ...Array.from({ length: months + 1 }, (_, index) => start + index * MONTH)];
}
