//! Fees moved and accounted for, against contracts and a journal that the tests control.

mod contracts;

use std::sync::Arc;

use alloy::primitives::B256;
use opg_node::{
    Progress, Service as _,
    fees::{Books, FeesConfig, FeesParts, FeesRole},
};
use opg_store::{
    Store,
    fees::{self, Outcome},
};

use self::contracts::{Contracts, HUB, MARKET, OPERATOR, ROUTER, SIGNER, vault};

const OPG: u128 = 1_000_000_000_000_000_000;
const CHAT: B256 = B256::repeat_byte(1);
const EMBED: B256 = B256::repeat_byte(2);

/// A keeper with its contracts.
struct Keeper {
    contracts: Arc<Contracts>,
    store: Store,
    role: FeesRole,
}

impl Keeper {
    fn new(change: impl FnOnce(&mut FeesConfig)) -> Self {
        let contracts = Arc::new(Contracts::new());
        let store = Store::in_memory().unwrap();
        let mut config = FeesConfig::new(OPERATOR, SIGNER, ROUTER, HUB);
        config.market = Some(MARKET);
        change(&mut config);
        let role = Self::open(&contracts, &store, config, &[CHAT, EMBED]);
        Self { contracts, store, role }
    }

    fn open(contracts: &Arc<Contracts>, store: &Store, config: FeesConfig, served: &[B256]) -> FeesRole {
        let parts = FeesParts {
            store: store.clone(),
            ledger: contracts.clone(),
            clock: contracts.clone(),
            journal: None,
        };
        FeesRole::open(config, parts, served).unwrap()
    }

    /// Passes until there is nothing to do at once.
    async fn pass(&self) {
        while self.role.pass().await.unwrap() == Progress::More {}
    }

    /// A pass, and everything that the journal got is mined and counts as done. Returns how many transactions there were.
    async fn turn(&self) -> usize {
        self.pass().await;
        let sent = self.contracts.send(&self.store);
        for _ in 0..3 {
            self.contracts.mine(Vec::new());
        }
        sent
    }

    fn books(&self) -> Books {
        let (document, _) = self.store.read(|tx| fees::report(tx, OPERATOR)).unwrap().unwrap();
        serde_json::from_str(&document).unwrap()
    }

    fn differences(&self) -> (u128, u128) {
        let books = self.books();
        (books.missing(), books.surplus())
    }

    /// A flat payment that the chain took.
    fn paid(&self, version: B256, wei: u128) {
        self.contracts.pay(version, wei);
        let count = fees::count_payment;
        self.store.write(|tx| count(tx, vault(version), Outcome::Settled, wei)).unwrap();
    }
}

#[tokio::test]
async fn fees_are_divided_and_collected_and_everything_adds_up() {
    let keeper = Keeper::new(|_| {});
    keeper.contracts.answer(CHAT, 150 * OPG);
    keeper.paid(EMBED, 250 * OPG);
    keeper.pass().await;
    assert_eq!(keeper.books().sum(|version| version.earned()), 400 * OPG);
    assert_eq!(keeper.books().sum(|version| version.pending()), 400 * OPG);
    assert_eq!(keeper.contracts.queued(&keeper.store), 2, "the hub's are routed, the vault is swept");
    keeper.pass().await;
    assert_eq!(keeper.contracts.queued(&keeper.store), 2, "what is under way is not begun again");

    keeper.turn().await;
    keeper.turn().await;
    let books = keeper.books();
    assert_eq!(books.sum(|version| version.divided.sum()), 400 * OPG);
    assert_eq!(books.sum(|version| version.pending()), 0);
    // 5 % are burned, 3 % are for verification, 2 % for the owner of the model.
    let parts = books.versions.iter().find(|version| version.version == EMBED).unwrap().divided;
    assert_eq!(parts.burned * 20, 250 * OPG);
    assert_eq!((parts.operator, parts.model_owner), (225 * OPG, 5 * OPG));
    keeper.turn().await;
    keeper.turn().await;
    assert_eq!(keeper.contracts.collected(), 360 * OPG, "ninety of a hundred are the operator's");
    assert_eq!((keeper.books().account.collected, keeper.books().account.owed), (360 * OPG, 0));
    assert_eq!(keeper.differences(), (0, 0));
    for _ in 0..3 {
        assert_eq!(keeper.turn().await, 0, "there is nothing left to move");
    }
}

