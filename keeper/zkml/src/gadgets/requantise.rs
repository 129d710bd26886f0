use super::range::{bit, boolean};
use super::{bits, range};
use crate::circuit::Backend;
use crate::model::{Interval, rounding};

/// `clamp(floor((x + half) / 2^shift), 0, 255)`: ReLU, rounding and saturation in one decomposition.
///
/// With v = x + half, the bits L below the shift, the byte H above it and k excess bits T:
/// v = L + 2^shift·H + 2^(shift+8)·(T + s) - (1 - m - s)·2^(shift+8+k)
/// where m says "fits a byte" and s "saturates", so that 1 - m - s says "negative". The three cases cover disjoint
/// ranges: with m, T has to be 0 and v is in [0, 2^(shift+8)); with s, v is at least 2^(shift+8); with neither, v is in
/// [-2^(shift+8+k), -1]. Both at once would put v beyond its static bound. Then m·(y - 255s - H) = 0 and
/// (1 - m)·(y - 255s) = 0 leave one y.
///
/// Cost: shift + 8 + k bits, and 4 (never saturates) or 6; k is the least that covers the static range.
pub(crate) fn requantise<B: Backend>(backend: &mut B, x: &B::Wire, range: Interval, shift: u8) -> B::Wire {
    let half = rounding(shift);
    let range = Interval { low: range.low + half, high: range.high + half };
    if range.high >> shift <= 0 {
        return backend.constant(0);
    }
    if range.low >> shift >= 255 {
        return backend.constant(255);
    }
    let v = backend.sum(half, &[(1, x)]);
    let shift = u32::from(shift);
    if range.low >= 0 && range.high >> shift <= 255 {
        return quotient(backend, &v, bits(range.high >> shift), shift);
    }
    let form = Form::new(range, shift);
    decompose(backend, &v, &form)
}

/// The case that needs no clamping. Cost: shift + width + 1.
fn quotient<B: Backend>(backend: &mut B, v: &B::Wire, width: u32, shift: u32) -> B::Wire {
    let low: Vec<B::Wire> = (0..shift).map(|place| bit(backend, v, place)).collect();
    let y = backend.allocate(&[v], |values| values[0] >> shift);
    let mut parts = vec![(1, v), (-(1 << shift), &y)];
    parts.extend(low.iter().enumerate().map(|(place, bit)| (-(1 << place), bit)));
    let rest = backend.sum(0, &parts);
    backend.require_zero(&rest);
    range(backend, &y, width);
    y
}

/// Which parts the decomposition has.
struct Form {
    shift: u32,
    /// How many excess bits; `None` where the value neither saturates nor is more negative than the byte is wide.
    excess: Option<u32>,
    negative: bool,
}

impl Form {
    fn new(range: Interval, shift: u32) -> Self {
        let byte = 1_i64 << (shift + 8);
        let mut excess = None;
        if range.high >= byte || range.low < -byte {
            let mut k = 0;
            while range.high >= byte + (byte << k) || range.low < -(byte << k) {
                k += 1;
            }
            excess = Some(k);
        }
        Self { shift, excess, negative: range.low < 0 }
    }

    /// What is added to a negative value, so that its bits are those of a non-negative one.
    fn offset(&self) -> i64 {
        1 << (self.shift + 8 + self.excess.unwrap_or(0))
    }

    /// What the bits have to show, given the value.
    fn shown(&self, value: i64) -> i64 {
        let byte = 1 << (self.shift + 8);
        if value < 0 {
            value.wrapping_add(self.offset())
        } else if value >= byte && self.excess.is_some() {
            value - byte
        } else {
            value
        }
    }
}

fn decompose<B: Backend>(backend: &mut B, v: &B::Wire, form: &Form) -> B::Wire {
    let shift = form.shift;
    let byte: i64 = 1 << (shift + 8);
    let count = shift + 8 + form.excess.unwrap_or(0);
    let shown: Vec<B::Wire> =
        (0..count).map(|place| boolean(backend, &[v], |values| form.shown(values[0]) >> place & 1)).collect();
    let saturates = match form.excess {
        Some(_) => boolean(backend, &[v], |values| i64::from(values[0] >= byte)),
        None => backend.constant(0),
    };
    let fits = if form.negative {
        boolean(backend, &[v], |values| i64::from((0..byte).contains(&values[0])))
    } else {
        backend.sum(1, &[(-1, &saturates)])
    };

    let offset = form.offset();
    let mut parts = vec![(1, v), (-byte, &saturates)];
    if form.negative {
        parts.extend([(-offset, &fits), (-offset, &saturates)]);
    }
    parts.extend(shown.iter().enumerate().map(|(place, bit)| (-(1 << place), bit)));
    let rest = backend.sum(if form.negative { offset } else { 0 }, &parts);
    backend.require_zero(&rest);

    let weighted = |bits: &[B::Wire], backend: &B| {
        let terms: Vec<_> = bits.iter().enumerate().map(|(place, bit)| (1 << place, bit)).collect();
        backend.sum(0, &terms)
    };
    let excess = &shown[shift as usize + 8..];
    if !excess.is_empty() {
        let excess = weighted(excess, backend);
        backend.require(&fits, &excess);
    }
    let high = weighted(&shown[shift as usize..shift as usize + 8], backend);
    let y = backend.allocate(&[v], |values| (values[0] >> shift).clamp(0, 255));
    let above = backend.sum(0, &[(1, &y), (-255, &saturates)]);
    let unlike = backend.sum(0, &[(1, &above), (-1, &high)]);
    backend.require(&fits, &unlike);
    let misfits = backend.sum(1, &[(-1, &fits)]);
    backend.require(&misfits, &above);
    y
}
