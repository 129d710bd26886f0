//! candle's own models, as they come.

use std::fs::File;
use std::path::Path;
use std::time::Instant;

use candle_core::quantized::gguf_file::Content;
use candle_core::{D, DType, Device, Tensor};
use candle_nn::VarBuilder;
use candle_transformers::models::bert::{BertModel, Config};
use candle_transformers::models::{quantized_gemma3, quantized_llama};

use super::{Contestant, Failure, PROMPT, prompt};

/// A forward pass: tokens by sequence, and the position of the first.
type Forward = Box<dyn FnMut(&Tensor, usize) -> candle_core::Result<Tensor>>;

struct Bare(Forward);

struct Encoder(BertModel);

pub(super) fn load(weights: &Path) -> Result<Box<dyn Contestant>, Failure> {
    if weights.extension().is_none_or(|extension| extension != "gguf") {
        let config: Config = serde_json::from_slice(&std::fs::read(weights.with_file_name("config.json"))?)?;
        let buffer =
            VarBuilder::from_buffered_safetensors(std::fs::read(weights)?, DType::F32, &Device::Cpu)?;
        return Ok(Box::new(Encoder(BertModel::load(buffer, &config)?)));
    }
    let mut file = File::open(weights)?;
    let content = Content::read(&mut file)?;
    let architecture = content.metadata.get("general.architecture").ok_or("no architecture")?.to_string()?;
    // In both a pass from position 0 begins anew.
    let forward: Forward = if architecture == "gemma3" {
        let mut model = quantized_gemma3::ModelWeights::from_gguf(content, &mut file, &Device::Cpu)?;
        Box::new(move |tokens, at| model.forward(tokens, at))
    } else {
        let mut model = quantized_llama::ModelWeights::from_gguf(content, &mut file, &Device::Cpu)?;
        Box::new(move |tokens, at| model.forward(tokens, at))
    };
    Ok(Box::new(Bare(forward)))
}

impl Bare {
    fn greedy(&mut self, tokens: &[u32], sequences: usize, at: usize) -> candle_core::Result<Vec<u32>> {
        let tokens = Tensor::new(tokens, &Device::Cpu)?.reshape((sequences, ()))?;
        (self.0)(&tokens, at)?.reshape((sequences, ()))?.argmax(D::Minus1)?.to_vec1()
    }
}

impl Contestant for Bare {
    fn prefill(&mut self, tokens: usize) -> Result<f64, Failure> {
        let started = Instant::now();
        self.greedy(&prompt(0, tokens), 1, 0)?;
        Ok(started.elapsed().as_secs_f64())
    }

    fn decode(&mut self, sequences: usize, tokens: usize) -> Result<f64, Failure> {
        let prompts: Vec<u32> = (0..sequences).flat_map(|at| prompt(at, PROMPT)).collect();
        let mut last = self.greedy(&prompts, sequences, 0)?;
        let started = Instant::now();
        for at in 0..tokens {
            last = self.greedy(&last, sequences, PROMPT + at)?;
        }
        Ok(started.elapsed().as_secs_f64())
    }

    fn embed(&mut self, _texts: usize, _tokens: usize) -> Result<f64, Failure> {
        Err("a language model does not embed".into())
    }
}

impl Contestant for Encoder {
    fn prefill(&mut self, _tokens: usize) -> Result<f64, Failure> {
        Err("an encoder does not generate".into())
    }

    fn decode(&mut self, _sequences: usize, _tokens: usize) -> Result<f64, Failure> {
        Err("an encoder does not generate".into())
    }

    fn embed(&mut self, texts: usize, tokens: usize) -> Result<f64, Failure> {
        let ids: Vec<u32> = (0..texts).flat_map(|at| prompt(at, tokens)).collect();
        let ids = Tensor::new(ids.as_slice(), &Device::Cpu)?.reshape((texts, tokens))?;
        let started = Instant::now();
        self.0.forward(&ids, &ids.zeros_like()?, None)?.mean(1)?.to_vec2::<f32>()?;
        Ok(started.elapsed().as_secs_f64())
    }
}
