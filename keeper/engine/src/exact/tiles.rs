//! Kernels for quantised weights: one tile of sixteen rows times all activations.
//!
//! For each block the products of weights and activations are summed in whole numbers, which is exact in any order;
//! then lane by lane `sum = fma(whole, weight scale · activation scale, sum)`, and for formats with a minimum
//! `sum = fma(minimum, activation mass, sum)`. Blocks follow each other from first to last.

use super::lanes::{LANES, Lanes};
use super::level::Level;
use super::packed::Blocks;
use super::rows::{BLOCK, Group, Note, Rounded};

#[cfg(target_arch = "x86_64")]
#[path = "tiles_x86.rs"]
mod x86;

/// How many rows of activations the kernels of a level take at a time, the most first.
pub(super) fn widths(level: Level) -> &'static [usize] {
    #[cfg(target_arch = "x86_64")]
    if level.is_avx512() || level.is_avx2() {
        return x86::widths(level);
    }
    let _ = level;
    &[1]
}

/// Tile `tile` of the weights times every row of `x`; `out` is `[rows of x][16]`.
pub(super) fn multiply(level: Level, weights: &Blocks, tile: usize, x: &Rounded, out: &mut [f32]) {
    let tile = Tile::new(weights, tile, x.blocks);
    let (out, _) = out.as_chunks_mut::<LANES>();
    for group in x.groups() {
        let out = &mut out[group.from..group.from + group.rows];
        #[cfg(target_arch = "x86_64")]
        if level.is_avx512() || level.is_avx2() {
            x86::multiply(level, &tile, &group, out);
            continue;
        }
        let _ = level;
        scalar(&tile, &group, out);
    }
}

/// Sixteen rows of weights.
struct Tile<'a> {
    nibbles: bool,
    offset: i32,
    /// Scales per block: 1, or 2 where halves have their own.
    halves: usize,
    bytes: &'a [u8],
    scales: &'a [Lanes],
    minima: &'a [Lanes],
}

impl<'a> Tile<'a> {
    fn new(weights: &'a Blocks, tile: usize, blocks: usize) -> Self {
        let size = blocks * if weights.form.nibbles { LANES * BLOCK / 2 } else { LANES * BLOCK };
        let halves = 1 + usize::from(weights.form.halves);
        let (scales, _) = weights.scales.as_chunks::<LANES>();
        let (minima, _) = weights.minima.as_chunks::<LANES>();
        Tile {
            nibbles: weights.form.nibbles,
            offset: weights.form.offset,
            halves,
            bytes: &weights.bytes[tile * size..(tile + 1) * size],
            scales: &scales[tile * blocks * halves..(tile + 1) * blocks * halves],
            minima: if weights.form.minimum { &minima[tile * blocks..(tile + 1) * blocks] } else { &[] },
        }
    }

    /// The stored number of a lane and column.
    fn stored(&self, block: usize, lane: usize, column: usize) -> i32 {
        if self.nibbles {
            let byte = self.bytes[block * 256 + column % 16 / 4 * 64 + lane * 4 + column % 4];
            i32::from(if column < 16 { byte & 15 } else { byte >> 4 })
        } else {
            i32::from(self.bytes[block * 512 + column / 4 * 64 + lane * 4 + column % 4])
        }
    }
}

/// The definition that the others are tested against.
fn scalar(tile: &Tile<'_>, x: &Group<'_>, out: &mut [Lanes]) {
    for (row, out) in out.iter_mut().enumerate() {
        let mut sums: Lanes = [0.0; LANES];
        for (block, (values, notes)) in x.values.chunks(x.rows).zip(x.notes.chunks(x.rows)).enumerate() {
            let (values, note): (_, &Note) = (&values[row], &notes[row]);
            for (lane, sum) in sums.iter_mut().enumerate() {
                let mut whole = [0_i32; 2];
                for (column, value) in values.iter().flat_map(|four| four.to_le_bytes()).enumerate() {
                    whole[column / 16] += tile.stored(block, lane, column) * i32::from(value as i8);
                }
                whole[0] -= tile.offset * note.sums[0];
                whole[1] -= tile.offset * note.sums[1];
                if tile.halves == 2 {
                    for half in 0..2 {
                        let scale = tile.scales[2 * block + half][lane] * note.scale;
                        *sum = (whole[half] as f32).mul_add(scale, *sum);
                    }
                } else {
                    let scale = tile.scales[block][lane] * note.scale;
                    *sum = ((whole[0] + whole[1]) as f32).mul_add(scale, *sum);
                }
                if let Some(minima) = tile.minima.get(block) {
                    *sum = minima[lane].mul_add(note.mass, *sum);
                }
            }
        }
        *out = sums;
    }
}
