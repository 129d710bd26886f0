//! Claims from payment channels, against a contract and a journal that the tests control.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
};

use alloy::{
    primitives::{Address, B256, Bytes, keccak256},
    sol_types::SolCall as _,
};
use async_trait::async_trait;
use opg_chain::{
    bindings::{
        ChannelConfig,
        IBatchSettlement::{claimCall, multicallCall},
    },
    channels::{ChannelState, Claim, Withdrawal, channel_id, domain},
};
use opg_node::{
    Clock, LedgerError, Service as _,
    channels::{ChannelsConfig, ChannelsLedger, ChannelsParts, ChannelsRole},
};
use opg_store::{
    Store, StoreError,
    channels::{self, Channel, Holds, NewVoucher, Terms},
};

/// Number of a claim in the journal, and its rows: channel, sum in all, and what the voucher allows.
type Sent = (i64, Vec<(B256, u128, u128)>);

const SIGNER: Address = Address::repeat_byte(9);
const OPG: u128 = 1_000_000_000_000_000_000;
const START: u64 = 1_700_000_000;

/// The contract, as far as claims look at it, and the keeper's clock.
#[derive(Debug)]
struct Contract {
    states: Mutex<HashMap<B256, ChannelState>>,
    /// Channels whose claims the contract does not take: their payers' accounts deny their signatures.
    denied: Mutex<Vec<B256>>,
    now: AtomicU64,
}

impl Clock for Contract {
    fn now_ms(&self) -> u64 {
        self.now.load(SeqCst) * 1_000
    }
}

fn id_of(config: &ChannelConfig) -> B256 {
    channel_id(&domain(31_337), config)
}

#[async_trait]
impl ChannelsLedger for Contract {
    async fn states(&self, ids: &[B256]) -> Result<Vec<ChannelState>, LedgerError> {
        let states = self.states.lock().unwrap();
        Ok(ids.iter().map(|id| states.get(id).copied().unwrap_or_default()).collect())
    }

    async fn refuses(&self, claims: &[Claim]) -> Result<Option<String>, LedgerError> {
        let rows: Vec<_> =
            claims.iter().map(|claim| (id_of(&claim.config), claim.total, claim.maximum)).collect();
        Ok(self.judge(&rows))
    }
}

impl Contract {
    /// What the contract checks of a claim.
    fn judge(&self, rows: &[(B256, u128, u128)]) -> Option<String> {
        let states = self.states.lock().unwrap();
        rows.iter().find_map(|(id, total, maximum)| {
            let state = states.get(id).copied().unwrap_or_default();
            if *total <= state.claimed {
                return Some("NothingToClaim".to_owned());
            }
            if total > maximum || *total > state.balance {
                return Some("ClaimAboveBalance".to_owned());
            }
            self.denied.lock().unwrap().contains(id).then(|| "InvalidSignature".to_owned())
        })
    }
}

/// A keeper with its contract.
struct Keeper {
    contract: Arc<Contract>,
    store: Store,
    role: ChannelsRole,
}

impl Keeper {
    fn new(change: impl FnOnce(&mut ChannelsConfig)) -> Self {
        let contract = Arc::new(Contract {
            states: Mutex::default(),
            denied: Mutex::default(),
            now: AtomicU64::new(START),
        });
        let store = Store::in_memory().unwrap();
        let mut config = ChannelsConfig::new(SIGNER);
        change(&mut config);
        let parts = ChannelsParts {
            store: store.clone(),
            ledger: contract.clone(),
            clock: contract.clone(),
            journal: None,
        };
        Self { role: ChannelsRole::new(config, parts), contract, store }
    }

    /// A channel with `balance`, of which `charged` was charged to a voucher over twice as much.
    fn channel(&self, salt: u8, balance: u128, charged: u128) -> B256 {
        self.open(salt, Address::repeat_byte(salt), balance, charged)
    }

