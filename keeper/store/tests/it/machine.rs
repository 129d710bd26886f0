//! Random schedules of every operation, checked against the rules that must hold whatever happens.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256};
use opg_store::{
    Store, StoreError,
    jobs::{self, Claim, Filter, Job, JobId, JobState, Offer},
    journal::IntentId,
};
use proptest::prelude::*;

use crate::support::{OTHER, US, answer_with, new_job, settlement, write};

#[derive(Debug, Clone)]
enum Step {
    See { nonce: u64 },
    RollBack { ancestor: u64 },
    Settle { nonce: u64, block: u64, by: Option<Address> },
    Finish { depth: u64 },
    Expire { head_time: u64 },
    Accept(i64),
    Decline(i64),
    Fail(i64),
    Cancel(i64),
    Retry(i64),
    Claim { worker: u8, capacity: u32 },
    Heartbeat { id: i64, worker: u8 },
    PutBack { id: i64, worker: u8 },
    HandBack { id: i64, worker: u8 },
    Answer { id: i64, worker: u8 },
    Submit(i64),
    Reopen(i64),
    Restart,
    Wait(u64),
}

const REQUESTS: u64 = 4;

fn block_of(nonce: u64) -> u64 {
    10 + nonce
}

fn step() -> impl Strategy<Value = Step> {
    let id = 1..=REQUESTS as i64;
    let nonce = 0..REQUESTS;
    let by = prop_oneof![Just(Some(US)), Just(Some(OTHER)), Just(None)];
    prop_oneof![
        4 => nonce.clone().prop_map(|nonce| Step::See { nonce }),
        1 => (8..16_u64).prop_map(|ancestor| Step::RollBack { ancestor }),
        1 => (nonce, 11..20_u64, by).prop_map(|(nonce, block, by)| Step::Settle { nonce, block, by }),
        1 => (10..20_u64).prop_map(|depth| Step::Finish { depth }),
        1 => (1_500..1_700_u64).prop_map(|head_time| Step::Expire { head_time }),
        6 => id.clone().prop_map(Step::Accept),
        1 => id.clone().prop_map(Step::Decline),
        1 => id.clone().prop_map(Step::Fail),
        1 => id.clone().prop_map(Step::Cancel),
        2 => id.clone().prop_map(Step::Retry),
        6 => (0..3_u8, 1..3_u32).prop_map(|(worker, capacity)| Step::Claim { worker, capacity }),
        2 => (id.clone(), 0..3_u8).prop_map(|(id, worker)| Step::Heartbeat { id, worker }),
        2 => (id.clone(), 0..3_u8).prop_map(|(id, worker)| Step::PutBack { id, worker }),
        1 => (id.clone(), 0..3_u8).prop_map(|(id, worker)| Step::HandBack { id, worker }),
        6 => (id.clone(), 0..3_u8).prop_map(|(id, worker)| Step::Answer { id, worker }),
        5 => id.clone().prop_map(Step::Submit),
        1 => id.prop_map(Step::Reopen),
        1 => Just(Step::Restart),
        2 => (1..1_500_u64).prop_map(Step::Wait),
    ]
}

