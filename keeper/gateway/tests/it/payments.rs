//! Payments by x402 `exact`: one payment, one request, one answer, whatever happens in between.

use std::{sync::atomic::Ordering, time::Duration};

use alloy::{
    primitives::{Address, B256, U256},
    signers::local::PrivateKeySigner,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use opg_gateway::{GatewayConfig, Payments};
use opg_receipts::http_request_id;
use opg_store::{Store, batches};
use serde_json::Value;
use tokio::task::JoinHandle;

use crate::{
    batches::{finish, prune},
    support::{
        OPERATOR, OPG, Reply, World,
        chain::now,
        chat,
        engine::until,
        paid,
        payer::{Draft, quote},
    },
};

const CHAT: &str = "/v1/chat/completions";
/// Half of the order of secp256k1 is below this; s and n - s sign the same.
const ORDER: &str = "0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141";

/// A payer with money.
fn payer(world: &World) -> PrivateKeySigner {
    let key = PrivateKeySigner::random();
    world.chain.fund(key.address());
    key
}

/// Mines what is handed to the journal until the handle is dropped.
struct Miner(JoinHandle<()>);

impl Drop for Miner {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn mine(world: &World) -> Miner {
    let chain = world.chain.clone();
    Miner(tokio::spawn(async move {
        loop {
            chain.mine();
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }))
}

async fn send(world: &World, body: &Value, header: &str) -> Reply {
    let request = world.post(CHAT, body).header("payment-signature", header);
    Reply::of(request.send().await.unwrap()).await
}

/// A prompt that the model cannot read is no reason to take money, also where a stream is paid first.
#[tokio::test]
async fn a_stream_that_cannot_begin_is_not_paid() {
    let world = World::with(paid()).await;
    let (_miner, key, mut body) = (mine(&world), payer(&world), chat("hello world"));
    body["stream"] = true.into();
    let asked = quote(&world, CHAT, &body).await;
    let draft = Draft::new(&asked, key.address());
    let header = draft.header(&draft.sign(&key));
    world.engine.unreadable.store(true, Ordering::SeqCst);
    let refused = send(&world, &body, &header).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "context_length_exceeded"));
    assert_eq!(refused.header("payment-response"), "", "nothing was settled");
    world.engine.unreadable.store(false, Ordering::SeqCst);
    let reply = send(&world, &body, &header).await;
    assert_eq!(reply.status, 200, "the payment is still good: {}", reply.text);
    assert_eq!(world.engine.runs(), 1);
}

#[tokio::test]
async fn a_paid_answer_says_what_was_settled() {
    let world = World::with(paid()).await;
    let (_miner, key, body) = (mine(&world), payer(&world), chat("hello world"));
    let asked = quote(&world, CHAT, &body).await;
    // 100 per request, 4 + 8 tokens to read, 50 to write at 4 each, 1,000 wei per unit.
    assert_eq!(asked["amount"], ((100 + 12 + 200) * 1_000).to_string());
    assert_eq!(asked["network"], "eip155:31337");
    let draft = Draft::new(&asked, key.address());
    let reply = send(&world, &body, &draft.header(&draft.sign(&key))).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    let receipt = world.receipt(&reply.json()["opg"]);
    assert_eq!((receipt.payer, receipt.fee), (key.address(), 312_000));
    assert_eq!(receipt.requestId, http_request_id(key.address(), OPERATOR, draft.nonce, receipt.inputHash));
    let settled: Value =
        serde_json::from_slice(&BASE64_STANDARD.decode(reply.header("payment-response")).unwrap()).unwrap();
    assert_eq!((&settled["success"], &settled["network"]), (&true.into(), &"eip155:31337".into()));
    assert_eq!(world.chain.transfers.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_payment_shown_again_gets_the_same_answer_and_is_not_charged_again() {
    let world = World::with(paid()).await;
    let (_miner, key) = (mine(&world), payer(&world));
    for stream in [false, true] {
        let mut body = chat("again and again");
        body["stream"] = stream.into();
        let draft = Draft::new(&quote(&world, CHAT, &body).await, key.address());
        let header = draft.header(&draft.sign(&key));
        let (first, second) = (send(&world, &body, &header).await, send(&world, &body, &header).await);
        let receipt = |reply: &Reply| match stream {
            true => reply.events().last().unwrap()["opg"].clone(),
            false => reply.json()["opg"].clone(),
        };
        assert_eq!(receipt(&first), receipt(&second));
        assert!(second.text.contains("again and again"), "{}", second.text);
        let runs = 1 + usize::from(stream);
        assert_eq!((world.engine.runs(), world.chain.transfers.load(Ordering::SeqCst)), (runs, runs));
        // The same payment for another request is refused, and still is when the first is long answered.
        let mut other = chat("another one too");
        other["stream"] = stream.into();
        let refused = send(&world, &other, &header).await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (402, "payment_already_used"),
            "{}",
            refused.text
        );
        assert_eq!(world.engine.runs(), runs);
    }
}

#[tokio::test]
async fn payments_that_are_not_what_was_asked_for_are_refused() {
    let world = World::with(paid()).await;
    let (_miner, key, body) = (mine(&world), payer(&world), chat("hello world"));
    let asked = quote(&world, CHAT, &body).await;
    let poor = PrivateKeySigner::random();
    type Spoil = fn(&mut Draft);
    let cases: [(&str, Spoil, &PrivateKeySigner, &str); 12] = [
        ("another chain", |draft| draft.chain_id = 1, &key, "invalid_signature"),
        ("another token's domain", |draft| draft.token = Address::repeat_byte(1), &key, "invalid_signature"),
        (
            "another chain, openly",
            |draft| draft.accepted["network"] = "eip155:1".into(),
            &key,
            "invalid_network",
        ),
        (
            "another token, openly",
            |draft| draft.accepted["asset"] = OPERATOR.to_string().into(),
            &key,
            "invalid_asset",
        ),
        ("another scheme", |draft| draft.accepted["scheme"] = "upto".into(), &key, "unsupported_scheme"),
        ("too little", |draft| draft.value -= 1, &key, "invalid_amount"),
        ("too little, openly", |draft| draft.accepted["amount"] = "1".into(), &key, "invalid_amount"),
        ("to somebody else", |draft| draft.to = OPG, &key, "invalid_pay_to"),
        ("not yet", |draft| draft.valid_after = now() + 100, &key, "not_yet_valid"),
        ("hardly any longer", |draft| draft.valid_before = now() + 5, &key, "expires_too_soon"),
        ("without money", |_| {}, &poor, "insufficient_funds"),
        ("signed by another", |draft| draft.from = OPERATOR, &key, "invalid_signature"),
    ];
    for (what, spoil, key, code) in cases {
        let mut draft = Draft::new(&asked, key.address());
        spoil(&mut draft);
        let reply = send(&world, &body, &draft.header(&draft.sign(key))).await;
        assert_eq!((reply.status, reply.code().as_str()), (402, code), "{what}: {}", reply.text);
        assert!(!reply.header("payment-required").is_empty(), "{what}: the proper price comes along");
    }
    for header in ["", "%%%", "e30=", &BASE64_STANDARD.encode("[]")] {
        assert_eq!(send(&world, &body, header).await.code(), "invalid_payment", "{header}");
    }
    assert_eq!((world.engine.runs(), world.chain.transfers.load(Ordering::SeqCst)), (0, 0));
}

#[tokio::test]
async fn a_signature_has_one_form() {
    let world = World::with(paid()).await;
    let (_miner, key, body) = (mine(&world), payer(&world), chat("hello world"));
    let draft = Draft::new(&quote(&world, CHAT, &body).await, key.address());
    let good = draft.sign(&key);
    let mut flipped = good.clone();
    let s = U256::from_be_slice(&good[32..64]);
    flipped[32..64].copy_from_slice(&(ORDER.parse::<U256>().unwrap() - s).to_be_bytes::<32>());
    flipped[64] = 27 + 28 - good[64];
    let mut small = good.clone();
    small[64] -= 27;
    for signature in [&flipped[..], &small[..], &good[..64], &[]] {
        assert_eq!(send(&world, &body, &draft.header(signature)).await.code(), "invalid_signature");
    }
    assert_eq!(send(&world, &body, &draft.header(&good)).await.status, 200);
    // Once it is settled, payer and nonce are public; they do not fetch the answer.
    assert_eq!(send(&world, &body, &draft.header(&flipped)).await.code(), "payment_already_used");
    assert_eq!(world.chain.transfers.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_wallet_with_code_pays_as_its_code_decides() {
    let world = World::with(paid()).await;
    let (_miner, wallet, body) = (mine(&world), Address::repeat_byte(7), chat("hello world"));
    world.chain.fund(wallet);
    world.chain.wallets.lock().unwrap().insert(wallet, 0x42);
    let draft = Draft::new(&quote(&world, CHAT, &body).await, wallet);
    assert_eq!(send(&world, &body, &draft.header(&[0x41; 40])).await.code(), "invalid_signature");
    assert_eq!(send(&world, &body, &draft.header(&[0x42; 40])).await.status, 200);
    let undeployed = [vec![0x42; 40], [0x64, 0x92].repeat(16)].concat();
    assert_eq!(send(&world, &body, &draft.header(&undeployed)).await.code(), "unsupported_signature");
}

#[tokio::test]
async fn nothing_is_released_before_it_is_paid() {
    let world = World::with(paid()).await;
    let (key, body) = (payer(&world), chat("pay first"));
    let draft = Draft::new(&quote(&world, CHAT, &body).await, key.address());
    let header = draft.header(&draft.sign(&key));
    let request = world.post(CHAT, &body).header("payment-signature", &header);
    let asked = tokio::spawn(async move { Reply::of(request.send().await.unwrap()).await });
    until(|| world.engine.runs() == 1).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(!asked.is_finished());
    let input = opg_receipts::json_hash(&body).unwrap();
    let id = http_request_id(key.address(), OPERATOR, draft.nonce, input);
    assert_eq!(world.get(&format!("/v1/receipts/{id}")).await.code(), "receipt_not_found");
    // Whoever asks meanwhile is told to come back, and the model is not run twice.
    assert_eq!(send(&world, &body, &header).await.code(), "request_in_progress");
    world.chain.mine();
    assert_eq!(asked.await.unwrap().status, 200);
    assert_eq!(world.get(&format!("/v1/receipts/{id}")).await.status, 200);
    assert_eq!(world.engine.runs(), 1);
}

#[tokio::test]
async fn what_is_paid_is_finished_even_if_nobody_waits() {
    let world = World::with(paid()).await;
    let (_miner, key) = (mine(&world), payer(&world));
    let mut body = chat("I lost my connection");
    body["stream"] = true.into();
    let draft = Draft::new(&quote(&world, CHAT, &body).await, key.address());
    let header = draft.header(&draft.sign(&key));
    world.engine.block();
    let request = world.post(CHAT, &body).header("payment-signature", &header);
    let asked = tokio::spawn(request.timeout(Duration::from_secs(2)).send());
    world.engine.running(1).await;
    asked.abort();
    let _ = asked.await;
    world.engine.release(1);
    world.engine.running(0).await;
    let again = loop {
        let again = send(&world, &body, &header).await;
        if again.status == 200 {
            break again;
        }
        assert_eq!(again.code(), "request_in_progress");
    };
    assert!(again.text.contains("I lost my connection"));
    world.receipt(&again.events().last().unwrap()["opg"]);
    assert_eq!((world.engine.runs(), world.chain.transfers.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn a_node_that_is_cut_off_goes_on_where_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(&folder.path().join("opg.db")).unwrap();
    let mut world = World::on(store, paid()).await;
    let (key, body) = (payer(&world), chat("hold on"));
    let draft = Draft::new(&quote(&world, CHAT, &body).await, key.address());
    let header = draft.header(&draft.sign(&key));
    let request = world.post(CHAT, &body).header("payment-signature", &header);
    let asked = tokio::spawn(request.send());
    until(|| !world.store.read(opg_store::http::settling).unwrap().is_empty()).await;
    world.kill().await;
    asked.abort();
    let _ = asked.await;
    // The journal settled it meanwhile.
    world.chain.mine();
    world.start().await;
    let reply = send(&world, &body, &header).await;
    assert_eq!(reply.status, 200, "{}", reply.text);
    world.receipt(&reply.json()["opg"]);
    assert_eq!((world.engine.runs(), world.chain.transfers.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test]
async fn without_the_chain_nothing_is_run_and_nothing_is_charged() {
    let world = World::with(paid()).await;
    let (_miner, key, body) = (mine(&world), payer(&world), chat("hello world"));
    let draft = Draft::new(&quote(&world, CHAT, &body).await, key.address());
    let header = draft.header(&draft.sign(&key));
    world.chain.down.store(true, Ordering::SeqCst);
    let reply = send(&world, &body, &header).await;
    assert_eq!((reply.status, reply.code().as_str()), (503, "chain_unavailable"));
    assert_eq!(reply.header("retry-after"), "5");
    assert_eq!(world.engine.runs(), 0);
    world.chain.down.store(false, Ordering::SeqCst);
    assert_eq!(send(&world, &body, &header).await.status, 200);
}

#[tokio::test]
async fn a_full_disk_is_a_clear_error_and_the_payment_is_not_lost() {
    let world = World::with(paid()).await;
    let (_miner, key, body) = (mine(&world), payer(&world), chat("hello world"));
    let draft = Draft::new(&quote(&world, CHAT, &body).await, key.address());
    let header = draft.header(&draft.sign(&key));
    let limit = |pages: u64| {
        let pragma = format!("PRAGMA max_page_count = {pages}");
        world
            .store
            .read(|tx| tx.query_row(&pragma, [], |_| Ok(())).map_err(opg_store::StoreError::from))
            .unwrap();
    };
    let fill = |sql: &str| world.store.write(|tx| tx.execute_batch(sql).map_err(opg_store::StoreError::from));
    fill("CREATE TABLE filling (bytes BLOB)").unwrap();
    limit(1);
    while fill("INSERT INTO filling VALUES (zeroblob(300))").is_ok() {}
    while fill("INSERT INTO filling VALUES (zeroblob(10))").is_ok() {}
    let mut replies = Vec::new();
    for _ in 0..20 {
        let draft = Draft::new(&quote(&world, CHAT, &body).await, key.address());
        let header = draft.header(&draft.sign(&key));
        let reply = send(&world, &body, &header);
        // Pages that are there already may have room for a payment, but not for all that follows.
        match tokio::time::timeout(Duration::from_secs(1), reply).await {
            Ok(reply) => replies.push((reply.status, reply.code())),
            Err(_) => continue,
        }
    }
    assert!(replies.contains(&(503, "storage_unavailable".to_owned())), "{replies:?}");
    limit(1_000_000);
    assert_eq!(send(&world, &body, &header).await.status, 200);
}

#[tokio::test]
async fn the_recipient_is_the_vault_of_operator_and_model() {
    let router = Address::repeat_byte(5);
    let payments =
        Payments::X402 { asset: OPG, fee_router: Some(router), settlement_time: 30, max_timeout: 300 };
    let world = World::with(GatewayConfig { payments, ..paid() }).await;
    let asked = quote(&world, CHAT, &chat("hi")).await;
    // The CREATE2 address of the vault, spelled out.
    let salt = alloy::primitives::keccak256([&[0; 12][..], OPERATOR.as_slice(), &[1; 32]].concat());
    let preimage =
        [&[0xff][..], router.as_slice(), salt.as_slice(), B256::repeat_byte(9).as_slice()].concat();
    let vault = Address::from_slice(&alloy::primitives::keccak256(preimage)[12..]);
    assert_eq!(asked["payTo"].as_str().unwrap().parse::<Address>().unwrap(), vault);
}

/// Answered again, it would be a second receipt for one request, for which anybody could have the operator slashed.
#[tokio::test]
async fn a_payment_whose_answer_was_pruned_is_answered_no_more() {
    let world = World::with(paid()).await;
    let (_miner, key) = (mine(&world), payer(&world));
    for stream in [false, true] {
        let mut body = chat("hello world");
        body["stream"] = stream.into();
        let asked = quote(&world, CHAT, &body).await;
        let draft = Draft::new(&asked, key.address());
        let header = draft.header(&draft.sign(&key));
        assert_eq!(send(&world, &body, &header).await.status, 200);
        finish(&world);
        prune(&world, 100);
        let (runs, transfers) = (world.engine.runs(), world.chain.transfers.load(Ordering::SeqCst));
        let again = send(&world, &body, &header).await;
        assert_eq!((again.status, again.code().as_str()), (410, "expired"), "{}", again.text);
        assert_eq!((world.engine.runs(), world.chain.transfers.load(Ordering::SeqCst)), (runs, transfers));
        assert_eq!(world.store.read(batches::oldest).unwrap(), None, "nothing new waits for a batch");
    }
}
