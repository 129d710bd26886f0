//! How far the chain has been followed.

use alloy::primitives::B256;

/// Blocks that have been applied, lowest first: the last one is where to go on, the others find the common ancestor
/// after a reorganisation. Dense near the end, ever sparser before, and never more than [`Cursor::CAPACITY`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Cursor {
    blocks: Vec<(u64, B256)>,
}

impl Cursor {
    /// Most blocks that are remembered.
    pub const CAPACITY: usize = 256;

    /// A cursor with these blocks, as saved.
    #[must_use]
    pub fn from_blocks(mut blocks: Vec<(u64, B256)>) -> Self {
        blocks.sort_unstable_by_key(|(number, _)| *number);
        Self { blocks }
    }

    /// The blocks, lowest first, to be saved.
    #[must_use]
    pub fn blocks(&self) -> &[(u64, B256)] {
        &self.blocks
    }

    /// The last block applied.
    #[must_use]
    pub fn tip(&self) -> Option<(u64, B256)> {
        self.blocks.last().copied()
    }

    /// Notes that the block has been applied.
    pub(super) fn push(&mut self, number: u64, hash: B256) {
        self.blocks.push((number, hash));
        if self.blocks.len() > Self::CAPACITY {
            // Every second block of the older half goes, so what remains thins out with age.
            let half = self.blocks.len() / 2;
            let mut position = 0;
            self.blocks.retain(|_| {
                position += 1;
                position > half || position % 2 == 1
            });
        }
    }

    /// Forgets all blocks above `number`.
    pub(super) fn truncate(&mut self, number: u64) {
        self.blocks.retain(|(applied, _)| *applied <= number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stays_small_and_reaches_far_back() {
        let mut cursor = Cursor::default();
        for number in 0..100_000 {
            cursor.push(number, B256::with_last_byte(1));
        }
        assert!(cursor.blocks().len() <= Cursor::CAPACITY);
        assert_eq!(cursor.tip().map(|tip| tip.0), Some(99_999));
        let recent = cursor.blocks().iter().filter(|(number, _)| *number > 99_999 - 100).count();
        assert_eq!(recent, 100, "the last hundred blocks are all there");
        assert!(cursor.blocks().iter().any(|(number, _)| *number < 50_000), "some old block is there");
        assert!(cursor.blocks().is_sorted_by_key(|(number, _)| *number));
    }

    #[test]
    fn truncation_keeps_what_is_at_or_below() {
        let mut cursor = Cursor::from_blocks(vec![(3, B256::ZERO), (1, B256::ZERO), (2, B256::ZERO)]);
        cursor.truncate(2);
        assert_eq!(cursor.tip().map(|tip| tip.0), Some(2));
        cursor.truncate(0);
        assert_eq!(cursor.tip(), None);
    }
}
