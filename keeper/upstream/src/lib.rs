#![doc = include_str!("../README.md")]

mod answer;
mod client;
mod engine;
mod lines;
mod request;
mod routed;
mod upstream;

pub use client::Patience;
pub use engine::{Forwarded, ForwardingEngine};
pub use routed::Routed;
pub use upstream::{ApiKey, Upstream, UpstreamError};
