//! Proofs of answered jobs: when they are due, who makes them, and what becomes of the job.

use alloy_primitives::Address;
use opg_receipts::{MODE_ZERO_KNOWLEDGE, hub_request_id};
use opg_store::{
    Store, StoreError,
    jobs::{self, JobId, JobState, Offer, Sighting},
    proofs::{self, ProofState},
};

use crate::support::{US, answer_for, claim_as, job_in, new_job, settlement, write};

/// An answered job whose request asks for a proof, due after `seconds`.
fn answered(store: &Store, nonce: u64, seconds: u64) -> JobId {
    write(store, |tx| {
        let mut new = new_job(nonce, 10);
        new.request.mode = MODE_ZERO_KNOWLEDGE;
        new.request.deadline = new.request.requestedAt + seconds;
        new.request_id = hub_request_id(31337, Address::repeat_byte(0x33), &new.request);
        let Sighting::New(id) = jobs::see(tx, &new, 1)? else { panic!("seen before") };
        jobs::accept(tx, id, &Offer { unit_price: 3, output_limit: None }, 2)?;
        jobs::claim(tx, &claim_as("w", 3))?;
        jobs::answer(tx, id, "w", &answer_for(&jobs::get(tx, id)?), 4)?;
        Ok(id)
    })
    .unwrap()
}

fn claim(store: &Store, capacity: u32, now: u64) -> Option<JobId> {
    write(store, |tx| proofs::claim(tx, capacity, now)).unwrap().map(|job| job.id)
}

fn due(store: &Store) -> Vec<JobId> {
    let ready = store.read(|tx| jobs::ready(tx, JobState::Answered, 1_000_000, 10)).unwrap();
    ready.into_iter().map(|job| job.id).collect()
}

fn state(store: &Store, id: JobId) -> JobState {
    store.read(|tx| jobs::get(tx, id)).unwrap().state
}

#[test]
fn an_answer_is_due_when_its_proof_is_there() {
    let store = Store::in_memory().unwrap();
    let plain = job_in(&store, 1, 10, JobState::Answered);
    let proved = answered(&store, 2, 600);
    assert_eq!(due(&store), [plain]);
    assert_eq!(store.read(|tx| proofs::get(tx, plain)).unwrap(), None);
    assert_eq!(store.read(proofs::open).unwrap(), 1);
    assert_eq!(claim(&store, 1, 5), Some(proved));
    assert!(write(&store, |tx| proofs::progress(tx, proved, Some((3, 8)))).unwrap());
    assert!(write(&store, |tx| proofs::complete(tx, proved, &[7; 256], 1_234, 9)).unwrap());
    assert_eq!(due(&store), [plain, proved]);
    let proof = store.read(|tx| proofs::get(tx, proved)).unwrap().unwrap();
    assert_eq!((proof.state, proof.parts, proof.proving_ms), (ProofState::Proved, (3, 8), Some(1_234)));
    assert_eq!(store.read(|tx| proofs::bytes(tx, proved)).unwrap(), Some([7; 256]));
    let version = store.read(|tx| jobs::get(tx, proved)).unwrap().request.modelVersion;
    assert_eq!(store.read(|tx| proofs::recent_ms(tx, version.0)).unwrap(), Some(1_234));
    assert_eq!(store.read(|tx| proofs::recent_ms(tx, [1; 32])).unwrap(), None);
    assert_eq!(store.read(proofs::open).unwrap(), 0);
    // Nobody made this one a second time.
    assert!(!write(&store, |tx| proofs::complete(tx, proved, &[8; 256], 1, 9)).unwrap());
    assert_eq!(store.read(|tx| proofs::bytes(tx, proved)).unwrap(), Some([7; 256]));
}

