//! Checking an answer again: one pass over the prompt and the claimed tokens gives the logits of every position at once.

use super::guide::Guide;
use super::model::ChatModel;
use super::sampling;
use super::text::TextStream;
use crate::exact::Buffers;
use crate::network::{CHUNK, Step};
use crate::trace::{Chain, Difference, Gaps, Verdict};
use crate::{ChatInput, EngineError, InputError, Sampling, Trace, digest};

/// Most positions of a pass. Each pass reads all weights.
const PASS: usize = 4 * CHUNK;

impl ChatModel {
    /// Whether a trace is what this engine computes for a request, and if not, where it first differs.
    pub(crate) fn verify(&self, input: &ChatInput, trace: &Trace) -> Result<Verdict, EngineError> {
        let differs =
            |what, position: usize, gap| Ok(Verdict::Differs { what, position: position as u32, gap });
        let profile = self.profile().digest();
        if trace.profile != digest::hex(&profile) {
            return differs(Difference::Profile, 0, 0.0);
        }
        let prompt = self.prompt(input)?;
        if trace.input_tokens != prompt {
            return differs(Difference::Prompt, 0, 0.0);
        }
        let sampling = input.sampling();
        if trace.sampling != Some(sampling) {
            return differs(Difference::Sampling, 0, 0.0);
        }
        let mut guide = input.constraint.as_ref().map(Guide::new).transpose()?;
        if trace.constraint != guide.as_ref().map(|guide| digest::hex(guide.digest())) {
            return differs(Difference::Sampling, 0, 0.0);
        }
        let output = &trace.output_tokens;
        let most = self.output_limit(input, prompt.len());
        let ends_at = self.ends_at(input, output, prompt.len());
        let mut chain = Chain::new(&profile, &prompt, &sampling, guide.as_ref().map(Guide::digest));
        let mut found = None;
        self.each_position(&prompt, output, |position, history, logits| {
            let token = output[position];
            let pick = self.pick(&mut guide, logits, &sampling, history, position, most)?;
            if let Some(guide) = &mut guide {
                guide.advance(self.tokenizer().piece(pick));
            }
            chain.push(token, logits, position + 1 == output.len());
            let made = chain.checkpoints();
            found = if pick != token {
                Some((Difference::Token, position, gap(logits, pick, token)))
            } else if ends_at.is_some_and(|end| position > end) {
                Some((Difference::Length, position, 0.0))
            } else if !trace.checkpoints.starts_with(made) {
                Some((Difference::Checkpoint, position, 0.0))
            } else {
                None
            };
            Ok(found.is_none())
        })?;
        if let Some((what, position, gap)) = found {
            return differs(what, position, gap);
        }
        if output.is_empty() || ends_at != Some(output.len() - 1) {
            return differs(Difference::Length, output.len(), 0.0);
        }
        if trace.checkpoints.len() != chain.checkpoints().len() {
            return differs(Difference::Checkpoint, output.len(), 0.0);
        }
        Ok(Verdict::Match)
    }

    /// How far a trace's tokens are from what this engine would pick for a request.
    pub(crate) fn compare(&self, input: &ChatInput, trace: &Trace) -> Result<Gaps, EngineError> {
        let (mut gaps, mut different) = (Vec::new(), 0);
        self.each_pick(input, trace, |token, pick, logits| {
            different += u32::from(pick != token);
            gaps.push(if pick == token { 0.0 } else { gap(logits, pick, token).abs() });
        })?;
        Ok(Gaps::of(gaps, different))
    }

    /// What this build picks at each output position of a trace, given all tokens before it.
    pub(crate) fn replay(&self, input: &ChatInput, trace: &Trace) -> Result<Vec<u32>, EngineError> {
        let mut picks = Vec::new();
        self.each_pick(input, trace, |_, pick, _| picks.push(pick))?;
        Ok(picks)
    }

