//! What became of payments that no answer came for.

use alloy::primitives::B256;
use opg_receipts::http_request_id;
use serde_json::Value;

use crate::{
    book::OpenPayment,
    error::ProxyError,
    forward::SETTLED,
    outgoing::read,
    proxy::Shared,
    verify::{self, Asked},
};

/// How long a node may take to show a receipt, and how long that may be.
const RECEIPT_TIME: std::time::Duration = std::time::Duration::from_secs(10);
const RECEIPT_SIZE: usize = 1 << 20;

/// Looks at payments that have ended: those that the chain has not taken go back into the budget; those that it has stay, and
/// their nodes are asked for the receipts.
pub(crate) async fn sweep(shared: &Shared) -> Result<(), ProxyError> {
    let now = shared.chain.now().await?;
    for open in shared.book.ended(now.saturating_sub(SETTLED))? {
        let Some(_claim) = shared.under_way.claim(open.nonce) else { continue };
        if !shared.chain.authorization_used(shared.purse.payer(), open.nonce).await? {
            shared.book.release(open.nonce)?;
            continue;
        }
        let receipt = receipt(shared, &open).await;
        tracing::warn!(
            operator = %open.operator,
            amount = open.amount,
            has_receipt = receipt.is_some(),
            "a payment was taken, and its answer never came; the same request asks for it again"
        );
        shared.book.charged(open.nonce, receipt.as_ref().map(|(id, text)| (*id, text.as_str())))?;
    }
    Ok(())
}

/// The receipt for a payment, if its node shows one that holds: evidence of what it owes.
async fn receipt(shared: &Shared, open: &OpenPayment) -> Option<(B256, String)> {
    let payer = shared.purse.payer();
    let id = http_request_id(payer, open.operator, open.nonce, open.input_hash);
    let fetched = async {
        let response = shared.outgoing.get(&format!("{}/v1/receipts/{id}", open.url)).await.ok()?;
        read(response, RECEIPT_SIZE).await.ok()
    };
    let body = tokio::time::timeout(RECEIPT_TIME, fetched).await.ok()??;
    let shown: Value = serde_json::from_slice(&body).ok()?;
    let asked = Asked {
        operator: open.operator,
        version: open.version,
        input_hash: open.input_hash,
        payment: Some((payer, open.nonce, open.amount)),
    };
    verify::check(&*shared.chain, &asked, None, Some(&shown)).await.ok()?;
    Some((id, shown.to_string()))
}
