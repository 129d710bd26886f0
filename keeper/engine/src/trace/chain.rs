use sha2::{Digest, Sha256};

use crate::{Sampling, digest};

/// Name and version that the execution profile commits to, and the first bytes that are hashed.
pub(crate) const NAME: &str = "opg-trace/1";

/// Output positions from one checkpoint to the next.
const INTERVAL: usize = 32;

/// Hashes of an answer as it is made: each covers the one before, the tokens since, and the logits from which the last of
/// them was picked. The first covers the profile, the prompt, the sampling parameters
/// and the constraint.
#[derive(Debug, Clone)]
pub(crate) struct Chain {
    state: [u8; 32],
    pending: Vec<u32>,
    checkpoints: Vec<String>,
}

impl Chain {
    pub(crate) fn new(
        profile: &[u8; 32],
        prompt: &[u32],
        sampling: &Sampling,
        constraint: Option<&[u8; 32]>,
    ) -> Self {
        let mut hash = Sha256::new().chain_update(NAME).chain_update(profile);
        hash.update((prompt.len() as u64).to_le_bytes());
        prompt.iter().for_each(|token| hash.update(token.to_le_bytes()));
        for number in [sampling.temperature, sampling.top_p, sampling.min_p, sampling.repetition_penalty] {
            hash.update(number.to_bits().to_le_bytes());
        }
        hash.update(sampling.top_k.to_le_bytes());
        hash.update(sampling.seed.to_le_bytes());
        if let Some(digest) = constraint {
            hash.update(digest);
        }
        Chain { state: hash.finalize().into(), pending: Vec::new(), checkpoints: Vec::new() }
    }

    /// Adds a token and the logits from which it was picked. `last` says that no other follows.
    pub(crate) fn push(&mut self, token: u32, logits: &[f32], last: bool) {
        self.pending.push(token);
        if self.pending.len() < INTERVAL && !last {
            return;
        }
        let mut hash = Sha256::new().chain_update(self.state);
        self.pending.drain(..).for_each(|token| hash.update(token.to_le_bytes()));
        for logits in logits.chunks(1024) {
            let bytes: Vec<u8> = logits.iter().flat_map(|logit| logit.to_le_bytes()).collect();
            hash.update(bytes);
        }
        self.state = hash.finalize().into();
        self.checkpoints.push(digest::hex(&self.state));
    }

    /// The hashes so far, in hex.
    pub(crate) fn checkpoints(&self) -> &[String] {
        &self.checkpoints
    }
}
