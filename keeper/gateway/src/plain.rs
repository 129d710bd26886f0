//! What the benchmark compares with: this server without receipts, payments and store. It takes connections, reads and
//! bounds requests, queues them, asks the engine and writes answers by the same functions as the gateway. It is built for
//! the benchmark only.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Extension,
    body::Body,
    extract::{Request, State},
    http::Response,
    response::IntoResponse as _,
    routing::post,
};
use serde_json::value::{RawValue, to_raw_value};
use tokio_util::sync::CancellationToken;

use crate::{
    ApiError, Gateway,
    api::{Endpoint, Envelope},
    context::{Caller, Context},
    inference,
    serve::{self, Peer},
};

impl Gateway {
    /// Serves chats that nobody pays for until `shutdown`, and gives no receipts.
    pub async fn run_without_receipts(self, shutdown: CancellationToken) {
        let (context, listener, tls) = self.into_server();
        let chat = post(
            async |State(context): State<Arc<Context>>,
                   Extension(Peer(peer)): Extension<Peer>,
                   request: Request| {
                answer(&context, peer, request).await.unwrap_or_else(ApiError::into_response)
            },
        );
        let router = serve::router_of(vec![(Endpoint::Chat.path(), chat)], Arc::clone(&context));
        serve::serve(context, router, listener, tls, shutdown).await;
    }
}

async fn answer(context: &Context, peer: IpAddr, request: Request) -> Result<Response<Body>, ApiError> {
    let (head, body) = request.into_parts();
    let prepared = serve::accept(context, (Endpoint::Chat, None), peer, &head.headers, body).await?;
    let place = inference::enter(context, Caller::peer(peer))?;
    let turn = inference::turn(&place).await?;
    let completions = inference::complete(context, &prepared, drop).await?;
    drop(turn);
    let sum = |of: fn(&opg_engine::Completion) -> u32| completions.iter().map(of).sum();
    let envelope = Envelope {
        id: format!("{}-{:032x}", prepared.shape.prefix(), rand::random::<u128>()),
        created: context.now(),
        model: prepared.model.name.clone(),
        version: prepared.model.version,
        input_tokens: sum(|completion| completion.usage.input_tokens),
        output_tokens: sum(|completion| completion.usage.output_tokens),
    };
    let output = to_raw_value(&prepared.output(&completions)).map_err(ApiError::internal)?;
    let body = prepared.shape.body(&envelope, &output, RawValue::NULL).map_err(ApiError::internal)?;
    Ok(serve::json_text(body))
}
