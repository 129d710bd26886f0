use std::path::Path;
use std::time::Instant;

use candle_core::Device;

use super::template::Template;
use super::text::TextStream;
use super::tokenizer::Tokenizer;
use super::{prompt, sampling};
use crate::gguf::Gguf;
use crate::llama::{KvCache, Llama, PREFILL_CHUNK};
use crate::local::{Observer, Unobserved, engine_name};
use crate::{
    ChatInput, Completion, EngineError, FinishReason, Limits, ModelManifest, Output, Sampling, Timings,
    Trace, Usage, digest,
};

/// A language model with its tokenizer and template, ready to answer.
#[derive(Debug)]
pub(crate) struct ChatModel {
    llama: Llama,
    tokenizer: Tokenizer,
    template: Template,
    limits: Limits,
    device: Device,
}

/// Tokens produced so far and the text that they make.
struct Answer<'a> {
    tokens: Vec<u32>,
    text: String,
    stream: TextStream<'a>,
}

impl ChatModel {
    /// Verifies the weights file and loads all of the model from it.
    pub(crate) fn load(manifest: &ModelManifest, device: &Device) -> Result<Self, EngineError> {
        for (path, what) in [(&manifest.tokenizer, "tokenizer"), (&manifest.config, "config")] {
            if let Some(path) = path {
                let reason = format!("a chat model carries its {what} in the GGUF file; remove this entry");
                return Err(EngineError::model_file(path, reason));
            }
        }
        let file = digest::open_verified(&manifest.weights, &manifest.weights_digest)?;
        Self::from_gguf(&manifest.weights, file, manifest.limits, device)
    }

    fn from_gguf(
        path: &Path,
        file: std::fs::File,
        limits: Limits,
        device: &Device,
    ) -> Result<Self, EngineError> {
        let mut gguf = Gguf::read(path, file)?;
        let tokenizer = Tokenizer::load(&gguf)?;
        let (bos, eos) = tokenizer.bos_and_eos_text();
        let template = Template::new(gguf.str("tokenizer.chat_template")?, bos, eos)
            .map_err(|error| gguf.error(format!("its chat template is malformed: {error}")))?;
        let llama = Llama::load(&mut gguf, device)?;
        if llama.config().vocab != tokenizer.len() {
            let reason =
                format!("{} embeddings for a vocabulary of {}", llama.config().vocab, tokenizer.len());
            return Err(gguf.error(reason));
        }
        Ok(ChatModel { llama, tokenizer, template, limits, device: device.clone() })
    }

    /// Token ids of the rendered prompt, if it fits.
    pub(crate) fn prompt(&self, input: &ChatInput) -> Result<Vec<u32>, EngineError> {
        let tokens = prompt::encode(&self.template, &self.tokenizer, &input.messages)?;
        // One position must be left for the answer.
        let limit = (self.limits.max_input_tokens as usize).min(self.llama.config().context - 1);
        if tokens.is_empty() || tokens.len() > limit {
            return Err(EngineError::InputTooLong { tokens: tokens.len(), limit });
        }
        Ok(tokens)
    }

    /// Token ids of a text that is not a chat.
    pub(crate) fn encode_text(&self, text: &str) -> Result<Vec<u32>, EngineError> {
        self.tokenizer.encode_text(text)
    }

    /// Answers a request, reporting text to `observer` as it becomes certain.
    pub(crate) fn run(
        &self,
        input: &ChatInput,
        observer: &mut dyn Observer,
    ) -> Result<Completion, EngineError> {
        let started = Instant::now();
        let sampling = input.sampling();
        let prompt = self.prompt(input)?;
        let most = self.output_limit(input, prompt.len());
        let mut cache = self.llama.cache(prompt.len() + most)?;
        let logits = self.prefill(&prompt, &mut cache, observer)?;
        let prefill = started.elapsed();

        let stops = input.stop.as_deref().unwrap_or_default();
        let mut answer = Answer { tokens: Vec::new(), text: String::new(), stream: TextStream::new(stops) };
        let finish_reason = self.decode(&mut answer, logits, &mut cache, &sampling, most, observer)?;
        let Answer { tokens, mut text, stream } = answer;
        let rest = stream.finish();
        observer.text(&rest);
        text.push_str(&rest);

        Ok(Completion {
            output: Output::Text(text),
            usage: Usage { input_tokens: prompt.len() as u32, output_tokens: tokens.len() as u32 },
            trace: Trace {
                engine: engine_name(&self.device),
                input_tokens: prompt,
                output_tokens: tokens,
                sampling: Some(sampling),
            },
            finish_reason,
            timings: Timings { prefill, decode: started.elapsed() - prefill, ..Timings::default() },
        })
    }

    /// What this build picks at each output position of a trace, given all tokens before it.
    pub(crate) fn replay(&self, trace: &Trace) -> Result<Vec<u32>, EngineError> {
        let (prompt, output) = (&trace.input_tokens, &trace.output_tokens);
        let (tokens, limit) = (prompt.len().saturating_add(output.len()), self.llama.config().context);
        if prompt.is_empty() || tokens > limit {
            return Err(EngineError::InputTooLong { tokens, limit });
        }
        let sampling = trace.sampling.unwrap_or(Sampling { temperature: 0.0, top_p: 1.0, seed: 0 });
        let mut cache = self.llama.cache(tokens)?;
        let mut logits = self.prefill(prompt, &mut cache, &mut Unobserved)?;
        let mut picks = Vec::new();
        for (position, token) in (0_u64..).zip(output) {
            picks.push(sampling::pick(&logits, &sampling, position)?);
            logits = self.llama.forward(&[*token], &mut cache)?;
        }
        Ok(picks)
    }

    fn output_limit(&self, input: &ChatInput, prompt: usize) -> usize {
        let asked = input.max_tokens.unwrap_or(self.limits.default_output_tokens);
        let allowed = asked.min(self.limits.max_output_tokens) as usize;
        allowed.min(self.llama.config().context - prompt)
    }

    fn prefill(
        &self,
        prompt: &[u32],
        cache: &mut KvCache,
        observer: &mut dyn Observer,
    ) -> Result<Vec<f32>, EngineError> {
        let mut logits = Vec::new();
        for chunk in prompt.chunks(PREFILL_CHUNK) {
            if observer.cancelled() {
                return Err(EngineError::Cancelled);
            }
            logits = self.llama.forward(chunk, cache)?;
        }
        Ok(logits)
    }

    fn decode(
        &self,
        answer: &mut Answer<'_>,
        mut logits: Vec<f32>,
        cache: &mut KvCache,
        sampling: &Sampling,
        most: usize,
        observer: &mut dyn Observer,
    ) -> Result<FinishReason, EngineError> {
        while answer.tokens.len() < most {
            if observer.cancelled() {
                return Err(EngineError::Cancelled);
            }
            let token = sampling::pick(&logits, sampling, answer.tokens.len() as u64)?;
            answer.tokens.push(token);
            if self.tokenizer.is_end(token) {
                return Ok(FinishReason::Stop);
            }
            let text = answer.stream.push(self.tokenizer.piece(token));
            observer.text(&text);
            answer.text.push_str(&text);
            if answer.stream.stopped() {
                return Ok(FinishReason::Stop);
            }
            if answer.tokens.len() < most {
                logits = self.llama.forward(&[token], cache)?;
            }
        }
        Ok(FinishReason::Length)
    }
}
