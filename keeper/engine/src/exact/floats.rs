//! Products with weights that are not quantised.

use super::lanes::{LANES, Lanes};
#[cfg(target_arch = "x86_64")]
use super::lanes_x86::{products256, products512};
use super::level::Level;
use super::rows::Rows;

/// Rows of activations that are computed side by side; twice as many where there are 32 registers.
const SIDE: usize = 4;
const WIDE: usize = 8;

/// One tile of sixteen rows, `[columns][16]`, times every row of `x`; `out` is `[rows of x][16]`.
pub(super) fn multiply(level: Level, tile: &[f32], x: &Rows, out: &mut [f32]) {
    let mut from = 0;
    while from < x.count {
        from += match x.count - from {
            WIDE.. if level.is_avx512() => run::<WIDE>(level, tile, x, from, out),
            SIDE.. => run::<SIDE>(level, tile, x, from, out),
            _ => run::<1>(level, tile, x, from, out),
        };
    }
}

/// Computes `N` rows and says so.
fn run<const N: usize>(level: Level, tile: &[f32], x: &Rows, from: usize, out: &mut [f32]) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        if level.is_avx512() {
            // SAFETY: a level of this kind exists only where the processor has the instructions.
            unsafe { products512::<N>(tile, x, from, out) };
            return N;
        }
        if level.is_avx2() {
            // SAFETY: as above.
            unsafe { products256::<N>(tile, x, from, out) };
            return N;
        }
    }
    let _ = level;
    plain::<N>(tile, x, from, out);
    N
}

/// The definition that the others are tested against: every lane adds its row's products up from the first column to the
/// last.
fn plain<const N: usize>(tile: &[f32], x: &Rows, from: usize, out: &mut [f32]) {
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
