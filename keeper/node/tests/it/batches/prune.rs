//! Final batches that are old.

use super::*;

const KEEP: u64 = 100 * 86_400;

impl Keeper {
    /// Has the service remove what is older than `KEEP`.
    fn pruning() -> Self {
        let mut keeper = Self::new();
        keeper.keep = Some(KEEP);
        keeper.restart();
        keeper
    }

    /// Posts what waits, and lets it become final.
    async fn finish(&self) {
        self.chain.pass(301);
        self.work().await;
        self.chain.send(&self.store);
        self.work().await;
        self.chain.pass(WINDOW);
        (0..=FINALITY).for_each(|_| self.chain.pass(1));
        self.work().await;
    }

    fn pruned(&self) -> (u64, u64) {
        let metrics = self.role.metrics();
        let of = |count: &std::sync::atomic::AtomicU64| count.load(std::sync::atomic::Ordering::Relaxed);
        (of(&metrics.pruned), of(&metrics.pruned_receipts))
    }

    fn answered(&self, number: u64) -> bool {
        self.store.read(|tx| http::answer(tx, B256::from(U256::from(number)))).unwrap().is_some()
    }
}

#[tokio::test]
async fn final_batches_are_pruned_when_they_are_old_enough() {
    let mut keeper = Keeper::pruning();
    keeper.answer(10, START);
    keeper.finish().await;
    keeper.answer(3, keeper.chain.issue_time());
    keeper.finish().await;
    assert_eq!(keeper.pruned(), (0, 0), "final, and kept");
    keeper.chain.pass(KEEP - (keeper.chain.issue_time() - START) - 1);
    keeper.work().await;
    assert_eq!(keeper.pruned(), (0, 0), "a second too early");
    keeper.chain.pass(1);
    keeper.work().await;
    assert_eq!(keeper.pruned(), (1, 10));
    assert_eq!((keeper.answered(0), keeper.answered(9), keeper.answered(10)), (false, false, true));
    keeper.chain.pass(2 * WINDOW);
    keeper.work().await;
    assert_eq!((keeper.pruned(), keeper.answered(12)), ((2, 13), false));
    keeper.work().await;
    assert_eq!((keeper.pruned(), keeper.waiting(), keeper.chain.queued(&keeper.store)), ((2, 13), 0, 0));
}

/// Neither a clock that is wrong nor a chain that is: what is removed is gone.
#[tokio::test]
async fn one_wrong_clock_prunes_nothing() {
    let mut keeper = Keeper::pruning();
    keeper.answer(10, START);
    keeper.finish().await;
    keeper.chain.skew(2 * KEEP as i64);
    keeper.work().await;
    assert_eq!(keeper.pruned(), (0, 0), "the keeper's clock is ahead");
    keeper.chain.skew(-(2 * KEEP as i64));
    keeper.chain.pass(2 * KEEP);
    keeper.work().await;
    assert_eq!(keeper.pruned(), (0, 0), "the chain is ahead");
    keeper.chain.skew(0);
    keeper.work().await;
    assert_eq!(keeper.pruned(), (1, 10));
}

#[tokio::test]
async fn what_is_posted_or_demanded_or_waits_is_not_pruned_however_old_it_is() {
    let mut keeper = Keeper::pruning();
    keeper.answer(10, START);
    keeper.work().await;
    keeper.chain.send(&keeper.store);
    keeper.work().await;
    let name = keeper.chain.posted()[0].0;
    keeper.chain.demand(name, 2);
    keeper.work().await;
    // The answer to the demand is never sent, and blocks are not final yet either.
    keeper.chain.pass(2 * KEEP);
    (0..=FINALITY).for_each(|_| keeper.chain.pass(1));
    keeper.answer(4, keeper.chain.issue_time() + 3 * KEEP);
    keeper.work().await;
    assert_eq!((keeper.pruned(), keeper.answered(2)), ((0, 0), true));
    keeper.chain.send(&keeper.store);
    (0..=FINALITY).for_each(|_| keeper.chain.pass(1));
    keeper.work().await;
    assert_eq!(
        (keeper.pruned(), keeper.waiting()),
        ((1, 10), 4),
        "the demand was answered; what waits, waits"
    );
}

/// A large batch is removed in steps; whatever is killed in between goes on with the next start.
#[tokio::test]
async fn pruning_that_was_killed_goes_on() {
    let mut keeper = Keeper::pruning();
    keeper.answer(10, START);
    keeper.finish().await;
    keeper.chain.pass(2 * KEEP);
    let batch = keeper.store.read(|tx| batches::by_name(tx, keeper.chain.posted()[0].0)).unwrap().unwrap();
    // As a kill after the first step leaves it.
    keeper.store.write(|tx| batches::prune(tx, batch.id, 4)).unwrap();
    keeper.restart();
    keeper.work().await;
    assert_eq!(keeper.pruned(), (1, 6));
    assert!((0..10).all(|number| !keeper.answered(number)));
    let left = keeper.store.read(|tx| batches::next_to_prune(tx, u64::MAX >> 1)).unwrap();
    assert_eq!(left, None);
}
