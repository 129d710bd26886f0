use crate::circuit::Backend;

/// Requires 0 ≤ x < 2^width and returns the lower bits (all but the top one).
///
/// Cost: `width` constraints, one per bit. The top bit gets no variable: it is what x and the others leave, and has to be
/// 0 or 2^(width-1).
pub(crate) fn range<B: Backend>(backend: &mut B, x: &B::Wire, width: u32) -> Vec<B::Wire> {
    if width == 0 {
        backend.require_zero(x);
        return Vec::new();
    }
    let low: Vec<B::Wire> = (0..width - 1).map(|place| bit(backend, x, place)).collect();
    let mut rest = vec![(1, x)];
    rest.extend(low.iter().enumerate().map(|(place, bit)| (-(1 << place), bit)));
    let rest = backend.sum(0, &rest);
    let other = backend.sum(-(1 << (width - 1)), &[(1, &rest)]);
    backend.require(&rest, &other);
    low
}

/// A variable that is 0 or 1, honestly the bit of x at `place`. One constraint.
pub(super) fn bit<B: Backend>(backend: &mut B, x: &B::Wire, place: u32) -> B::Wire {
    boolean(backend, &[x], |values| values[0] >> place & 1)
}

/// A variable that is 0 or 1. One constraint.
pub(super) fn boolean<B: Backend>(
    backend: &mut B,
    from: &[&B::Wire],
    rule: impl Fn(&[i64]) -> i64,
) -> B::Wire {
    let bit = backend.allocate(from, rule);
    let other = backend.sum(-1, &[(1, &bit)]);
    backend.require(&bit, &other);
    bit
}
