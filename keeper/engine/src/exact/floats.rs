//! Products with weights that are not quantised.

use rayon::prelude::*;

use super::lanes::{LANES, Lanes};
#[cfg(target_arch = "x86_64")]
use super::lanes_x86::{products256, products512};
use super::level::Level;
use super::panels::{Places, cut, places};
use super::rows::Rows;

/// Rows of activations that are computed side by side with 32 registers, with sixteen, and otherwise.
const WIDE: usize = 12;
const NARROW: usize = 6;
const SIDE: usize = 4;

/// Tiles of weights that share one reading of the activations.
pub(super) const TILES: usize = 2;

/// Activations as the kernels read them: panels of so many rows, in each column after column.
#[derive(Debug)]
pub(super) struct Panels {
    places: Places,
    columns: usize,
    values: Vec<f32>,
}

impl Panels {
    /// Arranges rows for the kernels of a level.
    pub(super) fn new(level: Level, x: &Rows) -> Self {
        let places = match level {
            level if level.is_avx512() => places(x.count, &[WIDE, SIDE, 1]),
            level if level.is_avx2() => places(x.count, &[NARROW, SIDE, 1]),
            _ => places(x.count, &[SIDE, 1]),
        };
        let columns = x.width();
        let mut values = vec![0.0; x.count * columns];
        cut(&places, columns, &mut values).into_par_iter().with_min_len(4).for_each(
            |(from, width, panel)| {
                for (chunk, panel) in panel.chunks_mut(width * LANES).enumerate() {
                    for row in 0..width {
                        let lanes = x.lanes(from + row, chunk);
                        panel[row..]
                            .iter_mut()
                            .step_by(width)
                            .zip(lanes)
                            .for_each(|(to, value)| *to = *value);
                    }
                }
            },
        );
        Panels { places, columns, values }
    }
}

/// Up to [`TILES`] tiles of sixteen rows, each `[columns][16]`, times every row of `x`; `out` is
/// `[tiles][rows of x][16]`.
pub(super) fn multiply(level: Level, tiles: &[f32], x: &Panels, out: &mut [f32]) {
    let (tiles, _) = tiles.as_chunks::<LANES>();
    let (out, _) = out.as_chunks_mut::<LANES>();
    let (one, other) = tiles.split_at(x.columns);
    let (first, second) = out.split_at_mut(if other.is_empty() { out.len() } else { out.len() / 2 });
    let mut panels = x.values.as_slice();
    for (from, width) in &x.places {
        let (panel, rest) = panels.split_at(width * x.columns);
        panels = rest;
        let range = *from..from + width;
        if other.is_empty() {
            run(level, [one], panel, [&mut first[range]]);
        } else {
            run(level, [one, other], panel, [&mut first[range.clone()], &mut second[range]]);
        }
    }
}

/// One panel, as wide as `out` has rows.
fn run<const T: usize>(level: Level, tiles: [&[Lanes]; T], panel: &[f32], out: [&mut [Lanes]; T]) {
    match out[0].len() {
        WIDE => run_at::<WIDE, T>(level, tiles, panel, out),
        NARROW => run_at::<NARROW, T>(level, tiles, panel, out),
        SIDE => run_at::<SIDE, T>(level, tiles, panel, out),
        _ => run_at::<1, T>(level, tiles, panel, out),
    }
}

fn run_at<const N: usize, const T: usize>(
    level: Level,
    tiles: [&[Lanes]; T],
    panel: &[f32],
    out: [&mut [Lanes]; T],
) {
    let (panel, _) = panel.as_chunks::<N>();
    #[cfg(target_arch = "x86_64")]
    {
        if level.is_avx512() {
            // SAFETY: a level of this kind exists only where the processor has the instructions.
            return unsafe { products512::<N, T>(tiles, panel, out) };
        }
        if level.is_avx2() {
            // Sixteen registers hold the sums of one tile.
            for (tile, out) in tiles.into_iter().zip(out) {
                // SAFETY: as above.
                unsafe { products256::<N, 1>([tile], panel, [out]) };
            }
            return;
        }
    }
    let _ = level;
    for (tile, out) in tiles.into_iter().zip(out) {
        plain::<N>(tile, panel, out);
    }
}

/// The definition that the others are tested against: every lane adds its row's products up from the first column to the
/// last.
fn plain<const N: usize>(tile: &[Lanes], panel: &[[f32; N]], out: &mut [Lanes]) {
    let mut sums: [Lanes; N] = [[0.0; LANES]; N];
    for (weights, values) in tile.iter().zip(panel) {
        for (value, sum) in values.iter().zip(&mut sums) {
            for lane in 0..LANES {
                sum[lane] = weights[lane].mul_add(*value, sum[lane]);
            }
        }
    }
    out.copy_from_slice(&sums);
}
