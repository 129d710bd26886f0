//! What is due and when, for any schedule.

use alloy::primitives::Address;
use opg_node::crank::{Period, Policy, due, due_at, look};
use opg_store::vesting::{Known, Look};
use opg_vesting::{Curve, Schedule};
use proptest::prelude::*;

use super::vault::{OPG, TGE};

fn policy(min_amount: u128) -> Policy {
    Policy { categories: [0].into(), min_amount, only: [].into(), except: [].into() }
}

fn schedule(amount: u128, tge_amount: u128) -> Schedule {
    Schedule {
        category: 0,
        index: 0,
        beneficiary: Address::repeat_byte(1),
        amount,
        tge_amount,
        revocable: true,
        transferable: false,
    }
}

prop_compose! {
    fn situation()(
        amount in 1..(1_u128 << 96),
        tge_share in 0..=100_u128,
        cliff in prop_oneof![Just(0), 0..100_000_000_u32],
        duration in prop_oneof![Just(0), Just(1), 0..200_000_000_u32],
        released_at in prop_oneof![Just(0), TGE - 10..TGE + 400_000_000],
        revoked_at in proptest::option::of(TGE..TGE + 400_000_000),
        min_amount in prop_oneof![Just(0), Just(OPG), 1..(1_u128 << 90)],
    ) -> (Curve, Schedule, Known, u128) {
        let curve = Curve { start: TGE, cliff, duration };
        let schedule = schedule(amount, amount / 100 * tge_share);
        let vested = |at| curve.vested_at(amount, schedule.tge_amount, at);
        let revoked_total = revoked_at.map(vested);
        let released = vested(released_at).min(revoked_total.unwrap_or(u128::MAX));
        (curve, schedule, Known { released, revoked_total, manual: false }, min_amount)
    }
}

proptest! {
    #[test]
    fn the_earliest_time_is_the_earliest((curve, schedule, known, min_amount) in situation()) {
        let total = known.revoked_total.unwrap_or(schedule.amount);
        let wanted = min_amount.max(1).min(total - known.released);
        match due_at(min_amount, &curve, &schedule, &known) {
            None => prop_assert_eq!(known.released, total, "something is left, but never due"),
            Some(at) => {
                prop_assert!(due(&curve, &schedule, &known, at) >= wanted);
                prop_assert!(at == curve.start || due(&curve, &schedule, &known, at - 1) < wanted);
                prop_assert!(at <= curve.end());
            }
        }
    }

    #[test]
    fn releasing_whenever_it_is_time_pays_everything_and_ends((curve, schedule, known, min_amount) in situation()) {
        // At least a thousandth each time, so that the steps end soon.
        let min_amount = min_amount.max(schedule.amount / 1_000);
        let (mut known, mut last) = (known, 0);
        let total = known.revoked_total.unwrap_or(schedule.amount);
        while let Some(at) = due_at(min_amount, &curve, &schedule, &known) {
            let at = at.max(last);
            known.released += due(&curve, &schedule, &known, at);
            prop_assert!(known.released <= total);
            last = at;
        }
        prop_assert_eq!(known.released, total);
    }

    #[test]
    fn who_is_manual_is_never_due((curve, schedule, known, min_amount) in situation()) {
        let manual = Known { manual: true, ..known };
        prop_assert_eq!(due_at(min_amount, &curve, &schedule, &manual), None);
    }
}

const CURVE: Curve = Curve { start: TGE, cliff: 100, duration: 1_000 };
const NOW: Period = Period { start: TGE + 60, end: TGE + 120 };

#[test]
fn what_is_not_final_is_looked_at_in_the_next_period() {
    let schedule = schedule(100 * OPG, 10 * OPG);
    let released = Known { released: 10 * OPG, ..Known::default() };
    let at_cliff = Some(TGE + 100 + 10);
    let firm = look(&policy(OPG), &CURVE, &schedule, &released, true, NOW);
    assert_eq!(firm.due_at, firm.look_at);
    assert!(firm.due_at > Some(TGE + 100) && firm.due_at <= at_cliff.map(|at| at + 2));

    let done = Known { released: 100 * OPG, ..Known::default() };
    assert_eq!(look(&policy(OPG), &CURVE, &schedule, &done, true, NOW), Look::default());
    let loose = look(&policy(OPG), &CURVE, &schedule, &done, false, NOW);
    assert_eq!(loose, Look { due_at: None, look_at: Some(NOW.end) }, "it may come undone");
}

#[test]
fn who_is_manual_may_change_its_mind() {
    let manual = Known { manual: true, ..Known::default() };
    let later = look(&policy(OPG), &CURVE, &schedule(OPG, 0), &manual, true, NOW);
    assert_eq!(later.due_at, None);
    assert!(later.look_at > Some(NOW.end), "not in every period");
}

#[test]
fn the_policy_leaves_out_whom_it_names() {
    let schedule = schedule(OPG, OPG);
    let mine = schedule.beneficiary;
    let other = Address::repeat_byte(2);
    let wants = |policy: Policy| policy.wants(&schedule);
    assert!(wants(policy(0)));
    assert!(wants(Policy { only: [mine, other].into(), except: [other].into(), ..policy(0) }));
    assert!(!wants(Policy { only: [other].into(), ..policy(0) }));
    assert!(!wants(Policy { except: [mine].into(), ..policy(0) }));
    assert!(!wants(Policy { categories: [1].into(), ..policy(0) }));
    let unwanted = Policy { categories: [].into(), ..policy(0) };
    assert_eq!(look(&unwanted, &CURVE, &schedule, &Known::default(), true, NOW), Look::default());
}
