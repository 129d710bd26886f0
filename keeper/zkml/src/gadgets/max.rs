use super::{bits, range};
use crate::circuit::Backend;
use crate::model::Interval;

/// The larger of two wires, with its range.
///
/// m is one of the two, (m - a)·(m - b) = 0, and (m - a) + (m - b) = |a - b| or -|a - b|, whichever one it is; that it
/// lies in a range of non-negative numbers decides. Cost: 1 + the bits of the greatest difference; nothing where the
/// ranges already decide.
fn larger<B: Backend>(
    backend: &mut B,
    a: (B::Wire, Interval),
    b: (B::Wire, Interval),
) -> (B::Wire, Interval) {
    let ((a, range_a), (b, range_b)) = (a, b);
    if range_a.low >= range_b.high {
        return (a, range_a);
    }
    if range_b.low >= range_a.high {
        return (b, range_b);
    }
    let m = backend.allocate(&[&a, &b], |values| values[0].max(values[1]));
    let above_a = backend.sum(0, &[(1, &m), (-1, &a)]);
    let above_b = backend.sum(0, &[(1, &m), (-1, &b)]);
    backend.require(&above_a, &above_b);
    let difference = backend.sum(0, &[(2, &m), (-1, &a), (-1, &b)]);
    let greatest = (range_a.high - range_b.low).max(range_b.high - range_a.low);
    range(backend, &difference, bits(greatest));
    (m, range_a.max(range_b))
}

/// The largest of the wires, by a tournament: one comparison less than there are wires.
pub(crate) fn max<B: Backend>(
    backend: &mut B,
    mut wires: Vec<(B::Wire, Interval)>,
) -> Option<(B::Wire, Interval)> {
    while wires.len() > 1 {
        let mut next = Vec::with_capacity(wires.len().div_ceil(2));
        let mut rest = wires.into_iter();
        while let Some(a) = rest.next() {
            next.push(match rest.next() {
                Some(b) => larger(backend, a, b),
                None => a,
            });
        }
        wires = next;
    }
    wires.pop()
}
