//! Receipts in batches, against a chain and a journal that the tests control.

mod chain;
mod clocks;
mod prune;

use std::collections::BTreeSet;

use alloy::{
    primitives::{Address, B256, Bytes, Signature, U256, keccak256},
    signers::SignerSync as _,
    sol_types::SolCall as _,
};
use opg_chain::bindings::IReceiptBatches::answerLeafCall;
use opg_node::{
    Progress, Service as _, ServiceError,
    batches::{BatchesConfig, BatchesParts, BatchesRole},
};
use opg_receipts::{
    InferenceReceipt, SignedReceipt,
    batch::{RECORD_LENGTH, encode_record, leaf_of, verify_proof},
    receipt_domain,
};
use opg_store::{
    Store,
    batches::{self, BatchState},
    http::{self, Answer, Release},
};
use tokio_util::sync::CancellationToken;

use self::chain::{AGE, FINALITY, FakeChain, OPERATOR, PROOFS, REGISTRY, START, WINDOW};

fn sign(receipt: &InferenceReceipt) -> Signature {
    chain::key().sign_hash_sync(&receipt.digest(&receipt_domain(31_337, PROOFS))).unwrap()
}

/// A keeper's batch service with its store.
struct Keeper {
    chain: FakeChain,
    store: Store,
    role: BatchesRole,
    asked: u64,
    keep: Option<u64>,
}

impl Keeper {
    fn new() -> Self {
        let (chain, store) = (FakeChain::new(), Store::in_memory().unwrap());
        let role = Self::role(&chain, &store, None);
        Self { chain, store, role, asked: 0, keep: None }
    }

    fn role(chain: &FakeChain, store: &Store, keep: Option<u64>) -> BatchesRole {
        let (registry, accounts) = ((REGISTRY, PROOFS), (OPERATOR, chain::key().address()));
        let mut config = BatchesConfig::new(31_337, registry, accounts, "https://node".to_owned());
        config.max_count = 10;
        config.max_age = 300;
        config.finality = FINALITY;
        config.keep = keep;
        let parts = BatchesParts {
            store: store.clone(),
            ledger: chain.shared(),
            clock: chain.shared(),
            journal: None,
        };
        BatchesRole::new(config, parts)
    }

    /// Forgets what is held in memory, as a kill does.
    fn restart(&mut self) {
        self.role = Self::role(&self.chain, &self.store, self.keep);
    }

    async fn work(&self) {
        while self.role.pass().await.unwrap() == Progress::More {}
    }

    /// Answers `count` requests at `time`.
    fn answer(&mut self, count: u64, time: u64) {
        for number in self.asked..self.asked + count {
            let receipt = InferenceReceipt {
                requestId: B256::from(U256::from(number)),
                payer: Address::ZERO,
                operator: OPERATOR,
                modelVersion: B256::repeat_byte(1),
                inputHash: B256::ZERO,
                outputHash: B256::ZERO,
                traceHash: B256::ZERO,
                inputUnits: 1,
                outputUnits: 1,
                unitPrice: 1,
                fee: 2,
                mode: 0,
                issuedAt: time,
            };
            let answer = Answer {
                signed: SignedReceipt::new(receipt.clone(), sign(&receipt)),
                output: Bytes::from_static(b"{}"),
                trace: Bytes::from_static(b"{}"),
                input_tokens: 1,
                output_tokens: 1,
            };
            self.store.write(|tx| http::store(tx, &answer, Release::Now)).unwrap();
        }
        self.asked += count;
    }

    fn waiting(&self) -> usize {
        self.store.read(|tx| batches::waiting(tx, u32::MAX, i64::MAX as u64)).unwrap().len()
    }

    /// Batches on the chain as the store has them: state and receipts.
    fn stored(&self) -> Vec<(BatchState, Vec<SignedReceipt>)> {
        let posted = self.chain.posted();
        let one = |name: &B256| {
            self.store.read(|tx| {
                let batch = batches::by_name(tx, *name)?.expect("what was posted is stored");
                Ok::<_, opg_store::StoreError>((batch.state, batches::records(tx, batch.id, 0, u32::MAX)?))
            })
        };
        posted.iter().map(|(name, _)| one(name).unwrap()).collect()
    }
}

