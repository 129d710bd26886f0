//! What each operation on a job does, one behaviour a test.

use alloy_primitives::{B256, U256};
use opg_receipts::SignedReceipt;
use opg_store::{
    Store, StoreError,
    jobs::{self, Filter, JobState, Offer, Sighting},
    journal::IntentId,
};

use crate::support::{OTHER, US, answer_for, answer_with, claim_as, job_in, new_job, settlement, write};

fn store() -> Store {
    Store::in_memory().unwrap()
}

fn state_of(store: &Store, id: jobs::JobId) -> JobState {
    store.read(|tx| jobs::get(tx, id)).unwrap().state
}

#[test]
fn request_is_kept_exactly_and_seen_once() {
    let store = store();
    let new = new_job(1, 10);
    let (id, again) = write(&store, |tx| {
        let Sighting::New(id) = jobs::see(tx, &new, 5)? else { panic!("not new") };
        Ok((id, jobs::see(tx, &new, 6)?))
    })
    .unwrap();
    assert_eq!(again, Sighting::Known(id));
    let (job, input) =
        store.read(|tx| Ok::<_, StoreError>((jobs::get(tx, id)?, jobs::input(tx, id)?))).unwrap();
    assert_eq!((job.request, job.request_id, job.block_hash), (new.request, new.request_id, new.block_hash));
    assert_eq!((input, job.state, job.stages.seen), (new.input, JobState::Seen, 5));
}

#[test]
fn answer_and_receipt_survive_unchanged_with_extreme_amounts() {
    let store = store();
    let id = job_in(&store, 1, 10, JobState::Answered);
    let (job, stored) =
        store.read(|tx| Ok::<_, StoreError>((jobs::get(tx, id)?, jobs::stored_answer(tx, id)?))).unwrap();
    assert_eq!(stored, Some(answer_for(&job)));
    assert_eq!(job.offer, Some(Offer { unit_price: 3, output_limit: Some(9) }));
    assert_eq!(job.lease, None);
}

