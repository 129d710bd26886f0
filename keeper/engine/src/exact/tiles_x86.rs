//! The same sums with the integer instructions of x86-64. What is unsafe here is only taking as many bytes as a register has
//! for a register and back, and calling a kernel whose instructions [`Level`] vouches for.

use std::arch::x86_64::*;
use std::mem::transmute;

use super::Tile;
use crate::exact::lanes::{LANES, Lanes};
use crate::exact::level::Level;
use crate::exact::panels::each_row;
use crate::exact::rows::{BLOCK, Group, Note};

/// Registers of 64 bytes that hold a block of sixteen rows.
const NIBBLES: usize = 4;
const BYTES: usize = 8;

/// A kernel for one number of rows of activations: rounded values and notes `[blocks][rows]`.
type Kernel = unsafe fn(&Tile<'_>, &[[i32; BLOCK / 4]], &[Note], &mut [Lanes]);

/// Rows of activations that share one reading of the weights: as many as the registers hold sums for.
pub(super) fn widths(level: Level) -> &'static [usize] {
    if level.is_avx512() { &[12, 8, 4, 2, 1] } else { &[4, 2, 1] }
}

pub(super) fn multiply(level: Level, tile: &Tile<'_>, x: &Group<'_>, out: &mut [Lanes]) {
    let kernel: Kernel = match x.rows {
        12 => avx512_for::<12>(tile),
        8 => avx512_for::<8>(tile),
        4 if level.is_avx512() => avx512_for::<4>(tile),
        2 if level.is_avx512() => avx512_for::<2>(tile),
        _ if level.is_avx512() => avx512_for::<1>(tile),
        4 => avx2_for::<4>(tile),
        2 => avx2_for::<2>(tile),
        _ => avx2_for::<1>(tile),
    };
    // SAFETY: the kernel needs the instructions of `level`, which exists only where the processor has them.
    unsafe { kernel(tile, x.values, x.notes, out) };
}

fn avx512_for<const N: usize>(tile: &Tile<'_>) -> Kernel {
    match (tile.nibbles, tile.halves == 2) {
        (true, _) if tile.offset == 0 => avx512::<N, NIBBLES, false, false>,
        (true, _) => avx512::<N, NIBBLES, true, false>,
        (false, false) => avx512::<N, BYTES, true, false>,
        (false, true) => avx512::<N, BYTES, true, true>,
    }
}

