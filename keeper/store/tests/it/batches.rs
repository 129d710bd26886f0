//! Receipts in batches: none is lost, none is in two.

use std::{
    env,
    io::{BufRead, BufReader},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use alloy_primitives::{Address, B256, Bytes, Signature, U256, keccak256};
use opg_receipts::{
    InferenceReceipt, SignedReceipt,
    batch::{Batch, BatchTree, leaf_of, verify_proof},
    receipt_domain,
};
use opg_store::{
    Store, StoreError,
    batches::{self, BatchId, BatchState, Demand, Leaf, NewBatch, PART_HEIGHT, Posted, Pruned},
    http::{self, Answer, NewPayment, Release},
    journal::{self, Intent},
};

use crate::support::write;

const SIGNER: Address = Address::repeat_byte(9);
const REGISTRY: Address = Address::repeat_byte(8);

fn word(number: u64) -> B256 {
    B256::from(U256::from(number).to_be_bytes())
}

/// The identifier of a request: as good as random, as they are.
fn request_id(request: u64) -> B256 {
    keccak256(word(request))
}

fn answer(request: u64, payer: Address, issued_at: u64) -> Answer {
    let receipt = InferenceReceipt {
        requestId: request_id(request),
        payer,
        operator: Address::repeat_byte(4),
        modelVersion: word(5),
        inputHash: word(6),
        outputHash: word(7),
        traceHash: word(8),
        inputUnits: 1,
        outputUnits: 2,
        unitPrice: 3,
        fee: 7,
        mode: 0,
        issuedAt: issued_at,
    };
    Answer {
        signed: SignedReceipt::new(receipt, Signature::test_signature()),
        output: Bytes::from(vec![b'x'; 300]),
        trace: Bytes::from_static(b"{}"),
        input_tokens: 10,
        output_tokens: 20,
    }
}

/// Stores receipts that nobody has to pay.
fn fill(store: &Store, requests: std::ops::Range<u64>) {
    write(store, |tx| {
        for request in requests {
            assert_eq!(
                http::store(tx, &answer(request, Address::ZERO, 1_000 + request), Release::Now)?,
                None
            );
        }
        Ok(())
    })
    .unwrap();
}

/// What the batch service makes of the oldest receipts that wait.
fn compose(store: &Store, limit: u32) -> Option<NewBatch> {
    let waiting = store.read(|tx| batches::waiting(tx, limit, i64::MAX as u64)).unwrap();
    let (domain, count) = (receipt_domain(31_337, REGISTRY), waiting.len() as u32);
    let leaves: Vec<Leaf> = (0..count)
        .zip(&waiting)
        .map(|(index, row)| Leaf { receipt: row.receipt, hash: leaf_of(index, count, &row.signed, &domain) })
        .collect();
    let tree = BatchTree::new(leaves.iter().map(|leaf| leaf.hash).collect())?;
    let times = waiting.iter().map(|row| row.signed.receipt().issuedAt);
    let commitment = Batch {
        operator: Address::repeat_byte(4),
        root: tree.root(),
        count,
        from: times.clone().min()?,
        to: times.max()?,
        dataHash: word(1),
    };
    let name = commitment.id(31_337, REGISTRY);
    Some(NewBatch {
        name,
        commitment,
        leaves,
        parts: tree.nodes(PART_HEIGHT).to_vec(),
        uri: "http://here".to_owned(),
    })
}

fn intent(id: BatchId) -> Intent {
    Intent {
        key: format!("batch:{id}"),
        purpose: "a test".to_owned(),
        to: REGISTRY,
        calldata: Bytes::new(),
        value: U256::ZERO,
        deadline: Some(100),
        max_cost: None,
    }
}

fn seal(store: &Store, new: &NewBatch) -> Result<BatchId, StoreError> {
    write(store, |tx| batches::seal(tx, new, SIGNER, intent, 1).map(|(id, _)| id))
}

fn posted(block: u64) -> Posted {
    Posted { block, transaction: word(77), final_at: 5_000 }
}

#[test]
fn a_receipt_waits_from_the_moment_in_which_it_may_be_shown() {
    let store = Store::in_memory().unwrap();
    let payer = Address::repeat_byte(1);
    let payment = |nonce| NewPayment {
        payer,
        nonce: word(nonce),
        scheme: "exact",
        request_id: request_id(nonce),
        asset: Address::repeat_byte(2),
        pay_to: Address::repeat_byte(3),
        amount: 7,
        call_hash: word(nonce),
        valid_before: 100,
    };
    let requests = || -> Vec<B256> {
        let rows = store.read(|tx| batches::waiting(tx, 10, i64::MAX as u64)).unwrap();
        rows.iter().map(|row| row.signed.receipt().requestId).collect()
    };
    let settle = |nonce| {
        write(&store, |tx| {
            http::settle(tx, payer, word(nonce), SIGNER, &intent(BatchId(nonce as i64)), 1)?;
            http::note_settled(tx, payer, word(nonce), word(99))
        })
        .unwrap();
    };
    for nonce in [1, 2, 3] {
        write(&store, |tx| http::hold(tx, &payment(nonce), 1)).unwrap();
    }
    // Paid after it was answered.
    write(&store, |tx| http::store(tx, &answer(1, payer, 10), Release::Settled)).unwrap();
    assert!(requests().is_empty());
    settle(1);
    assert_eq!(requests(), [request_id(1)]);
    // Paid before, as a stream is.
    settle(2);
    assert_eq!(requests(), [request_id(1)]);
    write(&store, |tx| http::store(tx, &answer(2, payer, 11), Release::Settled)).unwrap();
    assert_eq!(requests(), [request_id(1), request_id(2)]);
    // Never paid.
    write(&store, |tx| http::store(tx, &answer(3, payer, 12), Release::Settled)).unwrap();
    // Nobody has to pay; asked again, the first answer stands.
    for _ in 0..2 {
        write(&store, |tx| http::store(tx, &answer(4, Address::ZERO, 9), Release::Now)).unwrap();
    }
    assert_eq!(requests(), [request_id(1), request_id(2), request_id(4)]);
    assert_eq!(store.read(batches::oldest).unwrap(), Some(9));
    let holds = |count| store.read(|tx| batches::holds(tx, count, i64::MAX as u64)).unwrap();
    assert!(holds(3) && !holds(4));
    assert_eq!(write(&store, |tx| batches::drop_late(tx, 11)).unwrap(), 2);
    assert_eq!(requests(), [request_id(2)]);
    let row = store.read(|tx| batches::waiting(tx, 1, i64::MAX as u64)).unwrap()[0].receipt;
    write(&store, |tx| batches::discard(tx, &[row])).unwrap();
    assert!(requests().is_empty());
}

#[test]
fn a_receipt_is_in_one_batch_and_provable_there() {
    let store = Store::in_memory().unwrap();
    fill(&store, 0..700);
    let first = compose(&store, 600).unwrap();
    let id = seal(&store, &first).unwrap();
    assert!(seal(&store, &first).is_err(), "its receipts wait no more");
    let second = compose(&store, 600).unwrap();
    assert_eq!(second.commitment.count, 100);
    seal(&store, &second).unwrap();
    assert_eq!(compose(&store, 600), None);
    let domain = receipt_domain(31_337, REGISTRY);
    for request in [0, 1, 255, 256, 511, 512, 599] {
        let place = store.read(|tx| batches::place_of(tx, request_id(request))).unwrap().unwrap();
        assert_eq!((place.batch.id, u64::from(place.leaf)), (id, request));
        assert_eq!(place.batch.commitment, first.commitment);
        let proof = store.read(|tx| batches::proof(tx, id, place.leaf)).unwrap().unwrap();
        let signed = &store.read(|tx| batches::records(tx, id, place.leaf, 1)).unwrap()[0];
        assert_eq!(signed, &answer(request, Address::ZERO, 1_000 + request).signed);
        let leaf = leaf_of(place.leaf, 600, signed, &domain);
        assert_eq!(verify_proof(first.commitment.root, 600, place.leaf, leaf, &proof), Ok(()));
    }
    assert_eq!(store.read(|tx| batches::proof(tx, id, 600)).unwrap(), None);
    assert_eq!(store.read(|tx| batches::records(tx, id, 590, 100)).unwrap().len(), 10);
    let other = store.read(|tx| batches::place_of(tx, request_id(600))).unwrap().unwrap();
    assert_ne!(other.batch.id, id);
}

#[test]
fn what_never_reaches_the_chain_waits_again_and_what_is_there_does_not() {
    let store = Store::in_memory().unwrap();
    fill(&store, 0..10);
    let new = compose(&store, 10).unwrap();
    let id = seal(&store, &new).unwrap();
    assert_eq!(write(&store, |tx| batches::dissolve(tx, id)).unwrap(), 10);
    assert_eq!(store.read(|tx| batches::by_name(tx, new.name)).unwrap(), None);
    // The same receipts make the same batch, under another number, and so another transaction.
    assert_eq!(compose(&store, 10).unwrap(), new);
    let again = seal(&store, &new).unwrap();
    assert_ne!(again, id);
    let keys = store.read(|tx| {
        let find = |id| journal::find(tx, SIGNER, &format!("batch:{id}"));
        Ok::<_, StoreError>((find(id)?, find(again)?))
    });
    assert!(matches!(keys.unwrap(), (Some(first), Some(second)) if first != second));

    assert!(write(&store, |tx| batches::note_posted(tx, new.name, &posted(50))).unwrap());
    assert!(!write(&store, |tx| batches::note_posted(tx, word(3), &posted(50))).unwrap(), "not ours");
    assert!(write(&store, |tx| batches::dissolve(tx, again)).is_err());
    assert_eq!(compose(&store, 10), None, "nothing of the failed attempt stayed");
    assert!(store.read(batches::posting).unwrap().is_empty());
}

#[test]
fn the_chain_takes_back_and_ends() {
    let store = Store::in_memory().unwrap();
    fill(&store, 0..3);
    let new = compose(&store, 3).unwrap();
    let id = seal(&store, &new).unwrap();
    let state = || store.read(|tx| batches::by_name(tx, new.name)).unwrap().unwrap().state;
    let finalise = |block, time| write(&store, |tx| batches::finalise(tx, block, time)).unwrap();
    write(&store, |tx| batches::note_posted(tx, new.name, &posted(50))).unwrap();
    assert_eq!(state(), BatchState::Posted { block: 50, transaction: word(77), final_at: 5_000 });

    // A reorganisation takes it back; it is posted again in another block.
    write(&store, |tx| batches::roll_back(tx, 49)).unwrap();
    assert_eq!(state(), BatchState::Posting);
    assert_eq!(store.read(batches::posting).unwrap()[0].id, id);
    write(&store, |tx| batches::note_posted(tx, new.name, &posted(51))).unwrap();
    write(&store, |tx| batches::roll_back(tx, 51)).unwrap();

    let demand = Demand { batch: new.name, leaf: 1, block: 60, deadline: 5_600 };
    let open = || store.read(batches::open_demands).unwrap();
    write(&store, |tx| batches::note_demand(tx, &demand, 6_200)).unwrap();
    assert_eq!(open(), [demand]);
    write(&store, |tx| batches::roll_back(tx, 59)).unwrap();
    assert!(open().is_empty());
    write(&store, |tx| batches::note_demand(tx, &demand, 6_200)).unwrap();
    assert_eq!(finalise(100, 9_000), 0, "a leaf is demanded");
    write(&store, |tx| batches::close_demand(tx, new.name, 1, 70)).unwrap();
    write(&store, |tx| batches::roll_back(tx, 69)).unwrap();
    assert_eq!(open(), [demand], "the answer was taken back");
    write(&store, |tx| batches::close_demand(tx, new.name, 1, 71)).unwrap();
    assert_eq!((finalise(50, 9_000), finalise(51, 6_199)), (0, 0), "not deep enough; too early");
    assert_eq!(finalise(51, 6_200), 1);
    assert_eq!(state(), BatchState::Final { block: 51, transaction: word(77) });
    write(&store, |tx| batches::roll_back(tx, 1)).unwrap();
    assert_eq!(state(), BatchState::Final { block: 51, transaction: word(77) }, "final is final");
    let summary = store.read(batches::summary).unwrap();
    assert_eq!((summary.waiting, summary.states, summary.demands), (0, vec![("final".to_owned(), 1, 3)], 0));
}

/// Fills a batch with `requests` and brings it to its end.
fn finished(store: &Store, requests: std::ops::Range<u64>) -> NewBatch {
    let count = u32::try_from(requests.end - requests.start).unwrap();
    fill(store, requests);
    let new = compose(store, count).unwrap();
    seal(store, &new).unwrap();
    write(store, |tx| {
        batches::note_posted(tx, new.name, &posted(50))?;
        batches::finalise(tx, 50, 5_000)
    })
    .unwrap();
    new
}

#[test]
fn a_final_batch_is_pruned_step_by_step_and_what_was_answered_is_remembered() {
    let store = Store::in_memory().unwrap();
    let (old, young) = (finished(&store, 0..25), finished(&store, 25..30));
    let next = |time| store.read(|tx| batches::next_to_prune(tx, time)).unwrap();
    assert_eq!(next(1_023), None, "its last receipt is of 1024");
    let batch = next(1_024).unwrap();
    assert_eq!((batch.name, batch.expired), (old.name, false));
    let step = || write(&store, |tx| batches::prune(tx, batch.id, 10)).unwrap();
    assert_eq!(step(), Pruned { receipts: 10, done: false });

    // What is begun is no longer served, and goes on first whatever the time is.
    let begun = next(0).unwrap();
    assert_eq!((begun.id, begun.expired), (batch.id, true));
    let place = |request| store.read(|tx| batches::expired_place(tx, request_id(request))).unwrap();
    for request in [0, 9, 10, 24] {
        let place = place(request).unwrap();
        assert_eq!((place.batch.name, u64::from(place.leaf)), (old.name, request));
    }
    assert_eq!(place(25), None);
    assert_eq!((step(), step()), (Pruned { receipts: 10, done: false }, Pruned { receipts: 5, done: true }));
    assert!(write(&store, |tx| batches::prune(tx, batch.id, 10)).is_err(), "it is over");
    assert_eq!(next(1_024), None);

    let stored = |request| store.read(|tx| http::answer(tx, request_id(request))).unwrap().is_some();
    let pruned = |request| store.read(|tx| batches::was_pruned(tx, request_id(request))).unwrap();
    assert_eq!(
        [0, 24, 25].map(|request| (stored(request), pruned(request))),
        [(false, true), (false, true), (true, false)]
    );
    let kept = store.read(|tx| batches::by_name(tx, old.name)).unwrap().unwrap();
    assert_eq!((kept.commitment, kept.expired), (old.commitment, true));
    let served = store.read(|tx| batches::by_name(tx, young.name)).unwrap().unwrap();
    assert_eq!(store.read(|tx| batches::records(tx, served.id, 0, 100)).unwrap().len(), 5);
    assert!(store.read(|tx| batches::proof(tx, served.id, 4)).unwrap().is_some());
    let states = store.read(batches::summary).unwrap().states;
    assert_eq!(states, [("expired".to_owned(), 1, 25), ("final".to_owned(), 1, 5)]);
}

#[test]
fn nothing_is_pruned_that_is_not_final() {
    let store = Store::in_memory().unwrap();
    fill(&store, 0..3);
    let new = compose(&store, 3).unwrap();
    let id = seal(&store, &new).unwrap();
    let refused = || {
        assert_eq!(store.read(|tx| batches::next_to_prune(tx, 1 << 40)).unwrap(), None);
        assert!(write(&store, |tx| batches::prune(tx, id, 10)).is_err());
    };
    refused();
    write(&store, |tx| batches::note_posted(tx, new.name, &posted(50))).unwrap();
    refused();
    let demand = Demand { batch: new.name, leaf: 1, block: 60, deadline: 5_600 };
    write(&store, |tx| batches::note_demand(tx, &demand, 6_200)).unwrap();
    assert_eq!(write(&store, |tx| batches::finalise(tx, 90, 9_000)).unwrap(), 0);
    refused();
    assert_eq!(store.read(|tx| batches::records(tx, id, 0, 10)).unwrap().len(), 3);
}

const CHILD: &str = "OPG_STORE_BATCH_CHILD";

/// Not a test of its own: the process that the next test kills.
#[test]
fn batch_child() {
    let Ok(path) = env::var(CHILD) else { return };
    let store = Store::open(path.as_ref()).unwrap();
    for round in 0.. {
        fill(&store, round * 50..round * 50 + 50);
        let new = compose(&store, 37).unwrap();
        let id = seal(&store, &new).unwrap();
        if round % 3 == 1 {
            write(&store, |tx| batches::dissolve(tx, id)).unwrap();
        }
        if round % 3 == 2 {
            write(&store, |tx| batches::note_posted(tx, new.name, &posted(50))).unwrap();
            write(&store, |tx| batches::finalise(tx, 50, 5_000)).unwrap();
            while !write(&store, |tx| batches::prune(tx, id, 7)).unwrap().done {}
        }
        println!("round {round}");
    }
}

#[test]
fn a_kill_loses_no_receipt_and_puts_none_in_two_batches() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state.db");
    let mut child = Command::new(env::current_exe().unwrap())
        .args(["batches::batch_child", "--exact", "--nocapture"])
        .env(CHILD, &path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let last: u64 = lines
        .map(|line| line.unwrap())
        .filter_map(|line| line.split_once("round ").and_then(|(_, round)| round.trim().parse().ok()))
        .find(|round| *round >= 14)
        .unwrap();
    child.kill().unwrap();
    child.wait().unwrap();

    let store = Store::open(&path).unwrap();
    let waiting = store.read(|tx| batches::waiting(tx, u32::MAX, i64::MAX as u64)).unwrap();
    let mut seen: Vec<B256> = waiting.iter().map(|row| row.signed.receipt().requestId).collect();
    for batch in store.read(batches::posting).unwrap() {
        let records = store.read(|tx| batches::records(tx, batch.id, 0, u32::MAX)).unwrap();
        assert_eq!(records.len(), batch.commitment.count as usize);
        store.read(|tx| journal::record(tx, batch.intent)).unwrap();
        seen.extend(records.iter().map(|signed| signed.receipt().requestId));
    }
    // Whatever was being pruned: a request is remembered or its answer is there, and what was begun can be finished.
    for request in 0..50 * (last + 1) {
        let (id, mut pruned) = (request_id(request), false);
        if store.read(|tx| batches::was_pruned(tx, id)).unwrap() {
            pruned = true;
            seen.push(id);
        }
        assert_ne!(store.read(|tx| http::answer(tx, id)).unwrap().is_some(), pruned, "request {request}");
    }
    for batch in store.read(|tx| batches::pending(tx, 50)).unwrap() {
        let records = store.read(|tx| batches::records(tx, batch.id, 0, u32::MAX)).unwrap();
        seen.extend(records.iter().map(|signed| signed.receipt().requestId));
    }
    while let Some(begun) = store.read(|tx| batches::next_to_prune(tx, 1 << 40)).unwrap() {
        let left = store.read(|tx| batches::records(tx, begun.id, 0, u32::MAX)).unwrap();
        seen.extend(left.iter().map(|signed| signed.receipt().requestId));
        while !write(&store, |tx| batches::prune(tx, begun.id, 7)).unwrap().done {}
    }
    let all = seen.len();
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all, "a receipt is at two places");
    assert!(all as u64 >= 50 * (last + 1), "{all} after round {last}");
}

