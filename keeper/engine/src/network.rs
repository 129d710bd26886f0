//! A language model wherever it is computed.

use candle_core::{D, Device, IndexOp};

use crate::EngineError;
use crate::exact::{self, Buffer, Buffers, Level, PrefixCache};
use crate::gguf::Gguf;
use crate::llama::{Config, KvCache, Llama};

/// Most positions computed at once for one sequence; between such chunks others get their turn and a request can be
/// cancelled.
pub(crate) const CHUNK: usize = 128;

/// The weights, ready to compute.
#[derive(Debug)]
pub(crate) enum Network {
    /// On the processor, with the same bits in every run.
    Exact(Box<exact::Model>),
    /// On a GPU.
    Tensors(Box<Llama>),
}

/// What one sequence has computed.
#[derive(Debug)]
pub(crate) enum Memory {
    Pages(exact::Sequence),
    Tensors(KvCache),
}

/// The logits of positions, one after the other.
pub(crate) type Logits<'a> = Box<dyn Iterator<Item = Buffer> + 'a>;

/// Tokens to add to a sequence.
#[derive(Debug)]
pub(crate) struct Step<'a> {
    pub(crate) memory: &'a mut Memory,
    pub(crate) tokens: &'a [u32],
    /// Of how many of the last tokens the logits are wanted; on a GPU at most of the last.
    pub(crate) wanted: usize,
}

impl Memory {
    /// Positions computed.
    pub(crate) fn len(&self) -> usize {
        match self {
            Memory::Pages(sequence) => sequence.len(),
            Memory::Tensors(cache) => cache.len(),
        }
    }
}

impl Network {
    pub(crate) fn load(gguf: &mut Gguf, device: &Device) -> Result<Self, EngineError> {
        Ok(match device {
            Device::Cpu => Network::Exact(Box::new(exact::Model::load(gguf, Level::best())?)),
            _ => Network::Tensors(Box::new(Llama::load(gguf, device)?)),
        })
    }

    pub(crate) fn config(&self) -> &Config {
        match self {
            Network::Exact(model) => model.config(),
            Network::Tensors(llama) => llama.config(),
        }
    }

    /// Whether the same request gives the same bits everywhere.
    pub(crate) fn is_exact(&self) -> bool {
        matches!(self, Network::Exact(_))
    }

    /// Memory for a sequence that begins with `tokens` and grows to at most `positions`. Some of the tokens may have
    /// been computed before, never the last one.
    pub(crate) fn begin(
        &self,
        tokens: &[u32],
        positions: usize,
        prefixes: Option<&mut PrefixCache>,
    ) -> Result<Memory, EngineError> {
        Ok(match (self, prefixes) {
            (Network::Exact(model), Some(prefixes)) => Memory::Pages(prefixes.begin(model, tokens)),
            (Network::Exact(model), None) => Memory::Pages(model.sequence()),
            (Network::Tensors(llama), _) => Memory::Tensors(llama.cache(1, positions)?),
        })
    }

    /// Keeps what a sequence has computed of these tokens for others.
    pub(crate) fn keep(&self, memory: &Memory, tokens: &[u32], prefixes: &mut PrefixCache) {
        if let Memory::Pages(sequence) = memory {
            prefixes.keep(sequence, tokens);
        }
    }

    /// Runs the steps and returns the logits that are wanted, step after step. On the processor working memory is from `buffers`.
    pub(crate) fn forward(
        &self,
        steps: &mut [Step<'_>],
        buffers: &Buffers,
    ) -> Result<Logits<'_>, EngineError> {
        match self {
            Network::Exact(model) => {
                let mut exact: Vec<exact::Step<'_>> = Vec::new();
                for step in steps {
                    let Memory::Pages(sequence) = &mut *step.memory else { return Err(mixed()) };
                    exact.push(exact::Step { sequence, tokens: step.tokens, wanted: step.wanted });
                }
                Ok(Box::new(model.forward(&mut exact, buffers)?))
            }
            Network::Tensors(llama) => {
                let mut rows = Vec::new();
                for step in steps {
                    let Memory::Tensors(cache) = &mut *step.memory else { return Err(mixed()) };
                    let logits = llama.logits(step.tokens, cache)?;
                    rows.extend((step.wanted > 0).then_some(logits));
                }
                Ok(Box::new(rows.into_iter().map(Buffer::from)))
            }
        }
    }
}

fn mixed() -> EngineError {
    EngineError::Inference { reason: "a sequence of another device".to_owned() }
}

/// Sequences of equal length that advance together: what benchmarks and checks of a device run.
#[derive(Debug)]
pub struct Lockstep<'a> {
    network: &'a Network,
    state: State,
    buffers: Buffers,
}

#[derive(Debug)]
enum State {
    Pages(Vec<Memory>),
    Tensors(KvCache),
}

impl<'a> Lockstep<'a> {
    pub(crate) fn new(network: &'a Network, sequences: usize, positions: usize) -> Result<Self, EngineError> {
        let state = match network {
            Network::Exact(_) => {
                let memories = (0..sequences).map(|_| network.begin(&[], positions, None));
                State::Pages(memories.collect::<Result<_, _>>()?)
            }
            Network::Tensors(llama) => State::Tensors(llama.cache(sequences, positions)?),
        };
        Ok(Lockstep { network, state, buffers: Buffers::default() })
    }

    /// Adds tokens, equally many to each sequence and one sequence after the other; returns each one's logits.
    pub fn logits(&mut self, tokens: &[u32]) -> Result<Vec<Vec<f32>>, EngineError> {
        if let (State::Tensors(cache), Network::Tensors(llama)) = (&mut self.state, self.network) {
            return Ok(llama.forward(tokens, cache)?.to_vec2()?);
        }
        Ok(self.step(tokens)?.map(|row| row.to_vec()).collect())
    }

    /// As [`Lockstep::logits`], but only the likeliest token of each, found where the model is computed.
    pub fn greedy(&mut self, tokens: &[u32]) -> Result<Vec<u32>, EngineError> {
        if let (State::Tensors(cache), Network::Tensors(llama)) = (&mut self.state, self.network) {
            return Ok(llama.forward(tokens, cache)?.argmax(D::Minus1)?.i(..)?.to_vec1()?);
        }
        let likeliest = |row: Buffer| {
            let best =
                (0_u32..).zip(row.iter()).reduce(|best, next| if next.1 > best.1 { next } else { best });
            best.map_or(0, |(id, _)| id)
        };
        Ok(self.step(tokens)?.map(likeliest).collect())
    }

    fn step(&mut self, tokens: &[u32]) -> Result<Logits<'_>, EngineError> {
        let State::Pages(memories) = &mut self.state else { return Err(mixed()) };
        let each = tokens.len() / memories.len().max(1);
        let steps = memories.iter_mut().zip(tokens.chunks(each.max(1)));
        let mut steps: Vec<Step<'_>> =
            steps.map(|(memory, tokens)| Step { memory, tokens, wanted: 1 }).collect();
        self.network.forward(&mut steps, &self.buffers)
    }
}
