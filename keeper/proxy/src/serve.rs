//! The socket: who may ask, and which address does what.

use std::{net::IpAddr, sync::Arc, time::Duration};

use alloy::primitives::B256;
use axum::{
    Router,
    body::Body,
    extract::{Path, Request, State},
    http::{HeaderMap, HeaderValue, Response, header},
    middleware::{self, Next},
    response::IntoResponse,
    routing::{get, post},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use serde_json::{Value, json};
use tokio::{net::TcpListener, sync::Semaphore};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_service::Service as _;

use crate::{error::ProxyError, forward::forward, proxy::Shared, request::Endpoint};

/// Bounds on callers: connections, their heads, and bodies. All of them are programs of the user's own.
const CONNECTIONS: usize = 256;
const HEAD_TIME: Duration = Duration::from_secs(15);
const MAX_BODY: usize = 4 << 20;
const BODY_TIME: Duration = Duration::from_secs(30);
/// How long answers may take to finish at the end.
const DRAIN: Duration = Duration::from_secs(10);

type Asker = State<Arc<Shared>>;

/// The service for every connection.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    let mut router = Router::new()
        .route("/healthz", get(async || json_body(&json!({ "status": "ok" }))))
        .route("/v1/models", get(async |State(shared): Asker| models(&shared)))
        .route(
            "/v1/receipts/{requestId}",
            get(async |State(shared): Asker, Path(id): Path<String>| receipt(&shared, &id)),
        );
    for endpoint in Endpoint::ALL {
        let answer = async move |State(shared): Asker,
                                 request: Request|
                    -> Result<Response<Body>, ProxyError> {
            let body = axum::body::to_bytes(request.into_body(), MAX_BODY);
            let body = tokio::time::timeout(BODY_TIME, body).await;
            let body = body.map_err(|_| ProxyError::new(408, "body_timeout", "the body took too long"))?;
            let body = body.map_err(|error| {
                let message = format!("the body cannot be read, or is longer than {MAX_BODY} bytes: {error}");
                ProxyError::new(413, "body_too_large", message)
            })?;
            forward(&shared, endpoint, &body).await
        };
        router = router.route(endpoint.path(), post(answer));
    }
    router
        .fallback(async || ProxyError::new(404, "not_found", "there is nothing at this address"))
        .layer(middleware::from_fn(guard))
        .with_state(shared)
}

/// Only programs on this machine may spend. A page in a browser is no such program: it names its origin, or a host that leads
/// here by a name of its own.
async fn guard(request: Request, next: Next) -> Response<Body> {
    match admit(request.headers()) {
        Ok(()) => next.run(request).await,
        Err(message) => ProxyError::new(403, "forbidden", message).into_response(),
    }
}

fn admit(headers: &HeaderMap) -> Result<(), &'static str> {
    if headers.contains_key(header::ORIGIN) || headers.contains_key("sec-fetch-site") {
        return Err("pages in browsers may not ask this proxy: it spends its owner's money");
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((name, _)) => name,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    if name.eq_ignore_ascii_case("localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    {
        Ok(())
    } else {
        Err("this proxy answers at localhost, 127.0.0.1 or [::1] only; use such an address")
    }
}

fn json_body(value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The names that can be asked for: those that are tied to a version, and those that nodes agree on.
fn models(shared: &Shared) -> Result<Response<Body>, ProxyError> {
    let mut names: Vec<(String, B256)> = shared.config.models.clone().into_iter().collect();
    let is_new = |names: &[(String, B256)], name: &str| !names.iter().any(|(known, _)| known == name);
    for (name, version) in shared.book.pins()? {
        if is_new(&names, &name) {
            names.push((name, version));
        }
    }
    for (name, versions) in shared.nodes.names() {
        if let Some(version) = versions.first().filter(|_| versions.len() == 1 && is_new(&names, &name)) {
            names.push((name, *version));
        }
    }
    let data: Vec<Value> = names
        .into_iter()
        .map(|(name, version)| {
            let nodes = shared.nodes.serving(version);
            let cheapest = nodes.iter().map(|node| node.offer.unit_price).min();
            json!({
                "id": name,
                "object": "model",
                "created": 0,
                "owned_by": "opg",
                "opg": {
                    "modelVersion": version,
                    "nodes": nodes.len(),
                    "unitPrice": cheapest.map(|price| price.to_string()),
                },
            })
        })
        .collect();
    Ok(json_body(&json!({ "object": "list", "data": data })))
}

fn receipt(shared: &Shared, id: &str) -> Result<Response<Body>, ProxyError> {
    let unknown = || ProxyError::new(404, "receipt_not_found", "the book has no receipt of this request");
    let id: B256 = id.parse().map_err(|_| unknown())?;
    let text = shared.book.receipt(id)?.ok_or_else(unknown)?;
    let mut response = Response::new(Body::from(text));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    Ok(response)
}

/// Accepts until `stop`, then lets what runs finish for a moment.
pub(crate) async fn serve(shared: Arc<Shared>, listener: TcpListener, stop: CancellationToken) {
    let router = router(shared);
    let places = Arc::new(Semaphore::new(CONNECTIONS));
    let connections = TaskTracker::new();
    let abort = CancellationToken::new();
    loop {
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            next = async { (Arc::clone(&places).acquire_owned().await, listener.accept().await) } => next,
        };
        let Ok((stream, _)) = accepted else {
            // Out of descriptors, for instance: some are free again soon.
            tokio::time::sleep(Duration::from_millis(20)).await;
            continue;
        };
        let (router, stop, abort) = (router.clone(), stop.clone(), abort.clone());
        connections.spawn(async move {
            let service = service_fn(move |request: Request<Incoming>| {
                let mut router = router.clone();
                async move { router.call(request.map(Body::new)).await }
            });
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIME)
                .serve_connection(TokioIo::new(stream), service);
            tokio::pin!(connection);
            tokio::select! {
                _ = connection.as_mut() => {}
                () = stop.cancelled() => {
                    connection.as_mut().graceful_shutdown();
                    tokio::select! {
                        _ = connection.as_mut() => {}
                        () = abort.cancelled() => {}
                    }
                }
            }
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(DRAIN, connections.wait()).await.is_err() {
        abort.cancel();
        connections.wait().await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn heads(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            headers.insert(*name, HeaderValue::from_static(value));
        }
        headers
    }

    #[test]
    fn programs_of_this_machine_may_ask_and_pages_may_not() {
        for host in ["localhost:8404", "LOCALHOST", "127.0.0.1:8404", "127.0.0.1", "[::1]:8404", "[::1]"] {
            assert!(admit(&heads(&[("host", host)])).is_ok(), "{host}");
        }
        for host in
            ["evil.example:8404", "localhost.evil.example", "192.168.0.5:8404", "", "[fe80::1]", "::1.x"]
        {
            assert!(admit(&heads(&[("host", host)])).is_err(), "{host}");
        }
        assert!(admit(&heads(&[])).is_err(), "a host is named");
        for page in ["https://evil.example", "null", "http://localhost:3000"] {
            assert!(admit(&heads(&[("host", "localhost:8404"), ("origin", page)])).is_err(), "{page}");
        }
        assert!(admit(&heads(&[("host", "localhost"), ("sec-fetch-site", "same-origin")])).is_err());
    }
}
