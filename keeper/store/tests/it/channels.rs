//! Payment channels: whatever is shown in whatever order, nobody is charged what was not signed, and the sums agree.

use alloy_primitives::{Address, B256, Bytes, U256};
use opg_store::{
    Store, StoreError,
    channels::{self, Hold, Holds, Ledger, NewClaim, NewVoucher, Refusal, Seen, Terms},
    journal::Intent,
};
use proptest::prelude::*;

use crate::support::write;

const SIGNER: Address = Address::repeat_byte(9);
const CHANNEL: B256 = B256::repeat_byte(1);

fn terms() -> Terms {
    Terms {
        payer: Address::repeat_byte(1),
        payer_authorizer: Address::repeat_byte(1),
        receiver: Address::repeat_byte(2),
        receiver_authorizer: SIGNER,
        token: Address::repeat_byte(3),
        withdraw_delay: 900,
        salt: B256::ZERO,
    }
}

fn seen(balance: u128, claimed: u128) -> Seen {
    Seen { balance, claimed, withdrawal: None, at: 10 }
}

/// A store, and what is held of it.
struct Keeper {
    store: Store,
    holds: Holds,
}

impl std::ops::Deref for Keeper {
    type Target = Store;

    fn deref(&self) -> &Store {
        &self.store
    }
}

/// A store that knows `CHANNEL` with this on the chain.
fn store(seen: &Seen) -> Keeper {
    let store = Store::in_memory().unwrap();
    write(&store, |tx| channels::note_seen(tx, CHANNEL, &terms(), seen)).unwrap();
    Keeper { store, holds: Holds::default() }
}

fn word(number: u64) -> B256 {
    B256::from(U256::from(number).to_be_bytes())
}

fn voucher(maximum: u128, request: u64, cap: u128) -> NewVoucher {
    NewVoucher {
        channel: CHANNEL,
        maximum,
        request_id: word(request),
        cap,
        credit: 0,
        limit: None,
        seen_since: 0,
    }
}

fn hold(keeper: &Keeper, new: &NewVoucher) -> Result<Hold, Refusal> {
    keeper.holds.hold(&keeper.store, new).unwrap()
}

/// Why it is not held.
fn refusal(keeper: &Keeper, new: &NewVoucher) -> Option<Refusal> {
    hold(keeper, new).err()
}

/// Charges `fee` and returns what was charged.
fn charge(store: &Store, held: Hold, fee: u128) -> u128 {
    let signature = Bytes::copy_from_slice(&held.voucher().maximum.to_be_bytes());
    write(store, |tx| channels::charge(tx, &held, &signature, fee, 20)).unwrap();
    let (channel, maximum) = (held.voucher().channel, held.voucher().maximum);
    store.read(|tx| channels::voucher(tx, channel, maximum)).unwrap().unwrap().fee
}

fn channel(store: &Store) -> channels::Channel {
    store.read(|tx| channels::by_id(tx, CHANNEL)).unwrap().unwrap()
}

fn ledger(store: &Store) -> Ledger {
    store.read(channels::ledger).unwrap()
}

#[test]
fn a_voucher_pays_for_one_request_by_what_it_used() {
    let keeper = store(&seen(1_000, 0));
    let first = voucher(100, 1, 100);
    let held = hold(&keeper, &first).unwrap();
    assert_eq!(refusal(&keeper, &first), Some(Refusal::Again));
    assert_eq!(refusal(&keeper, &voucher(100, 2, 10)), Some(Refusal::OfAnother), "while it is worked on");
    assert_eq!(charge(&keeper, held, 40), 40);
    // Shown again it is the same request, and costs nothing more.
    assert_eq!(refusal(&keeper, &first), Some(Refusal::Again));
    // What it allows beyond its fee is not for whoever read the voucher on the chain.
    assert_eq!(refusal(&keeper, &voucher(100, 2, 10)), Some(Refusal::OfAnother));
    assert_eq!(channel(&keeper).charged, 40);
    // A fee never exceeds what the request was said to cost at most.
    let second = hold(&keeper, &voucher(140, 3, 100)).unwrap();
    assert_eq!(charge(&keeper, second, 500), 100);
    assert_eq!(channel(&keeper).charged, 140);
}

