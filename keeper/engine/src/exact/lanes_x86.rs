//! Sixteen lanes in the registers of x86-64: the compiler takes the plain loops apart into single numbers where many
//! sums are kept at once, so the loops that matter are written out. Each operation is the one that the plain body names,
//! so the bits are the same. What is unsafe here is only loading and storing what is borrowed.

use std::arch::x86_64::*;
use std::mem::transmute;

use super::attention::Place;
use super::cache::Sequence;
use super::lanes::{LANES, Lanes, ROUNDER};
use super::panels::each_row;
use super::rows::{BLOCK, Note, Rows, SMALLEST, Window};

/// How many columns of weights before they are needed the processor is told to fetch them.
const AHEAD: usize = 12;

/// Operations on sixteen lanes, for one width of registers.
macro_rules! width {
    ($module:ident, $features:literal, $register:ty, $parts:literal, $zero:ident, $set:ident, $fma:ident) => {
        mod $module {
            use super::*;

            type Parts = [$register; $parts];

            // By value: loads through pointers are checked wherever debug assertions are on, and pass through the stack then.
            #[inline]
            #[target_feature(enable = $features)]
            fn load(lanes: &Lanes) -> Parts {
                // SAFETY: registers and numbers have the same size, and any bits are both.
                unsafe { transmute::<Lanes, Parts>(*lanes) }
            }

            #[inline]
            #[target_feature(enable = $features)]
            fn store(parts: Parts, lanes: &mut Lanes) {
                // SAFETY: as above.
                *lanes = unsafe { transmute::<Parts, Lanes>(parts) };
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

            /// As `floats::plain`, of several tiles at once.
            #[target_feature(enable = $features)]
            pub(in super::super) fn products<const N: usize, const T: usize>(
                tiles: [&[Lanes]; T],
                x: Window<'_>,
                out: [&mut [Lanes]; T],
            ) {
                let mut sums: [[Parts; N]; T] = [[[$zero(); $parts]; N]; T];
                let columns = tiles[0].len();
                for chunk in 0..columns.div_ceil(LANES) {
                    let (rows, from) = (x.rows::<N>(chunk), chunk * LANES);
                    for column in 0..LANES.min(columns - from) {
                        let mut weights: [Parts; T] = [[$zero(); $parts]; T];
                        // Closures would not be inlined here.
                        for tile in 0..T {
                            weights[tile] = load(&tiles[tile][from + column]);
                            let soon = tiles[tile].as_ptr().wrapping_add(from + column + AHEAD);
                            _mm_prefetch::<_MM_HINT_T0>(soon.cast());
                        }
                        each_row!(row in 0..N {
                            for tile in 0..T {
                                add_product(weights[tile], rows[row][column], &mut sums[tile][row]);
                            }
                        });
                    }
                }
                for (sums, out) in sums.into_iter().zip(out) {
                    for (sum, out) in sums.into_iter().zip(out) {
                        store(sum, out);
                    }
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
                        each_row!(head in 0..N {
                            add_product(keys, queries[head][at], &mut sums[head]);
                        });
                    }
                    for (head, sum) in sums.into_iter().enumerate() {
                        let (tiles, _) = scores[head * width..(head + 1) * width].as_chunks_mut::<LANES>();
                        store(sum, &mut tiles[tile]);
                    }
                }
            }

            /// As `attention::gather_chunks`, of several heads at once.
            #[target_feature(enable = $features)]
            pub(in super::super) fn gather<const N: usize, const C: usize>(
                sequence: &Sequence,
                place: Place,
                weights: [&[f32]; N],
                from: usize,
                out: [&mut [Lanes]; N],
            ) {
                let mut sums: [[Parts; C]; N] = [[[$zero(); $parts]; C]; N];
                for (positions, values) in sequence.values(place) {
                    let weights = weights.map(|weights| &weights[positions.clone()]);
                    for (at, values) in values.enumerate() {
                        let values = &values[from..from + C];
                        for chunk in 0..C {
                            let values = load(&values[chunk]);
                            each_row!(head in 0..N {
                                add_product(values, weights[head][at], &mut sums[head][chunk]);
                            });
                        }
                    }
                }
                for (sums, out) in sums.into_iter().zip(out) {
                    for (sum, out) in sums.into_iter().zip(&mut out[from..from + C]) {
                        store(sum, out);
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
    _mm512_set1_ps,
    _mm512_fmadd_ps
);
width!(narrow, "avx2,fma", __m256, 2, _mm256_setzero_ps, _mm256_set1_ps, _mm256_fmadd_ps);

pub(super) use narrow::{gather as gather256, products as products256, scores as scores256};
pub(super) use wide::{gather as gather512, products as products512, scores as scores512};

/// As the plain body of `rows::round_row`.
#[target_feature(enable = "avx512f,avx512bw,avx512vl,avx512vnni,avx2,fma")]
pub(super) fn round_row512(
    rows: &Rows,
    row: usize,
    stride: usize,
    values: &mut [[i32; BLOCK / 4]],
    notes: &mut [Note],
) {
    let rounder = _mm512_set1_ps(ROUNDER);
    let places = values.iter_mut().step_by(stride).zip(notes.iter_mut().step_by(stride));
    for (block, (values, note)) in places.enumerate() {
        let halves = [load512(rows.lanes(row, 2 * block)), load512(rows.lanes(row, 2 * block + 1))];
        // Of two the second is taken unless the first is greater: NaN is passed over.
        let most = _mm512_max_ps(_mm512_abs_ps(halves[0]), _mm512_setzero_ps());
        let most = _mm512_reduce_max_ps(_mm512_max_ps(_mm512_abs_ps(halves[1]), most));
        let inverse = _mm512_set1_ps(if most > SMALLEST { 127.0 / most } else { 0.0 });
        let (mut sums, mut widest) = ([0; 2], _mm512_setzero_si512());
        for half in 0..2 {
            let shifted = _mm512_fmadd_ps(halves[half], inverse, rounder);
            let rounded = _mm512_sub_epi32(_mm512_castps_si512(shifted), _mm512_castps_si512(rounder));
            widest = _mm512_or_si512(widest, _mm512_abs_epi32(rounded));
            sums[half] = _mm512_reduce_add_epi32(rounded);
            let four = &mut values.as_chunks_mut::<4>().0[half];
            // SAFETY: writes the sixteen bytes of four numbers that are borrowed.
            unsafe { _mm_storeu_si128(four.as_mut_ptr().cast(), _mm512_cvtepi32_epi8(rounded)) };
        }
        *note = Note::new(most, sums, _mm512_reduce_or_epi32(widest));
    }
}

#[inline]
#[target_feature(enable = "avx512f")]
fn load512(lanes: &Lanes) -> __m512 {
    // SAFETY: a register and sixteen numbers have the same size, and any bits are both.
    unsafe { transmute::<Lanes, __m512>(*lanes) }
}
