//! Whether the GPU computes what the processor does, and whether it does so again.

use opg_engine::local::LocalModel;
use serde_json::{Value, json};

use crate::Failure;

/// Tokens of each answer that are compared.
const ANSWER: usize = 48;
/// Batches whose first sequence must come out the same.
const BATCHES: [usize; 6] = [1, 2, 4, 8, 16, 64];

pub(crate) fn measure(cpu: &LocalModel, gpu: &LocalModel, prompts: &[Vec<u32>]) -> Result<Value, Failure> {
    let (mut gaps, mut moved, mut same, mut total) = (Vec::new(), Vec::new(), 0, 0);
    let mut repeats = true;
    for prompt in prompts {
        let answer = greedy(cpu, prompt)?;
        let expected = follow(cpu, prompt, &answer)?;
        let found = follow(gpu, prompt, &answer)?;
        repeats &= found == follow(gpu, prompt, &answer)?;
        for ((token, expected), found) in answer.iter().zip(&expected).zip(&found) {
            total += 1;
            let pick = likeliest(found);
            same += usize::from(pick == *token as usize);
            // By how much the GPU prefers its own choice over the processor's: 0 where they agree.
            gaps.push(f64::from(found[pick] - found[*token as usize]));
            let most = expected.iter().zip(found).map(|(a, b)| f64::from((a - b).abs()));
            moved.push(most.fold(0.0, f64::max));
        }
    }
    let mut batches = Vec::new();
    let alone = batch(gpu, &prompts[0], 1)?;
    for size in BATCHES {
        let (first, again) = (batch(gpu, &prompts[0], size)?, batch(gpu, &prompts[0], size)?);
        let difference = largest_difference(&alone, &first);
        eprintln!(
            "batch {size}: repeats itself {}, as in batch 1 {}, largest difference {difference:.3e}",
            first == again,
            first == alone
        );
        batches.push(json!({
            "batch": size, "repeats": first == again, "asInBatch1": first == alone,
            "largestDifference": difference,
        }));
    }
    let report = json!({
        "prompts": prompts.len(), "positions": total, "sameGreedyToken": same,
        "gapMean": mean(&gaps), "gapP99": percentile(&gaps, 0.99), "gapMost": percentile(&gaps, 1.0),
        "logitDifferenceMean": mean(&moved), "logitDifferenceP99": percentile(&moved, 0.99),
        "repeats": repeats, "batches": batches,
    });
    eprintln!("agreement: {}", serde_json::to_string_pretty(&report)?);
    Ok(report)
}

fn greedy(model: &LocalModel, prompt: &[u32]) -> Result<Vec<u32>, Failure> {
    let mut state = model.lockstep(1, prompt.len() + ANSWER)?;
    let mut answer = state.greedy(prompt)?;
    while answer.len() < ANSWER {
        let next = state.greedy(&answer[answer.len() - 1..])?;
        answer.extend(next);
    }
    Ok(answer)
}

/// The logits at each position of a given answer.
fn follow(model: &LocalModel, prompt: &[u32], answer: &[u32]) -> Result<Vec<Vec<f32>>, Failure> {
    let mut state = model.lockstep(1, prompt.len() + answer.len())?;
    let mut rows = state.logits(prompt)?;
    for token in &answer[..answer.len() - 1] {
        rows.extend(state.logits(&[*token])?);
    }
    Ok(rows)
}

/// Logits of the first sequence over a prompt and eight tokens, among `size` others that differ from it.
fn batch(model: &LocalModel, prompt: &[u32], size: usize) -> Result<Vec<Vec<f32>>, Failure> {
    let mut state = model.lockstep(size, prompt.len() + 8)?;
    let all: Vec<u32> =
        (0..size).flat_map(|at| prompt.iter().map(move |token| token + at as u32 % 7)).collect();
    let mut rows = vec![state.logits(&all)?.swap_remove(0)];
    for step in 0..8 {
        let tokens: Vec<u32> = (0..size as u32).map(|at| 1000 + step * 17 + at).collect();
        rows.push(state.logits(&tokens)?.swap_remove(0));
    }
    Ok(rows)
}

fn likeliest(row: &[f32]) -> usize {
    (0..row.len()).reduce(|best, next| if row[next] > row[best] { next } else { best }).unwrap_or(0)
}

fn largest_difference(a: &[Vec<f32>], b: &[Vec<f32>]) -> f64 {
    a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| f64::from((a - b).abs())).fold(0.0, f64::max)
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

fn percentile(values: &[f64], share: f64) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(((sorted.len().max(1) - 1) as f64 * share).ceil() as usize).copied().unwrap_or(0.0)
}
