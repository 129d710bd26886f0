//! The same sums with the integer instructions of x86-64. What is unsafe here is only loading a register from a
//! reference to as many bytes, and calling a kernel whose instructions [`Level`] vouches for.

use std::arch::x86_64::*;

use super::Tile;
use crate::exact::lanes::LANES;
use crate::exact::level::Level;
use crate::exact::rows::{BLOCK, Note, Rounded};

/// Rows of activations that share one reading of the weights.
const SIDE: usize = 8;

/// A kernel over `N` rows of activations from the given one on.
type Kernel = unsafe fn(&Tile<'_>, &Rounded, usize, &mut [f32]);

pub(super) fn multiply(level: Level, tile: &Tile<'_>, x: &Rounded, out: &mut [f32]) {
    let [eight, four, two, one] = match (level.is_avx512(), tile.nibbles, tile.halves == 2) {
        (true, true, _) => kernels512::<true, false>(),
        (true, false, false) => kernels512::<false, false>(),
        (true, false, true) => kernels512::<false, true>(),
        (false, true, _) => kernels256::<true, false>(),
        (false, false, false) => kernels256::<false, false>(),
        (false, false, true) => kernels256::<false, true>(),
    };
    let mut from = 0;
    while from < x.count {
        let (kernel, width): (Kernel, usize) = match x.count - from {
            SIDE.. => (eight, SIDE),
            4.. => (four, 4),
            2.. => (two, 2),
            _ => (one, 1),
        };
        // SAFETY: the kernels need the instructions of `level`, which exists only where the processor has them.
        unsafe { kernel(tile, x, from, out) };
        from += width;
    }
}

fn kernels512<const NIBBLES: bool, const HALVES: bool>() -> [Kernel; 4] {
    [
        avx512::<SIDE, NIBBLES, HALVES>,
        avx512::<4, NIBBLES, HALVES>,
        avx512::<2, NIBBLES, HALVES>,
        avx512::<1, NIBBLES, HALVES>,
    ]
}

fn kernels256<const NIBBLES: bool, const HALVES: bool>() -> [Kernel; 4] {
    [
        avx2::<SIDE, NIBBLES, HALVES>,
        avx2::<4, NIBBLES, HALVES>,
        avx2::<2, NIBBLES, HALVES>,
        avx2::<1, NIBBLES, HALVES>,
    ]
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load512(bytes: &[u8; 64]) -> __m512i {
    // SAFETY: reads the 64 bytes that are borrowed; any alignment will do.
    unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn lanes512(lanes: &[f32; LANES]) -> __m512 {
    // SAFETY: reads the sixteen numbers that are borrowed; any alignment will do.
    unsafe { _mm512_loadu_ps(lanes.as_ptr()) }
}

#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
fn avx512<const N: usize, const NIBBLES: bool, const HALVES: bool>(
    tile: &Tile<'_>,
    x: &Rounded,
    from: usize,
    out: &mut [f32],
) {
    let rows: [(&[[i32; BLOCK / 4]], &[Note]); N] = std::array::from_fn(|row| x.row(from + row));
    let mut sums = [_mm512_setzero_ps(); N];
    let (registers, _) = tile.bytes.as_chunks::<64>();
    let per = if NIBBLES { 4 } else { 8 };
    let low = _mm512_set1_epi8(15);
    for block in 0..x.blocks {
        let bytes = &registers[block * per..(block + 1) * per];
        let mut weights = [_mm512_setzero_si512(); 8];
        if NIBBLES {
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
        let halves = 1 + usize::from(HALVES);
        let scales = lanes512(&tile.scales[halves * block]);
        for row in 0..N {
            let (quads, note) = (&rows[row].0[block], &rows[row].1[block]);
            let offset = |sum: i32| _mm512_set1_epi32(tile.offset.wrapping_mul(sum).wrapping_neg());
            // Where both halves have one scale, their offsets are one as well.
            let (mut first, mut second) = if HALVES {
                (offset(note.sums[0]), offset(note.sums[1]))
            } else {
                (offset(note.sums[0].wrapping_add(note.sums[1])), _mm512_setzero_si512())
            };
            for at in 0..4 {
                first = _mm512_dpbusd_epi32(first, weights[at], _mm512_set1_epi32(quads[at]));
                second = _mm512_dpbusd_epi32(second, weights[at + 4], _mm512_set1_epi32(quads[at + 4]));
            }
            let factor = _mm512_set1_ps(note.scale);
            let scale = _mm512_mul_ps(scales, factor);
            if HALVES {
                let other = _mm512_mul_ps(lanes512(&tile.scales[2 * block + 1]), factor);
                sums[row] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(first), scale, sums[row]);
                sums[row] = _mm512_fmadd_ps(_mm512_cvtepi32_ps(second), other, sums[row]);
            } else {
                let whole = _mm512_cvtepi32_ps(_mm512_add_epi32(first, second));
                sums[row] = _mm512_fmadd_ps(whole, scale, sums[row]);
            }
            if let Some(minima) = tile.minima.get(block) {
                sums[row] = _mm512_fmadd_ps(lanes512(minima), _mm512_set1_ps(note.mass), sums[row]);
            }
        }
    }
    for (out, sum) in out.as_chunks_mut::<LANES>().0[from..from + N].iter_mut().zip(sums) {
        // SAFETY: writes the sixteen numbers that are borrowed.
        unsafe { _mm512_storeu_ps(out.as_mut_ptr(), sum) };
    }
}

#[inline]
#[target_feature(enable = "avx2")]
fn load256(bytes: &[u8; 32]) -> __m256i {
    // SAFETY: reads the 32 bytes that are borrowed; any alignment will do.
    unsafe { _mm256_loadu_si256(bytes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx2")]
fn lanes256(lanes: &[f32; LANES], side: usize) -> __m256 {
    let (sides, _) = lanes.as_chunks::<8>();
    // SAFETY: reads the eight numbers that are borrowed; any alignment will do.
    unsafe { _mm256_loadu_ps(sides[side].as_ptr()) }
}

#[target_feature(enable = "avx2,fma")]
fn avx2<const N: usize, const NIBBLES: bool, const HALVES: bool>(
    tile: &Tile<'_>,
    x: &Rounded,
    from: usize,
    out: &mut [f32],
) {
    let rows: [(&[[i32; BLOCK / 4]], &[Note]); N] = std::array::from_fn(|row| x.row(from + row));
    let (registers, _) = tile.bytes.as_chunks::<32>();
    let per = if NIBBLES { 8 } else { 16 };
    let (low, ones) = (_mm256_set1_epi8(15), _mm256_set1_epi16(1));
    let flip = _mm256_set1_epi8(-128);
    // Eight of the sixteen rows at a time: a register holds no more.
    for side in 0..2 {
        let mut sums = [_mm256_setzero_ps(); N];
        for block in 0..x.blocks {
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
            let halves = 1 + usize::from(HALVES);
            let scales = lanes256(&tile.scales[halves * block], side);
            for row in 0..N {
                let (quads, note) = (&rows[row].0[block], &rows[row].1[block]);
                let (first, second) = if NIBBLES {
                    let mut pairs = [_mm256_setzero_si256(); 2];
                    for at in 0..8 {
                        let product = _mm256_maddubs_epi16(weights[at], _mm256_set1_epi32(quads[at]));
                        pairs[at / 4] = _mm256_add_epi16(pairs[at / 4], product);
                    }
                    let offset = |half: usize| _mm256_set1_epi32(tile.offset.wrapping_mul(note.sums[half]));
                    (
                        _mm256_sub_epi32(_mm256_madd_epi16(pairs[0], ones), offset(0)),
                        _mm256_sub_epi32(_mm256_madd_epi16(pairs[1], ones), offset(1)),
                    )
                } else {
                    let mut wholes = [_mm256_setzero_si256(); 2];
                    for at in 0..8 {
                        let value = _mm256_sign_epi8(_mm256_set1_epi32(quads[at]), weights[at]);
                        let product = _mm256_maddubs_epi16(_mm256_abs_epi8(weights[at]), value);
                        wholes[at / 4] = _mm256_add_epi32(wholes[at / 4], _mm256_madd_epi16(product, ones));
                    }
                    (wholes[0], wholes[1])
                };
                let factor = _mm256_set1_ps(note.scale);
                let scale = _mm256_mul_ps(scales, factor);
                if HALVES {
                    let other = _mm256_mul_ps(lanes256(&tile.scales[2 * block + 1], side), factor);
                    sums[row] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(first), scale, sums[row]);
                    sums[row] = _mm256_fmadd_ps(_mm256_cvtepi32_ps(second), other, sums[row]);
                } else {
                    let whole = _mm256_cvtepi32_ps(_mm256_add_epi32(first, second));
                    sums[row] = _mm256_fmadd_ps(whole, scale, sums[row]);
                }
                if let Some(minima) = tile.minima.get(block) {
                    sums[row] = _mm256_fmadd_ps(lanes256(minima, side), _mm256_set1_ps(note.mass), sums[row]);
                }
            }
        }
        for (out, sum) in out.as_chunks_mut::<LANES>().0[from..from + N].iter_mut().zip(sums) {
            let (sides, _) = out.as_chunks_mut::<8>();
            // SAFETY: writes the eight numbers that are borrowed.
            unsafe { _mm256_storeu_ps(sides[side].as_mut_ptr(), sum) };
        }
    }
}
