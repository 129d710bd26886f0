//! One answer in the making.

use std::time::{Duration, Instant};

use super::guide::Guide;
use super::model::ChatModel;
use super::sampling;
use super::text::TextStream;
use crate::network::Memory;
use crate::trace::Chain;
use crate::{
    ChatInput, Completion, EngineError, FinishReason, Output, Sampling, Timings, Trace, Usage, digest,
};

/// A request with what has been computed of its answer.
#[derive(Debug)]
pub(super) struct Generation {
    /// Positions whose keys and values are computed.
    pub(super) memory: Memory,
    /// The prompt and the answer so far.
    pub(super) history: Vec<u32>,
    prompt: usize,
    most: usize,
    sampling: Sampling,
    guide: Option<Guide>,
    stream: TextStream,
    text: String,
    chain: Chain,
    started: Instant,
    prefill: Option<Duration>,
}

/// A request that has not begun.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) prompt: Vec<u32>,
    pub(super) most: usize,
    sampling: Sampling,
    stops: Vec<String>,
    guide: Option<Guide>,
}

impl Request {
    pub(super) fn new(model: &ChatModel, input: &ChatInput) -> Result<Self, EngineError> {
        let prompt = model.prompt(input)?;
        let most = model.output_limit(input, prompt.len());
        let stops = input.stop.clone().unwrap_or_default();
        let guide = input.constraint.as_ref().map(Guide::new).transpose()?;
        Ok(Request { prompt, most, sampling: input.sampling(), stops, guide })
    }

    pub(super) fn begin(self, model: &ChatModel, memory: Memory) -> Generation {
        Generation {
            memory,
            chain: Chain::new(
                &model.profile().digest(),
                &self.prompt,
                &self.sampling,
                self.guide.as_ref().map(Guide::digest),
            ),
            guide: self.guide,
            prompt: self.prompt.len(),
            history: self.prompt,
            most: self.most,
            sampling: self.sampling,
            stream: TextStream::new(self.stops),
            text: String::new(),
            started: Instant::now(),
            prefill: None,
        }
    }
}

impl Generation {
    /// Tokens that are not computed yet.
    pub(super) fn pending(&self) -> usize {
        self.history.len() - self.memory.len()
    }

    /// Takes the logits after the last token: picks the next and returns the text that is now certain, and how the answer
    /// ends if it does.
    pub(super) fn accept(
        &mut self,
        model: &ChatModel,
        logits: &[f32],
    ) -> Result<(String, Option<FinishReason>), EngineError> {
        self.prefill.get_or_insert_with(|| self.started.elapsed());
        let position = self.history.len() - self.prompt;
        let allowed = match &mut self.guide {
            Some(guide) => Some(guide.allowed(model.tokenizer(), model.order(), self.most - position)?),
            None => None,
        };
        let token = sampling::pick_allowed(logits, allowed, &self.sampling, &self.history, position as u64)?;
        if let Some(guide) = &mut self.guide {
            guide.advance(model.tokenizer().piece(token));
        }
        self.history.push(token);
        let mut text = String::new();
        let mut end = None;
        if model.tokenizer().is_end(token) {
            end = Some(FinishReason::Stop);
        } else {
            text = self.stream.push(model.tokenizer().piece(token));
            if self.stream.stopped() {
                end = Some(FinishReason::Stop);
            } else if position + 1 >= self.most {
                end = Some(FinishReason::Length);
            }
        }
        if end.is_some() {
            text.push_str(&self.stream.finish());
        }
        self.chain.push(token, logits, end.is_some());
        self.text.push_str(&text);
        Ok((text, end))
    }

    /// The finished answer.
    pub(super) fn complete(self, model: &ChatModel, finish_reason: FinishReason) -> Completion {
        let (input, output) = self.history.split_at(self.prompt);
        let prefill = self.prefill.unwrap_or_default();
        Completion {
            output: Output::Text(self.text),
            usage: Usage { input_tokens: input.len() as u32, output_tokens: output.len() as u32 },
            trace: Trace {
                engine: model.engine_name(),
                profile: digest::hex(&model.profile().digest()),
                input_tokens: input.to_vec(),
                output_tokens: output.to_vec(),
                sampling: Some(self.sampling),
                constraint: self.guide.as_ref().map(|guide| digest::hex(guide.digest())),
                checkpoints: self.chain.checkpoints().to_vec(),
            },
            finish_reason,
            timings: Timings {
                prefill,
                decode: self.started.elapsed().saturating_sub(prefill),
                ..Timings::default()
            },
        }
    }
}
