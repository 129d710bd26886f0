//! Payments by vouchers of channels: charged by use, durable with the answer, never beyond what was signed.

use std::{sync::atomic::Ordering::SeqCst, time::Duration};

use opg_chain::channels::{ChannelState, Withdrawal};
use opg_gateway::ChannelPolicy;
use opg_store::{
    Store,
    channels::{self, Channel},
};
use serde_json::Value;

use crate::{
    batches::{finish, prune},
    support::{
        Reply, World,
        chain::now,
        channel::{Payer, header, offer, offer_of, wei, with_channels},
        chat,
    },
};

pub(crate) const CHAT: &str = "/v1/chat/completions";
const REFUNDS: &str = "/v1/channels/chat";
/// What an answer of two words costs: 100 per request, 7 tokens read, 2 written at 4 each, 1,000 wei per unit.
pub(crate) const TWO_WORDS: u128 = (100 + 7 + 2 * 4) * 1_000;

pub(crate) async fn send(world: &World, body: &Value, header: &str) -> Reply {
    let request = world.post(CHAT, body).header("payment-signature", header);
    Reply::of(request.send().await.unwrap()).await
}

pub(crate) fn stored(world: &World, payer: &Payer) -> Channel {
    world.store.read(|tx| channels::by_id(tx, payer.id())).unwrap().unwrap()
}

/// A gateway, and a payer with `balance` in a channel of its terms.
pub(crate) async fn open(policy: ChannelPolicy, balance: u128) -> (World, Payer) {
    let world = World::with(with_channels(policy)).await;
    let payer = Payer::new(&offer(&world, CHAT, &chat("hello world")).await);
    payer.fund(&world, balance);
    (world, payer)
}

#[tokio::test]
async fn a_voucher_is_charged_by_what_was_used() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    let body = chat("hello world");
    let asked = wei(&payer.offer["amount"]);
    // The same price as at a flat rate, and some wei that tell quotes apart.
    assert!((312_001..=312_000 + (1 << 32)).contains(&asked), "{asked}");
    let mut charged = 0;
    for stream in [false, true, false] {
        let mut body = body.clone();
        body["stream"] = stream.into();
        let reply = send(&world, &body, &payer.voucher(charged + asked)).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        charged += TWO_WORDS;
        let opg =
            if stream { reply.events().last().unwrap()["opg"].clone() } else { reply.json()["opg"].clone() };
        let receipt = world.receipt(&opg);
        assert_eq!((receipt.payer, receipt.fee), (payer.key.address(), TWO_WORDS));
        let settled = header(&reply, "payment-response");
        assert_eq!((&settled["success"], &settled["transaction"]), (&true.into(), &"".into()));
        let told = if stream { 0 } else { TWO_WORDS };
        assert_eq!(wei(&settled["extra"]["chargedAmount"]), told, "a stream begins before it is known");
        let sum = &settled["extra"]["channelState"]["chargedCumulativeAmount"];
        assert_eq!(sum.as_str(), (!stream).then(|| charged.to_string()).as_deref());
        let channel = stored(&world, &payer);
        assert_eq!((channel.charged, channel.maximum), (charged, charged - TWO_WORDS + asked));
        assert_eq!(world.get(&format!("/v1/receipts/{}", receipt.requestId)).await.status, 200);
    }
}

#[tokio::test]
async fn a_voucher_shown_again_gets_the_same_answer_and_is_not_charged_again() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    for (runs, stream) in [(1, false), (2, true)] {
        let mut body = chat("hello world");
        body["stream"] = stream.into();
        let voucher = payer.voucher(u128::try_from(runs - 1).unwrap() * TWO_WORDS + payer.amount());
        let (first, second) = (send(&world, &body, &voucher).await, send(&world, &body, &voucher).await);
        assert_eq!((first.status, second.status), (200, 200), "{} {}", first.text, second.text);
        assert!(second.text.contains("hello world"), "{}", second.text);
        assert_eq!(world.engine.runs(), runs);
        assert_eq!(stored(&world, &payer).charged, u128::try_from(runs).unwrap() * TWO_WORDS);
    }
}

