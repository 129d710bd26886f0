#![doc = include_str!("../README.md")]

mod api;
mod channel_metrics;
mod config;
mod context;
mod error;
mod fee_metrics;
mod gateway;
mod inference;
mod json;
mod ledger;
mod metrics;
mod model;
mod models;
mod pay;
#[cfg(feature = "bench")]
mod plain;
mod rate;
mod receipt;
mod run;
mod schedule;
mod serve;
mod standing;
mod storage;

pub use config::{Bounds, ChannelPolicy, GatewayConfig, Payments, ServedModel, TlsFiles};
pub use error::ApiError;
pub use gateway::{Gateway, Parts};
pub use ledger::{ChainGatewayLedger, GatewayLedger};
pub use metrics::{GatewayMetrics, Histogram};
