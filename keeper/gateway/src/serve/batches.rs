//! Addresses that serve batches of receipts: what was committed to, the data, and leaves with their proofs.

use std::{net::IpAddr, sync::Arc};

use alloy::primitives::B256;
use axum::{
    body::{Body, Bytes},
    http::{HeaderValue, Response, header},
    response::IntoResponse as _,
};
use futures::{StreamExt as _, stream};
use opg_receipts::batch::{RECORD_LENGTH, encode_record};
use opg_store::{
    StoreError,
    batches::{self, Batch, BatchId, BatchState, Place},
};
use serde_json::{Value, json};

use super::{handlers::json as answer, infer::throttle};
use crate::{
    ApiError,
    context::{Caller, Context},
    receipt::Extension,
};

/// Records that are read at once: a download holds the store for no longer, and little memory.
const PAGE: u32 = 256;

/// `/v1/batches/{batchId}`: what was committed to, and where it stands.
pub(super) fn batch(context: &Context, id: &str) -> Result<Response<Body>, ApiError> {
    let batch = find(context, id)?;
    if batch.expired {
        return Ok(expired(describe(context, &batch)));
    }
    Ok(answer(&describe(context, &batch)))
}

/// `/v1/receipts/{requestId}` of a receipt that was pruned: where it stood. `None` of any other.
pub(super) fn expired_receipt(context: &Context, id: B256) -> Result<Option<Response<Body>>, ApiError> {
    let place = context.store.read(|tx| batches::expired_place(tx, id))?;
    Ok(place.map(|place| {
        let mut value = describe(context, &place.batch);
        value["index"] = place.leaf.into();
        expired(value)
    }))
}

/// Says that receipts are not kept any more, and what still is known of their batch.
fn expired(batch: Value) -> Response<Body> {
    let error = ApiError::expired(
        "this node keeps receipts and answers for a while after their batch is final, and that is over; the payer holds \
         the signed receipt, and the chain what was committed to",
    );
    let mut value = error.to_json();
    value["batch"] = batch;
    let mut response = error.into_response();
    *response.body_mut() = Body::from(value.to_string());
    response
}

/// `/v1/batches/{batchId}/leaves/{index}`: one receipt with its proof.
pub(super) fn leaf(context: &Context, id: &str, index: &str) -> Result<Response<Body>, ApiError> {
    let batch = find(context, id)?;
    let leaf = index.parse::<u32>().ok().filter(|leaf| *leaf < batch.commitment.count).ok_or_else(|| {
        let message = format!("the batch has leaves 0 to {}", batch.commitment.count.saturating_sub(1));
        ApiError::invalid("index", "invalid_value", message)
    })?;
    if batch.expired {
        return Ok(expired(describe(context, &batch)));
    }
    let signed = context.store.read(|tx| batches::records(tx, batch.id, leaf, 1))?.pop();
    let signed =
        signed.ok_or_else(|| ApiError::internal(format!("leaf {leaf} of batch {} is gone", batch.name)))?;
    let mut value = serde_json::to_value(Extension::of(context, &signed)).map_err(ApiError::internal)?;
    value["batch"] = place(context, &Place { batch, leaf })?;
    Ok(answer(&value))
}

/// `/v1/batches/{batchId}/data`: the bytes that were committed to.
pub(super) fn data(context: Arc<Context>, peer: IpAddr, id: &str) -> Result<Response<Body>, ApiError> {
    // The one address that sends much for a short request.
    throttle(&context, Caller::peer(peer))?;
    let batch = find(&context, id)?;
    if batch.expired {
        return Ok(expired(describe(&context, &batch)));
    }
    let length = u64::from(batch.commitment.count) * RECORD_LENGTH as u64;
    let pages = (0..batch.commitment.count).step_by(PAGE as usize);
    let body = stream::iter(pages).map(move |from| page(&context, batch.id, from));
    let mut response = Response::new(Body::from_stream(body));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/octet-stream"));
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    Ok(response)
}

fn page(context: &Context, id: BatchId, from: u32) -> Result<Bytes, StoreError> {
    let records = context.store.read(|tx| batches::records(tx, id, from, PAGE))?;
    Ok(records.iter().flat_map(encode_record).collect())
}

fn find(context: &Context, id: &str) -> Result<Batch, ApiError> {
    let id: B256 = id.parse().map_err(|_| {
        ApiError::invalid("batchId", "invalid_value", "a batch id is 0x and 64 hexadecimal digits")
    })?;
    context.store.read(|tx| batches::by_name(tx, id))?.ok_or_else(|| {
        ApiError::not_found("batch_not_found", "this node has no such batch; ask the node that posted it")
    })
}

fn describe(context: &Context, batch: &Batch) -> Value {
    let mut value = json!({
        "batchId": batch.name,
        "status": batch.state.name(),
        "commitment": batch.commitment,
        "chainId": context.config.chain_id,
        "receiptBatches": context.config.receipt_batches,
        "uri": batch.uri,
        "transaction": null,
        "block": null,
        "finalAt": null,
    });
    match batch.state {
        BatchState::Posting => {}
        BatchState::Posted { block, transaction, final_at } => {
            value["block"] = block.into();
            value["transaction"] = json!(transaction);
            value["finalAt"] = final_at.into();
        }
        BatchState::Final { block, transaction } => {
            value["block"] = block.into();
            value["transaction"] = json!(transaction);
        }
    }
    value
}

/// A batch, as the receipt at one of its places sees it.
pub(super) fn place(context: &Context, place: &Place) -> Result<Value, ApiError> {
    let proof = context.store.read(|tx| batches::proof(tx, place.batch.id, place.leaf))?;
    let mut value = describe(context, &place.batch);
    value["index"] = place.leaf.into();
    value["proof"] = json!(proof);
    Ok(value)
}
