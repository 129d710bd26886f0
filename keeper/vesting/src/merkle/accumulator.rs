//! The root of a tree without the tree.

use alloy_primitives::B256;

use super::parent;

/// Computes a root from leaves that come one by one, in memory that grows with the depth of the tree alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Accumulator {
    /// Roots of complete subtrees with their heights, the largest first.
    peaks: Vec<(u32, B256)>,
}

impl Accumulator {
    /// Adds the next leaf.
    pub(crate) fn push(&mut self, leaf: B256) {
        let (mut height, mut node) = (0, leaf);
        while let Some((last, left)) = self.peaks.last().copied() {
            if last != height {
                break;
            }
            self.peaks.pop();
            node = parent(left, node);
            height += 1;
        }
        self.peaks.push((height, node));
    }

    /// The root of all leaves so far, if there were any. The last subtree moves up unchanged until it meets the one
    /// before it, and so on.
    pub(crate) fn root(&self) -> Option<B256> {
        self.peaks.iter().rev().map(|(_, node)| *node).reduce(|right, left| parent(left, right))
    }
}
