//! Sixteen lanes in the registers of x86-64: the compiler takes the plain loops apart into single numbers where many
//! sums are kept at once, so the loops that matter are written out. Each operation is the one that the plain body names,
//! so the bits are the same. What is unsafe here is only loading and storing what is borrowed.

use std::arch::x86_64::*;

use super::attention::Place;
use super::cache::Sequence;
use super::lanes::{LANES, Lanes, ROUNDER};
use super::rows::{BLOCK, Note, Rows, SMALLEST};

/// Operations on sixteen lanes, for one width of registers.
macro_rules! width {
    ($module:ident, $features:literal, $register:ty, $parts:literal, $zero:ident, $load:ident, $store:ident, $set:ident, $fma:ident) => {
        mod $module {
            use super::*;

            type Parts = [$register; $parts];
            const PART: usize = LANES / $parts;

            #[inline]
            #[target_feature(enable = $features)]
            fn load(lanes: &Lanes) -> Parts {
                // SAFETY: reads sixteen numbers that are borrowed, part after part; any alignment will do.
                std::array::from_fn(|part| unsafe { $load(lanes.as_ptr().add(part * PART)) })
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn store(parts: Parts, lanes: &mut Lanes) {
                for (part, register) in parts.into_iter().enumerate() {
                    // SAFETY: writes sixteen numbers that are borrowed, part after part.
                    unsafe { $store(lanes.as_mut_ptr().add(part * PART), register) };
                }
            }

            /// `sum + lanes · value` in every lane.
            #[inline]
            #[target_feature(enable = $features)]
            fn add_product(lanes: Parts, value: f32, sum: &mut Parts) {
                let value = $set(value);
                for part in 0..$parts {
                    sum[part] = $fma(lanes[part], value, sum[part]);
                }
            }

            /// As `floats::run`.
            #[target_feature(enable = $features)]
            pub(in super::super) fn products<const N: usize>(
                tile: &[f32],
                x: &Rows,
                from: usize,
                out: &mut [f32],
            ) {
                let mut sums: [Parts; N] = [[$zero(); $parts]; N];
                for (chunk, weights) in tile.chunks(LANES * LANES).enumerate() {
                    let inputs: [&Lanes; N] = std::array::from_fn(|row| x.lanes(from + row, chunk));
                    for (column, weights) in weights.as_chunks::<LANES>().0.iter().enumerate() {
                        let weights = load(weights);
                        for row in 0..N {
                            add_product(weights, inputs[row][column % LANES], &mut sums[row]);
                        }
                    }
                }
                for (sum, out) in sums.into_iter().zip(out.as_chunks_mut::<LANES>().0.iter_mut().skip(from)) {
                    store(sum, out);
                }
            }

            /// As `attention::score_heads`.
            #[target_feature(enable = $features)]
            pub(in super::super) fn scores<const N: usize>(
                sequence: &Sequence,
                place: Place,
                query: &[f32],
                scores: &mut [f32],
            ) {
                let (padded, width) = (query.len() / N, scores.len() / N);
                let queries: [&[f32]; N] =
                    std::array::from_fn(|head| &query[head * padded..(head + 1) * padded]);
                for tile in place.first / LANES..=place.last / LANES {
                    let mut sums: [Parts; N] = [[$zero(); $parts]; N];
                    for (at, keys) in sequence.keys(place, tile).iter().enumerate() {
                        let keys = load(keys);
                        for head in 0..N {
                            add_product(keys, queries[head][at], &mut sums[head]);
                        }
                    }
                    for (head, sum) in sums.into_iter().enumerate() {
                        let (tiles, _) = scores[head * width..(head + 1) * width].as_chunks_mut::<LANES>();
                        store(sum, &mut tiles[tile]);
                    }
                }
            }
        }
    };
}

width!(
    wide,
    "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma",
    __m512,
    1,
    _mm512_setzero_ps,
    _mm512_loadu_ps,
    _mm512_storeu_ps,
    _mm512_set1_ps,
    _mm512_fmadd_ps
);
width!(
    narrow,
    "avx2,fma",
    __m256,
    2,
    _mm256_setzero_ps,
    _mm256_loadu_ps,
    _mm256_storeu_ps,
    _mm256_set1_ps,
    _mm256_fmadd_ps
);

pub(super) use narrow::{products as products256, scores as scores256};
pub(super) use wide::{products as products512, scores as scores512};

/// As the plain body of `rows::round_row`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
pub(super) fn round_row512(rows: &Rows, row: usize, values: &mut [[i32; BLOCK / 4]], notes: &mut [Note]) {
    for ((block, values), note) in values.iter_mut().enumerate().zip(notes) {
        // SAFETY: reads sixteen numbers that are borrowed; any alignment will do.
        let halves =
            [0, 1].map(|half| unsafe { _mm512_loadu_ps(rows.lanes(row, 2 * block + half).as_ptr()) });
        // Of two the second is taken unless the first is greater: NaN is passed over.
        let most = _mm512_max_ps(_mm512_abs_ps(halves[0]), _mm512_setzero_ps());
        let most = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(halves[1]), most));
        let inverse = if most > SMALLEST { 127.0 / most } else { 0.0 };
        let rounded = halves.map(|half| {
            let shifted = _mm512_fmadd_ps(half, _mm512_set1_ps(inverse), _mm512_set1_ps(ROUNDER));
            _mm512_sub_epi32(_mm512_castps_si512(shifted), _mm512_castps_si512(_mm512_set1_ps(ROUNDER)))
        });
        let widest = _mm512_or_si512(_mm512_abs_epi32(rounded[0]), _mm512_abs_epi32(rounded[1]));
        let sums = rounded.map(|half| _mm512_reduce_add_epi32(half));
        for (half, values) in rounded.into_iter().zip(values.as_chunks_mut::<4>().0) {
            // SAFETY: writes the sixteen bytes of four numbers that are borrowed.
            unsafe { _mm_storeu_si128(values.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(half)) };
        }
        *note = Note::new(most, sums, _mm512_reduce_or_epi32(widest));
    }
}