#[test]
fn vouchers_that_do_not_rise_are_refused() {
    let keeper = store(&seen(1_000, 0));
    charge(&keeper, hold(&keeper, &voucher(100, 1, 100)).unwrap(), 100);
    for maximum in [1, 99, 149] {
        assert_eq!(refusal(&keeper, &voucher(maximum, 2, 50)), Some(Refusal::Short), "{maximum}");
    }
    let free = refusal(&keeper, &voucher(99, 2, 0));
    assert_eq!(free, Some(Refusal::Short), "free requests need a new voucher, too");
    // A smaller request may be signed with less than was ever signed, but the best voucher is kept.
    charge(&keeper, hold(&keeper, &voucher(600, 3, 500)).unwrap(), 10);
    charge(&keeper, hold(&keeper, &voucher(160, 4, 50)).unwrap(), 50);
    let channel = channel(&keeper);
    assert_eq!((channel.charged, channel.maximum), (160, 600));
    assert_eq!(channel.signature, Bytes::copy_from_slice(&600_u128.to_be_bytes()));
}

#[test]
fn requests_at_once_are_not_served_on_the_same_money() {
    let keeper = store(&seen(1_000, 0));
    let first = voucher(100, 1, 100);
    let held = hold(&keeper, &first).unwrap();
    assert_eq!(refusal(&keeper, &voucher(101, 2, 100)), Some(Refusal::Busy));
    let credit = hold(&keeper, &NewVoucher { credit: 99, ..voucher(101, 2, 100) });
    assert!(credit.is_ok(), "up to the credit");
    drop(held);
    let third = NewVoucher { request_id: word(3), ..first };
    assert_eq!(refusal(&keeper, &third), Some(Refusal::Busy));
    drop(credit);
    assert!(hold(&keeper, &third).is_ok(), "nothing is being worked on");
}

#[test]
fn what_was_charged_and_is_still_held_counts_once() {
    let keeper = store(&seen(1_000, 0));
    let held = hold(&keeper, &voucher(100, 1, 100)).unwrap();
    write(&keeper, |tx| channels::charge(tx, &held, &Bytes::new(), 30, 20)).unwrap();
    assert!(hold(&keeper, &voucher(130, 2, 100)).is_ok());
}

