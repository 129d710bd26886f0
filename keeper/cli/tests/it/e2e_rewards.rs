//! What stake earns, from the command line on the real contracts: paid out, staked again by its owner and by a keeper's crank, and
//! refused to everyone else.

use std::time::{Duration, Instant};

use alloy::primitives::{Address, U256};
use opg_chain::bindings::{IRewards, IStaking, Opg};
use serde_json::Value;

use crate::{
    e2e_stake::{CRANK, OPERATOR, Stakes, address, wei},
    e2e_support::DEPLOYER_ADDRESS,
    support::{json, refuses},
};

/// What comes in as rewards.
const REWARDS: u64 = 100_000;

/// OPG wei of rewards that a command says it moved.
fn moved(done: &Value) -> U256 {
    done["rewards"]["amountWei"].as_str().unwrap().parse().unwrap()
}

fn operator(stakes: &Stakes) -> Address {
    stakes.operator.parse().unwrap()
}

fn held(stakes: &Stakes, account: Address) -> U256 {
    stakes.token(&Opg::balanceOfCall { account })
}

fn staked(stakes: &Stakes, account: Address) -> U256 {
    stakes.view(&IStaking::positionOfCall { operator: operator(stakes), account }).amount
}

/// Rewards come in, an epoch ends, and they begin to flow.
fn flowing(stakes: &Stakes) {
    let (book, amount) = (&stakes.devnet.book, wei(REWARDS).to_string());
    stakes.send(book.opg, "approve(address,uint256)", &[&book.rewards.to_string(), &amount]);
    stakes.send(book.rewards, "fund(uint256)", &[&amount]);
    stakes.travel(3_601);
    stakes.send(book.rewards, "endEpoch()", &[]);
    stakes.travel(600);
}

#[test]
fn rewards_are_paid_to_who_earned_them() {
    let stakes = Stakes::start();
    refuses(stakes.delegator(&["claim"]), 7, &["has earned nothing there", "--operator"]);
    flowing(&stakes);
    claimed(&stakes);
}

#[test]
fn rewards_go_and_are_staked_where_their_owners_want() {
    let mut stakes = Stakes::start();
    flowing(&stakes);
    paid_elsewhere(&stakes);
    compounded(&stakes);
    a_keeper_stakes_them(&mut stakes);
}

fn claimed(stakes: &Stakes) {
    let account = stakes.delegator;
    let before = held(stakes, account);
    let planned = json(stakes.delegator(&["claim", "--dry-run"]));
    assert_eq!((&planned["simulated"], held(stakes, account)), (&true.into(), before));

    // A little more has flowed when the transaction is mined than when the command looked.
    let done = json(stakes.delegator(&["claim"]));
    let paid = held(stakes, account) - before;
    assert!(moved(&done) > U256::ZERO && paid >= moved(&done), "{paid} {done}");
}

fn paid_elsewhere(stakes: &Stakes) {
    let elsewhere = Address::repeat_byte(0x77);
    let done = json(stakes.delegator(&["claim", "--to", &elsewhere.to_string()]));
    assert!(held(stakes, elsewhere) >= moved(&done) && moved(&done) > U256::ZERO, "{done}");
    // The operator's own stake and its commission.
    let before = held(stakes, operator(stakes));
    let done = json(stakes.by(OPERATOR, &["claim"]));
    assert!(held(stakes, operator(stakes)) - before >= moved(&done), "{done}");
    // Who backs nobody earns nothing.
    let mut stranger = stakes.plain(&["claim", "--operator", &stakes.operator, "--dry-run"]);
    stranger.args(["--from", DEPLOYER_ADDRESS]);
    refuses(stranger, 7, &["has earned nothing there"]);
    // All that was paid came out of what had come in.
    let left = held(stakes, stakes.devnet.book.rewards);
    assert!(left < wei(REWARDS) && left > wei(REWARDS / 2), "{left}");
}

fn compounded(stakes: &Stakes) {
    let account = stakes.delegator;
    stakes.travel(60);
    let (before, tokens) = (staked(stakes, account), held(stakes, account));
    let done = json(stakes.delegator(&["claim", "--compound"]));
    assert!(staked(stakes, account) - before >= moved(&done) && moved(&done) > U256::ZERO, "{done}");
    assert_eq!(held(stakes, account), tokens, "nothing was paid out");
}

/// The operator lets its keeper's key decide about rewards, and the crank stakes them.
fn a_keeper_stakes_them(stakes: &mut Stakes) {
    let done = json(stakes.by(OPERATOR, &["set-claimer"]));
    let signer = address(&stakes.devnet.ready["signer"]);
    assert_eq!(address(&done["rewards"]["claimer"]), signer);
    let rewards = stakes.devnet.book.rewards;
    let claimer = IRewards::claimerOfCall { account: operator(stakes) };
    assert_eq!(stakes.devnet.block_on(stakes.devnet.rpc.view(rewards, &claimer)), signer);

    stakes.travel(60);
    let before = staked(stakes, operator(stakes));
    let keeper = stakes.devnet.keeper(&[&CRANK[..], &[("OPG_CRANK__COMPOUND", "true")]].concat());
    let deadline = Instant::now() + Duration::from_secs(90);
    while staked(stakes, operator(stakes)) <= before {
        assert!(Instant::now() < deadline, "nothing was staked\n{}", stakes.devnet.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    drop(keeper);

    // And not any longer.
    let done = json(stakes.by(OPERATOR, &["set-claimer", "--nobody"]));
    assert_eq!(address(&done["rewards"]["claimer"]), Address::ZERO);
    assert_eq!(stakes.devnet.block_on(stakes.devnet.rpc.view(rewards, &claimer)), Address::ZERO);
}
