//! Keys and values of the positions computed so far, in pages that sequences can share.

use std::ops::Range;
use std::sync::Arc;

use super::attention::Place;
use super::lanes::{LANES, Lanes};
use crate::EngineError;

/// Positions of a page.
pub(crate) const PAGE: usize = 32;

/// Keys and values of [`PAGE`] positions in every layer.
///
/// Per layer: keys `[kv heads][positions / 16][dim][16 positions]`, then values `[kv heads][positions][dim padded]`.
#[derive(Debug, Clone)]
pub(super) struct Page(Vec<f32>);

/// Where things lie in a page.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    layers: usize,
    kv_heads: usize,
    dim: usize,
    padded: usize,
}

impl Layout {
    pub(super) fn new(layers: usize, kv_heads: usize, dim: usize) -> Self {
        Layout { layers, kv_heads, dim, padded: dim.div_ceil(LANES) * LANES }
    }

    /// Bytes of a page.
    pub(super) fn bytes(self) -> usize {
        self.layers * self.layer() * 4
    }

    fn layer(self) -> usize {
        self.kv_heads * PAGE * (self.dim + self.padded)
    }

    fn values(self) -> usize {
        self.kv_heads * PAGE * self.dim
    }
}

impl Page {
    /// Sixteen positions' keys, `[dim][16]`.
    #[inline]
    pub(super) fn keys(&self, layout: Layout, layer: usize, head: usize, tile: usize) -> &[f32] {
        let size = layout.dim * LANES;
        let at = layer * layout.layer() + (head * (PAGE / LANES) + tile) * size;
        &self.0[at..at + size]
    }

    /// All positions' values, `[positions][dim padded]`.
    #[inline]
    pub(super) fn values(&self, layout: Layout, layer: usize, head: usize) -> &[f32] {
        let size = PAGE * layout.padded;
        let at = layer * layout.layer() + layout.values() + head * size;
        &self.0[at..at + size]
    }

    fn put(&mut self, layout: Layout, at: (usize, usize, usize), key: &[f32], value: &[f32]) {
        let (layer, head, position) = at;
        let base = layer * layout.layer() + (head * (PAGE / LANES) + position / LANES) * layout.dim * LANES;
        for (index, number) in key.iter().enumerate() {
            self.0[base + index * LANES + position % LANES] = *number;
        }
        let base = layer * layout.layer() + layout.values() + (head * PAGE + position) * layout.padded;
        self.0[base..base + value.len()].copy_from_slice(value);
    }
}

/// The positions of one sequence.
#[derive(Debug, Clone)]
pub(crate) struct Sequence {
    pub(super) layout: Layout,
    pub(super) pages: Vec<Arc<Page>>,
    len: usize,
}

impl Sequence {
    pub(super) fn new(layout: Layout) -> Self {
        Sequence { layout, pages: Vec::new(), len: 0 }
    }

    /// A sequence that begins with full pages of another.
    pub(super) fn from_pages(layout: Layout, pages: Vec<Arc<Page>>) -> Self {
        let len = pages.len() * PAGE;
        Sequence { layout, pages, len }
    }

    /// Positions computed.
    pub(crate) fn len(&self) -> usize {
        self.len
    }

    /// The keys of sixteen positions, `[dim][16]`.
    #[inline(always)]
    pub(super) fn keys(&self, place: Place, tile: usize) -> &[Lanes] {
        let page = &self.pages[tile / (PAGE / LANES)];
        page.keys(self.layout, place.layer, place.head, tile % (PAGE / LANES)).as_chunks::<LANES>().0
    }

    /// The values of the positions that are seen, page by page: which positions, and of each `[dim padded / 16]`.
    #[inline(always)]
    pub(super) fn values(
        &self,
        place: Place,
    ) -> impl Iterator<Item = (Range<usize>, impl Iterator<Item = &[Lanes]>)> {
        let chunks = self.layout.padded / LANES;
        (place.first / PAGE..=place.last / PAGE).map(move |page| {
            let positions = (page * PAGE).max(place.first)..((page + 1) * PAGE).min(place.last + 1);
            let values = self.pages[page].values(self.layout, place.layer, place.head).as_chunks::<LANES>().0;
            let rows = positions.start % PAGE * chunks..(positions.end - page * PAGE) * chunks;
            (positions, values[rows].chunks_exact(chunks))
        })
    }

    /// Makes room for further positions.
    pub(super) fn reserve(&mut self, positions: usize) {
        while self.pages.len() * PAGE < self.len + positions {
            self.pages.push(Arc::new(Page(vec![0.0; self.layout.bytes() / 4])));
        }
    }

    /// Stores one position's key and value; `at` is layer, head and position.
    pub(super) fn put(
        &mut self,
        at: (usize, usize, usize),
        key: &[f32],
        value: &[f32],
    ) -> Result<(), EngineError> {
        let (layer, head, position) = at;
        let page = self.pages.get_mut(position / PAGE).and_then(Arc::get_mut).ok_or_else(|| {
            EngineError::Inference { reason: format!("position {position} has no page of its own") }
        })?;
        page.put(self.layout, (layer, head, position % PAGE), key, value);
        Ok(())
    }

    pub(super) fn advance(&mut self, positions: usize) {
        self.len += positions;
    }
}
