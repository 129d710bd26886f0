//! Many answers at once: each step computes the next token of every answer, and as much of the waiting prompts as
//! does not hold the others up.

use std::collections::VecDeque;

use super::generation::{Generation, Request};
use super::model::ChatModel;
use crate::exact::{Buffers, PrefixCache};
use crate::network::{CHUNK, Logits, Step};
use crate::{ChatInput, Completion, EngineError};

/// How much is done at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchLimits {
    /// Answers in the making; others wait their turn.
    pub(crate) slots: usize,
    /// Positions of prompts computed per step.
    pub(crate) chunk: usize,
    /// Bytes kept of earlier prompts.
    pub(crate) prefix_bytes: usize,
}

impl Default for BatchLimits {
    fn default() -> Self {
        BatchLimits { slots: 16, chunk: CHUNK, prefix_bytes: 256 << 20 }
    }
}

/// What a step brought for one answer.
#[derive(Debug)]
pub(crate) enum Progress {
    /// Text that is certain.
    Text(String),
    /// The end.
    Done(Result<Box<Completion>, EngineError>),
}

/// The answers that one model is making. What one answer is does not depend on the others.
#[derive(Debug)]
pub(crate) struct Batch {
    limits: BatchLimits,
    active: Vec<(u64, Generation)>,
    waiting: VecDeque<(u64, Request)>,
    prefixes: PrefixCache,
    /// Working memory, as long as there is work.
    buffers: Buffers,
}

impl Batch {
    pub(crate) fn new(limits: BatchLimits) -> Self {
        Batch {
            limits,
            active: Vec::new(),
            waiting: VecDeque::new(),
            prefixes: PrefixCache::new(limits.prefix_bytes),
            buffers: Buffers::default(),
        }
    }

    /// Whether there is nothing to compute.
    pub(crate) fn is_empty(&self) -> bool {
        self.active.is_empty() && self.waiting.is_empty()
    }

    /// Takes a request on. Numbers must differ.
    pub(crate) fn add(&mut self, model: &ChatModel, id: u64, input: &ChatInput) -> Result<(), EngineError> {
        let request = Request::new(model, input)?;
        self.waiting.push_back((id, request));
        Ok(())
    }

    /// Gives those up for which `given_up` holds and returns their numbers.
    pub(crate) fn cancel(&mut self, given_up: impl Fn(u64) -> bool) -> Vec<u64> {
        let waiting = self.waiting.iter().map(|(id, _)| *id);
        let ids: Vec<u64> =
            self.active.iter().map(|(id, _)| *id).chain(waiting).filter(|id| given_up(*id)).collect();
        self.active.retain(|(id, _)| !ids.contains(id));
        self.waiting.retain(|(id, _)| !ids.contains(id));
        self.rest();
        ids
    }

    /// Computes one step.
    pub(crate) fn step(&mut self, model: &ChatModel) -> Vec<(u64, Progress)> {
        let mut progress = self.admit(model);
        let (mut steps, mut wanted) = (Vec::new(), Vec::new());
        let mut budget = self.limits.chunk.max(1);
        let mut taken = Vec::new();
        for (at, (_, generation)) in self.active.iter_mut().enumerate() {
            let pending = generation.pending();
            // Answers in the making always advance; prompts share what a step may take, the oldest first.
            let count = if pending == 1 { 1 } else { pending.min(budget) };
            if count == 0 {
                continue;
            }
            if pending > 1 {
                budget -= count;
                taken.push(at);
            }
            let done = generation.memory.len();
            let Generation { memory, history, .. } = generation;
            let last = usize::from(count == pending);
            steps.push(Step { memory, tokens: &history[done..done + count], wanted: last });
            if last == 1 {
                wanted.push(at);
            }
        }
        if steps.is_empty() {
            self.rest();
            return progress;
        }
        match model.network().forward(&mut steps, &self.buffers) {
            Ok(rows) => {
                drop(steps);
                self.settle(model, &wanted, rows, &mut progress);
            }
            Err(error) => {
                drop(steps);
                let failed = self.active.drain(..);
                progress.extend(failed.map(|(id, _)| (id, Progress::Done(Err(error.clone())))));
            }
        }
        self.rest();
        progress
    }

    /// Gives working memory back where no work is left.
    fn rest(&mut self) {
        if self.is_empty() {
            self.buffers = Buffers::default();
        }
    }

    /// Lets waiting requests begin while there are slots.
    fn admit(&mut self, model: &ChatModel) -> Vec<(u64, Progress)> {
        let mut failed = Vec::new();
        while self.active.len() < self.limits.slots.max(1)
            && let Some((id, request)) = self.waiting.pop_front()
        {
            let positions = request.prompt.len() + request.most;
            match model.network().begin(&request.prompt, positions, Some(&mut self.prefixes)) {
                Ok(memory) => self.active.push((id, request.begin(model, memory))),
                Err(error) => failed.push((id, Progress::Done(Err(error)))),
            }
        }
        failed
    }

    fn settle(
        &mut self,
        model: &ChatModel,
        wanted: &[usize],
        rows: Logits<'_>,
        progress: &mut Vec<(u64, Progress)>,
    ) {
        let mut ended = Vec::new();
        for (at, row) in wanted.iter().zip(rows) {
            let (id, generation) = &mut self.active[*at];
            match generation.accept(model, &row) {
                Ok((text, end)) => {
                    if !text.is_empty() {
                        progress.push((*id, Progress::Text(text)));
                    }
                    ended.extend(end.map(|reason| (*at, Ok(reason))));
                }
                Err(error) => ended.push((*at, Err(error))),
            }
        }
        // From the last to the first, so that the numbers of those before stay right.
        for (at, end) in ended.into_iter().rev() {
            let (id, generation) = self.active.remove(at);
            let result = end.map(|reason| {
                model.network().keep(&generation.memory, &generation.history, &mut self.prefixes);
                Box::new(generation.complete(model, reason))
            });
            progress.push((id, Progress::Done(result)));
        }
    }
}
