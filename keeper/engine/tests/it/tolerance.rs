//! How well gaps tell an honest answer of another profile from one of other weights.
//!
//! `cargo test -p opg-engine --test it tolerance -- --ignored --nocapture`

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};

use candle_core::quantized::gguf_file::{self, Content, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};
use opg_engine::local::{Accelerator, LocalModel, Unobserved};
use opg_engine::{ChatInput, Gaps, Input, ModelManifest, digest};
use tempfile::NamedTempFile;

use crate::models::{CHAT, smollm2};
use crate::random::Random;

/// Answers per model; every other one sets the thresholds, the rest is judged by them.
const ANSWERS: usize = 16;
const TOKENS: u32 = 40;
/// Answers judged together.
const POOL: usize = 4;
/// By how much the thresholds lie above what honest answers reach.
const MARGIN: f64 = 1.5;

/// What is done to the weights.
#[derive(Clone, Copy)]
enum Change {
    /// Written in another format.
    Format(GgmlDType),
    /// Each weight times a random factor around one with this standard deviation, then 8 bits.
    Noise(f64),
    /// Without the last layers.
    Cut(u32),
}

const HONEST: [(&str, Change); 2] = [
    ("the same weights in 16 bits", Change::Format(GgmlDType::F16)),
    ("the same weights in Q8_0", Change::Format(GgmlDType::Q8_0)),
];

/// The farthest off comes last.
const OTHERS: [(&str, Change); 7] = [
    ("rounded to Q5_0", Change::Format(GgmlDType::Q5_0)),
    ("rounded to Q4_0", Change::Format(GgmlDType::Q4_0)),
    ("weights off by 2 %", Change::Noise(0.02)),
    ("weights off by 10 %", Change::Noise(0.1)),
    ("weights off by 30 %", Change::Noise(0.3)),
    ("29 of 30 layers", Change::Cut(1)),
    ("27 of 30 layers", Change::Cut(3)),
];

/// The file of SmolLM2 with its weights changed.
fn changed(change: Change) -> (NamedTempFile, ModelManifest) {
    let mut source = File::open(smollm2().weights).unwrap();
    let content = Content::read(&mut source).unwrap();
    let mut metadata: HashMap<String, Value> = content.metadata.clone();
    let mut layers = u32::MAX;
    if let Change::Cut(cut) = change {
        let Some(Value::U32(count)) = metadata.get_mut("llama.block_count") else { panic!("no layers") };
        *count -= cut;
        layers = *count;
    }
    let mut names: Vec<&String> = content.tensor_infos.keys().collect();
    names.sort();
    let layer =
        |name: &str| name.strip_prefix("blk.").and_then(|rest| rest.split('.').next()?.parse::<u32>().ok());
    let mut random = Random(1);
    let mut tensors = Vec::new();
    for name in names.into_iter().filter(|name| layer(name).is_none_or(|layer| layer < layers)) {
        let tensor = content.tensor(&mut source, name, &Device::Cpu).unwrap();
        let plain = || tensor.dequantize(&Device::Cpu).unwrap();
        let tensor = match change {
            // Norms stay as they are.
            _ if tensor.shape().rank() < 2 => tensor,
            Change::Format(format) => QTensor::quantize(&plain(), format).unwrap(),
            Change::Noise(deviation) => {
                QTensor::quantize(&noisy(&plain(), deviation, &mut random), GgmlDType::Q8_0).unwrap()
            }
            Change::Cut(_) => tensor,
        };
        tensors.push((name.as_str(), tensor));
    }
    let file = NamedTempFile::new().unwrap();
    let mut writer = BufWriter::new(file.reopen().unwrap());
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (*name, tensor)).collect();
    gguf_file::write(&mut writer, &metadata, &tensors).unwrap();
    writer.flush().unwrap();
    let manifest = ModelManifest {
        weights: file.path().to_owned(),
        weights_digest: digest::sha256_file(file.path()).unwrap(),
        ..smollm2()
    };
    (file, manifest)
}

/// Factors from an even distribution of that standard deviation.
fn noisy(tensor: &Tensor, deviation: f64, random: &mut Random) -> Tensor {
    let width = deviation * 3_f64.sqrt();
    let mut values: Vec<f32> = tensor.flatten_all().unwrap().to_vec1().unwrap();
    for value in &mut values {
        let even = (random.next() >> 11) as f64 / (1_u64 << 52) as f64 - 1.0;
        *value *= (1.0 + width * even) as f32;
    }
    Tensor::from_vec(values, tensor.shape(), &Device::Cpu).unwrap()
}