#[tokio::test]
async fn a_client_that_lost_count_is_told_where_it_stands() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    let body = chat("hello world");
    assert_eq!(send(&world, &body, &payer.voucher(payer.amount())).await.status, 200);
    // It never saw the answer, and signs on the old sum.
    let other = Payer { offer: offer(&world, CHAT, &body).await, ..payer.clone() };
    let stale = TWO_WORDS + 311_999;
    let refused = send(&world, &body, &other.voucher(stale)).await;
    assert_eq!(refused.code(), "invalid_batch_settlement_evm_cumulative_amount_mismatch");
    assert_eq!(header(&refused, "payment-required")["error"], refused.code().as_str());
    let told = offer_of(&refused);
    assert_eq!(wei(&told["extra"]["channelState"]["chargedCumulativeAmount"]), TWO_WORDS);
    // The voucher that proves it is the one that it signed.
    assert_eq!(wei(&told["extra"]["voucherState"]["signedMaxClaimable"]), payer.amount());
    let shown: alloy::primitives::Bytes =
        told["extra"]["voucherState"]["signature"].as_str().unwrap().parse().unwrap();
    assert_eq!(shown, payer.sign(payer.amount()));
    assert_eq!(send(&world, &body, &other.voucher(TWO_WORDS + other.amount())).await.status, 200);
}

