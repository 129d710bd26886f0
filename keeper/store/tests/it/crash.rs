//! A process that dies without a word: what it committed is there, what it did not commit never happened.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
};

use opg_store::{
    Store,
    jobs::{self, Filter, JobState},
};

use crate::support::{job_in, new_job, write};

const CHILD: &str = "OPG_STORE_CRASH_CHILD";

/// Not a test of its own: the process that `killed_process_loses_nothing_it_committed` starts and kills.
#[test]
fn crash_child() {
    let Ok(path) = env::var(CHILD) else { return };
    let store = Store::open(path.as_ref()).unwrap();
    for nonce in 0.. {
        job_in(&store, nonce, 10, JobState::Answered);
        println!("committed {nonce}");
        // Dies in here more often than between the transactions.
        let _: Result<(), opg_store::StoreError> = store.write(|tx| {
            jobs::see(tx, &new_job(1_000_000 + nonce, 10), 1)?;
            std::thread::sleep(std::time::Duration::from_millis(5));
            Err(opg_store::StoreError::OutOfRange { what: "given up", value: nonce })
        });
    }
}

#[test]
fn killed_process_loses_nothing_it_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["crash::crash_child", "--exact", "--nocapture"])
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let last: u64 = lines
        .map(|line| line.unwrap())
        .filter_map(|line| line.split_once("committed ").and_then(|(_, nonce)| nonce.trim().parse().ok()))
        .find(|nonce| *nonce >= 20)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    let store = Store::open(&path).unwrap();
    let stored = store.read(|tx| jobs::list(tx, &Filter::default())).unwrap();
    for nonce in 0..=last {
        let job = stored.iter().find(|job| job.request.nonce == nonce).expect("committed before the kill");
        assert_eq!(job.state, JobState::Answered, "request {nonce}");
        assert!(store.read(|tx| jobs::stored_answer(tx, job.id)).unwrap().is_some(), "request {nonce}");
    }
    assert!(stored.iter().all(|job| job.request.nonce < 1_000_000), "nothing uncommitted");
    write(&store, |tx| jobs::see(tx, &new_job(2_000_000, 11), 1)).unwrap();
}

#[test]
fn database_from_a_newer_keeper_or_of_another_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    drop(Store::open(&path).unwrap());
    let raw = rusqlite::Connection::open(&path).unwrap();
    raw.pragma_update(None, "user_version", 1_000).unwrap();
    drop(raw);
    let newer = Store::open(&path).unwrap_err().to_string();
    assert!(newer.contains("newer keeper"), "{newer}");

    let other = folder.path().join("notes.txt");
    std::fs::write(&other, "these are not the tables you are looking for, not at all. ".repeat(20)).unwrap();
    let wrong = Store::open(&other).unwrap_err().to_string();
    assert!(wrong.contains("state database"), "{wrong}");

    let nowhere = Store::open(&folder.path().join("missing/state.db")).unwrap_err().to_string();
    assert!(nowhere.contains("missing/state.db") && nowhere.contains("folder exists"), "{nowhere}");
}