/// Whatever the order in which requests of many tasks are decided and charged, what is charged is covered.
#[test]
fn threads_are_not_served_on_the_same_money() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("state.db")).unwrap();
    write(&store, |tx| channels::note_seen(tx, CHANNEL, &terms(), &seen(1_000, 0))).unwrap();
    let keeper = Keeper { store, holds: Holds::default() };
    let served = std::thread::scope(|scope| {
        let work = |thread: u64| {
            let keeper = &keeper;
            move || {
                let requests = (0..40).map(|step| 40 * thread + step);
                let all = requests.map(|id| voucher(100 + u128::from(id), id, 50));
                all.filter_map(|new| hold(keeper, &new).ok())
                    .map(|held| charge(keeper, held, 50))
                    .sum::<u128>()
            }
        };
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(work(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum::<u128>()
    });
    let channel = channel(&keeper);
    assert_eq!(channel.charged, served);
    assert!(channel.charged <= channel.maximum, "{} over {}", channel.charged, channel.maximum);
}

#[test]
fn what_is_withdrawn_covers_nothing() {
    let keeper = store(&Seen { withdrawal: Some((950, 100)), ..seen(1_000, 0) });
    assert_eq!(refusal(&keeper, &voucher(51, 1, 51)), Some(Refusal::Uncovered));
    let held = hold(&keeper, &voucher(50, 1, 50)).unwrap();
    let limited = NewVoucher { limit: Some(10), ..voucher(61, 2, 11) };
    write(&keeper, |tx| channels::note_seen(tx, CHANNEL, &terms(), &seen(1_000, 0))).unwrap();
    assert_eq!(refusal(&keeper, &limited), Some(Refusal::Limit));
    drop(held);
    let stale = NewVoucher { seen_since: 11, ..limited };
    assert_eq!(refusal(&keeper, &stale), Some(Refusal::Stale), "the chain was asked at 10");
    let unknown = NewVoucher { channel: B256::ZERO, ..limited };
    assert_eq!(refusal(&keeper, &unknown), Some(Refusal::Unknown));
}

fn intent(id: i64) -> Intent {
    Intent {
        key: format!("claim:{id}"),
        purpose: "a test".to_owned(),
        to: Address::repeat_byte(4),
        calldata: Bytes::new(),
        value: U256::ZERO,
        deadline: None,
        max_cost: None,
    }
}

#[test]
fn a_claim_that_is_undone_is_made_again() {
    let store = store(&seen(1_000, 0));
    charge(&store, hold(&store, &voucher(100, 1, 100)).unwrap(), 60);
    let waiting = |now| store.read(|tx| channels::claimable(tx, SIGNER, now)).unwrap().len();
    assert_eq!(waiting(20), 1);
    let new = NewClaim { channels: vec![CHANNEL], amount: 60 };
    let make = || write(&store, |tx| channels::make_claim(tx, &new, SIGNER, intent, 20));
    let (id, _) = make().unwrap();
    assert_eq!(waiting(20), 0);
    assert!(make().is_err(), "it is in a claim");
    write(&store, |tx| channels::end_claim(tx, id)).unwrap();
    write(&store, |tx| channels::note_seen(tx, CHANNEL, &terms(), &seen(1_000, 60))).unwrap();
    assert_eq!((waiting(20), ledger(&store).claimed, channel(&store).unclaimed_since), (0, 60, None));
    // The block is undone: the chain says so, and nothing else is needed.
    write(&store, |tx| channels::note_seen(tx, CHANNEL, &terms(), &seen(1_000, 0))).unwrap();
    assert_eq!((waiting(20), ledger(&store).pending), (1, 60));
    write(&store, |tx| channels::refuse(tx, CHANNEL, Some(("InvalidSignature", 50)))).unwrap();
    assert_eq!((waiting(49), waiting(50)), (0, 1));
    assert_eq!((ledger(&store).pending, ledger(&store).at_risk), (0, 60));
}

#[test]
fn no_voucher_is_taken_while_the_rest_is_given_back() {
    let store = store(&seen(1_000, 0));
    let first = hold(&store, &voucher(100, 1, 100)).unwrap();
    assert!(store.holds.keep_out(CHANNEL).is_none(), "a request is being worked on");
    charge(&store, first, 30);
    let second = voucher(130, 2, 100);
    let kept_out = store.holds.keep_out(CHANNEL).expect("nothing is");
    assert_eq!(refusal(&store, &second), Some(Refusal::Refunding));
    assert!(store.holds.keep_out(CHANNEL).is_none(), "one refund at a time");
    let refund =
        || write(&store, |tx| channels::enqueue_refund(tx, &kept_out, SIGNER, &intent(7), 20)).unwrap();
    let id = refund();
    assert_eq!(refund(), id);
    drop(kept_out);
    assert_eq!(refusal(&store, &second), Some(Refusal::Refunding));
    assert_eq!(store.read(channels::refunds).unwrap(), [(CHANNEL, id)]);
    write(&store, |tx| channels::note_refunded(tx, CHANNEL, id)).unwrap();
    assert!(hold(&store, &second).is_ok());
}

#[test]
fn a_deposit_is_handed_over_once() {
    let store = store(&seen(0, 0));
    let deposit = || {
        write(&store, |tx| channels::enqueue_deposit(tx, (CHANNEL, B256::ZERO, 5), SIGNER, &intent(1), 20))
    };
    assert_eq!(deposit().unwrap(), deposit().unwrap());
}

#[test]
fn a_lost_store_begins_with_what_was_claimed() {
    let store = store(&seen(1_000, 700));
    assert_eq!(refusal(&store, &voucher(700, 1, 10)), Some(Refusal::Short));
    charge(&store, hold(&store, &voucher(710, 1, 10)).unwrap(), 4);
    let ledger = ledger(&store);
    assert_eq!((ledger.earned, ledger.claimed, ledger.pending, ledger.deposited), (4, 0, 4, 300));
}

#[derive(Debug, Clone)]
enum Step {
    Show { maximum: u128, request: u64, cap: u128, fee: u128, fails: bool },
    Claim,
    Undo,
    Withdraw(u128),
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..600_u128, 0..40_u64, 0..120_u128, 0..150_u128, any::<bool>())
            .prop_map(|(maximum, request, cap, fee, fails)| Step::Show { maximum, request, cap, fee, fails }),
        2 => Just(Step::Claim),
        1 => Just(Step::Undo),
        1 => (0..300_u128).prop_map(Step::Withdraw),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nobody_is_charged_what_was_not_signed(steps in prop::collection::vec(step(), 1..60), credit in 0..30_u128) {
        let (mut view, mut signed, mut fees, mut withdrawn) = (seen(500, 0), 0_u128, 0_u128, false);
        let store = store(&view);
        for step in steps {
            match step {
                Step::Show { maximum, request, cap, fee, fails } => {
                    let new = NewVoucher { credit, ..voucher(maximum, request, cap) };
                    let held = hold(&store, &new).ok().filter(|_| !fails);
                    if let Some(held) = held {
                        let charged = charge(&store, held, fee);
                        prop_assert!(charged <= cap);
                        fees += charged;
                        signed = signed.max(maximum);
                    }
                }
                Step::Claim => view.claimed = view.claimed.max(channel(&store).claimable_total()),
                Step::Undo => view.claimed = 0,
                Step::Withdraw(amount) => {
                    withdrawn = true;
                    view.withdrawal = (amount > 0).then_some((amount, 100));
                }
            }
            write(&store, |tx| channels::note_seen(tx, CHANNEL, &terms(), &view)).unwrap();
            let (channel, ledger) = (channel(&store), ledger(&store));
            prop_assert_eq!(channel.charged, fees);
            prop_assert!(channel.charged <= signed + credit);
            prop_assert!(channel.claimable_total() <= signed.min(500));
            prop_assert_eq!(ledger.earned, ledger.claimed + ledger.pending + ledger.at_risk);
            prop_assert_eq!((ledger.earned, ledger.claimed), (fees, view.claimed));
            if credit == 0 && !withdrawn {
                prop_assert_eq!(ledger.at_risk, 0);
            }
        }
    }
}

#[test]
fn a_charge_that_fails_leaves_nothing() {
    let store = store(&seen(1_000, 0));
    let held = hold(&store, &voucher(100, 1, 100)).unwrap();
    // The answer cannot be stored: the charge in the same transaction is undone with it.
    let failed = store.write(|tx| {
        channels::charge(tx, &held, &Bytes::new(), 60, 20)?;
        Err::<(), _>(StoreError::Corrupt { what: "answer", reason: "the disk is full".to_owned() })
    });
    assert!(failed.is_err());
    assert_eq!(channel(&store).charged, 0);
    write(&store, |tx| channels::charge(tx, &held, &Bytes::new(), 60, 20)).unwrap();
    assert!(store.write(|tx| channels::charge(tx, &held, &Bytes::new(), 60, 20)).is_err(), "once");
    assert_eq!(channel(&store).charged, 60);
}
