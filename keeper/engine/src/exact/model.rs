//! The forward pass: one batch of positions from any number of sequences through all layers.
//!
//! Each position is computed by itself: its numbers depend on the model, on its token and on the positions before it
//! in its own sequence, never on what else is in the batch.

use rayon::prelude::*;

use super::attention::{self, Place};
use super::buffers::Buffers;
use super::cache::{Layout, Sequence};
use super::lanes::{self, LANES};
use super::level::{Level, leveled};
use super::logits::Logits;
use super::packed::{Operand, multiply};
use super::rope::Rope;
use super::rows::{Rows, gate};
use super::weights::{Layer, Weights};
use crate::EngineError;
use crate::llama::Config;

/// Positions × heads × dimensions below which starting threads costs more than it brings.
const WORTH_THREADS: usize = 1 << 16;

/// Tokens to add to a sequence.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) sequence: &'a mut Sequence,
    pub(crate) tokens: &'a [u32],
    /// Of how many of the last tokens the logits are wanted.
    pub(crate) wanted: usize,
}

/// A language model on the processor.
#[derive(Debug)]
pub(crate) struct Model {
    config: Config,
    level: Level,
    layout: Layout,
    weights: Weights,
    rope: Rope,
    local_rope: Rope,
}

/// Where a row of the batch belongs.
#[derive(Debug)]
struct Origin {
    step: usize,
    position: usize,
    /// How its queries and keys are turned: in layers that see everything, and in those with a window.
    turns: [Vec<(f32, f32)>; 2],
}

impl Model {
    pub(super) fn new(config: Config, weights: Weights, level: Level) -> Self {
        let rope = Rope::new(&config, config.rope_base);
        let local_rope = Rope::new(&config, config.local_rope_base);
        Model {
            level,
            layout: Layout::new(config.layers, config.kv_heads, config.head_dim),
            weights,
            rope,
            local_rope,
            config,
        }
    }

    pub(crate) fn config(&self) -> &Config {
        &self.config
    }

    /// An empty sequence.
    pub(crate) fn sequence(&self) -> Sequence {
        Sequence::new(self.layout)
    }

    pub(super) fn layout(&self) -> Layout {
        self.layout
    }

    /// The same model with other instructions.
    #[cfg(test)]
    pub(crate) fn set_level(&mut self, level: Level) {
        self.level = level;
    }

    /// Adds each step's tokens to its sequence and returns the logits that are wanted, step after step. Working memory is from
    /// `buffers`.
    pub(crate) fn forward(
        &self,
        steps: &mut [Step<'_>],
        buffers: &Buffers,
    ) -> Result<Logits<'_>, EngineError> {
        // In one of the threads that compute, so that no product has to be handed over to them and waited for.
        let last = rayon::scope(|_| self.forward_here(steps, buffers))?;
        Ok(Logits::new(self, last))
    }

