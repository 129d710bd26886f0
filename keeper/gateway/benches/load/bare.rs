//! What the gateway is compared with: a server on the same HTTP stack that reads the request, runs the model that does nothing,
//! and writes the answer without a receipt.

use std::{convert::Infallible, net::SocketAddr};

use alloy::primitives::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;

use crate::Outcome;

/// Starts it and says where it listens.
pub(crate) async fn serve() -> Outcome<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(plain)));
        }
    });
    Ok(address)
}

async fn plain(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let body = request.into_body().collect().await.map(|body| body.to_bytes()).unwrap_or_default();
    let fields: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    let answer = serde_json::json!({
        "id": "chatcmpl-0", "object": "chat.completion", "created": 0, "model": fields["model"],
        "choices": [{ "finish_reason": "stop", "index": 0, "message": { "content": "Paris.", "role": "assistant" } }],
        "usage": { "prompt_tokens": 7, "completion_tokens": 2, "total_tokens": 9 },
    });
    Ok(Response::new(Full::new(answer.to_string().into_bytes().into())))
}
