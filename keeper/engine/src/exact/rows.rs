//! Activations: one row of numbers per position of the batch.
//!
//! They are kept sixteen columns of every row together, `[columns / 16][rows][16]`, so that each thread of a matrix
//! product owns one contiguous piece of the result.

use std::ops::Range;

use candle_transformers::models::bert::HiddenAct;
use rayon::prelude::*;

use super::buffers::{Buffer, Buffers};
use super::lanes::{self, LANES, Lanes, ROUNDER};
#[cfg(target_arch = "x86_64")]
use super::lanes_x86;
use super::level::{Level, leveled};
use super::panels::{Places, cut, places};

/// Numbers of a block that share a scale when activations are rounded to 8 bits.
pub(super) const BLOCK: usize = 32;

/// A block without a number above this is zero: its scale could not be inverted.
pub(super) const SMALLEST: f32 = 1e-30;

/// Rows of numbers; columns beyond `width` are zero.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) count: usize,
    width: usize,
    data: Buffer,
}

/// Some rows, one after the other: in each chunk of sixteen columns they lie side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Window<'a> {
    lanes: &'a [Lanes],
    /// From a chunk to the next.
    stride: usize,
}

impl Window<'_> {
    /// A chunk of the first `N` rows.
    #[inline(always)]
    pub(super) fn rows<const N: usize>(&self, chunk: usize) -> &[Lanes; N] {
        let (rows, _) = self.lanes[chunk * self.stride..].as_chunks::<N>();
        &rows[0]
    }
}

impl Rows {
    pub(super) fn zeros(buffers: &Buffers, count: usize, width: usize) -> Self {
        Rows { count, width, data: buffers.zeros(width.div_ceil(LANES) * LANES * count) }
    }

    /// Rows for who writes every number of them, those beyond the width as well.
    pub(super) fn unset(buffers: &Buffers, count: usize, width: usize) -> Self {
        Rows { count, width, data: buffers.unset(width.div_ceil(LANES) * LANES * count) }
    }

    /// Where others of the same work get their memory from.
    pub(super) fn buffers(&self) -> &Buffers {
        self.data.home()
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn chunks(&self) -> usize {
        self.width.div_ceil(LANES)
    }

    #[cfg(test)]
    pub(super) fn data(&self) -> &[f32] {
        &self.data
    }

    pub(super) fn data_mut(&mut self) -> &mut [f32] {
        &mut self.data
    }

    #[inline(always)]
    pub(super) fn lanes(&self, row: usize, chunk: usize) -> &Lanes {
        let at = (chunk * self.count + row) * LANES;
        let (lanes, _) = self.data[at..].as_chunks::<LANES>();
        &lanes[0]
    }

    #[inline(always)]
    pub(super) fn lanes_mut(&mut self, row: usize, chunk: usize) -> &mut Lanes {
        let at = (chunk * self.count + row) * LANES;
        let (lanes, _) = self.data[at..].as_chunks_mut::<LANES>();
        &mut lanes[0]
    }

    /// The rows from `row` on.
    pub(super) fn window(&self, row: usize) -> Window<'_> {
        let (lanes, _) = self.data.as_chunks::<LANES>();
        Window { lanes: lanes.get(row..).unwrap_or_default(), stride: self.count }
    }

    /// Copies columns `from..from + out.len()` of a row out.
    pub(super) fn read(&self, row: usize, from: usize, out: &mut [f32]) {
        if from.is_multiple_of(LANES) {
            let (whole, rest) = out.as_chunks_mut::<LANES>();
            let end = from / LANES + whole.len();
            for (chunk, out) in (from / LANES..).zip(whole) {
                *out = *self.lanes(row, chunk);
            }
            if !rest.is_empty() {
                rest.copy_from_slice(&self.lanes(row, end)[..rest.len()]);
            }
            return;
        }
        for (at, value) in (from..).zip(out) {
            *value = self.lanes(row, at / LANES)[at % LANES];
        }
    }

    /// Some rows, each by itself.
    pub(super) fn unpacked(&self, rows: Range<usize>) -> Vec<Buffer> {
        let mut made: Vec<Buffer> = rows.clone().map(|_| self.buffers().unset(self.width)).collect();
        let whole = self.width / LANES;
        let mut places: Vec<&mut [Lanes]> = made.iter_mut().map(|row| row.as_chunks_mut().0).collect();
        let (lanes, _) = self.data.as_chunks::<LANES>();
        for (chunk, lanes) in lanes.chunks(self.count.max(1)).take(whole).enumerate() {
            for (lanes, place) in lanes[rows.clone()].iter().zip(&mut places) {
                place[chunk] = *lanes;
            }
        }
        for (row, made) in rows.zip(&mut made) {
            self.read(row, whole * LANES, &mut made[whole * LANES..]);
        }
        made
    }

