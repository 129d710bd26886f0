//! What is due, and when a schedule needs attention. Pure: the time is an argument.

use opg_store::vesting::{Known, Look};
use opg_vesting::{Curve, Schedule};

use super::{Period, Policy};

/// Seconds after which a schedule is looked at again whose beneficiary wants to release by itself.
const MANUAL_PAUSE: u64 = 86_400;

/// OPG wei that the vault would pay at `timestamp` in a release of `schedule`.
#[must_use]
pub fn due(curve: &Curve, schedule: &Schedule, known: &Known, timestamp: u64) -> u128 {
    let vested = curve.vested_at(schedule.amount, schedule.tge_amount, timestamp);
    vested.min(total(schedule, known)).saturating_sub(known.released)
}

/// Earliest time at which `min_amount` is due, or all that remains if that is less. `None`: never.
#[must_use]
pub fn due_at(min_amount: u128, curve: &Curve, schedule: &Schedule, known: &Known) -> Option<u64> {
    let wanted = worth(min_amount, schedule, known);
    if known.manual || wanted == 0 {
        return None;
    }
    // The curve never falls, so the first time is found by halving: in step with the contract's rounding whatever it is.
    let (mut early, mut late) = (curve.start, curve.end());
    while early < late {
        let middle = early + (late - early) / 2;
        if due(curve, schedule, known, middle) >= wanted {
            late = middle;
        } else {
            early = middle + 1;
        }
    }
    Some(late)
}

/// Whether a release is worth its gas at `timestamp`, and what it pays.
pub(super) fn payable(
    min_amount: u128,
    curve: &Curve,
    schedule: &Schedule,
    known: &Known,
    timestamp: u64,
) -> Option<u128> {
    let wanted = worth(min_amount, schedule, known);
    let due = due(curve, schedule, known, timestamp);
    (!known.manual && wanted > 0 && due >= wanted).then_some(due)
}

/// When `schedule` needs attention, for whoever knows this much of it in `period`. What the vault said may be undone by a
/// reorganisation unless it is `firm`; until then the vault is asked again in every period.
#[must_use]
pub fn look(
    policy: &Policy,
    curve: &Curve,
    schedule: &Schedule,
    known: &Known,
    firm: bool,
    period: Period,
) -> Look {
    if !policy.wants(schedule) {
        return Look::default();
    }
    let due_at = due_at(policy.min_amount, curve, schedule, known);
    let later = if known.manual && total(schedule, known) > known.released {
        Some(period.end.saturating_add(MANUAL_PAUSE))
    } else {
        due_at
    };
    let look_at = if firm { later } else { Some(later.map_or(period.end, |at| at.min(period.end))) };
    Look { due_at, look_at }
}

/// All that the schedule will have released in the end.
fn total(schedule: &Schedule, known: &Known) -> u128 {
    known.revoked_total.unwrap_or(schedule.amount).min(schedule.amount)
}

/// Least amount that is worth a release: the last one empties the schedule, however little is left.
fn worth(min_amount: u128, schedule: &Schedule, known: &Known) -> u128 {
    min_amount.max(1).min(total(schedule, known).saturating_sub(known.released))
}
