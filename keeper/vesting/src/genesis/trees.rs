//! Computes a tree level by level in its file: each level is read from the file while the next one is added to it.

use std::{
    fs::File,
    io::{BufReader, Read as _},
};

use alloy_primitives::B256;

use super::{GenesisError, sink::Sink};
use crate::merkle::{Accumulator, levels, parent};

/// Takes leaves and completes their tree.
#[derive(Debug)]
pub(super) struct TreeSink {
    sink: Sink,
    count: u64,
    /// The root where there is no file to read a level from.
    accumulator: Option<Accumulator>,
}

impl TreeSink {
    pub(super) fn new(sink: Sink) -> Self {
        let accumulator = (!sink.has_file()).then(Accumulator::default);
        Self { sink, count: 0, accumulator }
    }

    pub(super) fn count(&self) -> u64 {
        self.count
    }

    pub(super) fn push(&mut self, leaf: B256) -> Result<(), GenesisError> {
        self.count += 1;
        if let Some(accumulator) = &mut self.accumulator {
            accumulator.push(leaf);
            return Ok(());
        }
        self.sink.node(&leaf.0)
    }

    /// Adds the inner nodes and gives the root. A tree without leaves has none: the caller saw that the sum was wrong.
    pub(super) fn finish(
        mut self,
        report: &mut dyn FnMut(u64) -> Result<(), GenesisError>,
    ) -> Result<B256, GenesisError> {
        if let Some(accumulator) = &self.accumulator {
            return Ok(accumulator.root().unwrap_or_default());
        }
        let path = self.sink.path().to_owned();
        let fail = |error| GenesisError::io(&path, error);
        self.sink.flush()?;
        let mut reader = BufReader::new(File::open(&path).map_err(fail)?);
        let mut root = B256::ZERO;
        let mut done = 0;
        for width in levels(self.count) {
            // The level lies where the last one ended: the reader is there already.
            for number in 0..width.div_ceil(2) {
                let mut node = [B256::ZERO; 2];
                let pair = if number * 2 + 1 < width { 2 } else { 1 };
                for node in node.iter_mut().take(pair) {
                    reader.read_exact(node.as_mut_slice()).map_err(fail)?;
                }
                root = if pair == 2 { parent(node[0], node[1]) } else { node[0] };
                if width > 1 {
                    self.sink.node(&root.0)?;
                }
                done += 1;
                report(done)?;
            }
            // Before the next level is read.
            self.sink.flush()?;
        }
        self.sink.finish()?;
        Ok(root)
    }
}