#[tokio::test]
async fn a_batch_is_posted_when_it_is_full_or_its_oldest_receipt_has_waited_or_the_keeper_ends() {
    let mut keeper = Keeper::new();
    keeper.answer(23, START);
    keeper.work().await;
    // Two full ones at once; three receipts are fewer than fill one and wait.
    assert_eq!((keeper.chain.send(&keeper.store), keeper.waiting()), (2, 3));
    // Each transaction took two seconds.
    keeper.chain.pass(294);
    keeper.work().await;
    assert_eq!((keeper.chain.send(&keeper.store), keeper.waiting()), (0, 3));
    keeper.answer(1, START + 299);
    keeper.chain.pass(1);
    keeper.work().await;
    assert_eq!((keeper.chain.send(&keeper.store), keeper.waiting()), (1, 0), "no minimum holds it back");

    keeper.answer(2, START + 300);
    let stop = CancellationToken::new();
    stop.cancel();
    keeper.role.run(stop).await.unwrap();
    assert_eq!((keeper.chain.send(&keeper.store), keeper.waiting()), (1, 0), "the keeper ended");
    keeper.work().await;
    let counts: Vec<_> = keeper.stored().iter().map(|(_, receipts)| receipts.len()).collect();
    assert_eq!(counts, [10, 10, 4, 2]);
}

#[tokio::test]
async fn what_is_posted_is_what_is_served() {
    let mut keeper = Keeper::new();
    keeper.answer(7, START);
    keeper.answer(3, START + 9);
    // A receipt from ahead of the chain's clock would spoil the batch.
    keeper.answer(1, START + 400);
    keeper.chain.pass(300);
    keeper.chain.pass(0);
    keeper.work().await;
    keeper.chain.send(&keeper.store);
    keeper.work().await;
    let (name, posted) = keeper.chain.posted().remove(0);
    assert_eq!((posted.operator, posted.count, posted.from, posted.to), (OPERATOR, 10, START, START + 9));
    assert_eq!(
        keeper.chain.uri(name),
        format!("https://node/b/{}", name.to_string().trim_start_matches("0x"))
    );
    let data: Vec<u8> = keeper.stored()[0].1.iter().flat_map(encode_record).collect();
    assert_eq!((data.len(), keccak256(&data)), (10 * RECORD_LENGTH, posted.dataHash));
    assert_eq!(keeper.waiting(), 1);
}

#[tokio::test]
async fn a_batch_that_never_reaches_the_chain_is_put_together_anew_and_nothing_is_posted_twice() {
    let mut keeper = Keeper::new();
    keeper.answer(10, START);
    keeper.work().await;
    assert_eq!(keeper.chain.refuse(&keeper.store), 1);
    keeper.work().await;
    assert_eq!((keeper.waiting(), keeper.chain.queued(&keeper.store)), (10, 0), "not again at once");
    keeper.restart();
    keeper.work().await;
    assert_eq!(keeper.chain.send(&keeper.store), 1);
    keeper.work().await;
    assert_eq!((keeper.stored().len(), keeper.waiting()), (1, 0));
}

/// Nothing is lost, nothing is posted twice, and it goes on by itself.
#[tokio::test]
async fn a_full_disk_holds_batches_back_until_there_is_room() {
    let mut keeper = Keeper::new();
    keeper.answer(500, START);
    let limit = |pages: u32| {
        let set = |tx: &rusqlite::Transaction<'_>| {
            tx.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
            Ok::<_, opg_store::StoreError>(())
        };
        keeper.store.write(set).unwrap();
    };
    // Less than there is means: no more than there is.
    limit(1);
    let refused = loop {
        match keeper.role.pass().await {
            Ok(Progress::More) => {}
            Ok(Progress::Wait(_)) => panic!("everything was put together"),
            Err(error) => break error,
        }
    };
    assert!(matches!(&refused, ServiceError::Recoverable(reason) if reason.contains("full")), "{refused}");
    let sealed = keeper.chain.queued(&keeper.store);
    assert_eq!(keeper.waiting(), 500 - 10 * sealed);
    assert!(keeper.role.pass().await.is_err(), "still full");
    assert_eq!((keeper.chain.queued(&keeper.store), keeper.waiting()), (sealed, 500 - 10 * sealed));

    limit(1_000_000);
    keeper.work().await;
    assert_eq!((keeper.chain.send(&keeper.store), keeper.waiting()), (50, 0));
    keeper.work().await;
    let posted = keeper.stored();
    let requests: BTreeSet<B256> = posted
        .iter()
        .flat_map(|(_, receipts)| receipts.iter().map(|signed| signed.receipt().requestId))
        .collect();
    assert_eq!((posted.len(), requests.len()), (50, 500));
}