#[test]
fn the_most_urgent_is_made_first_and_no_more_than_there_is_room_for() {
    let store = Store::in_memory().unwrap();
    let [later, urgent, closed] =
        [answered(&store, 1, 900), answered(&store, 2, 300), answered(&store, 3, 100)];
    write(&store, |tx| {
        let request_id = jobs::get(tx, closed)?.request_id;
        jobs::note_settlement(tx, request_id, &settlement(12, None), 5)
    })
    .unwrap();
    assert_eq!(
        [claim(&store, 2, 5), claim(&store, 2, 5), claim(&store, 2, 5)],
        [Some(urgent), Some(later), None]
    );
    write(&store, |tx| proofs::hand_back(tx, urgent)).unwrap();
    assert_eq!(claim(&store, 1, 5), None, "one is still being made");
    assert_eq!(claim(&store, 2, 5), Some(urgent));
    let attempts = store.read(|tx| proofs::get(tx, urgent)).unwrap().unwrap().attempts;
    assert_eq!(attempts, 1, "what was handed back does not count");
}

#[test]
fn attempts_are_counted_across_deaths_and_the_operator_can_allow_more() {
    let store = Store::in_memory().unwrap();
    let id = answered(&store, 1, 600);
    assert_eq!(claim(&store, 1, 5), Some(id));
    assert!(write(&store, |tx| proofs::put_back(tx, id, "tired", 50, 2, 6)).unwrap());
    assert_eq!((claim(&store, 1, 49), claim(&store, 1, 50)), (None, Some(id)), "not before its time");
    assert_eq!(write(&store, |tx| proofs::release_all(tx, 2, 60)).unwrap(), 1);
    let job = store.read(|tx| jobs::get(tx, id)).unwrap();
    assert_eq!((job.state, claim(&store, 1, 99)), (JobState::Failed, None));
    assert!(job.reason.unwrap().contains("no proof after 2 attempts: the keeper stopped"));

    write(&store, |tx| jobs::retry(tx, id, 70)).unwrap();
    assert_eq!((state(&store, id), claim(&store, 1, 71)), (JobState::Answered, Some(id)));
    write(&store, |tx| proofs::give_up(tx, id, "another model", 72)).unwrap();
    assert_eq!(state(&store, id), JobState::Failed);
}

#[test]
fn a_proof_of_a_job_that_ended_otherwise_is_not_wanted_and_ends_nothing() {
    for ending in ["cancelled", "answered by us", "withdrawn"] {
        let store = Store::in_memory().unwrap();
        let id = answered(&store, 1, 600);
        claim(&store, 1, 5);
        write(&store, |tx| {
            let request_id = jobs::get(tx, id)?.request_id;
            match ending {
                "cancelled" => jobs::cancel(tx, id, 6),
                "withdrawn" => jobs::roll_back(tx, 9, 6).map(drop),
                _ => jobs::note_settlement(tx, request_id, &settlement(12, Some(US)), 6).map(drop),
            }
        })
        .unwrap();
        let before = state(&store, id);
        assert!(!write(&store, |tx| proofs::progress(tx, id, None)).unwrap(), "{ending}");
        write(&store, |tx| proofs::put_back(tx, id, "late", 0, 1, 7)).unwrap();
        assert_eq!(state(&store, id), before, "{ending}");
        assert_eq!(claim(&store, 1, 99), None, "{ending}");
    }
}

#[test]
fn a_proof_has_256_bytes_or_is_none() {
    let store = Store::in_memory().unwrap();
    let id = answered(&store, 1, 600);
    claim(&store, 1, 5);
    let torn: Result<(), StoreError> = store.write(|tx| {
        tx.execute(
            "UPDATE proofs SET state = 'proved', proof = zeroblob(255), proving_ms = 1 WHERE job = ?",
            [id.0],
        )?;
        Ok(())
    });
    assert!(matches!(torn, Err(StoreError::Database(_))));
    let empty: Result<(), StoreError> = store.write(|tx| {
        tx.execute("UPDATE proofs SET state = 'proved' WHERE job = ?", [id.0])?;
        Ok(())
    });
    assert!(matches!(empty, Err(StoreError::Database(_))));
}
