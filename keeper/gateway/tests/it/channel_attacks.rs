//! Attacks on payments by voucher.

use alloy::primitives::{Address, U256, aliases::U40};
use opg_chain::channels::ChannelState;
use opg_gateway::ChannelPolicy;
use opg_store::channels;

use crate::{
    channels::{CHAT, TWO_WORDS, open, send, stored},
    support::{channel::Payer, chat},
};

const ORDER: &str = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

#[tokio::test]
async fn attack_voucher_replayed_for_another_request() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    let voucher = payer.voucher(payer.amount());
    assert_eq!(send(&world, &chat("hello world"), &voucher).await.status, 200);
    // It allows far more than it cost, and is public once it was claimed with.
    let replayed = send(&world, &chat("something else"), &voucher).await;
    assert_eq!((replayed.status, replayed.code().as_str()), (402, "payment_already_used"));
    assert_eq!((world.engine.runs(), stored(&world, &payer).charged), (1, TWO_WORDS));
}

#[tokio::test]
async fn attack_decreasing_voucher() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    let body = chat("hello world");
    assert_eq!(send(&world, &body, &payer.voucher(payer.amount())).await.status, 200);
    for maximum in [0, 1, TWO_WORDS, TWO_WORDS + 311_999] {
        let refused = send(&world, &body, &payer.voucher(maximum)).await;
        assert_eq!(refused.code(), "invalid_batch_settlement_evm_cumulative_amount_mismatch", "{maximum}");
    }
    // The best voucher stays the one that is claimed with, also after one that covers its request but is lower.
    assert_eq!(send(&world, &body, &payer.voucher(TWO_WORDS + 312_000)).await.status, 200);
    let channel = stored(&world, &payer);
    assert_eq!(channel.maximum, payer.amount().max(TWO_WORDS + 312_000));
    assert_eq!(channel.charged, 2 * TWO_WORDS);
}

#[tokio::test]
async fn attack_voucher_of_another_chain_contract_or_channel() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    let body = chat("hello world");
    type Spoil = fn(&mut Payer);
    let cases: [(&str, Spoil, &str); 9] = [
        ("another chain", |payer| payer.chain_id = 1, "channel_id_mismatch"),
        ("another receiver", |payer| payer.config.receiver = Address::repeat_byte(1), "receiver_mismatch"),
        (
            "another authorizer",
            |payer| payer.config.receiverAuthorizer = Address::repeat_byte(1),
            "receiver_authorizer_mismatch",
        ),
        ("another token", |payer| payer.config.token = Address::repeat_byte(1), "token_mismatch"),
        (
            "a withdrawal too quick to be noticed",
            |payer| payer.config.withdrawDelay = U40::from(900),
            "withdraw_delay_out_of_range",
        ),
        ("a channel of nobody", |payer| payer.config.salt.0[0] = 1, "missing_channel"),
        ("another network, openly", |payer| payer.offer["network"] = "eip155:1".into(), "invalid_network"),
        (
            "another payTo, openly",
            |payer| payer.offer["payTo"] = format!("{}", Address::ZERO).into(),
            "invalid_pay_to",
        ),
        ("too little, openly", |payer| payer.offer["amount"] = "311999".into(), "invalid_amount"),
    ];
    for (what, spoil, code) in cases {
        let mut spoilt = payer.clone();
        spoil(&mut spoilt);
        let reply = send(&world, &body, &spoilt.voucher(spoilt.amount().max(400_000))).await;
        assert_eq!(reply.status, 402, "{what}: {}", reply.text);
        assert!(reply.code().ends_with(code), "{what}: {}", reply.text);
    }
    // The signature is of another chain's domain, and the channel this one's.
    let elsewhere = Payer { chain_id: 8_453, ..payer.clone() };
    let reply = send(&world, &body, &payer.with(400_000, &elsewhere.sign(400_000))).await;
    assert_eq!(reply.code(), "invalid_batch_settlement_evm_voucher_signature");
    assert_eq!(world.engine.runs(), 0);
}

#[tokio::test]
async fn attack_malleable_signature() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    let (body, maximum) = (chat("hello world"), payer.amount());
    let good = payer.sign(maximum);
    let mut flipped = good.clone();
    let s = U256::from_be_slice(&good[32..64]);
    flipped[32..64].copy_from_slice(&(ORDER.parse::<U256>().unwrap() - s).to_be_bytes::<32>());
    flipped[64] = 27 + 28 - good[64];
    let mut small = good.clone();
    small[64] -= 27;
    let another = Payer::new(&payer.offer).key;
    let stranger = Payer { key: another, ..payer.clone() }.sign(maximum);
    for signature in [&flipped[..], &small[..], &good[..64], &stranger[..], &[]] {
        let refused = send(&world, &body, &payer.with(maximum, signature)).await;
        assert_eq!(refused.code(), "invalid_batch_settlement_evm_voucher_signature");
    }
    assert_eq!(send(&world, &body, &payer.with(maximum, &good)).await.status, 200);
}