    fn open(&self, salt: u8, authorizer: Address, balance: u128, charged: u128) -> B256 {
        let terms = Terms {
            payer: Address::repeat_byte(salt),
            payer_authorizer: authorizer,
            receiver: Address::repeat_byte(0x77),
            receiver_authorizer: SIGNER,
            token: Address::repeat_byte(0xcc),
            withdraw_delay: 3_600,
            salt: B256::repeat_byte(salt),
        };
        let id = id_of(&ChannelConfig::from(&terms));
        let state = ChannelState { balance, ..ChannelState::default() };
        self.contract.states.lock().unwrap().insert(id, state);
        let now = self.contract.now.load(SeqCst);
        self.store.write(|tx| channels::note_seen(tx, id, &terms, &state.seen(3_600, now))).unwrap();
        self.charge(id, charged);
        id
    }

    /// Charges `fee` to a voucher over twice as much.
    fn charge(&self, id: B256, fee: u128) {
        if fee == 0 {
            return;
        }
        let charged = self.store.read(|tx| channels::by_id(tx, id)).unwrap().unwrap().charged;
        let voucher = NewVoucher {
            channel: id,
            maximum: charged + 2 * fee,
            request_id: keccak256([id.as_slice(), &charged.to_be_bytes()].concat()),
            cap: fee,
            credit: 0,
            limit: None,
            seen_since: 0,
        };
        let held = Holds::default().hold(&self.store, &voucher).unwrap().unwrap();
        let (signature, now) = (Bytes::from(vec![1; 65]), self.contract.now.load(SeqCst));
        self.store.write(|tx| channels::charge(tx, &held, &signature, fee, now)).unwrap();
    }

    async fn pass(&self) {
        self.role.pass().await.unwrap();
    }

    fn later(&self, seconds: u64) {
        self.contract.now.fetch_add(seconds, SeqCst);
    }

    fn stored(&self, id: B256) -> Channel {
        self.store.read(|tx| channels::by_id(tx, id)).unwrap().unwrap()
    }

    fn set(&self, id: B256, change: impl FnOnce(&mut ChannelState)) {
        change(self.contract.states.lock().unwrap().get_mut(&id).unwrap());
    }

    /// Claims in the journal that are not done.
    fn sent(&self) -> Vec<Sent> {
        let open: Vec<(i64, Vec<u8>)> = self
            .store
            .read(|tx| {
                let mut all = tx
                    .prepare("SELECT id, calldata FROM journal_intents WHERE state = 'queued' ORDER BY id")?;
                let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
                Ok::<_, StoreError>(rows.collect::<Result<_, _>>()?)
            })
            .unwrap();
        let rows = |calldata: &[u8]| {
            let calls = multicallCall::abi_decode(calldata).unwrap().data;
            let claim = claimCall::abi_decode(&calls[0]).unwrap();
            let row = |row: &opg_chain::bindings::VoucherClaim| {
                (id_of(&row.voucher.channel), row.totalClaimed, row.voucher.maxClaimableAmount)
            };
            claim.voucherClaims.iter().map(row).collect()
        };
        open.iter().map(|(id, calldata)| (*id, rows(calldata))).collect()
    }

    /// Mines what is in the journal, as the contract judges it. Returns how many claims it took.
    fn mine(&self) -> usize {
        let mut taken = 0;
        for (intent, rows) in self.sent() {
            let good = self.contract.judge(&rows).is_none();
            if good {
                taken += 1;
                for (id, total, _) in &rows {
                    self.set(*id, |state| state.claimed = *total);
                }
            }
            let hash = keccak256(intent.to_be_bytes());
            self.store
                .write(|tx| {
                    tx.execute(
                        "UPDATE journal_intents SET state = 'confirmed', tx_hash = ?2, block = 1, success = ?3 WHERE id = ?1",
                        (intent, hash.0, good),
                    )?;
                    Ok::<_, StoreError>(())
                })
                .unwrap();
        }
        taken
    }
}

