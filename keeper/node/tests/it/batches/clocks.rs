//! A clock that does not agree with the chain's.

use super::*;

/// The clock was ahead for a while, and receipts were signed with it: those of the right time do not wait behind them.
#[tokio::test]
async fn receipts_from_the_future_hold_no_others_back() {
    let mut keeper = Keeper::new();
    keeper.chain.pass(10);
    keeper.answer(25, START + 1_000);
    keeper.answer(10, START + 5);
    keeper.work().await;
    assert_eq!((keeper.chain.send(&keeper.store), keeper.waiting()), (1, 25));
    keeper.work().await;
    assert_eq!((keeper.chain.queued(&keeper.store), keeper.waiting()), (0, 25), "not one by one");
    keeper.chain.pass(1_300);
    keeper.work().await;
    keeper.chain.send(&keeper.store);
    assert_eq!(
        (keeper.waiting(), keeper.chain.posted().len()),
        (0, 4),
        "they count when their time has come"
    );
}

/// Set forward or back, a little or by days, and set right again: every receipt is posted once, and nothing is sent that the
/// contract refuses.
#[tokio::test]
async fn a_clock_that_jumps_loses_no_receipt() {
    const DAY: i64 = 86_400;
    for skew in [-3 * DAY, -3_500, -31, -5, 5, 31, 3_500, 3 * DAY] {
        let mut keeper = Keeper::new();
        let answer = |keeper: &mut Keeper, count| keeper.answer(count, keeper.chain.issue_time());
        answer(&mut keeper, 10);
        keeper.chain.pass(30);
        keeper.chain.skew(skew);
        answer(&mut keeper, 7);
        keeper.work().await;
        keeper.chain.send(&keeper.store);
        let clocks = || {
            let metrics = keeper.role.metrics();
            let of = |count: &std::sync::atomic::AtomicU64| count.load(std::sync::atomic::Ordering::Relaxed);
            (of(&metrics.clock_ahead), of(&metrics.clock_behind))
        };
        assert_eq!(clocks(), (skew.max(0).unsigned_abs(), skew.min(0).unsigned_abs()), "{skew} s");

        keeper.chain.skew(0);
        keeper.chain.pass(60);
        answer(&mut keeper, 6);
        for _ in 0..3 {
            keeper.chain.pass(301);
            keeper.work().await;
            keeper.chain.send(&keeper.store);
        }
        let ahead = if skew > 900 { 7 } else { 0 };
        assert_eq!(keeper.waiting(), ahead, "{skew} s: only what is ahead of the chain waits");
        keeper.chain.pass(skew.max(0).unsigned_abs() + 301);
        keeper.work().await;
        keeper.chain.send(&keeper.store);
        keeper.work().await;
        let receipts: usize = keeper.stored().iter().map(|(_, receipts)| receipts.len()).sum();
        assert_eq!((receipts, keeper.waiting()), (23, 0), "{skew} s");
        let metrics = keeper.role.metrics();
        let given_up = [&metrics.late, &metrics.invalid, &metrics.dissolved]
            .map(|count| count.load(std::sync::atomic::Ordering::Relaxed));
        assert_eq!(given_up, [0; 3], "{skew} s: nothing is lost, nothing is refused");
    }
}

/// After a batch failed the keeper rests for a minute, however far its clock is set forward or back meanwhile.
#[tokio::test]
async fn a_clock_that_is_set_does_not_stop_the_batches() {
    for hours in [-24, 24] {
        let mut keeper = Keeper::new();
        keeper.answer(10, START);
        keeper.work().await;
        assert_eq!(keeper.chain.refuse(&keeper.store), 1);
        keeper.work().await;
        assert_eq!(keeper.waiting(), 10, "it rests");
        keeper.chain.skew(hours * 3_600);
        keeper.chain.pass(61);
        keeper.work().await;
        assert_eq!((keeper.chain.send(&keeper.store), keeper.waiting()), (1, 0), "{hours} hours");
        keeper.work().await;
        assert!(matches!(keeper.stored()[0].0, BatchState::Posted { .. }));
    }
}
