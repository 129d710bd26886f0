//! Reorganisations of a real chain under a running keeper: a request, an answer and the operator's registration vanish, and
//! the keeper follows. One test, because the scenarios share a devnet.

use alloy::primitives::B256;
use opg_chain::bindings::IStaking;
use opg_store::jobs::JobState;
use serde_json::json;

use crate::e2e_support::{DEPLOYER_ADDRESS, Devnet};

fn embed(devnet: &Devnet, text: &str) -> B256 {
    devnet.ask("embedding", &json!({ "input": text }))
}

fn is_in(state: JobState, request: B256) -> impl Fn(&Devnet) -> bool {
    move |devnet| devnet.job(request).is_some_and(|job| job.state == state)
}

/// Replaces every block above `height` by an empty one.
fn reorg_to(devnet: &Devnet, height: u64) {
    let depth = devnet.block_on(devnet.rpc.head()).number - height;
    devnet.cast(&["rpc", "anvil_reorg", &depth.to_string(), "[]"]);
}

fn head(devnet: &Devnet) -> u64 {
    devnet.block_on(devnet.rpc.head()).number
}

#[test]
fn it_follows_a_chain_that_changes_its_mind() {
    let mut devnet = Devnet::start();
    // Nothing here is deep enough to be taken for final.
    let finality = ("OPG_CHAIN__FINALITY", "64");
    let keeper = devnet.keeper(&[finality]);
    let credit = devnet.credit();

    // A request vanishes, with whatever was done about it.
    let before = head(&devnet);
    let vanished = embed(&devnet, "this request will vanish");
    devnet.until("seen", vanished, |devnet| devnet.job(vanished).is_some());
    reorg_to(&devnet, before);
    devnet.until("withdrawn", vanished, is_in(JobState::Withdrawn, vanished));

    // An answer vanishes, its request stays.
    let request = embed(&devnet, "the answer to this will vanish");
    devnet.until("answered on-chain", request, |devnet| !devnet.fulfilments(request).is_empty());
    let asked_in = devnet.job(request).unwrap().request.blockNumber;
    reorg_to(&devnet, asked_in);
    assert!(devnet.fulfilments(request).is_empty(), "the reorganisation should have taken the answer");
    devnet.until("answered again", request, |devnet| !devnet.fulfilments(request).is_empty());
    assert_eq!(devnet.fulfilments(request).len(), 1);
    assert!(devnet.fulfilments(vanished).is_empty(), "nothing is delivered for a request that is gone");
    let fees: u128 = devnet.fulfilments(request).iter().sum();
    assert_eq!(devnet.credit() - credit, alloy::primitives::U256::from(fees));
    drop(keeper);

    // The operator's registration vanishes: a second operator, with the same keeper.
    let before = head(&devnet);
    register_deployer(&devnet);
    let keeper = devnet.keeper(&[("OPG_KEYS__OPERATOR", DEPLOYER_ADDRESS), finality]);
    let served = embed(&devnet, "served while registered");
    devnet.until("answered on-chain", served, |devnet| !devnet.fulfilments(served).is_empty());
    reorg_to(&devnet, before);
    let refused = embed(&devnet, "asked while not registered");
    devnet.until("declined", refused, is_in(JobState::Declined, refused));
    let reason = devnet.job(refused).unwrap().reason.unwrap();
    assert!(reason.contains("not active"), "{reason}");
    register_deployer(&devnet);
    let served = embed(&devnet, "registered again");
    devnet.until("answered on-chain", served, |devnet| !devnet.fulfilments(served).is_empty());
    assert_eq!(devnet.fulfilments(served).len(), 1);
    drop(keeper);
}

/// Registers the deployer as an operator whose key is the keeper's, and lets its registration take effect.
fn register_deployer(devnet: &Devnet) {
    let (staking, vault) = (devnet.book.staking.to_string(), devnet.book.custody_vault.to_string());
    let parameters = devnet.block_on(devnet.rpc.view(devnet.book.staking, &IStaking::parametersCall {}));
    let stake = parameters.minSelfStake.to_string();
    devnet.cast(&["send", &devnet.book.opg.to_string(), "approve(address,uint256)", &vault, &stake]);
    let register = "register(address,uint8,uint16,uint256,string,string)";
    let signer = devnet.ready["signer"].as_str().unwrap();
    devnet.cast(&["send", &staking, register, signer, "1", "0", &stake, "http://localhost", "ipfs://none"]);
    let registered_in = head(devnet);
    while head(devnet) <= registered_in {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
}
