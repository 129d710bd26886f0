//! Measures a GPU beside the processor on the same model: how far their results are apart, whether the GPU repeats
//! itself, and how fast both are at batches of 1 to 64.
//!
//! `cargo run --release -p opg-engine --features cuda --example gpu -- MODEL.gguf OUT.json` prints tables and writes
//! the same as JSON. See docs/engine.md for building it where no GPU is.

mod agreement;
mod speed;

use std::path::Path;

use opg_engine::local::{Accelerator, LocalModel};
use opg_engine::{ChatInput, Input, Limits, ModelManifest, Task, digest};

type Failure = Box<dyn std::error::Error>;

/// Questions of different lengths; the longest fills some hundred positions.
const QUESTIONS: [&str; 24] = [
    "What is the capital of France?",
    "Write a haiku about the sea.",
    "Explain in one paragraph why the sky is blue.",
    "Give me a Python function that reverses a string.",
    "List five fruits and their colours.",
    "What is 17 plus 25? Explain step by step.",
    "Tell me a short story about a dragon who is afraid of fire.",
    "Translate 'good morning' into Spanish, German and Italian.",
    "Who wrote Hamlet, and when?",
    "What is the difference between a list and a tuple?",
    "Describe the water cycle to a child.",
    "Name three uses of a paper clip.",
    "Why do cats purr?",
    "How does a bicycle stay upright?",
    "Summarise the plot of Romeo and Juliet in three sentences.",
    "What is photosynthesis?",
    "Write a short poem about autumn leaves.",
    "How many planets are there, and which is the largest?",
    "Give me a recipe for pancakes.",
    "What is a prime number? Give ten examples.",
    "Explain recursion with an example.",
    "What should I pack for a week in the mountains?",
    "Compare tea and coffee.",
    "Write a polite email that asks for a day off.",
];

fn main() -> Result<(), Failure> {
    let mut arguments = std::env::args().skip(1);
    let (Some(weights), Some(out)) = (arguments.next(), arguments.next()) else {
        return Err("usage: gpu MODEL.gguf OUT.json".into());
    };
    let manifest = manifest(Path::new(&weights))?;
    let accelerator = Accelerator::default();
    eprintln!("device: {}", accelerator.describe()?);
    let cpu = LocalModel::load(&manifest, Accelerator::Cpu)?;
    let gpu = LocalModel::load(&manifest, accelerator)?;
    let mut prompts = Vec::new();
    for (at, question) in QUESTIONS.into_iter().enumerate() {
        let padding = "The sea is deep and blue. ".repeat(at % 6 * at % 23);
        prompts.push(cpu.prompt(&Input::Chat(ChatInput::ask(padding + question)))?);
    }
    let agreement = agreement::measure(&cpu, &gpu, &prompts)?;
    let speed = speed::measure(&cpu, &gpu, std::fs::metadata(&weights)?.len())?;
    let report = serde_json::json!({ "agreement": agreement, "speed": speed });
    std::fs::write(out, serde_json::to_vec_pretty(&report)?)?;
    Ok(())
}

fn manifest(weights: &Path) -> Result<ModelManifest, Failure> {
    Ok(ModelManifest {
        name: "model".to_owned(),
        task: Task::Chat,
        weights: weights.to_owned(),
        tokenizer: None,
        config: None,
        weights_digest: digest::sha256_file(weights)?,
        tokenizer_digest: None,
        config_digest: None,
        limits: Limits::default(),
    })
}