    /// Writes columns of a row from `from` on.
    pub(super) fn write(&mut self, row: usize, from: usize, values: &[f32]) {
        if from.is_multiple_of(LANES) {
            let (whole, rest) = values.as_chunks::<LANES>();
            for (chunk, values) in (from / LANES..).zip(whole) {
                *self.lanes_mut(row, chunk) = *values;
            }
            if !rest.is_empty() {
                self.lanes_mut(row, from / LANES + whole.len())[..rest.len()].copy_from_slice(rest);
            }
            return;
        }
        for (at, value) in (from..).zip(values) {
            self.lanes_mut(row, at / LANES)[at % LANES] = *value;
        }
    }

    /// The rows with these numbers, in this order.
    pub(super) fn select(&self, rows: &[usize]) -> Rows {
        let mut selected = Rows::unset(self.buffers(), rows.len(), self.width);
        for chunk in 0..self.chunks() {
            for (to, from) in rows.iter().enumerate() {
                *selected.lanes_mut(to, chunk) = *self.lanes(*from, chunk);
            }
        }
        selected
    }

    /// Adds another matrix of the same shape.
    pub(super) fn add(&mut self, other: &Rows) {
        self.data.iter_mut().zip(&*other.data).for_each(|(sum, value)| *sum += value);
    }

    pub(super) fn scale(&mut self, factor: f32) {
        self.data.iter_mut().for_each(|value| *value *= factor);
    }

    /// Root-mean-square normalisation of every row.
    pub(super) fn rms_norm(&self, level: Level, weight: &[f32], epsilon: f32) -> Rows {
        let mut out = Rows::zeros(self.buffers(), self.count, self.width);
        rms_norm(level, self, weight, epsilon, &mut out);
        out
    }
}

leveled! {
    fn rms_norm(x: &Rows, weight: &[f32], epsilon: f32, out: &mut Rows) {
        for row in 0..x.count {
            let mut squares = [0.0; LANES];
            for chunk in 0..x.chunks() {
                let lanes = x.lanes(row, chunk);
                for lane in 0..LANES {
                    squares[lane] = lanes[lane].mul_add(lanes[lane], squares[lane]);
                }
            }
            let scale = 1.0 / (lanes::sum(squares) / x.width as f32 + epsilon).sqrt();
            for (chunk, weight) in weight.as_chunks::<LANES>().0.iter().enumerate() {
                let (lanes, out) = (x.lanes(row, chunk), out.lanes_mut(row, chunk));
                for lane in 0..LANES {
                    out[lane] = lanes[lane] * scale * weight[lane];
                }
            }
        }
    }
}

/// `gate(x) · y` in place of `x`, where `gate` is SiLU or GELU.
pub(super) fn gate(level: Level, x: &mut Rows, y: &Rows, gelu: bool) {
    let piece = (x.count * LANES * 4).max(4096);
    x.data
        .par_chunks_mut(piece)
        .zip(y.data.par_chunks(piece))
        .for_each(|(x, y)| if gelu { gelu_gate(level, x, y) } else { silu_gate(level, x, y) });
}

/// `act(x + bias)` of every number in place of it.
pub(super) fn activate(level: Level, x: &mut Rows, bias: &[f32], act: HiddenAct) {
    let piece = (x.count * LANES).max(1);
    let chunks = x.data.par_chunks_mut(piece).zip(bias.as_chunks::<LANES>().0);
    chunks.with_min_len(4096_usize.div_ceil(piece)).for_each(|(x, bias)| {
        let (x, _) = x.as_chunks_mut::<LANES>();
        match act {
            HiddenAct::Gelu => gelu_all(level, x, bias),
            HiddenAct::GeluApproximate => gelu_tanh_all(level, x, bias),
            HiddenAct::Relu => relu_all(level, x, bias),
        }
    });
}

/// A function applied to every number after a bias was added.
macro_rules! activation {
    ($name:ident, $function:expr) => {
        leveled! {
            fn $name(x: &mut [Lanes], bias: &Lanes) {
                for x in x {
                    for lane in 0..LANES {
                        x[lane] = $function(x[lane] + bias[lane]);
                    }
                }
            }
        }
    };
}

activation!(gelu_all, lanes::gelu);
activation!(gelu_tanh_all, lanes::gelu_tanh);
activation!(relu_all, |x| lanes::greater(0.0, x));

leveled! {
    fn silu_gate(x: &mut [f32], y: &[f32]) {
        for (x, y) in x.iter_mut().zip(y) {
            *x = lanes::silu(*x) * y;
        }
    }
}

leveled! {
    fn gelu_gate(x: &mut [f32], y: &[f32]) {
        for (x, y) in x.iter_mut().zip(y) {
            *x = lanes::gelu_tanh(*x) * y;
        }
    }
}