#[tokio::test]
async fn claims_wait_until_they_are_worth_it_or_old() {
    let keeper = Keeper::new(|config| config.claim_amount = 10 * OPG);
    let one = keeper.channel(1, 100 * OPG, 4 * OPG);
    let dust = keeper.channel(2, 100 * OPG, 1);
    keeper.pass().await;
    assert!(keeper.sent().is_empty(), "four are not ten");
    keeper.charge(one, 6 * OPG);
    keeper.pass().await;
    let sent = keeper.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(
        sent[0].1,
        [(one, 10 * OPG, 16 * OPG)],
        "by what was charged, not by what was signed; dust stays"
    );
    keeper.pass().await;
    assert_eq!(keeper.sent().len(), 1, "once");
    assert_eq!(keeper.mine(), 1);
    keeper.pass().await;
    assert_eq!((keeper.stored(one).claimable(), keeper.stored(one).claiming), (0, false));
    keeper.charge(one, OPG);
    keeper.later(3_599);
    keeper.pass().await;
    assert!(keeper.sent().is_empty());
    keeper.later(1);
    keeper.pass().await;
    assert_eq!(keeper.sent()[0].1.len(), 1, "an old fee is claimed, dust still is not");
    assert_eq!(keeper.stored(dust).claimable(), 1);
}

#[tokio::test]
async fn attack_payer_withdraws_while_vouchers_are_unclaimed() {
    let keeper = Keeper::new(|_| ());
    let (quick, calm) = (keeper.channel(1, 10 * OPG, 3 * OPG), keeper.channel(2, 10 * OPG, 3 * OPG));
    let withdraw = |amount| Some(Withdrawal { amount, since: START });
    // What the calm one wants back is not owed.
    keeper.set(calm, |state| state.withdrawal = withdraw(7 * OPG));
    keeper.pass().await;
    assert!(keeper.sent().is_empty());
    keeper.set(quick, |state| state.withdrawal = withdraw(8 * OPG));
    keeper.pass().await;
    assert_eq!(
        keeper.sent()[0].1,
        [(quick, 3 * OPG, 6 * OPG)],
        "claimed at the next look, an hour before it can leave"
    );
    keeper.mine();
    // It leaves with what was not owed.
    keeper.set(quick, |state| {
        *state = ChannelState { balance: 3 * OPG, claimed: 3 * OPG, ..Default::default() }
    });
    keeper.pass().await;
    let ledger = keeper.store.read(channels::ledger).unwrap();
    assert_eq!((ledger.claimed, ledger.pending, ledger.at_risk), (3 * OPG, 3 * OPG, 0));
}

#[tokio::test]
async fn bad_rows_are_found_and_dropped() {
    let keeper = Keeper::new(|config| config.claim_amount = OPG);
    let all: Vec<_> = (1..=9).map(|salt| keeper.channel(salt, 10 * OPG, OPG)).collect();
    // One channel's balance is gone, and the chain denies the signature of another.
    keeper.contract.denied.lock().unwrap().push(all[3]);
    keeper.contract.denied.lock().unwrap().push(all[8]);
    keeper.pass().await;
    let sent = keeper.sent();
    assert_eq!((sent.len(), sent[0].1.len()), (1, 7));
    assert!(!sent[0].1.iter().any(|(id, ..)| *id == all[3] || *id == all[8]));
    assert_eq!(keeper.mine(), 1);
    keeper.pass().await;
    let ledger = keeper.store.read(channels::ledger).unwrap();
    assert_eq!((ledger.claimed, ledger.pending, ledger.at_risk), (7 * OPG, 0, 2 * OPG));
    // They are tried again later, and counted as owed again when the chain takes them.
    keeper.contract.denied.lock().unwrap().clear();
    keeper.later(601);
    keeper.pass().await;
    assert_eq!(keeper.sent()[0].1.len(), 2);
    keeper.mine();
    keeper.pass().await;
    assert_eq!(keeper.store.read(channels::ledger).unwrap().at_risk, 0);
}