#[tokio::test]
async fn a_deposit_comes_with_the_first_voucher() {
    let policy = ChannelPolicy { min_deposit: 5_000_000, ..ChannelPolicy::default() };
    let (world, payer) = open(policy, 0).await;
    let chain = world.chain.clone();
    let miner = tokio::spawn(async move {
        loop {
            chain.mine();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let (body, first) = (chat("hello world"), payer.amount());
    assert_eq!(wei(&payer.offer["extra"]["minDeposit"]), (5 * first).max(5_000_000));
    let unfunded = send(&world, &body, &payer.voucher(first)).await;
    assert_eq!(unfunded.code(), "invalid_batch_settlement_evm_missing_channel");
    for (maximum, amount, before, code) in [
        (first, 4_999_999, now() + 300, "invalid_batch_settlement_evm_deposit_below_min_deposit"),
        (first, 5 * first, now() + 5, "invalid_batch_settlement_evm_payload_authorization_valid_before"),
        (311_999, 5 * first, now() + 300, "invalid_batch_settlement_evm_cumulative_amount_mismatch"),
    ] {
        let reply = send(&world, &body, &payer.deposit(maximum, amount, before)).await;
        assert_eq!(reply.code(), code, "{}", reply.text);
    }
    let deposit = payer.deposit(first, 5 * first, now() + 300);
    let reply = send(&world, &body, &deposit).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let state = &header(&reply, "payment-response")["extra"]["channelState"];
    assert_eq!(wei(&state["balance"]), 5 * first);
    // Shown again, it is neither deposited nor charged again.
    assert_eq!(send(&world, &body, &deposit).await.status, 200);
    assert_eq!((stored(&world, &payer).seen.balance, stored(&world, &payer).charged), (5 * first, TWO_WORDS));
    miner.abort();
}

#[tokio::test]
async fn requests_at_once_wait_for_each_other_unless_there_is_credit() {
    for (credit, second) in [(0, 429), (1_000_000, 200)] {
        let policy = ChannelPolicy { credit, ..ChannelPolicy::default() };
        let (world, payer) = open(policy, 1 << 40).await;
        let body = chat("hello world");
        world.engine.block();
        let request = world.post(CHAT, &body).header("payment-signature", payer.voucher(312_001));
        let first = tokio::spawn(async move { Reply::of(request.send().await.unwrap()).await });
        world.engine.running(1).await;
        let request = world.post(CHAT, &body).header("payment-signature", payer.voucher(312_002));
        let other = tokio::spawn(async move { Reply::of(request.send().await.unwrap()).await });
        if credit > 0 {
            world.engine.running(2).await;
        } else {
            let other = other.await.unwrap();
            assert_eq!((other.status, other.code().as_str()), (second, "channel_busy"), "{}", other.text);
            assert_eq!(other.header("retry-after"), "1");
            world.engine.release(1);
            assert_eq!(first.await.unwrap().status, 200);
            continue;
        }
        world.engine.release(2);
        assert_eq!((first.await.unwrap().status, other.await.unwrap().status), (200, second));
        assert_eq!(stored(&world, &payer).charged, 2 * TWO_WORDS);
    }
}

#[tokio::test]
async fn what_comes_to_nothing_is_not_charged() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    let body = chat("hello world");
    world.engine.block();
    let request = world.post(CHAT, &body).header("payment-signature", payer.voucher(payer.amount()));
    let asked = tokio::spawn(request.send());
    world.engine.running(1).await;
    asked.abort();
    let _ = asked.await;
    world.engine.cancelled(1).await;
    // The voucher is free again, for this request and for another.
    world.engine.release(1);
    let reply = loop {
        let reply = send(&world, &chat("another one"), &payer.voucher(payer.amount())).await;
        if reply.code() != "payment_already_used" {
            break reply;
        }
    };
    assert_eq!(reply.status, 200, "{}", reply.text);
    assert_eq!(stored(&world, &payer).charged, TWO_WORDS);
}

#[tokio::test]
async fn a_stream_is_charged_even_if_its_reader_goes_away() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    let mut body = chat("hello world");
    body["stream"] = true.into();
    world.engine.block();
    let voucher = payer.voucher(payer.amount());
    let request = world.post(CHAT, &body).header("payment-signature", &voucher);
    let asked = tokio::spawn(request.send());
    world.engine.running(1).await;
    asked.abort();
    let _ = asked.await;
    world.engine.release(1);
    world.engine.running(0).await;
    let again = loop {
        let again = send(&world, &body, &voucher).await;
        if again.status == 200 {
            break again;
        }
        assert_eq!(again.code(), "request_in_progress");
    };
    assert!(again.text.contains("hello world"));
    assert_eq!((world.engine.runs(), stored(&world, &payer).charged), (1, TWO_WORDS));
}

#[tokio::test]
async fn a_kill_loses_no_voucher_that_was_accepted() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("opg.db")).unwrap();
    let mut world = World::on(store, with_channels(ChannelPolicy::default())).await;
    let body = chat("hello world");
    let payer = Payer::new(&offer(&world, CHAT, &body).await);
    payer.fund(&world, 1 << 40);
    let (first, second) = (payer.voucher(payer.amount()), payer.voucher(TWO_WORDS + payer.amount()));
    let seen = send(&world, &body, &first).await;
    // Another is being worked on when the node is cut off.
    world.engine.block();
    let request = world.post(CHAT, &body).header("payment-signature", &second);
    let cut_off = tokio::spawn(request.send());
    world.engine.running(1).await;
    world.kill().await;
    cut_off.abort();
    world.engine.cancelled(1).await;
    world.engine.blocked.store(false, SeqCst);
    world.start().await;
    let channel = stored(&world, &payer);
    assert_eq!((channel.charged, channel.maximum), (TWO_WORDS, payer.amount()));
    assert_eq!(channel.signature, payer.sign(payer.amount()));
    let again = send(&world, &body, &first).await;
    assert_eq!(again.json()["opg"], seen.json()["opg"]);
    // What was cut off was not charged, and its voucher still pays for it.
    assert_eq!(send(&world, &body, &second).await.status, 200);
    assert_eq!(stored(&world, &payer).charged, 2 * TWO_WORDS);
}

