//! RPC policy: several endpoints, each with limits on time and size, failover for reads, ordered failover for sends,
//! and distrust of endpoints that lag or contradict the others.

mod chain_rpc;
mod classify;
mod client;
mod config;
mod endpoint;
mod error;
mod header;
mod health;
mod log_pages;
mod methods;
mod pinned;
mod probe;
mod send;

pub use client::{EndpointStatus, Rpc};
pub use config::{EndpointUrl, RpcConfig};
pub use error::{Rejection, RpcError};
pub use health::Demotion;
pub use log_pages::LogPages;
pub use pinned::{BlockSource, Pinned};
