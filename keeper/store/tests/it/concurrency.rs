//! Several connections to one file claim at once: no job is ever given to two.

use std::{collections::BTreeMap, sync::Barrier, thread};

use opg_store::{
    Store,
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