fn apply(store: &Store, step: &Step, now: u64) -> Result<(), StoreError> {
    write(store, |tx| {
        let worker = |number: &u8| format!("worker {number}");
        match step {
            Step::See { nonce } => jobs::see(tx, &new_job(*nonce, block_of(*nonce)), now).map(|_| ()),
            Step::RollBack { ancestor } => jobs::roll_back(tx, *ancestor, now).map(|_| ()),
            Step::Settle { nonce, block, by } => {
                let request_id = new_job(*nonce, block_of(*nonce)).request_id;
                jobs::note_settlement(tx, request_id, &settlement(*block, *by), now).map(|_| ())
            }
            Step::Finish { depth } => jobs::finish_settled(tx, *depth, US, now).map(|_| ()),
            Step::Expire { head_time } => jobs::expire_overdue(tx, *head_time, 30, now).map(|_| ()),
            Step::Accept(id) => {
                jobs::accept(tx, JobId(*id), &Offer { unit_price: 1, output_limit: None }, now)
            }
            Step::Decline(id) => jobs::decline(tx, JobId(*id), "declined", now),
            Step::Fail(id) => jobs::fail(tx, JobId(*id), "failed", now),
            Step::Cancel(id) => jobs::cancel(tx, JobId(*id), now),
            Step::Retry(id) => jobs::retry(tx, JobId(*id), now).map(|_| ()),
            Step::Claim { worker: number, capacity } => {
                let owner = worker(number);
                let claim =
                    Claim { owner: &owner, now, until: now + 1_000, capacity: *capacity, max_attempts: 3 };
                let claimed = jobs::claim(tx, &claim)?;
                let held = jobs::list(tx, &Filter { states: vec![JobState::Running], ..Filter::default() })?;
                let mine =
                    held.iter().filter(|job| job.lease.as_ref().is_some_and(|lease| lease.owner == owner));
                assert!(claimed.is_none() || mine.count() <= *capacity as usize, "capacity exceeded");
                Ok(())
            }
            Step::Heartbeat { id, worker: number } => {
                jobs::heartbeat(tx, JobId(*id), &worker(number), now + 1_000)
            }
            Step::PutBack { id, worker: number } => {
                jobs::put_back(tx, JobId(*id), &worker(number), "again", now + 10, 3, now).map(|_| ())
            }
            Step::HandBack { id, worker: number } => jobs::hand_back(tx, JobId(*id), &worker(number), now),
            Step::Answer { id, worker: number } => {
                let job = jobs::get(tx, JobId(*id))?;
                let output = format!("by {number} at {now}");
                jobs::answer(tx, JobId(*id), &worker(number), &answer_with(&job, output.as_bytes()), now)
                    .map(|_| ())
            }
            Step::Submit(id) => jobs::submit(tx, JobId(*id), IntentId(now as i64), now),
            Step::Reopen(id) => jobs::reopen(tx, JobId(*id), "reverted", now, now),
            Step::Restart => jobs::release_all(tx, 3, now).map(|_| ()),
            Step::Wait(_) => Ok(()),
        }
    })
}

type Everything = BTreeMap<JobId, (Job, Option<B256>)>;

fn everything(store: &Store) -> Everything {
    store
        .read(|tx| {
            let mut all = BTreeMap::new();
            for job in jobs::list(tx, &Filter::default())? {
                let output =
                    jobs::stored_answer(tx, job.id)?.map(|answer| answer.signed.receipt().outputHash);
                all.insert(job.id, (job, output));
            }
            Ok::<_, StoreError>(all)
        })
        .unwrap()
}

/// What must hold between two consecutive contents of the database.
fn check(before: &Everything, after: &Everything, step: &Step) {
    for (id, (job, output)) in after {
        assert_eq!(job.state == JobState::Running, job.lease.is_some(), "lease without run: {job:?}");
        assert_eq!(job.state.is_final(), job.stages.finished.is_some(), "{job:?}");
        assert!(job.attempts <= 3, "{job:?}");
        if matches!(job.state, JobState::Answered | JobState::Submitted) {
            assert!(output.is_some(), "{job:?} without an answer");
        }
        let Some((old, old_output)) = before.get(id) else {
            assert_eq!(job.state, JobState::Seen, "a new job is seen first");
            continue;
        };
        if old_output.is_some() {
            assert_eq!(old_output, output, "an answer was replaced by {step:?}");
        }
        if matches!(old.state, JobState::Succeeded | JobState::Expired) {
            assert_eq!(old.state, job.state, "{step:?} left a final state");
        }
        // A claim may end a lapsed lease and take the same job again; every other step is one transition.
        let allowed = old.state == job.state
            || old.state.can_become(job.state)
            || matches!(
                (step, old.state, job.state),
                (Step::Claim { .. }, JobState::Running, JobState::Running)
            );
        assert!(allowed, "{step:?} took a job from {} to {}", old.state, job.state);
    }
    assert!(before.keys().all(|id| after.contains_key(id)), "{step:?} lost a job");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 192, ..ProptestConfig::default() })]

    #[test]
    fn no_schedule_breaks_the_rules(steps in proptest::collection::vec(step(), 1..60)) {
        let store = Store::in_memory().unwrap();
        let mut now = 1_000;
        let mut before = everything(&store);
        for step in &steps {
            now += if let Step::Wait(time) = step { *time } else { 1 };
            let result = apply(&store, step, now);
            let after = everything(&store);
            if let Err(error) = result {
                let refusal = matches!(
                    error,
                    StoreError::WrongState { .. }
                        | StoreError::LeaseLost { .. }
                        | StoreError::NoSuchJob(_)
                        | StoreError::AlreadySettled { .. }
                );
                prop_assert!(refusal, "{:?} failed with {}", step, error);
                prop_assert_eq!(&before, &after, "a refused step changed something");
            }
            check(&before, &after, step);
            before = after;
        }
    }
}
