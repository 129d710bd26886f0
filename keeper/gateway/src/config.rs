//! What the operator can set about the gateway.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use alloy::primitives::{Address, B256};

/// A model that the gateway serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServedModel {
    /// The version that receipts name.
    pub version: B256,
    /// The engine's name for it, and the name that requests use.
    pub name: String,
}

/// Certificate and key for HTTPS, as PEM files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The chain of certificates, the server's own first.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// How requests are paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payments {
    /// Nobody pays: for development, and for nodes behind an access control of their own.
    Free,
    /// By x402.
    X402 {
        /// The OPG token.
        asset: Address,
        /// Contract that divides fees; without it the operator's own account is paid.
        fee_router: Option<Address>,
        /// How long a payment must stay valid when it is shown, in seconds: the time to settle it.
        settlement_time: u64,
        /// What clients are told about how long they may take, in seconds.
        max_timeout: u64,
    },
}

/// On what terms vouchers of payment channels are taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChannelPolicy {
    /// OPG wei that may be served in a channel beyond what its payer signed.
    pub credit: u128,
    /// OPG wei that may be unclaimed in a channel whose vouchers an account's code judges; 0: none is taken.
    pub wallet_limit: u128,
    /// Least that is deposited at once, in OPG wei.
    pub min_deposit: u128,
    /// Shortest time from a payer's wish to withdraw to its withdrawal, in seconds.
    pub withdraw_delay: u64,
}

impl Default for ChannelPolicy {
    fn default() -> Self {
        Self { credit: 0, wallet_limit: 0, min_deposit: 0, withdraw_delay: 3_600 }
    }
}

/// Bounds on what one caller can make the gateway hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bounds {
    /// Most bytes of a body.
    pub body: usize,
    /// Deepest nesting of JSON in it.
    pub depth: usize,
    /// Most bytes of a request's line and headers.
    pub head: usize,
    /// Most header fields.
    pub header_fields: usize,
    /// How long the head of a request may take to arrive; an idle connection is closed after it, too.
    pub head_time: Duration,
    /// How long the body may take.
    pub body_time: Duration,
    /// Connections at once.
    pub connections: usize,
    /// Requests per minute of one payer, or of one address before it pays; 0: no limit.
    pub per_minute: u32,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            body: 1 << 20,
            depth: 32,
            head: 32 << 10,
            header_fields: 64,
            head_time: Duration::from_secs(15),
            body_time: Duration::from_secs(30),
            connections: 4_096,
            per_minute: 600,
        }
    }
}

/// Settings of the gateway.
#[derive(Debug, Clone, PartialEq)]
pub struct GatewayConfig {
    /// Where it listens.
    pub listen: SocketAddr,
    /// HTTPS; plain HTTP without it, for a proxy that ends TLS.
    pub tls: Option<TlsFiles>,
    /// Account of the operator. The signer's key is registered for it.
    pub operator: Address,
    /// The chain.
    pub chain_id: u64,
    /// Contract in whose EIP-712 domain receipts are signed.
    pub proof_registry: Address,
    /// Contract that batches of receipts are posted to, if they are.
    pub receipt_batches: Option<Address>,
    /// What is served.
    pub models: Vec<ServedModel>,
    /// OPG wei asked per compute unit.
    pub unit_price: u128,
    /// Contract that says what a compute unit costs; the price above is then the least that is asked.
    pub fee_market: Option<Address>,
    /// How requests are paid.
    pub payments: Payments,
    /// On what terms vouchers are taken; `None`: not at all. Needs payments by x402, and the contract on the chain.
    pub channels: Option<ChannelPolicy>,
    /// Bounds on what one caller can make the gateway hold.
    pub bounds: Bounds,
    /// Requests that the engine works on at once.
    pub concurrency: usize,
    /// Requests that wait for it.
    pub queue: usize,
    /// Of these, most of one payer.
    pub queue_per_payer: usize,
    /// How long requests may take to finish on shutdown.
    pub drain_time: Duration,
}

impl GatewayConfig {
    /// Settings for an operator with these accounts and models: free, on a port of the system's choice.
    #[must_use]
    pub fn new(operator: Address, chain_id: u64, proof_registry: Address, models: Vec<ServedModel>) -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            tls: None,
            operator,
            chain_id,
            proof_registry,
            receipt_batches: None,
            models,
            unit_price: 1,
            fee_market: None,
            payments: Payments::Free,
            channels: None,
            bounds: Bounds::default(),
            concurrency: 8,
            queue: 64,
            queue_per_payer: 16,
            drain_time: Duration::from_secs(60),
        }
    }
}
