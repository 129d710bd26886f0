//! Kill -9 of the keeper at every stage of a job, against a real chain and a real model. After a restart each request is
//! answered exactly once and its fee credited exactly once. One test, because the scenarios share a devnet.

use alloy::primitives::{B256, U256};
use opg_store::{jobs::JobState, journal::IntentState};
use rustix::process::Signal;
use serde_json::json;

use crate::{
    e2e_proxy::Proxy,
    e2e_support::{Devnet, Group},
};

fn kill(mut keeper: Group) {
    keeper.signal(Signal::KILL);
    keeper.0.wait().unwrap();
}

fn embed(devnet: &Devnet, text: &str) -> B256 {
    devnet.ask("embedding", &json!({ "input": text }))
}

fn chat(devnet: &Devnet, tokens: u32) -> B256 {
    let input =
        json!({ "messages": [{ "role": "user", "content": "Write a long story." }], "max_tokens": tokens });
    devnet.ask("chat", &input)
}

/// Restarts the keeper and checks that every request ends well, once.
fn recovers(devnet: &mut Devnet, requests: &[B256], credit_before: U256) {
    let keeper = devnet.keeper(&[]);
    let mut fees = U256::ZERO;
    for request in requests {
        let succeeded =
            |devnet: &Devnet| devnet.job(*request).is_some_and(|job| job.state == JobState::Succeeded);
        devnet.until("succeeded", *request, succeeded);
        let accepted = devnet.fulfilments(*request);
        assert_eq!(accepted.len(), 1, "request {request}");
        fees += U256::from(accepted[0]);
    }
    assert_eq!(devnet.credit() - credit_before, fees);
    drop(keeper);
}

#[test]
fn killed_at_every_stage_it_answers_once() {
    let mut devnet = Devnet::start();
    reloads_only_a_good_configuration(&mut devnet);

    // Accepted: behind a long answer, the second job waits in this state.
    let credit = devnet.credit();
    let keeper = devnet.keeper(&[]);
    let requests = [chat(&devnet, 256), embed(&devnet, "accepted")];
    devnet.until("accepted", requests[1], |d| {
        d.job(requests[1]).is_some_and(|job| job.state == JobState::Accepted)
    });
    kill(keeper);
    recovers(&mut devnet, &requests, credit);

    // Running.
    let credit = devnet.credit();
    let keeper = devnet.keeper(&[]);
    let request = chat(&devnet, 128);
    devnet.until("running", request, |d| d.job(request).is_some_and(|job| job.state == JobState::Running));
    kill(keeper);
    recovers(&mut devnet, &[request], credit);

    // Result stored: it waits for the block that decides its turn.
    let credit = devnet.credit();
    let keeper = devnet.keeper(&[]);
    devnet.cast(&["rpc", "evm_setIntervalMining", "0"]);
    let request = mined_by_hand(&devnet, || embed(&devnet, "stored"));
    devnet.until("answered", request, |d| d.job(request).is_some_and(|job| job.state == JobState::Answered));
    kill(keeper);
    devnet.cast(&["rpc", "evm_setIntervalMining", "1"]);
    recovers(&mut devnet, &[request], credit);

    // Intent persisted: a signer that may not spend anything keeps it queued.
    let credit = devnet.credit();
    let keeper = devnet.keeper(&[("OPG_TRANSACTIONS__MIN_BALANCE", "1000 ETH")]);
    let request = embed(&devnet, "queued");
    devnet.until("queued", request, |d| d.transaction(request) == Some(IntentState::Queued));
    kill(keeper);
    recovers(&mut devnet, &[request], credit);

    // Signed, and perhaps sent: the node's answer to the send is lost before the transaction reaches it.
    let credit = devnet.credit();
    let proxy = Proxy::start(&devnet.url, false);
    let keeper = devnet.keeper(&[("OPG_CHAIN__RPC", proxy.url())]);
    let request = embed(&devnet, "signed");
    devnet.until("prepared", request, |d| d.transaction(request) == Some(IntentState::Prepared));
    kill(keeper);
    recovers(&mut devnet, &[request], credit);

    // The same, but the transaction did reach the node.
    let credit = devnet.credit();
    let proxy = Proxy::start(&devnet.url, true);
    let keeper = devnet.keeper(&[("OPG_CHAIN__RPC", proxy.url())]);
    let request = embed(&devnet, "sent without an answer");
    devnet.until("prepared", request, |d| d.transaction(request) == Some(IntentState::Prepared));
    kill(keeper);
    recovers(&mut devnet, &[request], credit);

    // Broadcast, not mined.
    let credit = devnet.credit();
    let keeper = devnet.keeper(&[]);
    let request = embed(&devnet, "broadcast");
    devnet.until("broadcast", request, |d| d.transaction(request) == Some(IntentState::Broadcast));
    kill(keeper);
    recovers(&mut devnet, &[request], credit);

    // Mined, not yet final.
    let credit = devnet.credit();
    let keeper = devnet.keeper(&[("OPG_CHAIN__FINALITY", "64")]);
    let request = embed(&devnet, "mined");
    devnet.until("mined", request, |d| {
        matches!(d.transaction(request), Some(IntentState::Mined { .. } | IntentState::Confirmed { .. }))
    });
    kill(keeper);
    recovers(&mut devnet, &[request], credit);
}

/// SIGHUP with a file that is wrong changes nothing; with one that is right it changes the price.
fn reloads_only_a_good_configuration(devnet: &mut Devnet) {
    let path = devnet.config().to_owned();
    let good = std::fs::read_to_string(&path).unwrap();
    let mut keeper = devnet.keeper(&[]);
    let answered = |devnet: &Devnet, text: &str| {
        let request = embed(devnet, text);
        devnet.until("fulfilled", request, |devnet| !devnet.fulfilments(request).is_empty());
        devnet.job(request).and_then(|job| job.offer).unwrap().unit_price
    };

    // As editors write: a new file under the old name.
    let replace = |text: &str| {
        std::fs::write(format!("{path}.new"), text).unwrap();
        std::fs::rename(format!("{path}.new"), &path).unwrap();
    };
    replace(&format!("{good}\n[inference]\nunit_prize = \"1 OPG\"\n"));
    keeper.signal(Signal::HUP);
    devnet.until_logged("did you mean `unit_price`?");
    let old = answered(devnet, "under the old price");

    replace(&format!("[inference]\nunit_price = \"5 wei\"\n{good}"));
    keeper.signal(Signal::HUP);
    devnet.until_logged("running with the reloaded configuration");
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(60);
    while devnet.log().matches("opg is ready").count() < 2 {
        assert!(std::time::Instant::now() < deadline, "{}", devnet.log());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_ne!(old, 5);
    assert_eq!(answered(devnet, "under the new price"), 5);

    replace(&good);
    keeper.signal(Signal::TERM);
    assert!(keeper.0.wait().unwrap().success(), "{}", devnet.log());
}

/// Sends with mining switched off, mines the block that contains it and none after.
fn mined_by_hand(devnet: &Devnet, send: impl FnOnce() -> B256 + Send) -> B256 {
    std::thread::scope(|scope| {
        let miner = scope.spawn(|| {
            let pending = || devnet.cast(&["rpc", "txpool_status"]).contains("\"pending\":\"0x1\"");
            while !pending() {
                std::thread::sleep(std::time::Duration::from_millis(50));
            }
            devnet.cast(&["rpc", "evm_mine"]);
        });
        let request = send();
        miner.join().unwrap();
        request
    })
}
