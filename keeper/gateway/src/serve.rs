//! The server: connections, addresses, answers.

mod batches;
mod channels;
mod connections;
mod handlers;
mod infer;
mod listener;
mod openapi;
mod router;
mod sse;
mod tls;

pub(crate) use connections::serve;
pub(crate) use infer::throttle;
pub(crate) use listener::Listener;
pub(crate) use router::router;
pub(crate) use tls::{Tls, open as open_tls};
#[cfg(feature = "bench")]
pub(crate) use {connections::Peer, handlers::json_text, infer::accept, router::router_of};