/// Every fourth answer is greedy, the others are drawn.
fn request(number: usize) -> ChatInput {
    let subjects = ["the sea", "an old clock", "a city at night", "two friends", "a lost letter", "winter"];
    let forms =
        ["Write a story about", "Explain to a child what is special about", "Make a list of facts about"];
    let (subject, form) = (subjects[number % subjects.len()], forms[number / 2 % forms.len()]);
    ChatInput {
        max_tokens: Some(TOKENS),
        temperature: Some(if number % 4 < 2 { 0.0 } else { 0.7 }),
        top_p: Some(0.95),
        seed: Some(number as u64),
        ..ChatInput::ask(format!("{form} {subject}."))
    }
}

/// What the exact engine says of the answers that a model gives.
fn judged(model: &LocalModel) -> Vec<Gaps> {
    let each = (0..ANSWERS).map(|number| {
        let asked = Input::Chat(request(number));
        let trace = model.run(&asked, &mut Unobserved).unwrap().trace;
        CHAT.compare(&asked, &trace).unwrap()
    });
    each.collect()
}

fn share(found: impl Iterator<Item = bool>) -> f64 {
    let all: Vec<bool> = found.collect();
    all.iter().filter(|is| **is).count() as f64 / all.len().max(1) as f64
}

fn mean(gaps: &[Gaps]) -> f64 {
    gaps.iter().map(|gaps| gaps.mean).sum::<f64>() / gaps.len().max(1) as f64
}

/// Every second answer, from the first or the second on.
fn half(gaps: &[Gaps], from: usize) -> Vec<Gaps> {
    gaps.iter().skip(from).step_by(2).copied().collect()
}

/// Prints a line of the table; returns the share of groups that are rejected.
fn report(name: &str, gaps: &[Gaps], [alone, pooled]: [f64; 2]) -> f64 {
    let judged = half(gaps, 1);
    let positions: u32 = gaps.iter().map(|gaps| gaps.positions).sum();
    let different: u32 = gaps.iter().map(|gaps| gaps.different).sum();
    let mut ends: Vec<f64> = gaps.iter().map(|gaps| gaps.p99).collect();
    ends.sort_by(f64::total_cmp);
    let groups = share(judged.chunks(POOL).map(|group| mean(group) > pooled));
    println!(
        "| {name} | {:.1} % | {:.4} | {:.2} | {:.0} % | {:.0} % |",
        100.0 * f64::from(different) / f64::from(positions),
        mean(gaps),
        ends[ends.len() / 2],
        100.0 * share(judged.iter().map(|gaps| gaps.mean > alone)),
        100.0 * groups,
    );
    groups
}

#[test]
#[ignore = "a measurement of minutes"]
fn tolerance_finds_other_weights_and_spares_other_formats() {
    let answers = |change: Change| {
        let (_file, manifest) = changed(change);
        judged(&LocalModel::load(&manifest, Accelerator::Cpu).unwrap())
    };
    let honest: Vec<(&str, Vec<Gaps>)> =
        HONEST.iter().map(|(name, change)| (*name, answers(*change))).collect();
    let most = |group: usize| {
        let each =
            honest.iter().flat_map(|(_, gaps)| half(gaps, 0).chunks(group).map(mean).collect::<Vec<_>>());
        MARGIN * each.fold(0.0, f64::max)
    };
    let thresholds = [most(1), most(POOL)];
    println!(
        "thresholds on the mean gap: {:.4} for an answer, {:.4} for {POOL} together",
        thresholds[0], thresholds[1]
    );
    println!(
        "| answers of | another token | mean gap | 99th percentile | answers rejected | groups of {POOL} rejected |"
    );
    println!("|---|---:|---:|---:|---:|---:|");
    for (name, gaps) in &honest {
        assert!(report(name, gaps, thresholds) < 1.0, "honest answers are rejected");
    }
    let found = OTHERS.map(|(name, change)| report(name, &answers(change), thresholds));
    assert_eq!(found.last(), Some(&1.0), "the model that is off the farthest passes");
}
