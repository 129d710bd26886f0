//! Which node is asked first.
//!
//! Each of price, time of an answer and stake becomes a ratio to the best among the nodes that offer the version: 1 for the
//! best, at most [`WORST`]. The score is the product of the ratios, each to a power that the preference sets; the lowest is
//! asked first. The bound keeps one absurd value from outweighing everything else.

use std::cmp::Ordering;

use alloy::primitives::{Address, U256};

use crate::Prefer;

/// What the worst ratio counts as.
const WORST: f64 = 10.0;

/// What is known of a node.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Merits {
    pub(crate) operator: Address,
    /// OPG wei per unit.
    pub(crate) unit_price: u128,
    /// Mean seconds of its answers; nothing where it has given none.
    pub(crate) seconds: Option<f64>,
    /// OPG wei.
    pub(crate) stake: U256,
}

impl Prefer {
    /// Powers of price, time and stake.
    fn powers(self) -> [f64; 3] {
        match self {
            Self::Balanced => [1.0, 0.5, 0.5],
            Self::Price => [1.0, 0.0, 0.0],
            Self::Latency => [0.0, 1.0, 0.0],
            Self::Stake => [0.0, 0.0, 1.0],
        }
    }
}

/// Sorts nodes, the best first. Among equals the cheaper comes first, then the one with more stake, then the one with the
/// smaller address: the same nodes always come in the same order.
pub(crate) fn rank<T>(nodes: &mut [T], prefer: Prefer, merits: impl Fn(&T) -> Merits) {
    let all: Vec<Merits> = nodes.iter().map(&merits).collect();
    let price = all.iter().map(|node| float(node.unit_price)).fold(f64::INFINITY, f64::min);
    let seconds = all.iter().filter_map(|node| node.seconds).fold(f64::INFINITY, f64::min);
    let stake = all.iter().map(|node| f64::from(node.stake)).fold(0.0, f64::max);
    let score = |node: &Merits| {
        let ratios = [
            ratio(float(node.unit_price), price),
            // A node that has not answered yet counts as the fastest: it is tried where nothing else speaks against it.
            node.seconds.map_or(1.0, |time| ratio(time, seconds)),
            ratio(stake, f64::from(node.stake)),
        ];
        ratios.iter().zip(prefer.powers()).map(|(ratio, power)| ratio.powf(power)).product::<f64>()
    };
    nodes.sort_by(|a, b| {
        let (a, b) = (merits(a), merits(b));
        score(&a)
            .partial_cmp(&score(&b))
            .unwrap_or(Ordering::Equal)
            .then(a.unit_price.cmp(&b.unit_price))
            .then(b.stake.cmp(&a.stake))
            .then(a.operator.cmp(&b.operator))
    });
}

#[allow(clippy::cast_precision_loss, reason = "only compared, as ratios")]
fn float(amount: u128) -> f64 {
    amount as f64
}

/// How many times as large `a` is as `b`, from 1 to [`WORST`].
fn ratio(a: f64, b: f64) -> f64 {
    if a <= b { 1.0 } else { (a / b).clamp(1.0, WORST) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(number: u8, unit_price: u128, seconds: Option<f64>, stake: u64) -> Merits {
        Merits { operator: Address::repeat_byte(number), unit_price, seconds, stake: U256::from(stake) }
    }

    fn order(mut nodes: Vec<Merits>, prefer: Prefer) -> Vec<u8> {
        rank(&mut nodes, prefer, Clone::clone);
        nodes.iter().map(|node| node.operator[0]).collect()
    }

    #[test]
    fn each_preference_puts_its_own_first() {
        let nodes =
            vec![node(1, 10, Some(4.0), 100), node(2, 20, Some(1.0), 100), node(3, 30, Some(4.0), 900)];
        assert_eq!(order(nodes.clone(), Prefer::Price), [1, 2, 3]);
        assert_eq!(order(nodes.clone(), Prefer::Latency), [2, 1, 3]);
        assert_eq!(order(nodes.clone(), Prefer::Stake), [3, 1, 2]);
        // 1·√4·√9 = 6; 2·1·√9 = 6, dearer; 3·√4·1 = 6, dearest.
        assert_eq!(order(nodes, Prefer::Balanced), [1, 2, 3]);
    }

    #[test]
    fn a_node_that_is_new_is_neither_preferred_nor_shunned() {
        let nodes = vec![node(1, 10, Some(3.0), 5), node(2, 11, None, 5)];
        assert_eq!(order(nodes.clone(), Prefer::Balanced), [1, 2]);
        assert_eq!(order(nodes, Prefer::Latency), [1, 2]);
        assert_eq!(order(vec![node(1, 10, Some(3.0), 5), node(2, 10, None, 6)], Prefer::Latency), [2, 1]);
    }

    #[test]
    fn nothing_absurd_breaks_the_order() {
        let nodes =
            vec![node(1, 0, Some(0.0), 0), node(2, u128::MAX, Some(f64::MAX), 0), node(3, 1, None, 0)];
        assert_eq!(order(nodes, Prefer::Balanced), [1, 3, 2]);
        // Free of charge is at most ten times as good as anything else.
        let nodes = vec![node(1, 0, None, 1), node(2, 5, None, 1_000_000)];
        assert_eq!(order(nodes.clone(), Prefer::Balanced), [1, 2]);
        assert_eq!(order(nodes, Prefer::Stake), [2, 1]);
    }
}