#[tokio::test]
async fn little_waits_until_it_is_old_and_very_little_for_ever() {
    let keeper = Keeper::new(|_| {});
    keeper.paid(CHAT, 2 * OPG);
    keeper.paid(EMBED, OPG - 1);
    assert_eq!(keeper.turn().await, 0);
    keeper.contracts.later(86_401);
    assert_eq!(keeper.turn().await, 1);
    keeper.turn().await;
    let books = keeper.books();
    assert_eq!(books.sum(|version| version.divided.sum()), 2 * OPG);
    assert_eq!(books.sum(|version| version.in_vault), OPG - 1);
}

#[tokio::test]
async fn an_operator_at_its_cap_waits_for_room() {
    let keeper = Keeper::new(|_| {});
    keeper.contracts.cap(130 * OPG);
    keeper.paid(CHAT, 200 * OPG);
    keeper.turn().await;
    keeper.turn().await;
    assert_eq!(keeper.books().sum(|version| version.in_vault), 70 * OPG, "as much as there was room for");
    keeper.contracts.later(86_401);
    for _ in 0..3 {
        keeper.turn().await;
    }
    let capped = keeper.role.metrics().capped.load(std::sync::atomic::Ordering::Relaxed);
    assert!(capped > 0 && keeper.books().room() == 0, "{capped}");
    assert_eq!(keeper.contracts.refused(), 0, "nothing is sent that the router would refuse");
    keeper.contracts.cap(1_000 * OPG);
    keeper.turn().await;
    keeper.turn().await;
    assert_eq!(keeper.books().sum(|version| version.in_vault), 0);
    assert_eq!(keeper.differences(), (0, 0));
}

#[tokio::test]
async fn a_step_that_failed_is_taken_again_after_a_rest() {
    let keeper = Keeper::new(|_| {});
    keeper.paid(CHAT, 200 * OPG);
    keeper.pass().await;
    assert_eq!(keeper.contracts.fail_all(&keeper.store), 1);
    keeper.contracts.mine(Vec::new());
    keeper.pass().await;
    assert_eq!(keeper.contracts.queued(&keeper.store), 0, "not at once");
    keeper.contracts.later(601);
    keeper.contracts.mine(Vec::new());
    assert_eq!(keeper.turn().await, 1);
    keeper.turn().await;
    assert_eq!(keeper.books().sum(|version| version.divided.sum()), 200 * OPG);
}

#[tokio::test]
async fn what_the_chain_undoes_is_undone_in_the_books_and_happens_again() {
    let keeper = Keeper::new(|_| {});
    keeper.paid(CHAT, 105 * OPG);
    keeper.pass().await;
    let before = keeper.contracts.height();
    keeper.contracts.send(&keeper.store);
    keeper.pass().await;
    assert_eq!(keeper.books().sum(|version| version.divided.sum()), 105 * OPG);
    assert_eq!(keeper.differences(), (0, 0));

    keeper.contracts.reorganise(&keeper.store, before);
    keeper.pass().await;
    assert_eq!(keeper.books().sum(|version| version.divided.sum()), 0);
    assert_eq!(keeper.books().sum(|version| version.in_vault), 105 * OPG);
    assert_eq!(keeper.differences(), (0, 0));
    assert_eq!(keeper.turn().await, 1, "the journal sends it again, and nobody a second one");
    keeper.turn().await;
    assert_eq!(keeper.books().sum(|version| version.divided.sum()), 105 * OPG);
    assert_eq!(keeper.differences(), (0, 0));
}