/// The operator was jailed, and nobody noticed for some seconds: one such receipt on the chain costs it its stake.
#[tokio::test]
async fn receipts_that_the_chain_would_not_hold_for_valid_are_not_posted() {
    let mut keeper = Keeper::new();
    keeper.chain.pass(10);
    keeper.chain.jail(START + 3..START + 6);
    for time in START..START + 10 {
        keeper.answer(1, time);
    }
    keeper.work().await;
    assert_eq!((keeper.chain.send(&keeper.store), keeper.waiting()), (1, 0));
    assert_eq!(keeper.chain.posted()[0].1.count, 7);
    assert_eq!(keeper.role.metrics().invalid.load(std::sync::atomic::Ordering::Relaxed), 3);
    keeper.work().await;
    let times: Vec<_> = keeper.stored()[0].1.iter().map(|signed| signed.receipt().issuedAt - START).collect();
    assert_eq!(times, [0, 1, 2, 6, 7, 8, 9]);
}

#[tokio::test]
async fn receipts_that_are_too_old_spoil_no_batch() {
    let mut keeper = Keeper::new();
    keeper.answer(3, START);
    // The node was away for almost an hour.
    keeper.chain.pass(AGE - 60);
    keeper.answer(2, START + AGE - 70);
    keeper.work().await;
    assert_eq!(keeper.waiting(), 2, "the old ones are given up, the others still wait");
    assert_eq!(keeper.role.metrics().late.load(std::sync::atomic::Ordering::Relaxed), 3);
    keeper.chain.pass(300);
    keeper.work().await;
    keeper.chain.send(&keeper.store);
    assert_eq!(keeper.chain.posted().len(), 1);
}

#[tokio::test]
async fn a_batch_is_final_when_its_window_is_over_and_its_block_deep() {
    let mut keeper = Keeper::new();
    keeper.answer(10, START);
    keeper.work().await;
    keeper.chain.send(&keeper.store);
    keeper.work().await;
    assert!(matches!(keeper.stored()[0].0, BatchState::Posted { .. }));
    keeper.chain.pass(WINDOW);
    keeper.work().await;
    assert!(matches!(keeper.stored()[0].0, BatchState::Posted { .. }), "its block is not deep enough");
    for _ in 0..FINALITY {
        keeper.chain.pass(1);
    }
    keeper.work().await;
    assert!(matches!(keeper.stored()[0].0, BatchState::Final { .. }));
}

#[tokio::test]
async fn a_demanded_leaf_is_shown_with_a_proof_that_holds() {
    let mut keeper = Keeper::new();
    keeper.answer(10, START);
    keeper.work().await;
    keeper.chain.send(&keeper.store);
    let (name, batch) = keeper.chain.posted().remove(0);
    keeper.chain.demand(name, 6);
    keeper.work().await;
    keeper.work().await;
    // The first transaction fails; another one is sent.
    assert_eq!(keeper.chain.refuse(&keeper.store), 1);
    keeper.restart();
    keeper.work().await;
    assert_eq!(keeper.chain.send(&keeper.store), 1);
    let call = answerLeafCall::abi_decode(&keeper.chain.last_call()).unwrap();
    assert_eq!((call.batch.root, call.index), (batch.root, U256::from(6)));
    let signed = &keeper.store.read(|tx| batches::place_of(tx, B256::from(U256::from(6)))).unwrap().unwrap();
    assert_eq!(signed.leaf, 6);
    keeper.work().await;
    let leaf = leaf_of(6, 10, &keeper.stored()[0].1[6], &receipt_domain(31_337, PROOFS));
    assert_eq!(verify_proof(batch.root, 10, 6, leaf, &call.proof), Ok(()));
    assert_eq!(call.leaf.receipt.requestId, B256::from(U256::from(6)));
    assert!(keeper.store.read(batches::open_demands).unwrap().is_empty());
    keeper.chain.pass(10);
    keeper.work().await;
    assert_eq!(keeper.chain.queued(&keeper.store), 0, "shown once");
}

/// The key was replaced while a batch was on its way: the chain holds it for nothing.
#[tokio::test]
async fn a_batch_that_is_void_is_posted_again_and_differs_from_the_first() {
    let mut keeper = Keeper::new();
    keeper.answer(10, START);
    keeper.work().await;
    keeper.chain.void(true);
    keeper.chain.send(&keeper.store);
    keeper.chain.void(false);
    keeper.work().await;
    assert_eq!(keeper.waiting(), 0, "its block may still change");
    (0..=FINALITY).for_each(|_| keeper.chain.pass(1));
    keeper.work().await;
    assert_eq!(keeper.role.metrics().voided.load(std::sync::atomic::Ordering::Relaxed), 1);
    assert_eq!(keeper.chain.send(&keeper.store), 1, "the chain would refuse the same batch again");
    keeper.restart();
    (0..=FINALITY).for_each(|_| keeper.chain.pass(1));
    keeper.work().await;
    assert_eq!((keeper.waiting(), keeper.chain.queued(&keeper.store)), (0, 0), "once");
    let posted = keeper.chain.posted();
    let void: Vec<bool> = posted.iter().map(|(name, _)| keeper.chain.is_void(*name)).collect();
    assert_eq!(void, [true, false]);
    let stored = keeper.store.read(|tx| batches::by_name(tx, posted[1].0)).unwrap().unwrap();
    let receipts = keeper.store.read(|tx| batches::records(tx, stored.id, 0, u32::MAX)).unwrap();
    assert_eq!(receipts.len(), 10);
}

