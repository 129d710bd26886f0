//! Picking the next token. docs/engine.md specifies each step; this is version 4 of the sampler.
//!
//! All arithmetic is in double precision by a library that is part of this program, and every sum has a fixed order, so
//! that a verifier picks the same token on any machine.

use std::cmp::Ordering;

use super::guide::Allowed;
use super::philox::uniform;
use crate::{EngineError, Sampling};

/// Name and version that the execution profile commits to.
pub(crate) const NAME: &str = "opg-sampler/4";

/// Candidates that are put in order at first; more follow where these do not suffice.
const FIRST_SORTED: usize = 64;

/// Scores that are compared side by side.
const SIDE: usize = 16;

/// Picks the token for an output position, of those that are allowed. `history` holds all tokens before it, the prompt's
/// included.
pub(super) fn pick_allowed(
    logits: &[f32],
    allowed: Option<&Allowed>,
    sampling: &Sampling,
    history: &[u32],
    position: u64,
) -> Result<u32, EngineError> {
    match allowed {
        Some(allowed) => pick(&allowed.scores(logits), sampling, history, position),
        None => pick(logits, sampling, history, position),
    }
}

/// Picks the token for an output position. `history` holds all tokens before it, the prompt's included.
pub(super) fn pick(
    logits: &[f32],
    sampling: &Sampling,
    history: &[u32],
    position: u64,
) -> Result<u32, EngineError> {
    if sampling.temperature == 0.0 && sampling.repetition_penalty == 1.0 {
        return likeliest(logits);
    }
    let logits = penalised(logits, sampling.repetition_penalty, history);
    let best = likeliest(&logits)?;
    if sampling.temperature == 0.0 {
        return Ok(best);
    }
    let highest = logits[best as usize];
    let weigh = |logit: &f64| libm::exp((logit - highest) / sampling.temperature);
    let mut weights: Vec<(u32, f64)> = (0..).zip(logits.iter().map(weigh)).collect();
    if sampling.min_p > 0.0 {
        // The likeliest weighs 1.
        weights.retain(|(_, weight)| *weight >= sampling.min_p);
    }
    if sampling.top_k > 0 && (sampling.top_k as usize) < weights.len() {
        let last = sampling.top_k as usize - 1;
        weights.select_nth_unstable_by(last, falling);
        weights.truncate(last + 1);
        weights.sort_unstable_by_key(|(id, _)| *id);
    }
    // In order of ids.
    let mass: f64 = weights.iter().map(|(_, weight)| weight).sum();
    let mut order = Falling { weights, sorted: 0 };
    let (count, kept) = nucleus(&mut order, sampling.top_p, mass);
    Ok(draw(&mut order, count, uniform(sampling.seed, position) * kept))
}

/// Logits in double precision, those of tokens that occurred divided by the penalty, or multiplied if negative.
fn penalised(logits: &[f32], penalty: f64, history: &[u32]) -> Vec<f64> {
    let mut wide: Vec<f64> = logits.iter().map(|logit| f64::from(*logit)).collect();
    if penalty != 1.0 {
        let mut seen = history.to_vec();
        seen.sort_unstable();
        seen.dedup();
        for logit in seen.iter().filter_map(|id| logits.get(*id as usize).map(|_| *id as usize)) {
            let value = &mut wide[logit];
            *value = if *value > 0.0 { *value / penalty } else { *value * penalty };
        }
    }
    wide
}

/// The first of the highest scores.
fn likeliest<T: Copy + PartialOrd + From<f32> + Into<f64>>(logits: &[T]) -> Result<u32, EngineError> {
    // Side by side, which the compiler makes one instruction of; the order does not matter to a maximum.
    let (mut highest, mut usable) = ([T::from(f32::NEG_INFINITY); SIDE], [true; SIDE]);
    let (whole, rest) = logits.as_chunks::<SIDE>();
    for logits in whole {
        for at in 0..SIDE {
            highest[at] = if logits[at] > highest[at] { logits[at] } else { highest[at] };
            usable[at] &= logits[at] < T::from(f32::INFINITY);
        }
    }
    let all = highest.iter().chain(rest);
    let highest = all.fold(T::from(f32::NEG_INFINITY), |highest, x| if *x > highest { *x } else { highest });
    let bad = |x: &T| x.partial_cmp(&T::from(f32::INFINITY)) != Some(Ordering::Less);
    if (usable.contains(&false) || rest.iter().any(bad))
        && let Some(id) = logits.iter().position(bad)
    {
        let score: f64 = logits[id].into();
        return Err(EngineError::Inference {
            reason: format!("the model gave token {id} the score {score}"),
        });
    }
    match logits.iter().position(|logit| *logit == highest) {
        Some(id) if highest > T::from(f32::NEG_INFINITY) => Ok(id as u32),
        _ => Err(EngineError::Inference { reason: "the model gave no token a score".to_owned() }),
    }
}

fn falling((a, x): &(u32, f64), (b, y): &(u32, f64)) -> Ordering {
    y.total_cmp(x).then(a.cmp(b))
}

/// Weights that are put in falling order, the lower id first among equals, as far as they are looked at.
struct Falling {
    weights: Vec<(u32, f64)>,
    sorted: usize,
}

impl Falling {
    fn get(&mut self, at: usize) -> Option<(u32, f64)> {
        while at >= self.sorted && self.sorted < self.weights.len() {
            let rest = &mut self.weights[self.sorted..];
            let more = (FIRST_SORTED + 3 * self.sorted).min(rest.len());
            if more < rest.len() {
                rest.select_nth_unstable_by(more, falling);
            }
            rest[..more].sort_unstable_by(falling);
            self.sorted += more;
        }
        self.weights.get(at).copied()
    }
}

