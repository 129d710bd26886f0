//! Requests and answers for tests.

use alloy_primitives::{Address, B256, Bytes, Signature, U256, keccak256};
use opg_receipts::{InferenceReceipt, Request, SignedReceipt, hub_request_id};
use opg_store::{
    Store, StoreError,
    jobs::{self, Answer, Claim, Job, JobId, JobState, NewJob, Offer, Settlement, Sighting},
    journal::IntentId,
};
use rusqlite::Transaction;

pub(crate) const US: Address = Address::repeat_byte(0xaa);
pub(crate) const OTHER: Address = Address::repeat_byte(0xbb);

/// Runs a closure in a write transaction.
pub(crate) fn write<T>(
    store: &Store,
    work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    store.write(work)
}

/// The request with `nonce` in block `block`.
pub(crate) fn new_job(nonce: u64, block: u64) -> NewJob {
    let input = Bytes::from(format!("input {nonce}").into_bytes());
    let request = Request {
        payer: Address::repeat_byte(0x11),
        nonce,
        modelVersion: B256::repeat_byte(0x22),
        inputHash: keccak256(&input),
        mode: 0,
        callbackGas: 0,
        blockNumber: block,
        requestedAt: 1_000 + 2 * block,
        deadline: 1_600 + 2 * block,
        maxFee: u128::MAX,
    };
    NewJob {
        request_id: hub_request_id(31337, Address::repeat_byte(0x33), &request),
        request,
        input,
        block_hash: B256::with_last_byte(block as u8),
    }
}

pub(crate) fn answer_for(job: &Job) -> Answer {
    answer_with(job, b"an answer")
}

pub(crate) fn answer_with(job: &Job, output: &[u8]) -> Answer {
    let receipt = InferenceReceipt {
        requestId: job.request_id,
        payer: job.request.payer,
        operator: US,
        modelVersion: job.request.modelVersion,
        inputHash: job.request.inputHash,
        outputHash: keccak256(output),
        traceHash: keccak256(b"{}"),
        inputUnits: 10,
        outputUnits: 20,
        unitPrice: u128::MAX / 7,
        fee: u128::MAX,
        mode: job.request.mode,
        issuedAt: job.request.requestedAt + 1,
    };
    Answer {
        signed: SignedReceipt::new(receipt, Signature::new(U256::from(1), U256::from(2), true)),
        output: Bytes::copy_from_slice(output),
        trace: Bytes::from_static(b"{}"),
        model_ms: 7,
    }
}

pub(crate) fn claim_as<'a>(owner: &'a str, now: u64) -> Claim<'a> {
    Claim { owner, now, until: now + 1_000, capacity: 1, max_attempts: 3 }
}

/// Brings a fresh request into `state` by the ordinary way.
pub(crate) fn job_in(store: &Store, nonce: u64, block: u64, state: JobState) -> JobId {
    write(store, |tx| {
        let Sighting::New(id) = jobs::see(tx, &new_job(nonce, block), 1)? else { panic!("seen before") };
        match state {
            JobState::Declined => jobs::decline(tx, id, "unprofitable", 2)?,
            JobState::Failed => jobs::fail(tx, id, "broken", 2)?,
            JobState::Expired => assert!(jobs::expire_overdue(tx, u32::MAX.into(), 0, 2)?.contains(&id)),
            JobState::Withdrawn => assert!(jobs::roll_back(tx, block - 1, 2)?.contains(&id)),
            other => {
                for step in PATH.into_iter().take_while(|step| *step <= other) {
                    advance(tx, id, step)?;
                }
            }
        }
        assert_eq!(jobs::get(tx, id)?.state, state);
        Ok(id)
    })
    .unwrap()
}

/// The way of a job that goes well.
const PATH: [JobState; 5] =
    [JobState::Accepted, JobState::Running, JobState::Answered, JobState::Submitted, JobState::Succeeded];

/// Takes the one step of `PATH` that leads to `next`.
fn advance(tx: &Transaction<'_>, id: JobId, next: JobState) -> Result<(), StoreError> {
    let job = jobs::get(tx, id)?;
    match next {
        JobState::Accepted => jobs::accept(tx, id, &Offer { unit_price: 3, output_limit: Some(9) }, 2),
        JobState::Running => {
            let claimed = jobs::claim(tx, &Claim { capacity: u32::MAX, ..claim_as("w", 3) })?;
            assert_eq!(claimed.map(|job| job.id), Some(id));
            Ok(())
        }
        JobState::Answered => jobs::answer(tx, id, "w", &answer_for(&job), 4).map(|_| ()),
        JobState::Submitted => jobs::submit(tx, id, IntentId(77), 5),
        _ => {
            let block = job.request.blockNumber + 1;
            jobs::note_settlement(tx, job.request_id, &settlement(block, Some(US)), 6)?;
            jobs::finish_settled(tx, block, US, 7).map(|_| ())
        }
    }
}

pub(crate) fn settlement(block: u64, operator: Option<Address>) -> Settlement {
    Settlement { block, transaction: B256::repeat_byte(5), operator }
}
