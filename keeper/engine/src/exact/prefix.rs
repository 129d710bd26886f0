//! Pages that sequences left behind, for those that begin with the same tokens.

use std::collections::HashMap;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::cache::{PAGE, Page, Sequence};
use super::model::Model;

/// Full pages by the tokens up to their end. What it returns is what computing would have given, so it changes how
/// long an answer takes and nothing else. The pages used longest ago go first when the limit is reached.
#[derive(Debug)]
pub(crate) struct PrefixCache {
    limit: usize,
    used: usize,
    clock: u64,
    pages: HashMap<[u8; 32], Entry>,
}

#[derive(Debug)]
struct Entry {
    page: Arc<Page>,
    last_use: u64,
}

impl PrefixCache {
    /// A cache of at most `limit` bytes.
    pub(crate) fn new(limit: usize) -> Self {
        PrefixCache { limit, used: 0, clock: 0, pages: HashMap::new() }
    }

    /// Bytes held.
    #[cfg(test)]
    pub(crate) fn bytes(&self) -> usize {
        self.used
    }

    /// A sequence with as many of the tokens as are known, but never all: the last must be computed for its logits.
    pub(crate) fn begin(&mut self, model: &Model, tokens: &[u32]) -> Sequence {
        self.clock += 1;
        let mut found = Vec::new();
        for key in keys(&tokens[..tokens.len().saturating_sub(1)]) {
            let Some(entry) = self.pages.get_mut(&key) else { break };
            entry.last_use = self.clock;
            found.push(entry.page.clone());
        }
        Sequence::from_pages(model.layout(), found)
    }

    /// Keeps the full pages of a sequence that has computed these tokens.
    pub(crate) fn keep(&mut self, sequence: &Sequence, tokens: &[u32]) {
        self.clock += 1;
        let computed = &tokens[..sequence.len().min(tokens.len())];
        let size = sequence.layout.bytes();
        for (key, page) in keys(computed).zip(&sequence.pages) {
            if !self.pages.contains_key(&key) {
                if !self.make_room(size) {
                    return;
                }
                self.used += size;
            }
            let entry = Entry { page: page.clone(), last_use: self.clock };
            self.pages.insert(key, entry);
        }
    }

    /// Drops pages of earlier times until `size` more bytes fit.
    fn make_room(&mut self, size: usize) -> bool {
        while self.used + size > self.limit {
            let oldest = self.pages.iter().min_by_key(|(_, entry)| entry.last_use);
            match oldest.map(|(key, entry)| (*key, entry.last_use)) {
                Some((key, last_use)) if last_use < self.clock => {
                    self.pages.remove(&key);
                    self.used -= size;
                }
                _ => return false,
            }
        }
        true
    }
}

/// The name of each full page: a hash of all tokens up to its end.
fn keys(tokens: &[u32]) -> impl Iterator<Item = [u8; 32]> {
    let mut hash = Sha256::new();
    tokens.as_chunks::<PAGE>().0.iter().map(move |page| {
        page.iter().for_each(|token| hash.update(token.to_le_bytes()));
        hash.clone().finalize().into()
    })
}