/// How many of the likeliest reach `top_p` of the mass, and what they weigh together.
fn nucleus(order: &mut Falling, top_p: f64, mass: f64) -> (usize, f64) {
    if top_p >= 1.0 {
        return (order.weights.len(), mass);
    }
    let (wanted, mut sum, mut count) = (top_p * mass, 0.0, 0);
    while let Some((_, weight)) = order.get(count) {
        (sum, count) = (sum + weight, count + 1);
        if sum >= wanted {
            break;
        }
    }
    (count, sum)
}

/// The first whose running sum exceeds `wanted`; rounding may leave the last.
fn draw(order: &mut Falling, count: usize, wanted: f64) -> u32 {
    let (mut sum, mut drawn) = (0.0, 0);
    for at in 0..count {
        let Some((id, weight)) = order.get(at) else { break };
        if weight <= 0.0 {
            break;
        }
        (sum, drawn) = (sum + weight, id);
        if sum > wanted {
            break;
        }
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(temperature: f64) -> Sampling {
        Sampling { temperature, seed: 3, ..Sampling::default() }
    }

    fn draws(logits: &[f32], sampling: &Sampling, history: &[u32]) -> Vec<u32> {
        (0..300).map(|at| pick(logits, sampling, history, at).unwrap()).collect()
    }

    const HALF_QUARTERS: [f32; 3] =
        [-std::f32::consts::LN_2, -2.0 * std::f32::consts::LN_2, -2.0 * std::f32::consts::LN_2];

    #[test]
    fn greedy_takes_the_highest_and_the_lowest_id_of_equals() {
        assert_eq!(pick(&[0.5, 2.0, 2.0, -1.0], &at(0.0), &[], 0), Ok(1));
    }

    #[test]
    fn scores_that_are_no_numbers_are_an_error() {
        for logits in [&[1.0, f32::NAN][..], &[f32::NEG_INFINITY], &[f32::INFINITY, 0.0], &[]] {
            assert!(matches!(pick(logits, &at(0.0), &[], 0), Err(EngineError::Inference { .. })));
        }
    }

    #[test]
    fn top_p_leaves_only_the_nucleus() {
        let drawn = draws(&HALF_QUARTERS, &Sampling { top_p: 0.6, ..at(1.0) }, &[]);
        assert!(drawn.contains(&0) && drawn.contains(&1) && !drawn.contains(&2), "{drawn:?}");
    }

    #[test]
    fn the_first_of_the_highest_scores_is_the_likeliest_wherever_it_stands() {
        for count in [1, 15, 16, 17, 33, 100] {
            for at in 0..count {
                let mut logits: Vec<f32> = (0..count).map(|id| -((id * 7 % 5) as f32)).collect();
                logits[at] = 1.0;
                assert_eq!(likeliest(&logits).unwrap(), at as u32);
                logits[count - 1] = 1.0;
                assert_eq!(likeliest(&logits).unwrap(), at as u32);
                logits[at] = f32::NAN;
                let error = likeliest(&logits).unwrap_err().to_string();
                assert!(error.contains(&format!("token {at} the score NaN")), "{error}");
            }
        }
    }

    #[test]
    fn top_k_and_min_p_leave_the_likeliest() {
        let drawn = draws(&HALF_QUARTERS, &Sampling { top_k: 2, ..at(1.0) }, &[]);
        assert!(drawn.contains(&0) && drawn.contains(&1) && !drawn.contains(&2), "{drawn:?}");
        assert!(draws(&HALF_QUARTERS, &Sampling { min_p: 0.6, ..at(1.0) }, &[]).iter().all(|id| *id == 0));
        let drawn = draws(&HALF_QUARTERS, &Sampling { min_p: 0.4, ..at(1.0) }, &[]);
        assert!((0..3).all(|id| drawn.contains(&id)), "{drawn:?}");
    }

    #[test]
    fn a_penalty_moves_what_occurred_down_whatever_its_sign() {
        let sampling = Sampling { repetition_penalty: 2.0, ..at(0.0) };
        assert_eq!(pick(&[3.0, 2.0], &sampling, &[0, 0, 99], 0), Ok(1));
        assert_eq!(pick(&[-3.0, -4.0], &sampling, &[0], 0), Ok(1));
        assert_eq!(pick(&[3.0, 2.0], &sampling, &[0, 1], 0), Ok(0));
    }

    #[test]
    fn what_is_put_in_order_step_by_step_is_in_order() {
        let weights: Vec<(u32, f64)> = (0..5000).map(|id| (id, f64::from(id * 7919 % 977))).collect();
        let mut expected = weights.clone();
        expected.sort_by(falling);
        let mut order = Falling { weights, sorted: 0 };
        let found: Vec<(u32, f64)> = (0..5000).map(|at| order.get(at).unwrap()).collect();
        assert_eq!(found, expected);
        assert_eq!(order.get(5000), None);
    }

    #[test]
    fn frequencies_follow_the_probabilities() {
        let logits = [0.7_f32.ln(), 0.2_f32.ln(), 0.1_f32.ln()];
        let mut counts = [0_u32; 3];
        for position in 0..10_000 {
            counts[pick(&logits, &at(1.0), &[], position).unwrap() as usize] += 1;
        }
        for (count, expected) in counts.into_iter().zip([7000_u32, 2000, 1000]) {
            // Five standard deviations of a binomial count are below 230 here.
            assert!(count.abs_diff(expected) < 230, "{counts:?}");
        }
    }
}
