//! Which address does what. The one table of addresses; the OpenAPI document is checked against it.

use std::sync::{Arc, atomic::Ordering::Relaxed};

use axum::{
    Extension, Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderName, HeaderValue, Method, Response, StatusCode, header},
    middleware::{self, Next},
    response::IntoResponse,
    routing::{MethodRouter, get, post},
};

use super::{batches, channels, connections::Peer, handlers, infer::infer, openapi};
use crate::{ApiError, api::Endpoint, context::Context};

type Shared = State<Arc<Context>>;

/// Headers that a browser may show to a page.
const EXPOSED: &str = "payment-required, payment-response, opg-receipt, x-request-id, retry-after";
/// Headers that a page may send.
const ALLOWED: &str = "*, authorization, content-type, payment-signature";

/// Every address with its methods.
pub(super) fn table() -> Vec<(&'static str, MethodRouter<Arc<Context>>)> {
    vec![
        (Endpoint::Chat.path(), runs(Endpoint::Chat)),
        (Endpoint::Completions.path(), runs(Endpoint::Completions)),
        (Endpoint::Embeddings.path(), runs(Endpoint::Embeddings)),
        ("/v1/models", get(async |State(context): Shared| handlers::models(&context))),
        (
            "/v1/models/{model}",
            get(async |State(context): Shared, Path(name): Path<String>| handlers::model(&context, &name)),
        ),
        (
            "/v1/receipts/{requestId}",
            get(async |State(context): Shared, Path(id): Path<String>| handlers::receipt(&context, &id)),
        ),
        (
            "/v1/batches/{batchId}",
            get(async |State(context): Shared, Path(id): Path<String>| batches::batch(&context, &id)),
        ),
        (
            "/v1/batches/{batchId}/data",
            get(
                async |State(context): Shared,
                       Extension(Peer(peer)): Extension<Peer>,
                       Path(id): Path<String>| { batches::data(context, peer, &id) },
            ),
        ),
        // The same, as short as it is posted.
        (
            "/b/{batchId}",
            get(
                async |State(context): Shared,
                       Extension(Peer(peer)): Extension<Peer>,
                       Path(id): Path<String>| { batches::data(context, peer, &id) },
            ),
        ),
        (
            "/v1/batches/{batchId}/leaves/{index}",
            get(async |State(context): Shared, Path((id, index)): Path<(String, String)>| {
                batches::leaf(&context, &id, &index)
            }),
        ),
        ("/v2", get(async || handlers::server())),
        ("/v2/health/live", get(async || handlers::health())),
        ("/v2/health/ready", get(async |State(context): Shared| handlers::ready(&context))),
        (
            "/v2/models/{model}",
            get(async |State(context): Shared, Path(name): Path<String>| handlers::tensors(&context, &name)),
        ),
        (
            "/v2/models/{model}/ready",
            get(async |State(context): Shared, Path(name): Path<String>| {
                handlers::model_ready(&context, &name)
            }),
        ),
        (
            Endpoint::Infer.path(),
            post(
                async |State(context): Shared,
                       Extension(Peer(peer)): Extension<Peer>,
                       Path(name): Path<String>,
                       request: Request| {
                    infer(context, Endpoint::Infer, Some(name), peer, request).await
                },
            ),
        ),
        (
            "/v1/channels/{model}",
            get(
                async |State(context): Shared,
                       Extension(Peer(peer)): Extension<Peer>,
                       Path(name): Path<String>,
                       request: Request| {
                    channels::refund(&context, peer, &name, request.headers()).await
                },
            ),
        ),
        ("/v1/attestation", get(async |State(context): Shared| handlers::attestation(&context))),
        ("/healthz", get(async || handlers::health())),
        ("/readyz", get(async |State(context): Shared| handlers::ready(&context))),
        ("/metrics", get(async |State(context): Shared| handlers::metrics(&context))),
        ("/openapi.json", get(async || handlers::json(&openapi::document()))),
    ]
}

fn runs(endpoint: Endpoint) -> MethodRouter<Arc<Context>> {
    post(async move |State(context): Shared, Extension(Peer(peer)): Extension<Peer>, request: Request| {
        infer(context, endpoint, None, peer, request).await
    })
}

/// The service for every connection.
pub(crate) fn router(context: Arc<Context>) -> Router {
    router_of(table(), context)
}

/// A service with these addresses.
pub(crate) fn router_of(
    table: Vec<(&'static str, MethodRouter<Arc<Context>>)>,
    context: Arc<Context>,
) -> Router {
    let router = table.into_iter().fold(Router::new(), |router, (path, methods)| {
        router.route(path, methods.fallback(async || ApiError::method()))
    });
    router
        .fallback(async || {
            let message = "there is nothing at this address; /openapi.json lists what there is";
            ApiError::not_found("not_found", message)
        })
        .layer(middleware::from_fn_with_state(Arc::clone(&context), around))
        .with_state(context)
}

/// What every answer gets: permission for pages of any origin (no answer depends on who the browser's user is), and a
/// count.
async fn around(State(context): Shared, request: Request, next: Next) -> Response<Body> {
    let mut response = if request.method() == Method::OPTIONS {
        let mut response = StatusCode::NO_CONTENT.into_response();
        for (name, value) in [
            (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
            (header::ACCESS_CONTROL_ALLOW_HEADERS, ALLOWED),
            (header::ACCESS_CONTROL_MAX_AGE, "86400"),
        ] {
            set(&mut response, name, value);
        }
        response
    } else {
        next.run(request).await
    };
    set(&mut response, header::ACCESS_CONTROL_ALLOW_ORIGIN, "*");
    set(&mut response, header::ACCESS_CONTROL_EXPOSE_HEADERS, EXPOSED);
    if let Some(count) = context.metrics.responses.get(usize::from(response.status().as_u16() / 100)) {
        count.fetch_add(1, Relaxed);
    }
    response
}

fn set(response: &mut Response<Body>, name: HeaderName, value: &'static str) {
    response.headers_mut().insert(name, HeaderValue::from_static(value));
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_document_lists_exactly_the_addresses_that_there_are() {
        let document = openapi::document();
        let listed: BTreeSet<&str> =
            document["paths"].as_object().unwrap().keys().map(String::as_str).collect();
        let served: BTreeSet<&str> = table().iter().map(|(path, _)| *path).collect();
        assert_eq!(listed, served);
    }
}
