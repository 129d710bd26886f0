//! Products with weights that are not quantised.

use super::lanes::{LANES, Lanes};
#[cfg(target_arch = "x86_64")]
use super::lanes_x86::{products256, products512};
use super::level::Level;
use super::panels::places;
use super::rows::{Rows, Window};

/// Rows of activations that are computed side by side with 32 registers, with sixteen, and otherwise.
const WIDE: usize = 12;
const NARROW: usize = 6;
const SIDE: usize = 4;

/// Tiles of weights that share one reading of the activations.
pub(super) const TILES: usize = 2;

/// Up to [`TILES`] tiles of sixteen rows, each `[columns][16]`, times every row of `x`; `out` is
/// `[tiles][rows of x][16]`.
pub(super) fn multiply(level: Level, tiles: &[f32], x: &Rows, out: &mut [f32]) {
    let widths: &[usize] = match level {
        level if level.is_avx512() => &[WIDE, SIDE, 1],
        level if level.is_avx2() => &[NARROW, SIDE, 1],
        _ => &[SIDE, 1],
    };
    let (tiles, _) = tiles.as_chunks::<LANES>();
    let (out, _) = out.as_chunks_mut::<LANES>();
    let (one, other) = tiles.split_at(x.width());
    let (first, second) = out.split_at_mut(if other.is_empty() { out.len() } else { out.len() / 2 });
    for (from, width) in places(x.count, widths) {
        let (window, range) = (x.window(from), from..from + width);
        if other.is_empty() {
            run(level, [one], window, [&mut first[range]]);
        } else {
            run(level, [one, other], window, [&mut first[range.clone()], &mut second[range]]);
        }
    }
}

/// As many rows as `out` has.
fn run<const T: usize>(level: Level, tiles: [&[Lanes]; T], x: Window<'_>, out: [&mut [Lanes]; T]) {
    match out[0].len() {
        WIDE => run_at::<WIDE, T>(level, tiles, x, out),
        NARROW => run_at::<NARROW, T>(level, tiles, x, out),
        SIDE => run_at::<SIDE, T>(level, tiles, x, out),
        _ => run_at::<1, T>(level, tiles, x, out),
    }
}

fn run_at<const N: usize, const T: usize>(
    level: Level,
    tiles: [&[Lanes]; T],
    x: Window<'_>,
    out: [&mut [Lanes]; T],
) {
    #[cfg(target_arch = "x86_64")]
    {
        if level.is_avx512() {
            // SAFETY: a level of this kind exists only where the processor has the instructions.
            return unsafe { products512::<N, T>(tiles, x, out) };
        }
        if level.is_avx2() {
            // Sixteen registers hold the sums of one tile.
            for (tile, out) in tiles.into_iter().zip(out) {
                // SAFETY: as above.
                unsafe { products256::<N, 1>([tile], x, [out]) };
            }
            return;
        }
    }
    let _ = level;
    for (tile, out) in tiles.into_iter().zip(out) {
        plain::<N>(tile, x, out);
    }
}

/// The definition that the others are tested against: every lane adds its row's products up from the first column to the
/// last.
fn plain<const N: usize>(tile: &[Lanes], x: Window<'_>, out: &mut [Lanes]) {
    let mut sums: [Lanes; N] = [[0.0; LANES]; N];
    for (chunk, weights) in tile.chunks(LANES).enumerate() {
        let rows = x.rows::<N>(chunk);
        for (column, weights) in weights.iter().enumerate() {
            for (values, sum) in rows.iter().zip(&mut sums) {
                for lane in 0..LANES {
                    sum[lane] = weights[lane].mul_add(values[column], sum[lane]);
                }
            }
        }
    }
    out.copy_from_slice(&sums);
}
