//! Attention of one position's query heads over the keys and values before it.

use super::cache::Sequence;
use super::lanes::{self, LANES, Lanes};
#[cfg(target_arch = "x86_64")]
use super::lanes_x86;
use super::level::{Level, leveled};

/// Query heads that read the same keys side by side.
const SIDE: usize = 4;

/// Which keys and values, and how far back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    pub(super) layer: usize,
    /// Head of keys and values.
    pub(super) head: usize,
    /// First position that is seen.
    pub(super) first: usize,
    /// Last position that is seen: the query's own.
    pub(super) last: usize,
    pub(super) dim: usize,
}

/// Attends with the query heads of one group: `query` and `out` are `[heads][dim padded]`, the query already scaled.
/// `scores` is working memory.
pub(super) fn attend(
    level: Level,
    sequence: &Sequence,
    place: Place,
    query: &[f32],
    out: &mut [f32],
    scores: &mut Vec<f32>,
) {
    let padded = place.dim.div_ceil(LANES) * LANES;
    let width = (place.last / LANES + 1) * LANES;
    for (query, out) in query.chunks(SIDE * padded).zip(out.chunks_mut(SIDE * padded)) {
        let heads = query.len() / padded;
        scores.clear();
        scores.resize(heads * width, 0.0);
        score(level, sequence, place, query, scores);
        scores.chunks_mut(width).for_each(|scores| softmax(level, place, scores));
        gather(level, sequence, place, scores, out);
    }
}

fn score(level: Level, sequence: &Sequence, place: Place, query: &[f32], scores: &mut [f32]) {
    let padded = place.dim.div_ceil(LANES) * LANES;
    match query.len() / padded {
        1 => score_at::<1>(level, sequence, place, query, scores),
        2 => score_at::<2>(level, sequence, place, query, scores),
        3 => score_at::<3>(level, sequence, place, query, scores),
        _ => score_at::<SIDE>(level, sequence, place, query, scores),
    }
}

fn score_at<const N: usize>(
    level: Level,
    sequence: &Sequence,
    place: Place,
    query: &[f32],
    scores: &mut [f32],
) {
    #[cfg(target_arch = "x86_64")]
    {
        if level.is_avx512() {
            // SAFETY: a level of this kind exists only where the processor has the instructions.
            return unsafe { lanes_x86::scores512::<N>(sequence, place, query, scores) };
        }
        if level.is_avx2() {
            // SAFETY: as above.
            return unsafe { lanes_x86::scores256::<N>(sequence, place, query, scores) };
        }
    }
    let _ = level;
    score_heads::<N>(sequence, place, query, scores);
}

/// Each lane belongs to a position and adds the products up from the first dimension to the last.
#[inline(always)]
fn score_heads<const N: usize>(sequence: &Sequence, place: Place, query: &[f32], scores: &mut [f32]) {
    let padded = query.len() / N;
    let width = scores.len() / N;
    for tile in place.first / LANES..=place.last / LANES {
        let mut sums: [Lanes; N] = [[0.0; LANES]; N];
        for (at, keys) in sequence.keys(place, tile).iter().enumerate() {
            for (head, sum) in sums.iter_mut().enumerate() {
                let value = query[head * padded + at];
                for lane in 0..LANES {
                    sum[lane] = keys[lane].mul_add(value, sum[lane]);
                }
            }
        }
        for (head, sum) in sums.iter().enumerate() {
            scores[head * width + tile * LANES..][..LANES].copy_from_slice(sum);
        }
    }
}

leveled! {
    /// Turns scores into weights that add up to 1; positions that are not seen weigh 0.
    fn softmax(place: Place, scores: &mut [f32]) {
        let start = place.first / LANES;
        let (tiles, _) = scores.as_chunks_mut::<LANES>();
        tiles[start][..place.first % LANES].fill(f32::NEG_INFINITY);
        tiles[place.last / LANES][place.last % LANES + 1..].fill(f32::NEG_INFINITY);
        let tiles = &mut tiles[start..];
        let mut most = [f32::NEG_INFINITY; LANES];
        for tile in tiles.iter() {
            for lane in 0..LANES {
                most[lane] = lanes::greater(most[lane], tile[lane]);
            }
        }
        let most = lanes::largest(most);
        let mut sums = [0.0; LANES];
        for tile in tiles.iter_mut() {
            for lane in 0..LANES {
                tile[lane] = lanes::exp(tile[lane] - most);
                sums[lane] += tile[lane];
            }
        }
        let inverse = 1.0 / lanes::sum(sums);
        for tile in tiles {
            for weight in tile {
                *weight *= inverse;
            }
        }
    }
}

/// Adds the values up from the first position seen to the last, for the heads whose weights are here.
fn gather(level: Level, sequence: &Sequence, place: Place, weights: &[f32], out: &mut [f32]) {
    let padded = place.dim.div_ceil(LANES) * LANES;
    match out.len() / padded {
        1 => gather_heads::<1>(level, sequence, place, weights, out),
        2 => gather_heads::<2>(level, sequence, place, weights, out),
        3 => gather_heads::<3>(level, sequence, place, weights, out),
        _ => gather_heads::<SIDE>(level, sequence, place, weights, out),
    }
}

fn gather_heads<const N: usize>(
    level: Level,
    sequence: &Sequence,
    place: Place,
    weights: &[f32],
    out: &mut [f32],
) {
    let (width, chunks) = (weights.len() / N, place.dim.div_ceil(LANES));
    let mut from = 0;
    while from < chunks {
        let weights: [&[f32]; N] = std::array::from_fn(|head| &weights[head * width..(head + 1) * width]);
        let mut heads = out.as_chunks_mut::<LANES>().0.chunks_exact_mut(chunks);
        let out: [&mut [Lanes]; N] = std::array::from_fn(|_| heads.next().unwrap_or_default());
        from += match chunks - from {
            4.. if level.is_avx512() => gather_chunks::<N, 4>(level, sequence, place, weights, from, out),
            2.. if level.is_avx512() => gather_chunks::<N, 2>(level, sequence, place, weights, from, out),
            _ => gather_chunks::<N, 1>(level, sequence, place, weights, from, out),
        };
    }
}

/// Computes `C` chunks of sixteen dimensions and says so.
fn gather_chunks<const N: usize, const C: usize>(
    level: Level,
    sequence: &Sequence,
    place: Place,
    weights: [&[f32]; N],
    from: usize,
    out: [&mut [Lanes]; N],
) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        if level.is_avx512() {
            // SAFETY: a level of this kind exists only where the processor has the instructions.
            unsafe { lanes_x86::gather512::<N, C>(sequence, place, weights, from, out) };
            return C;
        }
        if level.is_avx2() {
            // SAFETY: as above.
            unsafe { lanes_x86::gather256::<N, C>(sequence, place, weights, from, out) };
            return C;
        }
    }
    let _ = level;
    let mut sums: [[Lanes; C]; N] = [[[0.0; LANES]; C]; N];
    for (positions, values) in sequence.values(place) {
        for (position, values) in positions.zip(values) {
            for (weights, sums) in weights.iter().zip(&mut sums) {
                for (sum, values) in sums.iter_mut().zip(&values[from..]) {
                    for lane in 0..LANES {
                        sum[lane] = values[lane].mul_add(weights[position], sum[lane]);
                    }
                }
            }
        }
    }
    for (sums, out) in sums.iter().zip(out) {
        out[from..from + C].copy_from_slice(sums);
    }
    C
}