async fn refund(world: &World, header: &str) -> Reply {
    let request = world.http.get(world.url(REFUNDS)).header("payment-signature", header);
    Reply::of(request.send().await.unwrap()).await
}

#[tokio::test]
async fn what_was_not_charged_is_given_back() {
    let (world, payer) = open(ChannelPolicy::default(), 10_000_000).await;
    let body = chat("hello world");
    // The amount of a quote may be more than what lies in the channel of this test; what is signed counts.
    assert_eq!(send(&world, &body, &payer.voucher(400_000)).await.status, 200);
    let chain = world.chain.clone();
    let miner = tokio::spawn(async move {
        loop {
            chain.mine();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    });
    let probe = offer_of(&world.get(REFUNDS).await);
    assert_eq!(probe["payTo"], payer.offer["payTo"]);
    // A voucher of a request allows more than was charged. After a claim anybody has it, and it refunds nothing.
    let replayed = refund(&world, &payer.refund(400_000, None)).await;
    assert_eq!(replayed.code(), "invalid_batch_settlement_evm_cumulative_amount_mismatch");
    assert_eq!(wei(&offer_of(&replayed)["extra"]["channelState"]["chargedCumulativeAmount"]), TWO_WORDS);
    assert_eq!(
        refund(&world, &payer.refund(TWO_WORDS, Some("0"))).await.code(),
        "invalid_batch_settlement_evm_refund_amount_invalid"
    );
    let part = refund(&world, &payer.refund(TWO_WORDS, Some("1000000"))).await;
    assert_eq!(part.status, 200, "{}", part.text);
    assert_eq!(wei(&header(&part, "payment-response")["amount"]), 1_000_000);
    let rest = refund(&world, &payer.refund(TWO_WORDS, None)).await;
    assert_eq!(wei(&header(&rest, "payment-response")["amount"]), 9_000_000 - TWO_WORDS);
    // What was charged stays, to be claimed.
    assert_eq!(stored(&world, &payer).claimable(), TWO_WORDS);
    let none = refund(&world, &payer.refund(TWO_WORDS, None)).await;
    assert_eq!(none.code(), "invalid_batch_settlement_evm_refund_no_balance");
    miner.abort();
}

#[tokio::test]
async fn what_a_payer_withdraws_pays_for_nothing() {
    let (world, payer) = open(ChannelPolicy::default(), 0).await;
    let body = chat("hello world");
    let since = now();
    let state = |amount| ChannelState {
        balance: 1_000_000,
        withdrawal: Some(Withdrawal { amount, since }),
        ..ChannelState::default()
    };
    payer.set(&world, state(688_001));
    let refused = send(&world, &body, &payer.voucher(312_001)).await;
    assert_eq!(refused.code(), "invalid_batch_settlement_evm_cumulative_exceeds_balance");
    payer.set(&world, state(688_000));
    assert_eq!(send(&world, &body, &payer.voucher(312_001)).await.status, 200, "the chain was asked again");
}

#[tokio::test]
async fn without_channels_only_the_flat_price_is_offered() {
    let world = World::with(crate::support::paid()).await;
    let required = header(&world.ask(CHAT, &chat("hi")).await, "payment-required");
    assert_eq!(required["accepts"].as_array().unwrap().len(), 1);
    assert_eq!(world.get(REFUNDS).await.code(), "channels_not_taken");
}

#[tokio::test]
async fn a_voucher_whose_answer_was_pruned_is_answered_no_more() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    let body = chat("hello world");
    let voucher = payer.voucher(wei(&payer.offer["amount"]));
    assert_eq!(send(&world, &body, &voucher).await.status, 200);
    finish(&world);
    prune(&world, 100);
    let runs = world.engine.runs();
    let again = send(&world, &body, &voucher).await;
    assert_eq!((again.status, again.code().as_str()), (410, "expired"), "{}", again.text);
    assert_eq!(
        (world.engine.runs(), stored(&world, &payer).charged),
        (runs, TWO_WORDS),
        "nothing is charged again"
    );
}
