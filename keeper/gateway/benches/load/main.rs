//! Requests per second of the gateway with a model that does nothing, beside two others in one run, so that the ratios can be
//! read on any machine: the same server without receipts, payments and store, and a bare server on the same HTTP stack that
//! reads the request and writes the answer and nothing else. Receipts are signed and durable (a real file, each commit
//! flushed) before an answer leaves; vouchers are checked before the model begins and durable with the receipt.
//!
//! `make bench-gateway` runs it. Settings:
//! - OPG_BENCH_REQUESTS, OPG_BENCH_CLIENTS, OPG_BENCH_CHANNELS: its size;
//! - OPG_BENCH_STREAMS: as many slow readers of streams are connected in the last part;
//! - OPG_BENCH_SECONDS: goes on with vouchers for so long, to see the memory;
//! - OPG_BENCH_RECEIPTS: stores that many receipts first and measures what the growth of the table costs.

#![allow(clippy::print_stdout)] // The figures are for people.

mod bare;
mod clients;
mod fill;
mod noop;
mod vouchers;

use std::{
    error::Error,
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use alloy::{
    primitives::{Address, B256},
    signers::local::PrivateKeySigner,
};
use clients::{Figures, load, memory, repeated, stream_slowly};
use noop::{NoChain, NoModel};
use opg_gateway::{ChannelPolicy, Gateway, GatewayConfig, Parts, Payments, ServedModel};
use opg_node::SystemClock;
use opg_store::Store;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use vouchers::Payer;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

const CHAIN_ID: u64 = 31_337;
const BODY: &str = r#"{"model":"noop","messages":[{"role":"user","content":"What is the capital of France?"}],"max_tokens":64}"#;
const STREAM: &str = r#"{"model":"noop","messages":[{"role":"user","content":"What is the capital of France?"}],"stream":true}"#;

fn setting(name: &str, default: usize) -> Outcome<usize> {
    Ok(std::env::var(name).map_or(Ok(default), |text| text.parse())?)
}

/// How much is asked.
struct Size {
    requests: usize,
    clients: usize,
    channels: usize,
    streams: usize,
}

fn main() -> Outcome<()> {
    // Clients of HTTP want one, though nothing here is encrypted.
    rustls::crypto::ring::default_provider().install_default().map_err(|_| "there is a provider already")?;
    tokio::runtime::Runtime::new()?.block_on(run())
}

async fn run() -> Outcome<()> {
    let size = Size {
        requests: setting("OPG_BENCH_REQUESTS", 20_000)?,
        clients: setting("OPG_BENCH_CLIENTS", 128)?,
        channels: setting("OPG_BENCH_CHANNELS", 1_000)?,
        streams: setting("OPG_BENCH_STREAMS", 1_000)?,
    };
    let folder = tempfile::tempdir()?;
    println!("{} requests by {} clients, a model that does nothing", size.requests, size.clients);
    let bare = load(bare::serve().await?, repeated(BODY, size.requests, size.clients)).await?;
    println!("  bare server          {bare}");
    let plain = start_plain(folder.path(), &size).await?;
    let plain = load(plain, repeated(BODY, size.requests, size.clients)).await?;
    println!("  without receipts     {plain}, {:.2} of the bare server", plain.per_second / bare.per_second);
    let ratios = |figures: &Figures| {
        let of = |other: &Figures| figures.per_second / other.per_second;
        format!("{:.2} of without receipts, {:.2} of the bare server", of(&plain), of(&bare))
    };

    let store = Store::open(&folder.path().join("free.db"))?;
    let free = start(store.clone(), Payments::Free, &size).await?;
    let signed = load(free, repeated(BODY, size.requests, size.clients)).await?;
    println!("  signed and durable   {signed}, {}", ratios(&signed));
    grow(&store, free, &size, signed.per_second).await?;

    let paid = start_paid(folder.path(), &size).await?;
    let offer = vouchers::offer(paid, BODY).await?;
    let mut payers = vouchers::payers(&offer, size.channels)?;
    let vouchers = pay(paid, &mut payers, &offer, &size).await?;
    println!("  paid by vouchers     {vouchers}, {}", ratios(&vouchers));
    endure(paid, &mut payers, &offer, &size).await?;

    let enough = CancellationToken::new();
    let slow = tokio::spawn(stream_slowly(free, STREAM, size.streams, enough.clone()));
    tokio::time::sleep(Duration::from_secs(2)).await;
    let beside = load(free, repeated(BODY, size.requests, size.clients)).await?;
    enough.cancel();
    println!("  beside slow streams  {beside}, {:.2} of without", beside.per_second / signed.per_second);
    println!("  {} streams, all {} that began ended with their receipts", size.streams, slow.await??);
    Ok(())
}

/// What a larger table of receipts costs, if that was asked.
async fn grow(store: &Store, gateway: SocketAddr, size: &Size, before: f64) -> Outcome<()> {
    let stored = setting("OPG_BENCH_RECEIPTS", 0)?;
    if stored > 0 {
        let since = Instant::now();
        fill::fill(store, stored)?;
        println!("  {stored} receipts stored in {:.0} s", since.elapsed().as_secs_f64());
        let grown = load(gateway, repeated(BODY, size.requests, size.clients)).await?;
        println!("  with them            {grown}, {:.2} of before", grown.per_second / before);
    }
    Ok(())
}

/// One round of requests that vouchers pay, signed before the clock runs.
async fn pay(gateway: SocketAddr, payers: &mut [Payer], offer: &Value, size: &Size) -> Outcome<Figures> {
    let each = (size.requests / size.channels).max(1);
    load(gateway, vouchers::scripts(payers, offer, BODY, each, size.clients)?).await
}

/// Goes on for as long as was asked, and tells the memory after each round.
async fn endure(gateway: SocketAddr, payers: &mut [Payer], offer: &Value, size: &Size) -> Outcome<()> {
    let until = Instant::now() + Duration::from_secs(setting("OPG_BENCH_SECONDS", 0)?.try_into()?);
    while Instant::now() < until {
        let round = pay(gateway, payers, offer, size).await?;
        println!("  {:>4} s to go          {round}, {} MiB", (until - Instant::now()).as_secs(), memory()?);
    }
    Ok(())
}

async fn start_paid(folder: &Path, size: &Size) -> Outcome<SocketAddr> {
    let payments = Payments::X402 {
        asset: Address::repeat_byte(4),
        fee_router: Some(Address::repeat_byte(5)),
        settlement_time: 60,
        max_timeout: 600,
    };
    start(Store::open(&folder.join("paid.db"))?, payments, size).await
}

/// The same server without receipts; the store that it is given stays empty.
async fn start_plain(folder: &Path, size: &Size) -> Outcome<SocketAddr> {
    let gateway = open(Store::open(&folder.join("plain.db"))?, Payments::Free, size).await?;
    let address = gateway.address();
    tokio::spawn(gateway.run_without_receipts(CancellationToken::new()));
    Ok(address)
}

async fn start(store: Store, payments: Payments, size: &Size) -> Outcome<SocketAddr> {
    let gateway = open(store, payments, size).await?;
    let address = gateway.address();
    tokio::spawn(gateway.run(CancellationToken::new()));
    Ok(address)
}

async fn open(store: Store, payments: Payments, size: &Size) -> Outcome<Gateway> {
    let models = vec![ServedModel { version: B256::repeat_byte(1), name: "noop".to_owned() }];
    let mut config = GatewayConfig::new(Address::repeat_byte(1), CHAIN_ID, Address::repeat_byte(2), models);
    config.bounds.per_minute = 0;
    config.concurrency = size.clients + size.streams;
    config.queue = config.concurrency;
    config.queue_per_payer = 2 * config.concurrency;
    config.channels = matches!(payments, Payments::X402 { .. }).then(ChannelPolicy::default);
    config.payments = payments;
    let signer = PrivateKeySigner::random().into_secp256k1();
    let parts = Parts {
        store,
        ledger: Arc::new(NoChain(signer.address())),
        engine: Arc::new(NoModel(vec![noop::manifest()])),
        signer: Arc::new(signer),
        clock: Arc::new(SystemClock),
        journal: None,
        batches: None,
        channels: None,
        fees: None,
    };
    Ok(Gateway::open(config, parts).await?)
}
