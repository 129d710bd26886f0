//! Picking the next token.
//!
//! At temperature 0 the likeliest token is taken, the lowest id among equals. Otherwise the token at output
//! position `i` (from 0) is drawn with the number
//!
//! `u = (first 8 bytes of sha256("opg-sampler/1" ‖ seed ‖ i), big-endian, shifted right by 11) / 2^53`
//!
//! where seed and `i` are 8 bytes big-endian. The number depends on nothing else, so a verifier can check any
//! position by itself. Tokens are ordered by falling probability, the lower id first among equals, and cut
//! off where their sum reaches `top_p`; the first whose running sum exceeds `u` times the sum kept is drawn.

use sha2::{Digest, Sha256};

use crate::{EngineError, Sampling};

const DOMAIN: &[u8] = b"opg-sampler/1";

/// Picks the token for an output position.
pub(super) fn pick(logits: &[f32], sampling: &Sampling, position: u64) -> Result<u32, EngineError> {
    let best = likeliest(logits)?;
    if sampling.temperature == 0.0 {
        return Ok(best);
    }
    let highest = f64::from(logits[best as usize]);
    let mut weights: Vec<(u32, f64)> = (0_u32..)
        .zip(logits)
        .map(|(id, logit)| (id, ((f64::from(*logit) - highest) / sampling.temperature).exp()))
        .filter(|(_, weight)| *weight > 0.0)
        .collect();
    weights.sort_unstable_by(|(a, x), (b, y)| y.total_cmp(x).then(a.cmp(b)));
    Ok(draw(nucleus(&weights, sampling.top_p), uniform(sampling.seed, position)).unwrap_or(best))
}

/// The generator: a number in [0, 1) for a seed and a position.
fn uniform(seed: u64, position: u64) -> f64 {
    let hash = Sha256::new().chain_update(DOMAIN).chain_update(seed.to_be_bytes());
    let hash: [u8; 32] = hash.chain_update(position.to_be_bytes()).finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    (u64::from_be_bytes([a, b, c, d, e, f, g, h]) >> 11) as f64 / (1_u64 << 53) as f64
}

fn likeliest(logits: &[f32]) -> Result<u32, EngineError> {
    let mut best: Option<(u32, f32)> = None;
    for (id, logit) in (0_u32..).zip(logits) {
        if logit.is_nan() || *logit == f32::INFINITY {
            return Err(EngineError::Inference {
                reason: format!("the model gave token {id} the score {logit}"),
            });
        }
        if best.is_none_or(|(_, highest)| *logit > highest) {
            best = Some((id, *logit));
        }
    }
    match best {
        Some((id, score)) if score.is_finite() => Ok(id),
        _ => Err(EngineError::Inference { reason: "the model gave no token a score".to_owned() }),
    }
}

/// The fewest of the sorted weights whose sum reaches `top_p` of the whole.
fn nucleus(sorted: &[(u32, f64)], top_p: f64) -> &[(u32, f64)] {
    let wanted = top_p * total(sorted);
    let mut sum = 0.0;
    let reached = sorted.iter().position(|(_, weight)| {
        sum += weight;
        sum >= wanted
    });
    &sorted[..reached.map_or(sorted.len(), |last| last + 1)]
}

fn draw(sorted: &[(u32, f64)], u: f64) -> Option<u32> {
    let wanted = u * total(sorted);
    let mut sum = 0.0;
    let drawn = sorted.iter().find(|(_, weight)| {
        sum += weight;
        sum > wanted
    });
    drawn.map(|(id, _)| *id)
}

fn total(weights: &[(u32, f64)]) -> f64 {
    weights.iter().map(|(_, weight)| weight).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampling(temperature: f64, top_p: f64, seed: u64) -> Sampling {
        Sampling { temperature, top_p, seed }
    }

    #[test]
    fn greedy_takes_the_highest_and_the_lowest_id_of_equals() {
        assert_eq!(pick(&[0.5, 2.0, 2.0, -1.0], &sampling(0.0, 1.0, 7), 0), Ok(1));
    }

    #[test]
    fn scores_that_are_no_numbers_are_an_error() {
        for logits in [&[1.0, f32::NAN][..], &[f32::NEG_INFINITY], &[f32::INFINITY, 0.0], &[]] {
            assert!(matches!(pick(logits, &sampling(0.0, 1.0, 0), 0), Err(EngineError::Inference { .. })));
        }
    }

    /// Computed with Python's hashlib.
    #[test]
    fn the_generator_is_the_documented_one() {
        let expected = [(0, 0, GENERATOR_0_0), (1, 2, GENERATOR_1_2), (u64::MAX, 9, GENERATOR_MAX_9)];
        for (seed, position, value) in expected {
            assert_eq!(uniform(seed, position), value);
        }
    }

    const GENERATOR_0_0: f64 = 0.2680767068635266;
    const GENERATOR_1_2: f64 = 0.8612833529568177;
    const GENERATOR_MAX_9: f64 = 0.13859780765012952;

    #[test]
    fn top_p_leaves_only_the_nucleus() {
        // Probabilities 0.5, 0.25, 0.25: a nucleus of 0.6 keeps the first two in order of id.
        let logits = [0.5_f32.ln(), 0.25_f32.ln(), 0.25_f32.ln()];
        let drawn: Vec<u32> = (0..200).map(|at| pick(&logits, &sampling(1.0, 0.6, 3), at).unwrap()).collect();
        assert!(drawn.contains(&0) && drawn.contains(&1) && !drawn.contains(&2), "{drawn:?}");
    }

    #[test]
    fn frequencies_follow_the_probabilities() {
        let logits = [0.7_f32.ln(), 0.2_f32.ln(), 0.1_f32.ln()];
        let mut counts = [0_u32; 3];
        for at in 0..10_000 {
            counts[pick(&logits, &sampling(1.0, 1.0, 42), at).unwrap() as usize] += 1;
        }
        for (count, expected) in counts.into_iter().zip([7000_u32, 2000, 1000]) {
            // Five standard deviations of a binomial count are below 230 here.
            assert!(count.abs_diff(expected) < 230, "{counts:?}");
        }
    }
}
