//! Trees in files.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt as _,
    path::{Path, PathBuf},
};

use alloy_primitives::B256;

use super::{NODE, levels};
use crate::genesis::GenesisError;

/// Nodes that a cursor reads at once.
const BLOCK: u64 = 128;

/// A tree in a file. Reading takes a shared reference: many threads may ask for proofs at once.
#[derive(Debug)]
pub struct Tree {
    path: PathBuf,
    file: File,
    /// Position of the first node and number of nodes of each level, leaves first.
    levels: Vec<(u64, u64)>,
}

impl Tree {
    /// Opens the tree over `leaves` in the file. Its size must be that of such a tree.
    pub fn open(path: &Path, leaves: u32) -> Result<Self, GenesisError> {
        let fail = |error: io::Error| GenesisError::io(path, error);
        let file = File::open(path).map_err(fail)?;
        let found = file.metadata().map_err(fail)?.len();
        let tree = Self { path: path.to_owned(), file, levels: positions(leaves.into()) };
        let expected = tree.levels.iter().map(|(_, width)| width * NODE).sum::<u64>();
        if found != expected {
            let fault = if found < expected { "is truncated" } else { "is too long" };
            return Err(GenesisError::differs(
                path,
                format!("byte {}", found.min(expected)),
                format!("{fault}: a tree over {leaves} leaves has {expected} bytes, the file has {found}"),
            ));
        }
        Ok(tree)
    }

    /// The root.
    pub fn root(&self) -> Result<B256, GenesisError> {
        self.node(self.levels.len() - 1, 0)
    }

    /// The proof of the leaf with this index. Whoever asks has checked the index against the number of leaves.
    pub fn proof(&self, index: u32) -> Result<Vec<B256>, GenesisError> {
        self.siblings(index).map(|(level, node)| self.node(level, node)).collect()
    }

    /// Level and number of the nodes that prove a leaf, from the leaf up.
    fn siblings(&self, index: u32) -> impl Iterator<Item = (usize, u64)> {
        let levels = self.levels.iter().enumerate();
        levels.filter_map(move |(level, (_, width))| {
            let sibling = (u64::from(index) >> level) ^ 1;
            (sibling < *width).then_some((level, sibling))
        })
    }

    fn node(&self, level: usize, number: u64) -> Result<B256, GenesisError> {
        let mut node = [0; 32];
        self.read((self.levels[level].0 + number) * NODE, &mut node)?;
        Ok(node.into())
    }

    fn read(&self, offset: u64, bytes: &mut [u8]) -> Result<(), GenesisError> {
        self.file.read_exact_at(bytes, offset).map_err(|error| GenesisError::io(&self.path, error))
    }
}

fn positions(leaves: u64) -> Vec<(u64, u64)> {
    let mut first = 0;
    let mut positions = Vec::new();
    for width in levels(leaves) {
        positions.push((first, width));
        first += width;
    }
    positions
}

/// Reads the proofs of neighbouring leaves quickly: keeps a block of each level.
#[derive(Debug)]
pub(crate) struct Cursor {
    tree: Tree,
    /// Per level the number of the block and its nodes.
    blocks: Vec<Option<(u64, Vec<u8>)>>,
}

impl Cursor {
    pub(crate) fn new(tree: Tree) -> Self {
        let blocks = vec![None; tree.levels.len()];
        Self { tree, blocks }
    }

    /// As `Tree::proof`.
    pub(crate) fn proof(&mut self, index: u32) -> Result<Vec<B256>, GenesisError> {
        let siblings: Vec<_> = self.tree.siblings(index).collect();
        siblings.into_iter().map(|(level, number)| self.node(level, number)).collect()
    }

    fn node(&mut self, level: usize, number: u64) -> Result<B256, GenesisError> {
        let (wanted, within) = (number / BLOCK, (number % BLOCK * NODE) as usize);
        let slot = &mut self.blocks[level];
        let block = match slot {
            Some((block, nodes)) if *block == wanted => nodes,
            _ => {
                let (first, width) = self.tree.levels[level];
                let start = wanted * BLOCK;
                let mut nodes = vec![0; (BLOCK.min(width - start) * NODE) as usize];
                self.tree.read((first + start) * NODE, &mut nodes)?;
                &mut slot.insert((wanted, nodes)).1
            }
        };
        Ok(B256::from_slice(&block[within..within + NODE as usize]))
    }
}
