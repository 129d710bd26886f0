//! The gateway role: settings, start, end.

use std::sync::Arc;

use opg_chain::address_book::AddressBook;
use opg_gateway::{ChainGatewayLedger, Gateway, GatewayConfig, Parts, Payments, ServedModel, TlsFiles};
use opg_node::{SystemClock, batches::BatchesRole, channels::ChannelsRole, fees::FeesMetrics};
use opg_store::{StoreError, batches::summary as batches_of, channels::ledger as channels_of, http};
use tokio_util::sync::CancellationToken;

use super::{
    Keeper, batches, channels,
    roles::{Work, admit, load_models},
    service,
};
use crate::{
    config::{Config, gateway::PaymentMode},
    context,
    error::CliResult,
};

/// What clients are told about how long they may take to pay, in seconds. Longer than an answer may take, because an
/// answer that is not streamed is paid when it is there.
const PAYMENT_VALIDITY: u64 = 900;

/// Opens the gateway, reports where it listens, and serves until `stop`. Receipts are posted in batches beside it, and the
/// last of them when the gateway has ended.
pub(super) async fn run(
    keeper: &Keeper,
    config: &Config,
    work: &Work,
    stop: &CancellationToken,
    fees: Option<Arc<FeesMetrics>>,
    ready: impl FnOnce(String),
) -> CliResult {
    admit(keeper, config, begun(keeper)?).await?;
    if !load_models(config, work, stop).await? {
        return Ok(());
    }
    let batches = batches::open(keeper, config, work).await?;
    let claims = channels::open(keeper, config, work)?;
    let parts = Parts {
        store: keeper.store.clone(),
        ledger: Arc::new(ChainGatewayLedger::new((*keeper.rpc).clone(), &keeper.book)),
        engine: Arc::clone(&work.engine),
        // Signs each answer while its client waits: the library that does it several times as fast.
        signer: Arc::new(keeper.signer.to_secp256k1()),
        clock: Arc::new(SystemClock),
        journal: Some(work.journal.waker()),
        batches: batches.as_ref().map(BatchesRole::metrics),
        channels: claims.as_ref().map(ChannelsRole::metrics),
        fees,
    };
    let gateway = Gateway::open(settings(keeper, config), parts).await.map_err(service)?;
    let scheme = if gateway.tls_key_hash().is_some() { "https" } else { "http" };
    ready(format!("gateway at {scheme}://{}", gateway.address()));
    let (ended, last) = (CancellationToken::new(), stop.child_token());
    let serving = async {
        let served = gateway.run(last.clone()).await;
        ended.cancel();
        served
    };
    let posting = async {
        let Some(batches) = &batches else { return Ok(()) };
        let posted = batches.run(ended.clone()).await;
        // It ends before the gateway only by a fault, after which no receipt would count.
        last.cancel();
        posted
    };
    let claiming = async {
        let Some(claims) = &claims else { return Ok(()) };
        let claimed = claims.run(ended.clone()).await;
        // It ends before the gateway only by a fault, after which vouchers would be worth nothing.
        last.cancel();
        claimed
    };
    let (served, posted, claimed) = tokio::join!(serving, posting, claiming);
    served.and(posted).and(claimed).map_err(service)
}

/// Whether payments are being settled, fees are to be claimed, or receipts are not final yet.
fn begun(keeper: &Keeper) -> CliResult<bool> {
    let (settling, receipts, owed) = keeper
        .store
        .read(|tx| Ok::<_, StoreError>((http::settling(tx)?, batches_of(tx)?, channels_of(tx)?)))
        .map_err(context::state)?;
    let open = |(state, ..): &(String, u64, u64)| !matches!(state.as_str(), "final" | "expired");
    Ok(!settling.is_empty() || owed.pending > 0 || receipts.waiting > 0 || receipts.states.iter().any(open))
}

fn settings(keeper: &Keeper, config: &Config) -> GatewayConfig {
    let book: &AddressBook = &keeper.book;
    let section = &config.gateway;
    let models = config
        .models
        .iter()
        .map(|model| ServedModel { version: model.version, name: model.name.clone() })
        .collect();
    let mut settings = GatewayConfig::new(keeper.operator, config.chain.id, book.proof_registry, models);
    settings.receipt_batches = book.receipt_batches;
    settings.listen = section.listen;
    settings.tls = match (&section.tls_certificate, &section.tls_key) {
        (Some(certificate), Some(key)) => {
            Some(TlsFiles { certificate: certificate.clone(), key: key.clone() })
        }
        _ => None,
    };
    settings.unit_price = section.price.unwrap_or(config.inference.unit_price).0;
    settings.fee_market = book.fee_market.filter(|_| section.market);
    settings.payments = match section.payments {
        PaymentMode::Free => Payments::Free,
        PaymentMode::X402 => Payments::X402 {
            asset: book.opg,
            fee_router: book.fee_router,
            settlement_time: section.settlement_time.0.as_secs(),
            max_timeout: PAYMENT_VALIDITY,
        },
    };
    settings.channels = channels::policy(config);
    settings.bounds.body = usize::try_from(section.max_body.0).unwrap_or(usize::MAX);
    settings.bounds.connections = section.max_connections as usize;
    settings.bounds.per_minute = section.requests_per_minute;
    settings.concurrency = section.parallel as usize;
    settings.queue = section.waiting as usize;
    settings.queue_per_payer = section.waiting_per_payer as usize;
    settings.drain_time = section.shutdown_timeout.0;
    settings
}
