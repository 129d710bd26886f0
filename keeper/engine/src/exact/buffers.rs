//! Buffers of activations. All layers of a pass need the same ones, and every pass of an answer again; a fresh one costs the
//! system's work for each of its pages, which for a prompt is a third of the time of its products.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Buffers that nobody uses at the moment, for those who need one next. All are freed with it: it belongs to a piece of work.
/// Only encoders, which compute small groups, have one for good.
#[derive(Debug, Clone, Default)]
pub(crate) struct Buffers(Arc<Mutex<Vec<Vec<f32>>>>);

/// Some numbers. Their memory goes back to where it is from.
#[derive(Debug)]
pub(crate) struct Buffer {
    /// At least `length`.
    numbers: Vec<f32>,
    length: usize,
    home: Buffers,
}

impl Buffers {
    /// So many zeros.
    pub(super) fn zeros(&self, length: usize) -> Buffer {
        let mut buffer = self.unset(length);
        buffer.fill(0.0);
        buffer
    }

    /// So many numbers of any value, for who writes all of them.
    pub(super) fn unset(&self, length: usize) -> Buffer {
        let spare = self.smallest_of(length).filter(|numbers| numbers.len() >= length);
        let numbers = spare.unwrap_or_else(|| vec![0.0; length]);
        Buffer { numbers, length, home: self.clone() }
    }

    /// The smallest that is large enough; where none is, the largest, so that it is freed and there are never more than were in
    /// use at once.
    fn smallest_of(&self, length: usize) -> Option<Vec<f32>> {
        let mut spare = self.spare();
        let sizes = || spare.iter().map(Vec::len).enumerate();
        let fitting = sizes().filter(|(_, size)| *size >= length).min_by_key(|(_, size)| *size);
        let (at, _) = fitting.or_else(|| sizes().max_by_key(|(_, size)| *size))?;
        Some(spare.swap_remove(at))
    }

    fn spare(&self) -> MutexGuard<'_, Vec<Vec<f32>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Buffer {
    pub(super) fn home(&self) -> &Buffers {
        &self.home
    }
}

impl From<Vec<f32>> for Buffer {
    fn from(numbers: Vec<f32>) -> Self {
        Buffer { length: numbers.len(), numbers, home: Buffers::default() }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    #[inline(always)]
    fn deref(&self) -> &[f32] {
        &self.numbers[..self.length]
    }
}

impl DerefMut for Buffer {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.numbers[..self.length]
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // Who relies on what another one left behind is found by every test of results.
        #[cfg(test)]
        self.numbers.fill(f32::NAN);
        self.home.spare().push(std::mem::take(&mut self.numbers));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buffers_come_back() {
        let buffers = Buffers::default();
        let first = buffers.zeros(100);
        let place = first.as_ptr();
        drop(first);
        // The larger one does for less.
        let second = buffers.zeros(90);
        assert_eq!((second.as_ptr(), second.len()), (place, 90));
        assert!(second.iter().all(|number| *number == 0.0));
        drop((second, buffers.zeros(10)));
        assert_eq!(buffers.zeros(10).len(), 10);
        assert_eq!(buffers.zeros(100).as_ptr(), place, "what is small enough leaves the larger one alone");
    }

    #[test]
    fn there_are_never_more_than_were_in_use_at_once() {
        let buffers = Buffers::default();
        for length in 1..50 {
            drop((buffers.unset(length), buffers.unset(length)));
        }
        let mut sizes: Vec<usize> = buffers.spare().iter().map(Vec::len).collect();
        sizes.sort_unstable();
        assert_eq!(sizes, [49, 49]);
    }
}