/// What it posted would be void, one batch after the other.
#[tokio::test]
async fn a_keeper_whose_key_was_replaced_posts_nothing() {
    let mut keeper = Keeper::new();
    keeper.answer(10, START);
    keeper.chain.pass(5);
    keeper.chain.replace_key(Some(Address::repeat_byte(7)));
    keeper.work().await;
    assert_eq!((keeper.waiting(), keeper.chain.queued(&keeper.store)), (10, 0));
    keeper.chain.replace_key(None);
    keeper.chain.pass(61);
    keeper.work().await;
    assert_eq!(
        (keeper.waiting(), keeper.chain.send(&keeper.store)),
        (0, 1),
        "what was signed before still counts"
    );
}

/// Twenty minutes without the chain, while answers go on.
#[tokio::test]
async fn a_long_absence_of_the_chain_loses_nothing_and_posts_nothing_twice() {
    let mut keeper = Keeper::new();
    keeper.answer(10, START);
    keeper.work().await;
    keeper.chain.away(true);
    for minute in 1..=20 {
        keeper.chain.pass(60);
        keeper.answer(3, START + 60 * minute);
        assert!(keeper.role.pass().await.is_err(), "it is told, and tries again");
        if minute == 10 {
            keeper.restart();
        }
    }
    keeper.chain.away(false);
    for _ in 0..5 {
        keeper.work().await;
        keeper.chain.send(&keeper.store);
        keeper.chain.pass(61);
    }
    keeper.chain.pass(300);
    keeper.work().await;
    keeper.chain.send(&keeper.store);
    keeper.work().await;
    let stored = keeper.stored();
    let all: Vec<B256> =
        stored.iter().flat_map(|(_, receipts)| receipts).map(|signed| signed.receipt().requestId).collect();
    let distinct: BTreeSet<B256> = all.iter().copied().collect();
    assert_eq!((all.len(), distinct.len(), keeper.waiting()), (70, 70, 0));
    assert_eq!(keeper.role.metrics().late.load(std::sync::atomic::Ordering::Relaxed), 0);
}

/// Whatever is killed, refused or reorganised in whatever order, and however the clock jumps: in the end each receipt is in
/// exactly one batch on the chain, or was counted as late.
#[tokio::test]
async fn no_schedule_loses_a_receipt_or_posts_one_twice() {
    for seed in 1..=60_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut draw = move |below: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % below
        };
        let mut keeper = Keeper::new();
        let mut late = 0;
        for _ in 0..50 {
            match draw(8) {
                0 | 1 => keeper.answer(draw(15), keeper.chain.issue_time()),
                2 => keeper.chain.pass(1 + draw(400)),
                3 => drop(keeper.chain.send(&keeper.store)),
                4 if draw(3) == 0 => drop(keeper.chain.refuse(&keeper.store)),
                // Half of the jumps set the clock right.
                4 => keeper.chain.skew([0, 0, 40, -40, 4_000, -4_000][draw(6) as usize]),
                5 => keeper.chain.reorganise(&keeper.store, 1 + draw(FINALITY)),
                6 => {
                    late += keeper.role.metrics().late.load(std::sync::atomic::Ordering::Relaxed);
                    keeper.restart();
                }
                _ => keeper.work().await,
            }
        }
        keeper.chain.skew(0);
        for _ in 0..60 {
            keeper.chain.pass(100);
            keeper.work().await;
            keeper.chain.send(&keeper.store);
        }
        keeper.work().await;
        late += keeper.role.metrics().late.load(std::sync::atomic::Ordering::Relaxed);
        assert_eq!(keeper.waiting(), 0, "seed {seed}");
        let stored = keeper.stored();
        let all: Vec<_> = stored.iter().flat_map(|(_, receipts)| receipts).collect();
        let distinct: BTreeSet<_> = all.iter().map(|signed| signed.receipt().requestId).collect();
        assert_eq!(distinct.len(), all.len(), "seed {seed}: a receipt was posted twice");
        assert_eq!(distinct.len() as u64 + late, keeper.asked, "seed {seed}: a receipt was lost");
        for (state, _) in stored {
            assert!(!matches!(state, BatchState::Posting), "seed {seed}");
        }
    }
}
