#![doc = include_str!("../README.md")]

mod answer;
mod book;
mod chain;
mod collect;
mod config;
mod error;
mod events;
mod forward;
mod nodes;
mod outgoing;
mod payment;
mod proxy;
mod relay;
mod request;
mod score;
mod serve;
mod sweep;
mod under_way;
mod verify;

pub use book::{Book, BookError, Budget, Day, Entry};
pub use chain::{Announced, ChainError, ContractsChain, Deployment, ModelTerms, ProxyChain, TokenTerms};
pub use config::{ConfigError, Prefer, ProxyConfig};
pub use proxy::{OpenError, Proxy};