#[tokio::test]
async fn a_keeper_that_is_killed_begins_nothing_twice() {
    let keeper = Keeper::new(|_| {});
    keeper.paid(CHAT, 200 * OPG);
    keeper.pass().await;
    // The version is no longer served, but fees are left of it.
    let config = FeesConfig::new(OPERATOR, SIGNER, ROUTER, HUB);
    let role = Keeper::open(&keeper.contracts, &keeper.store, config, &[]);
    let keeper = Keeper { role, ..keeper };
    keeper.pass().await;
    assert_eq!(keeper.contracts.queued(&keeper.store), 1);
    keeper.turn().await;
    keeper.turn().await;
    assert_eq!(keeper.books().sum(|version| version.divided.sum()), 200 * OPG);
    assert_eq!(keeper.differences(), (0, 0));
}

#[tokio::test]
async fn fees_wait_while_gas_is_too_dear_for_them() {
    // A step costs 200,000 gas at 1 gwei: 0.0002 ETH, which is 4 OPG. Ten times that is 40.
    let keeper = Keeper::new(|config| {
        config.opg_per_eth = Some(20_000 * OPG);
        config.amount = OPG;
    });
    keeper.paid(CHAT, 39 * OPG);
    assert_eq!(keeper.turn().await, 0);
    keeper.paid(CHAT, OPG);
    assert_eq!(keeper.turn().await, 1);
    assert_eq!(keeper.contracts.max_costs(&keeper.store).len(), 1, "and the journal may not pay more either");
}

#[tokio::test]
async fn one_vault_that_the_chain_refuses_does_not_keep_the_others() {
    let keeper = Keeper::new(|_| {});
    keeper.contracts.unpublish(EMBED);
    keeper.paid(CHAT, 200 * OPG);
    keeper.paid(EMBED, 300 * OPG);
    assert_eq!(keeper.turn().await, 1);
    keeper.turn().await;
    let books = keeper.books();
    assert_eq!(books.sum(|version| version.divided.sum()), 200 * OPG);
    assert_eq!(books.sum(|version| version.in_vault), 300 * OPG);
}

#[tokio::test]
async fn what_is_missing_and_what_is_more_than_known_is_told_to_the_wei() {
    let keeper = Keeper::new(|_| {});
    keeper.paid(CHAT, 2 * OPG);
    keeper.paid(EMBED, 3 * OPG);
    keeper.pass().await;
    assert_eq!(keeper.differences(), (0, 0));
    // Somebody pays a vault without asking for anything.
    keeper.contracts.pay(EMBED, 7);
    keeper.contracts.mine(Vec::new());
    keeper.pass().await;
    assert_eq!(keeper.differences(), (0, 7));
    // A gift to one vault does not hide what another lacks.
    keeper.contracts.lose(CHAT, 5);
    keeper.contracts.mine(Vec::new());
    keeper.pass().await;
    assert_eq!(keeper.differences(), (5, 7));
    let books = keeper.books();
    let of = |version| books.versions.iter().find(|books| books.version == version).unwrap();
    assert_eq!((of(CHAT).difference(), of(EMBED).difference()), (-5, 7));
    assert_eq!((of(CHAT).earned(), of(CHAT).pending()), (2 * OPG, 2 * OPG - 5), "both figures are told");
}

#[tokio::test]
async fn the_capacity_is_declared_by_a_keeper_whose_key_is_the_operators() {
    let cold = Keeper::new(|config| config.capacity = Some(5_000));
    assert_eq!(cold.turn().await, 0, "the contract would take it for the signer's");
    let hot = Keeper::new(|config| {
        config.operator = SIGNER;
        config.capacity = Some(5_000);
    });
    hot.contracts.most_capacity(3_000);
    assert_eq!(hot.turn().await, 1);
    assert_eq!(hot.contracts.capacity(), 3_000, "no more than its own stake allows");
    assert_eq!(hot.turn().await, 0);
    hot.contracts.most_capacity(9_000);
    hot.contracts.mine(Vec::new());
    assert_eq!(hot.turn().await, 1);
    assert_eq!(hot.contracts.capacity(), 5_000);
    // An operator that is not active has none to declare.
    hot.contracts.most_capacity(0);
    hot.contracts.mine(Vec::new());
    assert_eq!(hot.turn().await, 0);
}
