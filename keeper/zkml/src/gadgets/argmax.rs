use super::range::boolean;
use super::{bits, range};
use crate::circuit::Backend;
use crate::model::Interval;

/// The index of the largest wire, the lowest of several equal ones.
///
/// Selectors are booleans that add up to 1; the selected wire equals m; and m - x_j is at least 0 after the selected
/// index and at least 1 before it, where "j comes before the selected index" is the sum of the selectors after j. Cost:
/// 2 constraints a wire plus the bits of its distance to the greatest possible value.
pub(crate) fn argmax<B: Backend>(backend: &mut B, wires: &[(B::Wire, Interval)]) -> B::Wire {
    if wires.len() < 2 {
        return backend.constant(0);
    }
    let all: Vec<&B::Wire> = wires.iter().map(|(wire, _)| wire).collect();
    let mut selectors: Vec<B::Wire> = (0..wires.len() - 1)
        .map(|index| boolean(backend, &all, |values| i64::from(first_largest(values) == index)))
        .collect();
    let last: Vec<_> = selectors.iter().map(|selector| (-1, selector)).collect();
    let last = backend.sum(1, &last);
    let other = backend.sum(-1, &[(1, &last)]);
    backend.require(&last, &other);
    selectors.push(last);

    let m = backend.allocate(&all, |values| values[first_largest(values)]);
    let greatest = wires.iter().map(|(_, range)| range.high).max().unwrap_or(0);
    for (index, (wire, interval)) in wires.iter().enumerate() {
        let below = backend.sum(0, &[(1, &m), (-1, wire)]);
        backend.require(&selectors[index], &below);
        let mut distance = vec![(1, &below)];
        distance.extend(selectors[index + 1..].iter().map(|selector| (-1, selector)));
        let distance = backend.sum(0, &distance);
        range(backend, &distance, bits(greatest - interval.low));
    }
    let chosen: Vec<_> =
        selectors.iter().enumerate().map(|(index, selector)| (index as i64, selector)).collect();
    backend.sum(0, &chosen)
}

fn first_largest(values: &[i64]) -> usize {
    let largest = values.iter().max();
    values.iter().position(|value| Some(value) == largest).unwrap_or(0)
}