    /// The last layer's output for the positions that are wanted.
    fn forward_here(&self, steps: &mut [Step<'_>], buffers: &Buffers) -> Result<Rows, EngineError> {
        let (origins, wanted) = self.plan(steps)?;
        let mut hidden = self.embed(steps, buffers);
        for step in steps.iter_mut() {
            step.sequence.reserve(step.tokens.len());
        }
        for (index, layer) in self.weights.layers.iter().enumerate() {
            let normed = hidden.rms_norm(self.level, &layer.attention_norm, self.config.epsilon);
            let attended = self.attention(index, layer, &normed, &origins, steps)?;
            hidden.add(&self.post(attended, layer.attention_post.as_deref()));
            let normed = hidden.rms_norm(self.level, &layer.mlp_norm, self.config.epsilon);
            hidden.add(&self.post(self.mlp(layer, &normed), layer.mlp_post.as_deref()));
        }
        for step in steps.iter_mut() {
            step.sequence.advance(step.tokens.len());
        }
        Ok(hidden.select(&wanted))
    }

    /// The scores of every token after some positions, of which `hidden` is the last layer's output.
    pub(super) fn scores(&self, hidden: &Rows) -> Rows {
        let normed = hidden.rms_norm(self.level, &self.weights.norm, self.config.epsilon);
        let [scores] =
            rayon::scope(|_| multiply(&mut Operand::new(self.level, &normed), [self.weights.head()]));
        scores
    }

    /// Where each row belongs, and which rows' logits are wanted.
    fn plan(&self, steps: &[Step<'_>]) -> Result<(Vec<Origin>, Vec<usize>), EngineError> {
        let (mut origins, mut wanted) = (Vec::new(), Vec::new());
        for (index, step) in steps.iter().enumerate() {
            if let Some(token) = step.tokens.iter().find(|token| **token as usize >= self.config.vocab) {
                let reason = format!("token {token} is outside the vocabulary of {}", self.config.vocab);
                return Err(EngineError::Inference { reason });
            }
            let (start, count) = (step.sequence.len(), step.tokens.len());
            if start + count > self.config.context {
                return Err(EngineError::InputTooLong { tokens: start + count, limit: self.config.context });
            }
            let from = origins.len();
            origins.extend((start..start + count).map(|position| {
                let turns = [self.rope.turns(position), self.local_rope.turns(position)];
                Origin { step: index, position, turns }
            }));
            wanted.extend(from + count - step.wanted.min(count)..from + count);
        }
        Ok((origins, wanted))
    }

    fn embed(&self, steps: &[Step<'_>], buffers: &Buffers) -> Rows {
        let tokens: Vec<u32> = steps.iter().flat_map(|step| step.tokens.iter().copied()).collect();
        let mut hidden = Rows::zeros(buffers, tokens.len(), self.config.embed);
        let mut values = vec![0.0; self.config.embed];
        for (row, token) in tokens.into_iter().enumerate() {
            self.weights.embeddings.row(token as usize, &mut values);
            hidden.write(row, 0, &values);
        }
        if self.config.embed_scale != 1.0 {
            hidden.scale(self.config.embed_scale);
        }
        hidden
    }

    fn post(&self, rows: Rows, norm: Option<&[f32]>) -> Rows {
        match norm {
            Some(weight) => rows.rms_norm(self.level, weight, self.config.epsilon),
            None => rows,
        }
    }

    fn mlp(&self, layer: &Layer, x: &Rows) -> Rows {
        let [mut gated, up] = multiply(&mut Operand::new(self.level, x), [&layer.gate, &layer.up]);
        gate(self.level, &mut gated, &up, self.config.gelu);
        let [down] = multiply(&mut Operand::new(self.level, &gated), [&layer.down]);
        down
    }

    fn attention(
        &self,
        index: usize,
        layer: &Layer,
        x: &Rows,
        origins: &[Origin],
        steps: &mut [Step<'_>],
    ) -> Result<Rows, EngineError> {
        let mut operand = Operand::new(self.level, x);
        let [mut query, mut key, mut value] =
            multiply(&mut operand, [&layer.query, &layer.key, &layer.value]);
        for (rows, bias) in
            [(&mut query, &layer.query_bias), (&mut key, &layer.key_bias), (&mut value, &layer.value_bias)]
        {
            if let Some(bias) = bias {
                add_bias(rows, bias);
            }
        }
        self.remember(index, layer, (&key, &value), origins, steps)?;
        let attended = self.attend(index, layer, &query, origins, steps);
        let [out] = multiply(&mut Operand::new(self.level, &attended), [&layer.output]);
        Ok(out)
    }

    /// Stores the new positions' keys and values.
    fn remember(
        &self,
        index: usize,
        layer: &Layer,
        (keys, values): (&Rows, &Rows),
        origins: &[Origin],
        steps: &mut [Step<'_>],
    ) -> Result<(), EngineError> {
        let dim = self.config.head_dim;
        let kind = usize::from(self.config.window_of(index).is_some());
        let (mut key, mut value) = (vec![0.0; dim], vec![0.0; dim]);
        for (row, origin) in origins.iter().enumerate() {
            for head in 0..self.config.kv_heads {
                keys.read(row, head * dim, &mut key);
                values.read(row, head * dim, &mut value);
                if let Some(norm) = &layer.key_norm {
                    norm_head(self.level, &mut key, norm, self.config.epsilon);
                }
                self.rope.rotate(&mut key, &origin.turns[kind]);
                steps[origin.step].sequence.put((index, head, origin.position), &key, &value)?;
            }
        }
        Ok(())
    }

    /// Lets every new position look at those before it and at itself.
    fn attend(
        &self,
        index: usize,
        layer: &Layer,
        query: &Rows,
        origins: &[Origin],
        steps: &[Step<'_>],
    ) -> Rows {
        let Config { heads, kv_heads, head_dim: dim, .. } = self.config;
        let (group, padded) = (heads / kv_heads, dim.div_ceil(LANES) * LANES);
        let window = self.config.window_of(index);
        let kind = usize::from(window.is_some());
        let mut attended = query.buffers().unset(origins.len() * heads * padded);
        // The working memory of one job serves for the next of its thread: queries and scores.
        let space = || (vec![0.0; group * padded], Vec::new());
        let job = |(queries, scores): &mut (Vec<f32>, Vec<f32>), (at, out): (usize, &mut [f32])| {
            let (row, head) = (at / kv_heads, at % kv_heads);
            let origin = &origins[row];
            for (member, buffer) in queries.chunks_mut(padded).enumerate() {
                let buffer = &mut buffer[..dim];
                query.read(row, (head * group + member) * dim, buffer);
                if let Some(norm) = &layer.query_norm {
                    norm_head(self.level, buffer, norm, self.config.epsilon);
                }
                self.rope.rotate(buffer, &origin.turns[kind]);
                buffer.iter_mut().for_each(|value| *value *= self.config.attention_scale);
            }
            let first = window.map_or(0, |window| (origin.position + 1).saturating_sub(window));
            let place = Place { layer: index, head, first, last: origin.position, dim };
            let sequence = &*steps[origin.step].sequence;
            attention::attend(self.level, sequence, place, queries, out, scores);
        };
        let work: usize = origins.iter().map(|origin| origin.position + 1).sum::<usize>() * heads * dim;
        if work < WORTH_THREADS {
            let mut space = space();
            attended.chunks_mut(group * padded).enumerate().for_each(|piece| job(&mut space, piece));
        } else {
            attended.par_chunks_mut(group * padded).enumerate().for_each_init(space, job);
        }
        let mut out = Rows::zeros(query.buffers(), origins.len(), heads * dim);
        for (at, values) in attended.chunks(padded).enumerate() {
            out.write(at / heads, at % heads * dim, &values[..dim]);
        }
        out
    }
}

/// Adds a bias to every row.
pub(super) fn add_bias(rows: &mut Rows, bias: &[f32]) {
    for chunk in 0..rows.chunks() {
        for row in 0..rows.count {
            rows.lanes_mut(row, chunk).iter_mut().zip(&bias[chunk * LANES..]).for_each(|(x, b)| *x += b);
        }
    }
}

leveled! {
    /// Root-mean-square normalisation of one head.
    fn norm_head(values: &mut [f32], weight: &[f32], epsilon: f32) {
        let mut squares = [0.0; LANES];
        for (at, value) in values.iter().enumerate() {
            squares[at % LANES] = value.mul_add(*value, squares[at % LANES]);
        }
        let scale = 1.0 / (lanes::sum(squares) / values.len() as f32 + epsilon).sqrt();
        for (value, weight) in values.iter_mut().zip(weight) {
            *value = *value * scale * weight;
        }
    }
}
