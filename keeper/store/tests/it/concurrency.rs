//! Several connections to one file claim at once: no job is ever given to two.

use std::{collections::BTreeMap, sync::Barrier, thread};

use alloy_primitives::B256;
use opg_store::{
    Store, cursors,
    jobs::{self, Claim, JobState},
};

use crate::support::{answer_for, claim_as, job_in, write};

const WORKERS: usize = 4;
const JOBS: u64 = 60;

#[test]
fn concurrent_claims_never_give_a_job_to_two() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let store = Store::open(&path).unwrap();
    for nonce in 0..JOBS {
        job_in(&store, nonce, 10, JobState::Accepted);
    }
    let barrier = Barrier::new(WORKERS);
    let mut taken: BTreeMap<_, Vec<String>> = BTreeMap::new();
    thread::scope(|scope| {
        let workers: Vec<_> = (0..WORKERS)
            .map(|number| {
                let (path, barrier) = (&path, &barrier);
                scope.spawn(move || {
                    let store = Store::open(path).unwrap();
                    let owner = format!("worker {number}");
                    barrier.wait();
                    let mut mine = Vec::new();
                    let mut claim = Claim { until: u32::MAX.into(), ..claim_as(&owner, 10) };
                    claim.max_attempts = 1;
                    while let Some(job) = write(&store, |tx| jobs::claim(tx, &claim)).unwrap() {
                        write(&store, |tx| jobs::answer(tx, job.id, &owner, &answer_for(&job), 11)).unwrap();
                        mine.push((job.id, owner.clone()));
                    }
                    mine
                })
            })
            .collect();
        for worker in workers {
            for (id, owner) in worker.join().unwrap() {
                taken.entry(id).or_default().push(owner);
            }
        }
    });
    assert_eq!(taken.len() as u64, JOBS, "every job was taken");
    assert!(taken.values().all(|owners| owners.len() == 1), "{taken:?}");
}

#[test]
fn who_reads_sees_what_was_committed_and_does_not_wait_for_what_is_being_written() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state.db")).unwrap();
    let blocks = || store.read(|tx| cursors::load(tx, "chain")).unwrap();
    let (one, two) = ([(1, B256::ZERO)], [(2, B256::ZERO)]);
    write(&store, |tx| cursors::save(tx, "chain", &one)).unwrap();
    write(&store, |tx| {
        cursors::save(tx, "chain", &two)?;
        // Would wait for itself if it had to wait.
        assert_eq!(blocks(), one);
        Ok(())
    })
    .unwrap();
    assert_eq!(blocks(), two);
}

#[test]
fn what_only_reads_cannot_write() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state.db")).unwrap();
    let refused = store.read(|tx| cursors::save(tx, "chain", &[(1, B256::ZERO)])).unwrap_err();
    assert!(refused.to_string().contains("readonly"), "{refused}");
}
