//! Who gets how much when: the TGE, the ends of cliffs, and a step for each month of a linear part.

use crate::{
    allocation::MONTH,
    genesis::Manifest,
    schedule::{Curve, Schedule},
};

/// What happens at a time of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Vesting starts; the TGE amount vests.
    Tge,
    /// The cliff ends: the rest begins to vest, or vests at once where there is no linear part.
    Cliff,
    /// A month of the linear part is over: what vested second by second since the last step.
    Month,
}

/// A step of a curve.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unlock {
    /// Unix time.
    pub time: u64,
    /// What happens.
    pub kind: Kind,
    /// OPG wei that have vested since the step before.
    pub amount: u128,
    /// OPG wei that have vested in all.
    pub vested: u128,
}

/// The steps of `amount` on a curve. Their amounts sum to `amount` exactly.
pub fn unlocks(curve: Curve, amount: u128, tge_amount: u128) -> impl Iterator<Item = Unlock> {
    let mut before = 0;
    let steps = times(curve).map(move |(time, kind)| {
        let vested = curve.vested_at(amount, tge_amount, time);
        let step = Unlock { time, kind, amount: vested.saturating_sub(before), vested };
        before = vested;
        step
    });
    // A cliff is worth telling even where nothing unlocks at its end; the TGE is not.
    steps.filter(|step| step.kind != Kind::Tge || step.amount > 0)
}

/// The steps of a schedule.
pub fn unlocks_of(schedule: &Schedule, curve: Curve) -> impl Iterator<Item = Unlock> {
    unlocks(curve, schedule.amount, schedule.tge_amount)
}

/// When a curve has steps. The last month may be shorter, if the duration is not a number of months.
fn times(curve: Curve) -> impl Iterator<Item = (u64, Kind)> {
    let cliff = (curve.cliff > 0).then(|| (curve.cliff_end(), Kind::Cliff));
    let months = u64::from(curve.duration).div_ceil(MONTH.into());
    let month = move |number: u64| {
        ((curve.cliff_end().saturating_add(number * u64::from(MONTH))).min(curve.end()), Kind::Month)
    };
    std::iter::once((curve.start, Kind::Tge)).chain(cliff).chain((1..=months).map(month))
}

/// A point of the supply curve.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Point {
    /// Unix time.
    pub time: u64,
    /// OPG wei that have vested, by category.
    pub categories: Vec<u128>,
}

impl Point {
    /// OPG wei that have vested in all: the float, since whoever they belong to can release them at any time.
    #[must_use]
    pub fn unlocked(&self) -> u128 {
        self.categories.iter().sum()
    }
}

/// The supply curve at the TGE and after each of `months` months.
pub fn supply(manifest: &Manifest, months: u32) -> impl Iterator<Item = Point> {
    (0..=u64::from(months)).map(|month| {
        let time = manifest.tge.saturating_add(month * u64::from(MONTH));
        Point {
            time,
            categories: manifest.categories.iter().map(|category| category.vested_at(time)).collect(),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_sum_to_the_amount_and_come_in_order() {
        let curves = [
            Curve { start: 1_000, cliff: 0, duration: 0 },
            Curve { start: 1_000, cliff: 12 * MONTH, duration: 36 * MONTH },
            Curve { start: 1_000, cliff: 5, duration: 0 },
            Curve { start: 1_000, cliff: 0, duration: MONTH + 1 },
        ];
        for curve in curves {
            let steps: Vec<_> = unlocks(curve, 1_000_003, 333_334).collect();
            assert_eq!(steps.iter().map(|step| step.amount).sum::<u128>(), 1_000_003, "{curve:?}");
            assert!(steps.windows(2).all(|pair| pair[0].time < pair[1].time), "{steps:?}");
            assert_eq!(steps.last().unwrap().time, curve.end());
        }
    }

    #[test]
    fn nothing_but_the_tge_amount_unlocks_at_a_cliff_before_a_linear_part() {
        let curve = Curve { start: 0, cliff: 12 * MONTH, duration: 36 * MONTH };
        let steps: Vec<_> = unlocks(curve, 3_600, 0).collect();
        assert_eq!(steps.len(), 1 + 36);
        assert_eq!((steps[0].kind, steps[0].amount), (Kind::Cliff, 0));
        assert!(steps[1..].iter().all(|step| step.kind == Kind::Month && step.amount == 100));
    }
}