#[tokio::test]
async fn attack_wallet_that_takes_the_claim_down_with_it() {
    let keeper = Keeper::new(|config| {
        config.claim_amount = OPG;
        config.wallet_limit = 2 * OPG;
    });
    let honest = keeper.channel(1, 10 * OPG, OPG);
    let wallet = keeper.open(2, Address::ZERO, 10 * OPG, OPG);
    keeper.pass().await;
    // It agreed to the simulation, and disagrees in the block.
    keeper.contract.denied.lock().unwrap().push(wallet);
    assert_eq!(keeper.sent().len(), 2, "it has a claim of its own");
    assert_eq!(keeper.mine(), 1);
    keeper.pass().await;
    assert_eq!((keeper.stored(honest).claimable(), keeper.stored(wallet).claimable()), (0, OPG));
    let ledger = keeper.store.read(channels::ledger).unwrap();
    assert_eq!((ledger.claimed, ledger.at_risk), (OPG, OPG));
}

#[tokio::test]
async fn a_wallet_is_claimed_when_it_has_half_of_its_limit() {
    let keeper = Keeper::new(|config| config.wallet_limit = 2 * OPG);
    let wallet = keeper.open(2, Address::ZERO, 10 * OPG, OPG - 1);
    keeper.pass().await;
    assert!(keeper.sent().is_empty());
    keeper.charge(wallet, 1);
    keeper.pass().await;
    assert_eq!(keeper.sent().len(), 1);
}

#[tokio::test]
async fn a_claim_that_a_reorganisation_undoes_is_made_again() {
    let keeper = Keeper::new(|config| config.claim_amount = OPG);
    let id = keeper.channel(1, 10 * OPG, OPG);
    keeper.pass().await;
    assert_eq!(keeper.mine(), 1);
    keeper.pass().await;
    assert_eq!(keeper.store.read(channels::ledger).unwrap().claimed, OPG);
    keeper.set(id, |state| state.claimed = 0);
    keeper.pass().await;
    assert_eq!(keeper.sent()[0].1, [(id, OPG, 2 * OPG)]);
    assert_eq!(keeper.mine(), 1);
    keeper.pass().await;
    assert!(keeper.sent().is_empty());
    assert_eq!(keeper.store.read(channels::ledger).unwrap().claimed, OPG);
}

#[tokio::test]
async fn a_claim_that_came_too_late_is_not_repeated_without_end() {
    let keeper = Keeper::new(|config| config.claim_amount = OPG);
    let id = keeper.channel(1, 10 * OPG, OPG);
    keeper.pass().await;
    // Everything left before the block.
    keeper.set(id, |state| state.balance = 0);
    assert_eq!(keeper.mine(), 0);
    keeper.pass().await;
    keeper.later(7_200);
    keeper.pass().await;
    assert!(keeper.sent().is_empty());
    let ledger = keeper.store.read(channels::ledger).unwrap();
    assert_eq!((ledger.pending, ledger.at_risk), (0, OPG), "it is said, not forgotten");
}

#[tokio::test]
async fn a_kill_claims_nothing_twice() {
    let keeper = Keeper::new(|config| config.claim_amount = OPG);
    let id = keeper.channel(1, 10 * OPG, OPG);
    keeper.pass().await;
    // A new service on the same store: the claim is under way.
    let parts = ChannelsParts {
        store: keeper.store.clone(),
        ledger: keeper.contract.clone(),
        clock: keeper.contract.clone(),
        journal: None,
    };
    let mut config = ChannelsConfig::new(SIGNER);
    config.claim_amount = OPG;
    let keeper = Keeper { role: ChannelsRole::new(config, parts), ..keeper };
    keeper.pass().await;
    assert_eq!(keeper.sent().len(), 1);
    assert_eq!(keeper.mine(), 1);
    keeper.pass().await;
    assert!(keeper.sent().is_empty());
    assert_eq!(keeper.stored(id).claimable(), 0);
}
