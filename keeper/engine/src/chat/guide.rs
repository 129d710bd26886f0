//! Which tokens may come next in a constrained answer.

use std::collections::HashMap;
use std::sync::Arc;

use super::tokenizer::Tokenizer;
use crate::Constraint;
use crate::constraint::Automaton;
use crate::{EngineError, InputError};

/// States whose tokens are remembered: inside a string or a number the same ones return again and again.
const REMEMBERED: usize = 64;

/// Tokens in the order of their bytes, each with how many it shares with the one before it.
#[derive(Debug)]
pub(super) struct TokenOrder(Vec<(u32, u32)>);

impl TokenOrder {
    pub(super) fn new(tokenizer: &Tokenizer) -> Self {
        let mut ids: Vec<u32> =
            (0..tokenizer.len() as u32).filter(|id| !tokenizer.piece(*id).is_empty()).collect();
        ids.sort_by_key(|id| tokenizer.piece(*id));
        let mut before: &[u8] = &[];
        let order = ids.into_iter().map(|id| {
            let piece = tokenizer.piece(id);
            let shared = piece.iter().zip(before).take_while(|(a, b)| a == b).count();
            before = piece;
            (id, shared as u32)
        });
        TokenOrder(order.collect())
    }
}

/// A set of tokens.
#[derive(Debug, Clone)]
pub(super) struct Allowed(Vec<u64>);

impl Allowed {
    fn none(tokens: usize) -> Self {
        Allowed(vec![0; tokens.div_ceil(64)])
    }

    fn add(&mut self, id: u32) {
        if let Some(word) = self.0.get_mut(id as usize / 64) {
            *word |= 1 << (id % 64);
        }
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(|word| *word == 0)
    }

    fn has(&self, id: usize) -> bool {
        self.0.get(id / 64).is_some_and(|word| word >> (id % 64) & 1 == 1)
    }

    /// The scores of these tokens; minus infinity for all others.
    pub(super) fn scores(&self, logits: &[f32]) -> Vec<f32> {
        let each = logits.iter().enumerate();
        each.map(|(id, logit)| if self.has(id) { *logit } else { f32::NEG_INFINITY }).collect()
    }
}

/// A constraint on its way through an answer.
#[derive(Debug)]
pub(super) struct Guide {
    automaton: Arc<Automaton>,
    digest: [u8; 32],
    state: u32,
    remembered: HashMap<u32, Allowed>,
    /// What is allowed near the limit, which depends on how near it is.
    hurried: Allowed,
}

impl Guide {
    pub(super) fn new(constraint: &Constraint) -> Result<Self, InputError> {
        let (automaton, digest) = (constraint.compile()?, constraint.digest()?);
        let (state, hurried) = (Automaton::START, Allowed::none(0));
        Ok(Guide { automaton, digest, state, remembered: HashMap::new(), hurried })
    }

    pub(super) fn digest(&self) -> &[u8; 32] {
        &self.digest
    }

    /// The tokens that some text of the constraint goes on with, and those that end an answer where one is complete. Where
    /// only `left` tokens are left, this one included, nothing is begun that could not be completed within them.
    pub(super) fn allowed(
        &mut self,
        tokenizer: &Tokenizer,
        order: &TokenOrder,
        left: usize,
    ) -> Result<&Allowed, EngineError> {
        let (automaton, state) = (&self.automaton, self.state);
        if left <= automaton.farthest() as usize + 2 {
            self.hurried = find(automaton, state, tokenizer, order, left);
            if !self.hurried.is_empty() {
                return Ok(&self.hurried);
            }
        }
        if self.remembered.len() >= REMEMBERED && !self.remembered.contains_key(&self.state) {
            self.remembered.clear();
        }
        let allowed = self
            .remembered
            .entry(state)
            .or_insert_with(|| find(automaton, state, tokenizer, order, usize::MAX));
        if allowed.is_empty() {
            let reason = "no token of the model continues the constraint".to_owned();
            return Err(EngineError::Inference { reason });
        }
        Ok(allowed)
    }

    /// Goes on by a token's bytes.
    pub(super) fn advance(&mut self, piece: &[u8]) {
        let end = piece.iter().try_fold(self.state, |state, byte| self.automaton.step(state, *byte));
        // Tokens that are not allowed are never taken, so there is always a state.
        self.state = end.unwrap_or(self.state);
    }
}

/// `left` counts the tokens that may still come; a vocabulary has one for each byte at least.
fn find(
    automaton: &Automaton,
    state: u32,
    tokenizer: &Tokenizer,
    order: &TokenOrder,
    left: usize,
) -> Allowed {
    // This token and the one that ends the answer come on top.
    let in_time = |state: u32| (automaton.distance(state) as usize).saturating_add(2) <= left;
    let mut allowed = Allowed::none(tokenizer.len());
    // The state after each byte of the current token, as far as there is one.
    let mut states = vec![state];
    for (id, shared) in &order.0 {
        let (piece, shared) = (tokenizer.piece(*id), *shared as usize);
        states.truncate(shared + 1);
        if states.len() <= shared {
            continue;
        }
        for byte in &piece[shared..] {
            match automaton.step(states[states.len() - 1], *byte) {
                Some(next) => states.push(next),
                None => break,
            }
        }
        if states.len() == piece.len() + 1 && in_time(states[piece.len()]) {
            allowed.add(*id);
        }
    }
    if automaton.accepts(state) {
        tokenizer.ends().iter().for_each(|id| allowed.add(*id));
    }
    allowed
}
