//! Kill -9 of the keeper at every stage of a job, against a real chain and a real model. After a restart each request is
//! answered exactly once and its fee credited exactly once. One test, because the scenarios share a devnet.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use alloy::primitives::{B256, U256};
use opg_store::{jobs::JobState, journal::IntentState};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::{
    e2e_proofs::{a_key_of_several_people_serves_those_who_trust_one, killed_while_it_proves},
    e2e_proxy::Proxy,
    e2e_recompute::{a_made_up_answer_is_found, answers_are_computed_again},
    e2e_support::{Devnet, Group, children_of},
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

/// Restarts the keeper and checks that the request ends well, once.
fn recovers(devnet: &mut Devnet, request: B256, credit_before: U256) {
    let mut keeper = devnet.keeper(&[]);
    devnet.until("succeeded", request, |devnet| {
        devnet.job(request).is_some_and(|job| job.state == JobState::Succeeded)
    });
    let fees = devnet.fulfilments(request);
    assert_eq!(fees.len(), 1, "request {request}");
    assert_eq!(devnet.credit() - credit_before, U256::from(fees[0]));
    keeper.signal(Signal::TERM);
    assert!(keeper.0.wait().unwrap().success(), "{}", devnet.log());
}

/// Asks, kills the keeper the moment `when` holds of the job and of the state of its transaction, and returns the
/// request with the state that the kill left the job in.
fn kill_when(
    devnet: &Devnet,
    keeper: Group,
    ask: impl FnOnce() -> B256 + Send,
    when: impl Fn(JobState, Option<&IntentState>) -> bool,
) -> (B256, JobState) {
    std::thread::scope(|scope| {
        let ask = scope.spawn(ask);
        let deadline = Instant::now() + Duration::from_secs(90);
        loop {
            // No pause: some states last a few milliseconds.
            if let Some((job, intent)) = devnet.live_job()
                && when(job.state, intent.as_ref())
            {
                break;
            }
            assert!(Instant::now() < deadline, "never there: {:?}\n{}", devnet.live_job(), devnet.log());
        }
        kill(keeper);
        let request = ask.join().unwrap();
        (request, devnet.job(request).map_or(JobState::Seen, |job| job.state))
    })
}

#[test]
fn killed_at_every_stage_it_answers_once() {
    let mut devnet = Devnet::start();
    reloads_only_a_good_configuration(&mut devnet);

    // Accepted: the worker takes a job a moment later, but a job whose model crashed waits in this state. One death may
    // not be enough: a job that the dead worker had not begun goes to the next one.
    let (credit, keeper) = (devnet.credit(), devnet.keeper(&[]));
    let keeper_pid = keeper.0.id();
    let crashed = Cell::new(false);
    let accepted = |job, _: Option<&IntentState>| {
        if job == JobState::Running {
            crashed.set(true);
            for worker in children_of(keeper_pid) {
                // Fails where the worker is gone already.
                let _ = kill_process(Pid::from_raw(worker as i32).unwrap(), Signal::KILL);
            }
        }
        crashed.get() && job == JobState::Accepted
    };
    let (request, left) = kill_when(&devnet, keeper, || chat(&devnet, 64), accepted);
    assert_eq!(left, JobState::Accepted);
    recovers(&mut devnet, request, credit);

    // Running: a long answer.
    let (credit, keeper) = (devnet.credit(), devnet.keeper(&[]));
    let running = |job, _: Option<&IntentState>| job == JobState::Running;
    let (request, left) = kill_when(&devnet, keeper, || chat(&devnet, 64), running);
    assert_eq!(left, JobState::Running);
    recovers(&mut devnet, request, credit);

    // Result stored: it waits for the block that decides its turn.
    let (credit, keeper) = (devnet.credit(), devnet.keeper(&[]));
    let answered = |job, _: Option<&IntentState>| job == JobState::Answered;
    let (request, left) = kill_when(&devnet, keeper, || embed(&devnet, "stored"), answered);
    assert_eq!(left, JobState::Answered);
    recovers(&mut devnet, request, credit);

    // Answer stored, proof under way.
    killed_while_it_proves(&mut devnet);

    // Intent persisted: a signer that may not spend anything keeps it queued.
    let (credit, keeper) = (devnet.credit(), devnet.keeper(&[("OPG_TRANSACTIONS__MIN_BALANCE", "1000 ETH")]));
    let queued = |_, intent: Option<&IntentState>| intent == Some(&IntentState::Queued);
    let (request, _) = kill_when(&devnet, keeper, || embed(&devnet, "queued"), queued);
    assert_eq!(devnet.transaction(request), Some(IntentState::Queued));
    recovers(&mut devnet, request, credit);

    // Signed: the send is lost before it reaches the node, or it reaches the node and the answer is lost.
    for delivers in [false, true] {
        let proxy = Proxy::start(&devnet.url, delivers);
        let (credit, keeper) = (devnet.credit(), devnet.keeper(&[("OPG_CHAIN__RPC", proxy.url())]));
        let signed = |_, intent: Option<&IntentState>| intent == Some(&IntentState::Prepared);
        let (request, _) = kill_when(&devnet, keeper, || embed(&devnet, "signed"), signed);
        assert_eq!(devnet.transaction(request), Some(IntentState::Prepared));
        recovers(&mut devnet, request, credit);
    }

    // Broadcast, not mined as far as the keeper knows.
    let (credit, keeper) = (devnet.credit(), devnet.keeper(&[]));
    let broadcast = |_, intent: Option<&IntentState>| intent == Some(&IntentState::Broadcast);
    let (request, _) = kill_when(&devnet, keeper, || embed(&devnet, "broadcast"), broadcast);
    assert_eq!(devnet.transaction(request), Some(IntentState::Broadcast));
    recovers(&mut devnet, request, credit);

    // Mined, not yet final.
    let (credit, keeper) = (devnet.credit(), devnet.keeper(&[]));
    let mined = |_, intent: Option<&IntentState>| {
        matches!(intent, Some(IntentState::Mined { .. } | IntentState::Confirmed { .. }))
    };
    let (request, left) = kill_when(&devnet, keeper, || embed(&devnet, "mined"), mined);
    assert_eq!(left, JobState::Submitted);
    recovers(&mut devnet, request, credit);

    answers_are_computed_again(&mut devnet);
    a_made_up_answer_is_found(&devnet);
    a_key_of_several_people_serves_those_who_trust_one(&mut devnet);
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

    replace(&format!("[inference]\nunit_price = \"5 wei\"\nmarket = false\n{good}"));
    keeper.signal(Signal::HUP);
    devnet.until_logged("running with the reloaded configuration");
    let deadline = Instant::now() + Duration::from_secs(60);
    while devnet.log().matches("opg is ready").count() < 2 {
        assert!(Instant::now() < deadline, "{}", devnet.log());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_ne!(old, 5);
    assert_eq!(answered(devnet, "under the new price"), 5);

    replace(&good);
    keeper.signal(Signal::TERM);
    assert!(keeper.0.wait().unwrap().success(), "{}", devnet.log());
}