/// The longest transaction in which a batch of 4,096 is removed as the keeper does it, 128 receipts at a time.
fn slowest_prune(store: &Store, new: &NewBatch, id: BatchId) -> Duration {
    write(store, |tx| {
        batches::note_posted(tx, new.name, &posted(50))?;
        batches::finalise(tx, 50, 5_000)
    })
    .unwrap();
    let mut slowest = Duration::ZERO;
    loop {
        let since = Instant::now();
        let done = write(store, |tx| batches::prune(tx, id, 128)).unwrap().done;
        slowest = slowest.max(since.elapsed());
        if done {
            return slowest;
        }
    }
}

/// Whether building a batch and looking a receipt up take longer in a store of a million receipts. The count is
/// OPG_RECEIPTS; `cargo test --locked --workspace --test it batches::growth -- --ignored --nocapture` prints the times: of
/// each stage the least, since a machine that does other things too only ever adds to them.
#[test]
#[ignore = "takes minutes"]
fn growth() {
    const LOOKUPS: u64 = 50;
    let total: u64 = env::var("OPG_RECEIPTS").ok().and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state.db")).unwrap();
    let (mut stored, mut first, mut stage) = (0, None, [Duration::MAX; 3]);
    println!("receipts | store 4096 | compose and seal 4096 | lookup and proof of one");
    while stored < total {
        let mut times = [Duration::ZERO; 3];
        let since = Instant::now();
        fill(&store, stored..stored + 4_096);
        times[0] = since.elapsed();
        let since = Instant::now();
        let new = compose(&store, 4_096).unwrap();
        let id = seal(&store, &new).unwrap();
        times[1] = since.elapsed();
        stored += 4_096;
        let since = Instant::now();
        for step in 0..LOOKUPS {
            // Anywhere in the store, and elsewhere each time.
            let request = request_id((stored + step).wrapping_mul(0x9E37_79B9_7F4A_7C15) % stored);
            let place = store.read(|tx| batches::place_of(tx, request)).unwrap().unwrap();
            store.read(|tx| batches::proof(tx, place.batch.id, place.leaf)).unwrap().unwrap();
        }
        times[2] = since.elapsed() / LOOKUPS as u32;
        stage = std::array::from_fn(|index| stage[index].min(times[index]));
        if stored >= 32_768 && (stored.is_power_of_two() || stored >= total) {
            println!("{stored} | {:?} | {:?} | {:?}", stage[0], stage[1], stage[2]);
            let first = *first.get_or_insert(stage);
            assert!((1..3).all(|index| stage[index] < 2 * first[index]), "the time grows with the store");
            stage = [Duration::MAX; 3];
        }
        if stored >= total {
            println!("slowest step of pruning 4096: {:?}", slowest_prune(&store, &new, id));
        }
    }
}