#[tokio::test]
async fn attack_wallet_that_changes_its_mind() {
    let wallet = Address::repeat_byte(7);
    // Without a limit for them, channels that a wallet's code judges are not taken at all.
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    world.chain.wallets.lock().unwrap().insert(wallet, 0x42);
    let theirs = payer.wallet(wallet);
    theirs.fund(&world, 1 << 40);
    let refused = send(&world, &chat("hello world"), &theirs.with(400_000, &[0x42; 40])).await;
    assert_eq!(refused.code(), "unsupported_signature");

    let policy = ChannelPolicy { wallet_limit: TWO_WORDS + 312_000, ..ChannelPolicy::default() };
    let (world, payer) = open(policy, 1 << 40).await;
    let theirs = payer.wallet(wallet);
    theirs.fund(&world, 1 << 40);
    world.chain.wallets.lock().unwrap().insert(wallet, 0x42);
    let body = chat("hello world");
    assert_eq!(
        send(&world, &body, &theirs.with(400_000, &[0x41; 40])).await.code().as_str(),
        "invalid_batch_settlement_evm_voucher_signature"
    );
    for request in 1..=2 {
        let maximum = request * 400_000;
        assert_eq!(send(&world, &body, &theirs.with(maximum, &[0x42; 40])).await.status, 200);
    }
    // It could deny all of it before the claim; so no more than the limit is ever at stake.
    let limited = send(&world, &body, &theirs.with(1_200_000, &[0x42; 40])).await;
    assert_eq!((limited.status, limited.code().as_str()), (429, "channel_limit"), "{}", limited.text);
    // Once that is claimed, it goes on.
    let claimed = ChannelState { balance: 1 << 40, claimed: 2 * TWO_WORDS, ..ChannelState::default() };
    theirs.set(&world, claimed);
    let (id, terms) = (theirs.id(), stored(&world, &theirs).terms);
    world.store.write(|tx| channels::note_seen(tx, id, &terms, &claimed.seen(3_600, 1))).unwrap();
    assert_eq!(send(&world, &body, &theirs.with(1_200_000, &[0x42; 40])).await.status, 200);
    // The wallet does not own up to its signatures any more: nothing more is served.
    world.chain.wallets.lock().unwrap().insert(wallet, 0x43);
    assert_eq!(send(&world, &body, &theirs.with(1_600_000, &[0x42; 40])).await.status, 402);
}

#[tokio::test]
async fn attack_more_than_was_deposited() {
    let (world, payer) =
        open(ChannelPolicy { credit: 1 << 40, ..ChannelPolicy::default() }, 312_000 + TWO_WORDS - 1).await;
    let body = chat("hello world");
    // Credit is for what is not signed yet. What is not deposited is never served.
    assert_eq!(send(&world, &body, &payer.voucher(1 << 50)).await.status, 200);
    let refused = send(&world, &body, &payer.voucher(1 << 51)).await;
    assert_eq!(refused.code(), "invalid_batch_settlement_evm_cumulative_exceeds_balance");
    assert_eq!(world.engine.runs(), 1);
}

#[tokio::test]
async fn attack_payloads_of_any_shape() {
    let (world, payer) = open(ChannelPolicy::default(), 1 << 40).await;
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    for payload in [
        serde_json::json!(null),
        serde_json::json!({ "type": "claim", "claims": [] }),
        serde_json::json!({ "type": "voucher" }),
        serde_json::json!({ "type": "voucher", "channelConfig": {}, "voucher": { "maxClaimableAmount": "-1" } }),
    ] {
        let payment = serde_json::json!({ "x402Version": 2, "accepted": payer.offer, "payload": payload });
        let header = BASE64_STANDARD.encode(payment.to_string());
        let reply = send(&world, &chat("hello world"), &header).await;
        assert_eq!(reply.code(), "invalid_batch_settlement_evm_payload_type", "{}", reply.text);
    }
    let request = world.post(CHAT, &chat("hello world")).header("payment-signature", payer.refund(0, None));
    let reply = crate::support::Reply::of(request.send().await.unwrap()).await;
    assert!(reply.text.contains("/v1/channels/chat"), "{}", reply.text);
}
