//! Tokens per second of the engine beside a bare candle loop: the same file, the same prompt, the same number
//! of tokens, in turn, in one process. Prints the median of the ratios.
//!
//! `make bench` runs it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use candle_core::quantized::gguf_file;
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use opg_engine::local::{Accelerator, LocalModel, Unobserved};
use opg_engine::{ChatInput, Input, Limits, ModelManifest, Task, digest};

const ROUNDS: usize = 11;
const OUTPUT: u32 = 48;

/// Seconds of one run, and how many tokens each part had.
struct Run {
    prefill: f64,
    decode: f64,
    tokens: Vec<u32>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let cache = std::env::var_os("OPG_CACHE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.cache"), PathBuf::from);
    let weights = cache.join("models/smollm2-135m-instruct-q4_1.gguf");
    if !weights.is_file() {
        return Err(format!("{} does not exist; run `make models` first", weights.display()).into());
    }
    let engine = LocalModel::load(&manifest(&weights)?, Accelerator::Cpu)?;
    let mut bare = load_bare(&weights)?;
    let question =
        "The sea is deep and blue. ".repeat(8) + "Tell me a long story about a dragon who is afraid of fire.";
    let input = Input::Chat(ChatInput { max_tokens: Some(OUTPUT), ..ChatInput::ask(question) });
    let prompt = engine.prompt(&input)?;

    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    // One round to warm up, and the order changes with each round: what comes second finds another machine.
    let tokens = run_engine(&engine, &input)?.tokens.len();
    for round in 0..ROUNDS {
        if round % 2 == 0 {
            ours.push(run_engine(&engine, &input)?);
        }
        theirs.push(run_bare(&mut bare, &prompt, tokens)?);
        if round % 2 == 1 {
            ours.push(run_engine(&engine, &input)?);
        }
    }
    let decoded = ours[0].tokens.len() - 1;
    if decoded < OUTPUT as usize / 2 {
        return Err(format!("the answer ended after {decoded} tokens: too few to measure").into());
    }
    report("prefill", prompt.len(), &ours, &theirs, |run| run.prefill);
    report("decode", decoded, &ours, &theirs, |run| run.decode);
    Ok(())
}

fn report(part: &str, tokens: usize, ours: &[Run], theirs: &[Run], seconds: impl Fn(&Run) -> f64) {
    let rate = |runs: &[Run]| median(runs.iter().map(|run| tokens as f64 / seconds(run)));
    // Of runs next to each other in time: what else the machine does hits both.
    let ratios = ours.iter().zip(theirs).map(|(ours, theirs)| seconds(theirs) / seconds(ours));
    let (ours, theirs, ratio) = (rate(ours), rate(theirs), median(ratios));
    eprintln!("{part}: {tokens} tokens, engine {ours:.1}/s, bare candle {theirs:.1}/s, ratio {ratio:.3}");
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn manifest(weights: &Path) -> Result<ModelManifest, Box<dyn std::error::Error>> {
    Ok(ModelManifest {
        name: "smollm2".to_owned(),
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

/// The engine's own timings: prefill ends when the first token can be picked, decode is all after that.
fn run_engine(engine: &LocalModel, input: &Input) -> Result<Run, Box<dyn std::error::Error>> {
    let completion = engine.run(input, &mut Unobserved)?;
    Ok(Run {
        prefill: completion.timings.prefill.as_secs_f64(),
        decode: completion.timings.decode.as_secs_f64(),
        tokens: completion.trace.output_tokens,
    })
}

fn load_bare(weights: &Path) -> Result<ModelWeights, Box<dyn std::error::Error>> {
    let mut file = File::open(weights)?;
    let content = gguf_file::Content::read(&mut file)?;
    Ok(ModelWeights::from_gguf(content, &mut file, &Device::Cpu)?)
}

fn run_bare(
    model: &mut ModelWeights,
    prompt: &[u32],
    tokens: usize,
) -> Result<Run, Box<dyn std::error::Error>> {
    model.clear_kv_cache();
    let step = |model: &mut ModelWeights, tokens: &[u32], at: usize| -> candle_core::Result<u32> {
        let logits = model.forward(&Tensor::new(tokens, &Device::Cpu)?.unsqueeze(0)?, at)?;
        logits.squeeze(0)?.argmax(0)?.to_scalar()
    };
    let started = Instant::now();
    let mut output = vec![step(model, prompt, 0)?];
    let prefill = started.elapsed().as_secs_f64();
    while output.len() < tokens {
        let last = output[output.len() - 1];
        output.push(step(model, &[last], prompt.len() + output.len() - 1)?);
    }
    Ok(Run { prefill, decode: started.elapsed().as_secs_f64() - prefill, tokens: output })
}