/// Activations rounded to 8 bits, block by block: `x ≈ scale · q` with the block's largest |q| at 127.
#[derive(Debug)]
pub(super) struct Rounded {
    pub(super) blocks: usize,
    places: Places,
    /// `[groups][blocks][rows of the group]`, four values to a number, the first in its lowest bits.
    values: Vec<[i32; BLOCK / 4]>,
    /// `[groups][blocks][rows of the group]`
    notes: Vec<Note>,
}

/// Rounded rows that a kernel takes together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<'a> {
    /// First of the rows.
    pub(super) from: usize,
    /// How many.
    pub(super) rows: usize,
    /// `[blocks][rows]`
    pub(super) values: &'a [[i32; BLOCK / 4]],
    /// `[blocks][rows]`
    pub(super) notes: &'a [Note],
}

/// What a kernel needs to know of a block of activations beside the values.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Note {
    pub(super) scale: f32,
    /// `scale` times the sum of the block.
    pub(super) mass: f32,
    /// Sums of the first and the second half of the block.
    pub(super) sums: [i32; 2],
}

impl Note {
    /// Of a block by its largest number, the sums of its halves and all bits that its values have.
    #[inline(always)]
    pub(super) fn new(most: f32, sums: [i32; 2], widest: i32) -> Self {
        // What is no number must not be rounded into one: it ends as logits that are refused.
        let scale = if widest <= 127 { most / 127.0 } else { f32::NAN };
        Note { scale, mass: scale * sums[0].wrapping_add(sums[1]) as f32, sums }
    }
}

impl Rounded {
    /// Rounds every row, for kernels that take so many at a time. The width must be a multiple of the block.
    pub(super) fn new(level: Level, rows: &Rows, widths: &[usize]) -> Self {
        let blocks = rows.width / BLOCK;
        let places = places(rows.count, widths);
        let mut values = vec![[0; BLOCK / 4]; rows.count * blocks];
        let mut notes = vec![Note::default(); rows.count * blocks];
        let parts = cut(&places, blocks, &mut values).into_par_iter().zip(cut(&places, blocks, &mut notes));
        parts.with_min_len(4).for_each(|((from, width, values), (_, _, notes))| {
            for row in 0..width {
                let (row, values, notes) = (from + row, &mut values[row..], &mut notes[row..]);
                #[cfg(target_arch = "x86_64")]
                if level.is_avx512() {
                    // SAFETY: a level of this kind exists only where the processor has the instructions.
                    unsafe { lanes_x86::round_row512(rows, row, width, values, notes) };
                    continue;
                }
                round_row(level, rows, row, width, values, notes);
            }
        });
        Rounded { blocks, places, values, notes }
    }

    /// The rows, as kernels take them.
    pub(super) fn groups(&self) -> impl Iterator<Item = Group<'_>> {
        self.places.iter().map(|(from, rows)| {
            let part = from * self.blocks..(from + rows) * self.blocks;
            let (values, notes) = (&self.values[part.clone()], &self.notes[part]);
            Group { from: *from, rows: *rows, values, notes }
        })
    }
}

leveled! {
    /// Rounds a row of a group; that of the next block follows after `stride` others.
    fn round_row(
        rows: &Rows,
        row: usize,
        stride: usize,
        values: &mut [[i32; BLOCK / 4]],
        notes: &mut [Note],
    ) {
        let places = values.iter_mut().step_by(stride).zip(notes.iter_mut().step_by(stride));
        for (block, (packed, note)) in places.enumerate() {
            let halves = [rows.lanes(row, 2 * block), rows.lanes(row, 2 * block + 1)];
            let mut most = [0.0; LANES];
            for half in halves {
                for lane in 0..LANES {
                    most[lane] = lanes::greater(most[lane], half[lane].abs());
                }
            }
            let most = lanes::largest(most);
            let inverse = if most > SMALLEST { 127.0 / most } else { 0.0 };
            let mut sums = [0; 2];
            let mut widest = 0;
            let mut values = [0_u8; BLOCK];
            for (at, half) in halves.into_iter().enumerate() {
                for lane in 0..LANES {
                    let shifted = half[lane].mul_add(inverse, ROUNDER);
                    let rounded = shifted.to_bits().wrapping_sub(ROUNDER.to_bits()) as i32;
                    values[at * LANES + lane] = rounded as u8;
                    sums[at] = rounded.wrapping_add(sums[at]);
                    widest |= rounded.wrapping_abs();
                }
            }
            for (packed, four) in packed.iter_mut().zip(values.as_chunks::<4>().0) {
                *packed = i32::from_le_bytes(*four);
            }
            *note = Note::new(most, sums, widest);
        }
    }
}
