/** An answer as far as the overview counts it. */
export type Answer = { issuedAt: bigint; fee: bigint };

/** Answers of a span of time. */
export type Bucket = { time: number; count: number };

/** Counts answers in equal spans from the oldest to `now`; at most `most` spans, none shorter than a minute. */
export function bucketize(answers: readonly Answer[], now: number, most = 48): Bucket[] {
  if (answers.length === 0) return [];
  const oldest = Math.min(...answers.map(({ issuedAt }) => Number(issuedAt)));
  const width = Math.max(60, Math.ceil((now - oldest + 1) / most));
  const first = Math.floor(oldest / width) * width;
  const count = Math.max(1, Math.floor((now - first) / width) + 1);
  const counts = new Array<number>(count).fill(0);
  for (const { issuedAt } of answers) {
    const index = Math.min(count - 1, Math.max(0, Math.floor((Number(issuedAt) - first) / width)));
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts.map((value, index) => ({ time: first + index * width, count: value }));
}
