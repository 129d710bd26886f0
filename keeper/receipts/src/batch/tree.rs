//! Trees over leaves.

use alloy_primitives::B256;

use super::proof::parent;

/// The tree over the leaves of a batch, or over the roots of neighbouring parts of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchTree {
    /// Nodes of each level, leaves first. Never empty, and no level is.
    levels: Vec<Vec<B256>>,
    root: B256,
}

impl BatchTree {
    /// The tree over `leaves`; `None` if there are none.
    #[must_use]
    pub fn new(leaves: Vec<B256>) -> Option<Self> {
        let mut levels = Vec::new();
        let mut level = leaves;
        while level.len() > 1 {
            let above = level.chunks(2).map(|pair| match pair {
                [left, right] => parent(*left, *right),
                // The last of an odd number, alone, moves up as it is.
                _ => pair.first().copied().unwrap_or_default(),
            });
            let above = above.collect();
            levels.push(std::mem::replace(&mut level, above));
        }
        let root = level.first().copied()?;
        levels.push(level);
        Some(Self { levels, root })
    }

    /// The root.
    #[must_use]
    pub fn root(&self) -> B256 {
        self.root
    }

    /// Number of leaves.
    #[must_use]
    pub fn count(&self) -> usize {
        self.nodes(0).len()
    }

    /// Nodes of the level at `height` above the leaves: roots of the subtrees of 2^height neighbouring leaves each, the
    /// last of which may have fewer. Above the root there is the root alone.
    #[must_use]
    pub fn nodes(&self, height: usize) -> &[B256] {
        self.levels.get(height).or(self.levels.last()).map_or(&[], Vec::as_slice)
    }

    /// The proof of the leaf at `index`: its siblings from the leaf up. `None` if there is no such leaf.
    #[must_use]
    pub fn proof(&self, index: usize) -> Option<Vec<B256>> {
        (index < self.count()).then(|| {
            let siblings = self.levels.iter().enumerate();
            siblings.filter_map(|(height, nodes)| nodes.get((index >> height) ^ 1).copied()).collect()
        })
    }
}
