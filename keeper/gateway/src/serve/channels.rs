//! `/v1/channels/{model}`: what is left of a channel is asked back here.

use std::{net::IpAddr, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderMap, Response},
};

use super::infer::{ask, throttle};
use crate::{
    ApiError,
    context::{Caller, Context},
    pay::channels::refund as refunds,
};

/// Gives back what was not charged, or says what has to be shown for that.
pub(super) async fn refund(
    context: &Arc<Context>,
    peer: IpAddr,
    name: &str,
    headers: &HeaderMap,
) -> Result<Response<Body>, ApiError> {
    throttle(context, Caller::peer(peer))?;
    let model = context.models.find(name)?;
    let offer = refunds::offer(context, &model)?;
    match refunds::answer(context, &model, headers).await {
        Ok(response) => Ok(response),
        Err(error) => {
            let path = format!("/v1/channels/{}", model.name);
            Ok(ask(context, (&path, &model.name), || vec![offer], headers, &error))
        }
    }
}
