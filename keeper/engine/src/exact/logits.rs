//! What a model says of the tokens that may follow.

use super::buffers::Buffer;
use super::lanes::LANES;
use super::model::Model;
use super::rows::Rows;

/// Positions whose logits are computed together, with one reading of the weights.
const AT_ONCE: usize = 48;

/// The logits of positions, one after the other. They are computed when they are asked for, of [`AT_ONCE`] positions together:
/// those of one can take a megabyte.
#[derive(Debug)]
pub(crate) struct Logits<'a> {
    model: &'a Model,
    /// The last layer's output for each.
    last: Rows,
    /// For how many of them scores have been computed.
    taken: usize,
    /// The last that were computed, and how many of these have been made rows of their own.
    scores: Option<Rows>,
    opened: usize,
    made: std::vec::IntoIter<Buffer>,
}

impl<'a> Logits<'a> {
    pub(super) fn new(model: &'a Model, last: Rows) -> Self {
        Logits { model, last, taken: 0, scores: None, opened: 0, made: Vec::new().into_iter() }
    }

    /// Computes the scores of the next positions, if there are any.
    fn compute(&mut self) {
        let rows: Vec<usize> = (self.taken..self.last.count).take(AT_ONCE).collect();
        self.taken += rows.len();
        // First, so that its memory serves for the next ones.
        self.scores = None;
        self.opened = 0;
        if !rows.is_empty() {
            self.scores = Some(self.model.scores(&self.last.select(&rows)));
        }
    }
}

impl Iterator for Logits<'_> {
    type Item = Buffer;

    fn next(&mut self) -> Option<Buffer> {
        if self.made.len() == 0 {
            if self.scores.as_ref().is_none_or(|scores| scores.count == self.opened) {
                self.compute();
            }
            let scores = self.scores.as_ref()?;
            // Neighbours together, because their numbers lie side by side.
            let rows = self.opened..(self.opened + LANES).min(scores.count);
            self.opened = rows.end;
            self.made = scores.unpacked(rows).into_iter();
        }
        self.made.next()
    }
}
