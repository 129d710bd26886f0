//! Products with weights that are not quantised.

use super::lanes::{LANES, Lanes};
use super::level::{Level, leveled};
use super::rows::Rows;

/// Rows of activations that are computed side by side; twice as many where there are 32 registers.
const SIDE: usize = 4;

/// One tile of sixteen rows, `[columns][16]`, times every row of `x`; `out` is `[rows of x][16]`.
pub(super) fn multiply(level: Level, tile: &[f32], x: &Rows, out: &mut [f32]) {
    let mut from = 0;
    while from < x.count {
        if level.is_avx512() && x.count - from >= 2 * SIDE {
            many(level, tile, x, from, out);
            from += 2 * SIDE;
        } else if x.count - from >= SIDE {
            several(level, tile, x, from, out);
            from += SIDE;
        } else {
            one(level, tile, x, from, out);
            from += 1;
        }
    }
}

leveled! {
    fn many(tile: &[f32], x: &Rows, from: usize, out: &mut [f32]) {
        run::<{ 2 * SIDE }>(tile, x, from, out);
    }
}

leveled! {
    fn several(tile: &[f32], x: &Rows, from: usize, out: &mut [f32]) {
        run::<SIDE>(tile, x, from, out);
    }
}

leveled! {
    fn one(tile: &[f32], x: &Rows, from: usize, out: &mut [f32]) {
        run::<1>(tile, x, from, out);
    }
}

/// Every lane adds its row's products up from the first column to the last.
#[inline(always)]
fn run<const N: usize>(tile: &[f32], x: &Rows, from: usize, out: &mut [f32]) {
    let mut sums: [Lanes; N] = [[0.0; LANES]; N];
    for (chunk, weights) in tile.chunks(LANES * LANES).enumerate() {
        for (column, weights) in weights.as_chunks::<LANES>().0.iter().enumerate() {
            for (row, sum) in sums.iter_mut().enumerate() {
                let value = x.lanes(from + row, chunk)[column];
                for lane in 0..LANES {
                    sum[lane] = weights[lane].mul_add(value, sum[lane]);
                }
            }
        }
    }
    for (sum, out) in sums.iter().zip(out.as_chunks_mut::<LANES>().0.iter_mut().skip(from)) {
        *out = *sum;
    }
}
