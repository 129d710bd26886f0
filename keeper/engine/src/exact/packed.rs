//! Weight matrices, arranged so that sixteen rows are computed side by side.
//!
//! Each lane of a kernel belongs to one row and adds that row's blocks up from first to last, whatever the width of
//! the processor's registers, the number of activations or the number of threads: so the sum is always the same.

use candle_core::quantized::GgmlDType;
use rayon::prelude::*;

use super::block::{self, Form};
use super::floats::{self, TILES};
use super::lanes::LANES;
use super::level::Level;
use super::rows::{BLOCK, Rounded, Rows};
use super::tiles;

/// Bytes of a block of sixteen rows.
const NIBBLES: usize = LANES * BLOCK / 2;
const BYTES: usize = LANES * BLOCK;

/// A matrix of `rows` × `columns` weights.
#[derive(Debug)]
pub(super) struct Packed {
    pub(super) rows: usize,
    pub(super) columns: usize,
    body: Body,
}

#[derive(Debug)]
enum Body {
    /// `[tiles][columns][16]`
    Floats(Vec<f32>),
    Blocks(Blocks),
}

/// Quantised weights.
#[derive(Debug)]
pub(super) struct Blocks {
    pub(super) form: Form,
    /// `[tiles][blocks][groups of 4 columns][16 rows][4]`; of nibbles the low ones are the first half of the block.
    pub(super) bytes: Vec<u8>,
    /// `[tiles][blocks][1 or 2][16]`
    pub(super) scales: Vec<f32>,
    /// `[tiles][blocks][16]`, or nothing.
    pub(super) minima: Vec<f32>,
}

/// Activations, and how quantised weights need them, which is made when first asked for.
#[derive(Debug)]
pub(super) struct Operand<'a> {
    level: Level,
    rows: &'a Rows,
    rounded: Option<Rounded>,
}

impl<'a> Operand<'a> {
    pub(super) fn new(level: Level, rows: &'a Rows) -> Self {
        Operand { level, rows, rounded: None }
    }
}

impl Packed {
    /// Arranges the bytes of a GGUF tensor; says what is wrong with its format if it cannot.
    pub(super) fn new(dtype: GgmlDType, rows: usize, columns: usize, bytes: &[u8]) -> Result<Self, String> {
        let stride = columns / dtype.block_size() * dtype.type_size();
        if bytes.len() != stride * rows || !columns.is_multiple_of(dtype.block_size()) {
            return Err(format!("{} bytes for {rows} × {columns} weights of {dtype:?}", bytes.len()));
        }
        let body = match (block::form(dtype), float_reader(dtype)) {
            (Some(form), _) => Body::Blocks(pack_blocks(dtype, form, rows, columns / BLOCK, bytes, stride)),
            (None, Some(read)) => Body::Floats(pack_floats(read, rows, columns, bytes)),
            (None, None) => {
                return Err(format!(
                    "its format {dtype:?} is not computed on the processor; requantise the model, for \
                     example to Q4_1, Q4_K or Q8_0"
                ));
            }
        };
        Ok(Packed { rows, columns, body })
    }

    /// The weights of one row.
    pub(super) fn row(&self, row: usize, out: &mut [f32]) {
        let (tile, lane) = (row / LANES, row % LANES);
        match &self.body {
            Body::Floats(values) => {
                for (column, value) in out.iter_mut().enumerate() {
                    *value = values[(tile * self.columns + column) * LANES + lane];
                }
            }
            Body::Blocks(blocks) => {
                let count = self.columns / BLOCK;
                for (at, out) in out.chunks_mut(BLOCK).enumerate() {
                    blocks.open(tile * count + at, lane, out);
                }
            }
        }
    }
}

impl Blocks {
    /// Weights of one lane of a block.
    fn open(&self, block: usize, lane: usize, out: &mut [f32]) {
        let scales = 1 + usize::from(self.form.halves);
        let minimum = self.minima.get(block * LANES + lane).copied().unwrap_or(0.0);
        for (at, value) in out.iter_mut().enumerate() {
            let half = at / (BLOCK / 2);
            let stored = if self.form.nibbles {
                let byte = self.bytes[block * NIBBLES + at % 16 / 4 * 64 + lane * 4 + at % 4];
                if half == 0 { byte & 15 } else { byte >> 4 }
            } else {
                self.bytes[block * BYTES + at / 4 * 64 + lane * 4 + at % 4]
            };
            let number = (i32::from(stored) - self.form.offset) as f32;
            let scale = self.scales[(block * scales + half.min(scales - 1)) * LANES + lane];
            *value = scale.mul_add(number, minimum);
        }
    }
}