    /// Shows `visit` the token, this build's pick and the logits at each output position of a trace. Of the request its
    /// constraint is followed, which a trace has no more than the digest of, and the limit, near which it is hurried;
    /// everything else is the trace's own.
    fn each_pick(
        &self,
        input: &ChatInput,
        trace: &Trace,
        mut visit: impl FnMut(u32, u32, &[f32]),
    ) -> Result<(), EngineError> {
        let sampling = trace.sampling.unwrap_or_default();
        let mut guide = input.constraint.as_ref().map(Guide::new).transpose()?;
        if trace.constraint != guide.as_ref().map(|guide| digest::hex(guide.digest())) {
            let reason = "the trace was made under another constraint than the request's".to_owned();
            return Err(InputError::Field { field: "constraint".to_owned(), reason }.into());
        }
        let most = self.output_limit(input, trace.input_tokens.len());
        self.each_position(&trace.input_tokens, &trace.output_tokens, |position, history, logits| {
            let token = trace.output_tokens[position];
            let pick = self.pick(&mut guide, logits, &sampling, history, position, most)?;
            if let Some(guide) = &mut guide {
                // The next pick follows the trace's token, not this one.
                guide.advance(self.tokenizer().piece(token));
            }
            visit(token, pick, logits);
            Ok(true)
        })
    }

    /// What is picked at a position, of what the guide allows there.
    fn pick(
        &self,
        guide: &mut Option<Guide>,
        logits: &[f32],
        sampling: &Sampling,
        history: &[u32],
        position: usize,
        most: usize,
    ) -> Result<u32, EngineError> {
        let allowed = match guide {
            Some(guide) => {
                let left = most.saturating_sub(position);
                Some(guide.allowed(self.tokenizer(), self.order(), left)?)
            }
            None => None,
        };
        sampling::pick_allowed(logits, allowed, sampling, history, position as u64)
    }

    /// The position at which an answer of these tokens ends by itself or by its limit.
    fn ends_at(&self, input: &ChatInput, output: &[u32], prompt: usize) -> Option<usize> {
        let most = self.output_limit(input, prompt);
        let mut stream = TextStream::new(input.stop.clone().unwrap_or_default());
        output.iter().enumerate().position(|(position, token)| {
            stream.push(self.tokenizer().piece(*token));
            self.tokenizer().is_end(*token) || stream.stopped() || position + 1 >= most
        })
    }

    /// Shows `visit` the tokens before each output position and the logits there, until it has seen enough. Tokens
    /// outside the vocabulary are shown, but nothing after them.
    fn each_position(
        &self,
        prompt: &[u32],
        output: &[u32],
        mut visit: impl FnMut(usize, &[u32], &[f32]) -> Result<bool, EngineError>,
    ) -> Result<(), EngineError> {
        let network = self.network();
        let (tokens, limit) = (prompt.len().saturating_add(output.len()), network.config().context);
        if prompt.is_empty() || tokens > limit {
            return Err(EngineError::InputTooLong { tokens, limit });
        }
        let known = |token: &u32| (*token as usize) < network.config().vocab;
        let usable = output.iter().position(|token| !known(token)).unwrap_or(output.len());
        let history = [prompt, output].concat();
        let feed = &history[..prompt.len() + usable.min(output.len().saturating_sub(1))];
        let first = prompt.len() - 1;
        let mut memory = network.begin(prompt, tokens, None)?;
        let (mut done, buffers) = (0, Buffers::default());
        while done < feed.len() && !output.is_empty() {
            let end = if network.is_exact() {
                done + PASS
            } else if done < first {
                (done + CHUNK).min(first + 1)
            } else {
                done + 1
            };
            let end = end.min(feed.len());
            let wanted = end - done.max(first).min(end);
            let step = Step { memory: &mut memory, tokens: &feed[done..end], wanted };
            let rows = network.forward(&mut [step], &buffers)?;
            for (at, row) in (end - wanted..end).zip(rows) {
                if !visit(at - first, &history[..=at], &row)? {
                    return Ok(());
                }
            }
            done = end;
        }
        Ok(())
    }
}

/// By how much the score of `token` lies below that of `pick`.
fn gap(logits: &[f32], pick: u32, token: u32) -> f64 {
    match (logits.get(pick as usize), logits.get(token as usize)) {
        (Some(pick), Some(token)) => f64::from(*pick) - f64::from(*token),
        _ => f64::MAX,
    }
}