fn avx2_for<const N: usize>(tile: &Tile<'_>) -> Kernel {
    match (tile.nibbles, tile.halves == 2) {
        (true, _) => avx2::<N, true, false>,
        (false, false) => avx2::<N, false, false>,
        (false, true) => avx2::<N, false, true>,
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load512(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: both have 64 bytes, and any bits are both.
    unsafe { transmute::<[u8; 64], __m512i>(*bytes) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn lanes512(lanes: &Lanes) -> __m512 {
    // SAFETY: both have 64 bytes, and any bits are both.
    unsafe { transmute::<Lanes, __m512>(*lanes) }
}

/// `N` rows of activations and `R` registers of weights to a block; with an offset where `OFFSET`, with two scales to a
/// block where `HALVES`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
fn avx512<const N: usize, const R: usize, const OFFSET: bool, const HALVES: bool>(
    tile: &Tile<'_>,
    values: &[[i32; BLOCK / 4]],
    notes: &[Note],
    out: &mut [Lanes],
) {
    let (registers, _) = tile.bytes.as_chunks::<64>();
    let (registers, _) = registers.as_chunks::<R>();
    let blocks = values.as_chunks::<N>().0.iter().zip(notes.as_chunks::<N>().0).zip(registers);
    let low = _mm512_set1_epi8(15);
    let zero = _mm512_setzero_si512();
    let mut sums = [_mm512_setzero_ps(); N];
    for (block, ((values, notes), bytes)) in blocks.enumerate() {
        let mut weights = [zero; 8];
        if R == NIBBLES {
            for at in 0..4 {
                let both = load512(&bytes[at]);
                weights[at] = _mm512_and_si512(both, low);
                weights[at + 4] = _mm512_and_si512(_mm512_srli_epi16::<4>(both), low);
            }
        } else {
            for at in 0..8 {
                weights[at] = load512(&bytes[at]);
            }
        }
        let (scales, others) = if HALVES {
            (lanes512(&tile.scales[2 * block]), lanes512(&tile.scales[2 * block + 1]))
        } else {
            (lanes512(&tile.scales[block]), _mm512_setzero_ps())
        };
        let minima = tile.minima.get(block);
        each_row!(row in 0..N {
            let (quads, note) = (&values[row], &notes[row]);
            let (mut first, mut second) = (zero, zero);
            if OFFSET && HALVES {
                first = _mm512_set1_epi32(tile.offset.wrapping_mul(note.sums[0]).wrapping_neg());
                second = _mm512_set1_epi32(tile.offset.wrapping_mul(note.sums[1]).wrapping_neg());
            } else if OFFSET {
                // Where both halves have one scale, their offsets are one as well.
                let sum = note.sums[0].wrapping_add(note.sums[1]);
                first = _mm512_set1_epi32(tile.offset.wrapping_mul(sum).wrapping_neg());
            }
            for at in 0..4 {
                first = _mm512_dpbusd_epi32(first, weights[at], _mm512_set1_epi32(quads[at]));
                second = _mm512_dpbusd_epi32(second, weights[at + 4], _mm512_set1_epi32(quads[at + 4]));
            }
            let factor = _mm512_set1_ps(note.scale);
            let scale = _mm512_mul_ps(scales, factor);
            if HALVES {
                let other = _mm512_mul_ps(others, factor);
                sums[row] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(first), scale, sums[row]);
                sums[row] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(second), other, sums[row]);
            } else {
                let whole = _mm512_cvtepi32_ps(_mm512_add_epi32(first, second));
                sums[row] = _mm512_fmadd_ps(whole, scale, sums[row]);
            }
            if let Some(minima) = minima {
                sums[row] = _mm512_fmadd_ps(lanes512(minima), _mm512_set1_ps(note.mass), sums[row]);
            }
        });
    }
    for (out, sum) in out.iter_mut().zip(sums) {
        // SAFETY: both have 64 bytes, and any bits are both.
        *out = unsafe { transmute::<__m512, Lanes>(sum) };
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load256(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: both have 32 bytes, and any bits are both.
    unsafe { transmute::<[u8; 32], __m256i>(*bytes) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn lanes256(lanes: &Lanes, side: usize) -> __m256 {
    let (sides, _) = lanes.as_chunks::<8>();
    // SAFETY: both have 32 bytes, and any bits are both.
    unsafe { transmute::<[f32; 8], __m256>(sides[side]) }
}

#[target_feature(enable = "avx2,fma")]
fn avx2<const N: usize, const NIBBLES: bool, const HALVES: bool>(
    tile: &Tile<'_>,
    values: &[[i32; BLOCK / 4]],
    notes: &[Note],
    out: &mut [Lanes],
) {
    let (registers, _) = tile.bytes.as_chunks::<32>();
    let (values, notes) = (values.as_chunks::<N>().0, notes.as_chunks::<N>().0);
    let per = if NIBBLES { 8 } else { 16 };
    let (low, ones) = (_mm256_set1_epi8(15), _mm256_set1_epi16(1));
    let flip = _mm256_set1_epi8(-128);
    let halves = 1 + usize::from(HALVES);
    // Eight of the sixteen rows at a time: a register holds no more.
    for side in 0..LANES / 8 {
        let mut sums = [_mm256_setzero_ps(); N];
        for (block, (values, notes)) in values.iter().zip(notes).enumerate() {
            let bytes = &registers[block * per..(block + 1) * per];
            let mut weights = [_mm256_setzero_si256(); 8];
            if NIBBLES {
                for at in 0..4 {
                    let both = load256(&bytes[2 * at + side]);
                    weights[at] = _mm256_and_si256(both, low);
                    weights[at + 4] = _mm256_and_si256(_mm256_srli_epi16::<4>(both), low);
                }
            } else {
                for at in 0..8 {
                    // Back to signed numbers: 255 · 127 twice would not fit the 16 bits between the two steps.
                    weights[at] = _mm256_xor_si256(load256(&bytes[2 * at + side]), flip);
                }
            }
            let scales = lanes256(&tile.scales[halves * block], side);
            let minima = tile.minima.get(block);
            each_row!(row in 0..N {
                let (quads, note) = (&values[row], &notes[row]);
                let mut wholes = [_mm256_setzero_si256(); 2];
                if NIBBLES {
                    let mut pairs = [_mm256_setzero_si256(); 2];
                    for at in 0..8 {
                        let product = _mm256_maddubs_epi16(weights[at], _mm256_set1_epi32(quads[at]));
                        pairs[at / 4] = _mm256_add_epi16(pairs[at / 4], product);
                    }
                    for half in 0..2 {
                        let offset = _mm256_set1_epi32(tile.offset.wrapping_mul(note.sums[half]));
                        wholes[half] = _mm256_sub_epi32(_mm256_madd_epi16(pairs[half], ones), offset);
                    }
                } else {
                    for at in 0..8 {
                        let value = _mm256_sign_epi8(_mm256_set1_epi32(quads[at]), weights[at]);
                        let product = _mm256_maddubs_epi16(_mm256_abs_epi8(weights[at]), value);
                        wholes[at / 4] = _mm256_add_epi32(wholes[at / 4], _mm256_madd_epi16(product, ones));
                    }
                }
                let factor = _mm256_set1_ps(note.scale);
                let scale = _mm256_mul_ps(scales, factor);
                if HALVES {
                    let other = _mm256_mul_ps(lanes256(&tile.scales[2 * block + 1], side), factor);
                    sums[row] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(wholes[0]), scale, sums[row]);
                    sums[row] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(wholes[1]), other, sums[row]);
                } else {
                    let whole = _mm256_cvtepi32_ps(_mm256_add_epi32(wholes[0], wholes[1]));
                    sums[row] = _mm256_fmadd_ps(whole, scale, sums[row]);
                }
                if let Some(minima) = minima {
                    sums[row] = _mm256_fmadd_ps(lanes256(minima, side), _mm256_set1_ps(note.mass), sums[row]);
                }
            });
        }
        for (out, sum) in out.iter_mut().zip(sums) {
            let (sides, _) = out.as_chunks_mut::<8>();
            // SAFETY: both have 32 bytes, and any bits are both.
            sides[side] = unsafe { transmute::<__m256, [f32; 8]>(sum) };
        }
    }
}
