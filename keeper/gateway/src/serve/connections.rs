//! Connections: how many, how long their heads may take, and how they end.

use std::{
    net::IpAddr,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use axum::{Router, body::Body, extract::Request};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_service::Service as _;

use super::{Listener, tls::Tls};
use crate::context::Context;

/// How long a TLS handshake may take.
const HANDSHAKE: Duration = Duration::from_secs(10);

/// Who is at the other end.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Peer(pub(crate) IpAddr);

/// Accepts until `stop`, then lets what runs finish, at most for the configured time.
pub(crate) async fn serve(
    context: Arc<Context>,
    router: Router,
    listener: Listener,
    tls: Option<Arc<Tls>>,
    stop: CancellationToken,
) {
    let places = Arc::new(Semaphore::new(context.config.bounds.connections));
    let connections = TaskTracker::new();
    loop {
        // A place first: beyond the limit, connections wait in the system's queue.
        let (place, (stream, peer)) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = async { (Arc::clone(&places).acquire_owned().await, listener.accept().await) } => accepted,
        };
        let (context, router, tls, stop) = (Arc::clone(&context), router.clone(), tls.clone(), stop.clone());
        connections.spawn(async move {
            context.metrics.connections.fetch_add(1, Relaxed);
            let peer = Peer(peer.ip());
            match tls {
                None => converse(&context, router, stream, peer, stop).await,
                Some(tls) => {
                    if let Ok(Ok(stream)) = tokio::time::timeout(HANDSHAKE, tls.acceptor.accept(stream)).await
                    {
                        converse(&context, router, stream, peer, stop).await;
                    }
                }
            }
            context.metrics.connections.fetch_sub(1, Relaxed);
            drop(place);
        });
    }
    // New connections are refused from here on.
    drop(listener);
    context.draining.cancel();
    connections.close();
    context.tasks.close();
    let finished = async {
        context.tasks.wait().await;
        connections.wait().await;
    };
    if tokio::time::timeout(context.config.drain_time, finished).await.is_err() {
        tracing::warn!("requests did not finish in time; what was paid resumes when its payer repeats it");
        context.abort.cancel();
        let _ = tokio::time::timeout(Duration::from_secs(2), context.tasks.wait()).await;
    }
}

/// Serves one connection until it ends.
async fn converse(
    context: &Context,
    router: Router,
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    peer: Peer,
    stop: CancellationToken,
) {
    let bounds = &context.config.bounds;
    let service = service_fn(move |request: Request<Incoming>| {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(peer);
        let mut router = router.clone();
        async move { router.call(request).await }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_time)
        // The buffer also bounds what is read ahead of a body, so it has a floor of hyper's.
        .max_buf_size(bounds.head.max(8_192))
        .max_headers(bounds.header_fields)
        .serve_connection(TokioIo::new(stream), service);
    tokio::pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            tokio::select! {
                ended = connection.as_mut() => ended,
                () = context.abort.cancelled() => return,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%error, peer = %peer.0, "a connection ended badly");
    }
}