#[test]
fn answer_is_idempotent_and_bound_to_its_job() {
    let store = store();
    let id = job_in(&store, 1, 10, JobState::Running);
    let other = job_in(&store, 2, 10, JobState::Seen);
    write(&store, |tx| {
        let job = jobs::get(tx, id)?;
        let answer = answer_for(&job);
        let foreign = answer_for(&jobs::get(tx, other)?);
        let refused = jobs::answer(tx, id, "w", &foreign, 4).unwrap_err();
        assert!(matches!(refused, StoreError::ReceiptMismatch { field: "request id", .. }), "{refused}");
        assert!(jobs::answer(tx, id, "w", &answer, 4)?, "new");
        assert!(!jobs::answer(tx, id, "w", &answer, 5)?, "the same again changes nothing");
        let late = jobs::answer(tx, id, "w", &answer_with(&job, b"another answer"), 6).unwrap_err();
        assert!(matches!(late, StoreError::LeaseLost { actual: JobState::Answered, .. }), "{late}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn renewal_changes_the_time_of_issue_and_nothing_else() {
    let store = store();
    let id = job_in(&store, 1, 10, JobState::Answered);
    write(&store, |tx| {
        let signed = jobs::stored_answer(tx, id)?.unwrap().signed;
        let signature = alloy_primitives::Signature::new(U256::from(8), U256::from(9), false);
        let mut receipt = signed.receipt().clone();
        receipt.issuedAt += 3_000;
        let renewed = SignedReceipt::new(receipt.clone(), signature);
        jobs::renew(tx, id, &renewed)?;
        assert_eq!(jobs::stored_answer(tx, id)?.unwrap().signed, renewed);
        receipt.fee -= 1;
        let refused = jobs::renew(tx, id, &SignedReceipt::new(receipt, signature)).unwrap_err();
        assert!(matches!(refused, StoreError::ReceiptMismatch { field: "price", .. }), "{refused}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn worker_gets_no_more_jobs_than_its_capacity_and_the_oldest_first() {
    let store = store();
    let ids: Vec<_> = (1..=3).map(|nonce| job_in(&store, nonce, 10, JobState::Accepted)).collect();
    write(&store, |tx| {
        assert_eq!(jobs::claim(tx, &claim_as("w", 10))?.map(|job| job.id), Some(ids[0]));
        assert_eq!(jobs::claim(tx, &claim_as("w", 10))?, None, "capacity one");
        assert_eq!(jobs::claim(tx, &claim_as("v", 10))?.map(|job| job.id), Some(ids[1]), "another worker");
        Ok(())
    })
    .unwrap();
}

#[test]
fn silent_worker_loses_its_job_and_what_it_delivers_later_is_refused() {
    let store = store();
    let id = job_in(&store, 1, 10, JobState::Accepted);
    write(&store, |tx| {
        let job = jobs::claim(tx, &claim_as("w", 10))?.unwrap();
        jobs::heartbeat(tx, id, "w", 2_000)?;
        assert_eq!(jobs::claim(tx, &claim_as("v", 1_999))?, None, "the heartbeat prolonged the lease");
        let taken = jobs::claim(tx, &claim_as("v", 2_000))?.unwrap();
        assert_eq!((taken.id, taken.attempts), (id, 2));
        for result in [
            jobs::heartbeat(tx, id, "w", 9_000),
            jobs::answer(tx, id, "w", &answer_for(&job), 2_001).map(|_| ()),
            jobs::hand_back(tx, id, "w", 2_001),
            jobs::put_back(tx, id, "w", "late", 0, 3, 2_001).map(|_| ()),
        ] {
            let error = result.unwrap_err();
            assert!(matches!(&error, StoreError::LeaseLost { owner, .. } if owner == "w"), "{error}");
        }
        Ok(())
    })
    .unwrap();
}

#[test]
fn failed_runs_are_repeated_after_their_delay_and_given_up_in_the_end() {
    let store = store();
    let id = job_in(&store, 1, 10, JobState::Accepted);
    write(&store, |tx| {
        for attempt in 1..=3_u64 {
            let now = 100 * attempt;
            if attempt > 1 {
                assert_eq!(jobs::claim(tx, &claim_as("w", now - 1))?, None, "not before its time");
            }
            assert_eq!(jobs::claim(tx, &claim_as("w", now))?.map(|job| job.attempts), Some(attempt as u32));
            let next = jobs::put_back(tx, id, "w", "out of memory", now + 100, 3, now)?;
            assert_eq!(next, if attempt < 3 { JobState::Accepted } else { JobState::Failed });
            if attempt == 1 {
                jobs::claim(tx, &claim_as("w", 200))?;
                jobs::hand_back(tx, id, "w", 200)?;
            }
        }
        let job = jobs::get(tx, id)?;
        assert_eq!(job.reason.as_deref(), Some("given up after 3 runs: out of memory"));
        Ok(())
    })
    .unwrap();
}

#[test]
fn job_that_brings_the_keeper_down_is_given_up() {
    let store = store();
    let id = job_in(&store, 1, 10, JobState::Accepted);
    for start in 1..=3 {
        let released = write(&store, |tx| {
            jobs::claim(tx, &claim_as(&format!("start {start}"), 10 * start))?.unwrap();
            jobs::release_all(tx, 3, 10 * start)
        });
        assert_eq!(released.unwrap(), 1);
    }
    assert_eq!(state_of(&store, id), JobState::Failed);
}

#[test]
fn request_that_returns_after_a_reorg_keeps_what_was_done_for_it() {
    for (before, after) in [
        (JobState::Seen, JobState::Seen),
        (JobState::Accepted, JobState::Seen),
        (JobState::Running, JobState::Seen),
        (JobState::Answered, JobState::Answered),
        (JobState::Submitted, JobState::Submitted),
    ] {
        let store = store();
        let id = job_in(&store, 1, 10, before);
        write(&store, |tx| {
            assert_eq!(jobs::roll_back(tx, 10, 20)?, vec![], "block 10 itself stays");
            assert_eq!(jobs::roll_back(tx, 9, 20)?, vec![id]);
            assert_eq!(jobs::get(tx, id)?.state, JobState::Withdrawn);
            let mut again = new_job(1, 10);
            again.block_hash = B256::repeat_byte(0xee);
            assert_eq!(jobs::see(tx, &again, 21)?, Sighting::Returned(id, after));
            assert_eq!(jobs::get(tx, id)?.block_hash, again.block_hash);
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn worker_of_a_withdrawn_or_cancelled_job_loses_its_lease() {
    let store = store();
    for (nonce, stop) in [(1, "withdraw"), (2, "cancel"), (3, "settle")] {
        let id = job_in(&store, nonce, 10 * nonce, JobState::Running);
        write(&store, |tx| {
            match stop {
                "withdraw" => assert_eq!(jobs::roll_back(tx, 10 * nonce - 1, 20)?, vec![id]),
                "cancel" => jobs::cancel(tx, id, 20)?,
                _ => {
                    let request_id = jobs::get(tx, id)?.request_id;
                    let noted = jobs::note_settlement(tx, request_id, &settlement(31, Some(OTHER)), 20)?;
                    assert_eq!(noted, Some(id));
                }
            }
            let lost = jobs::heartbeat(tx, id, "w", 9_000).unwrap_err();
            assert!(matches!(lost, StoreError::LeaseLost { .. }), "{stop}: {lost}");
            assert_eq!(jobs::claim(tx, &claim_as("v", 30))?, None, "{stop}: nobody runs it");
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn settlement_stops_work_at_once_but_is_final_only_at_depth() {
    for (operator, end) in
        [(Some(US), JobState::Succeeded), (Some(OTHER), JobState::Failed), (None, JobState::Expired)]
    {
        let store = store();
        let id = job_in(&store, 1, 10, JobState::Accepted);
        write(&store, |tx| {
            jobs::note_settlement(tx, new_job(1, 10).request_id, &settlement(12, operator), 20)?;
            assert_eq!(jobs::ready(tx, JobState::Accepted, 30, 10)?, vec![], "no more work on it");
            assert_eq!(jobs::finish_settled(tx, 11, US, 30)?, vec![], "not deep enough");
            jobs::roll_back(tx, 11, 31)?;
            assert_eq!(jobs::ready(tx, JobState::Accepted, 31, 10)?.len(), 1, "the reorganisation undid it");
            jobs::note_settlement(tx, new_job(1, 10).request_id, &settlement(13, operator), 40)?;
            assert_eq!(jobs::finish_settled(tx, 13, US, 41)?, vec![(id, end)]);
            assert_eq!(jobs::roll_back(tx, 5, 42)?, vec![], "what is final stays");
            assert_eq!(jobs::get(tx, id)?.stages.finished, Some(41));
            Ok(())
        })
        .unwrap();
    }
}

#[test]
fn deadline_ends_open_jobs_and_submitted_ones_after_a_grace() {
    let store = store();
    let open = job_in(&store, 1, 10, JobState::Answered);
    let submitted = job_in(&store, 2, 10, JobState::Submitted);
    let deadline = new_job(1, 10).request.deadline;
    write(&store, |tx| {
        assert_eq!(jobs::expire_overdue(tx, deadline, 60, 20)?, vec![], "the deadline itself is in time");
        assert_eq!(jobs::expire_overdue(tx, deadline + 1, 60, 20)?, vec![open]);
        assert_eq!(jobs::expire_overdue(tx, deadline + 61, 60, 20)?, vec![submitted]);
        Ok(())
    })
    .unwrap();
}

#[test]
fn failed_delivery_is_repeated_with_the_same_answer() {
    let store = store();
    let id = job_in(&store, 1, 10, JobState::Submitted);
    write(&store, |tx| {
        jobs::note_broadcast(tx, id, 50)?;
        jobs::note_broadcast(tx, id, 60)?;
        jobs::reopen(tx, id, "the transaction reverted", 100, 70)?;
        assert_eq!(jobs::ready(tx, JobState::Answered, 99, 10)?, vec![]);
        assert_eq!(jobs::ready(tx, JobState::Answered, 100, 10)?.len(), 1);
        jobs::submit(tx, id, IntentId(78), 101)?;
        let job = jobs::get(tx, id)?;
        assert_eq!((job.submissions, job.intent), (2, Some(IntentId(78))));
        assert_eq!((job.stages.submitted, job.stages.broadcast), (Some(5), Some(50)), "first times are kept");
        Ok(())
    })
    .unwrap();
}

#[test]
fn operator_retries_what_failed_but_not_what_the_chain_closed() {
    let store = store();
    let declined = job_in(&store, 1, 10, JobState::Declined);
    let answered = job_in(&store, 2, 10, JobState::Answered);
    let closed = job_in(&store, 3, 10, JobState::Accepted);
    write(&store, |tx| {
        assert_eq!(jobs::retry(tx, declined, 30)?, JobState::Seen);
        jobs::fail(tx, answered, "refused", 30)?;
        assert_eq!(jobs::retry(tx, answered, 31)?, JobState::Answered);
        jobs::note_settlement(tx, new_job(3, 10).request_id, &settlement(12, Some(OTHER)), 30)?;
        jobs::finish_settled(tx, 12, US, 31)?;
        let error = jobs::retry(tx, closed, 32).unwrap_err();
        assert!(matches!(error, StoreError::AlreadySettled { block: 12, .. }), "{error}");
        Ok(())
    })
    .unwrap();
}

#[test]
fn jobs_are_found_by_number_prefix_and_filter() {
    let store = store();
    let first = job_in(&store, 1, 10, JobState::Seen);
    let second = job_in(&store, 2, 10, JobState::Declined);
    store
        .read(|tx| {
            let text = jobs::get(tx, first)?.request_id.to_string();
            assert_eq!(jobs::find(tx, &text[..12])?.len(), 1);
            assert_eq!(jobs::find(tx, &second.to_string())?[0].id, second);
            for nonsense in ["", "0x", "0xzz", "%", "one"] {
                assert_eq!(jobs::find(tx, nonsense)?, vec![], "{nonsense}");
            }
            let ids = |filter: &Filter| -> Result<Vec<_>, StoreError> {
                Ok(jobs::list(tx, filter)?.into_iter().map(|job| job.id).collect())
            };
            assert_eq!(ids(&Filter::default())?, vec![second, first], "newest first");
            assert_eq!(ids(&Filter { limit: Some(1), ..Filter::default() })?, vec![second]);
            assert_eq!(ids(&Filter { before: Some(second), ..Filter::default() })?, vec![first]);
            assert_eq!(ids(&Filter { states: vec![JobState::Seen], ..Filter::default() })?, vec![first]);
            assert_eq!(ids(&Filter { model_version: Some(B256::ZERO), ..Filter::default() })?, vec![]);
            assert_eq!(
                jobs::count_by_state(tx)?.into_iter().collect::<Vec<_>>(),
                vec![(JobState::Seen, 1), (JobState::Declined, 1)]
            );
            Ok::<_, StoreError>(())
        })
        .unwrap();
}

#[test]
fn operation_from_a_wrong_state_names_both_and_changes_nothing() {
    let store = store();
    let id = job_in(&store, 1, 10, JobState::Succeeded);
    let before = store.read(|tx| jobs::get(tx, id)).unwrap();
    let error = write(&store, |tx| jobs::decline(tx, id, "late", 50)).unwrap_err();
    assert!(error.to_string().contains("succeeded") && error.to_string().contains("Seen"), "{error}");
    assert_eq!(store.read(|tx| jobs::get(tx, id)).unwrap(), before);
    let missing = write(&store, |tx| jobs::cancel(tx, jobs::JobId(999), 50)).unwrap_err();
    assert!(matches!(missing, StoreError::NoSuchJob(jobs::JobId(999))), "{missing}");
}