/// Multiplies the same activations by several matrices, in parallel over all of their rows.
pub(super) fn multiply<const N: usize>(operand: &mut Operand<'_>, matrices: [&Packed; N]) -> [Rows; N] {
    let (level, x) = (operand.level, operand.rows);
    let have_blocks = |matrix: &&Packed| matches!(matrix.body, Body::Blocks(_));
    if operand.rounded.is_none() && matrices.iter().any(have_blocks) {
        operand.rounded = Some(Rounded::new(level, x, tiles::widths(level)));
    }
    let rounded = operand.rounded.as_ref();
    let mut out = matrices.map(|matrix| Rows::unset(x.buffers(), x.count, matrix.rows));
    let mut jobs = Vec::new();
    for (matrix, out) in matrices.into_iter().zip(&mut out) {
        let tiles = if matches!(matrix.body, Body::Floats(_)) { TILES } else { 1 };
        let pieces = out.data_mut().chunks_mut(x.count * LANES * tiles).enumerate();
        jobs.extend(pieces.map(|(at, out)| (matrix, at * tiles, out)));
    }
    let least = jobs.len().div_ceil(8 * rayon::current_num_threads()).max(1);
    jobs.into_par_iter().with_min_len(least).for_each(|(matrix, tile, out)| {
        match (&matrix.body, rounded) {
            (Body::Blocks(blocks), Some(rounded)) => tiles::multiply(level, blocks, tile, rounded, out),
            (Body::Floats(values), _) => {
                let stride = matrix.columns * LANES;
                let end = ((tile + TILES) * stride).min(values.len());
                floats::multiply(level, &values[tile * stride..end], x, out);
            }
            // Made above where there are such weights.
            (Body::Blocks(_), None) => {}
        }
    });
    out
}

fn pack_blocks(
    dtype: GgmlDType,
    form: Form,
    rows: usize,
    blocks: usize,
    bytes: &[u8],
    stride: usize,
) -> Blocks {
    let tiles = rows.div_ceil(LANES);
    let size = if form.nibbles { NIBBLES } else { BYTES };
    let scales = (1 + usize::from(form.halves)) * LANES;
    let mut packed = Blocks {
        form,
        // Rows that fill the last tile up hold what stands for zero.
        bytes: vec![form.offset as u8 * if form.nibbles { 17 } else { 1 }; tiles * blocks * size],
        scales: vec![0.0; tiles * blocks * scales],
        minima: vec![0.0; if form.minimum { tiles * blocks * LANES } else { 0 }],
    };
    for row in 0..rows {
        let source = &bytes[row * stride..(row + 1) * stride];
        let (tile, lane) = (row / LANES, row % LANES);
        for at in 0..blocks {
            let block = block::open(dtype, source, at);
            let index = tile * blocks + at;
            for (half, scale) in block.scales.iter().take(scales / LANES).enumerate() {
                packed.scales[index * scales + half * LANES + lane] = *scale;
            }
            if form.minimum {
                packed.minima[index * LANES + lane] = block.minimum;
            }
            for (column, number) in block.numbers.iter().enumerate() {
                let stored = (i32::from(*number) + form.offset) as u8;
                if form.nibbles {
                    let place = index * size + column % 16 / 4 * 64 + lane * 4 + column % 4;
                    let (keep, shift) = if column < 16 { (0xF0, 0) } else { (0x0F, 4) };
                    packed.bytes[place] = packed.bytes[place] & keep | stored << shift;
                } else {
                    packed.bytes[index * size + column / 4 * 64 + lane * 4 + column % 4] = stored;
                }
            }
        }
    }
    packed
}

/// Reads number `i` of a tensor's bytes.
type FloatReader = fn(&[u8], usize) -> f32;

fn float_reader(dtype: GgmlDType) -> Option<FloatReader> {
    Some(match dtype {
        GgmlDType::F32 => |bytes, at| {
            f32::from_bits(bytes[4 * at..4 * at + 4].iter().rev().fold(0, |x, b| x << 8 | u32::from(*b)))
        },
        GgmlDType::F16 => |bytes, at| block::half(bytes, 2 * at),
        GgmlDType::BF16 => {
            |bytes, at| f32::from_bits(u32::from(bytes[2 * at + 1]) << 24 | u32::from(bytes[2 * at]) << 16)
        }
        _ => return None,
    })
}

fn pack_floats(read: FloatReader, rows: usize, columns: usize, bytes: &[u8]) -> Vec<f32> {
    let mut packed = vec![0.0; rows.div_ceil(LANES) * LANES * columns];
    for row in 0..rows {
        for column in 0..columns {
            let place = (row / LANES * columns + column) * LANES + row % LANES;
            packed[place] = read(bytes, row * columns + column);
        }
    }
    packed
}

/// The numbers of a vector that is kept as it is: the weight of a norm, a bias.
pub(super) fn vector(dtype: GgmlDType, bytes: &[u8], length: usize) -> Option<Vec<f32>> {
    let read = float_reader(dtype)?;
    (bytes.len() == length * dtype.type_size()).then(|| (0..length).map(|at| read(bytes, at)).collect())
}
