//! `[gateway]`: the section and what must hold of it.

use std::{net::SocketAddr, path::PathBuf};

use serde::Deserialize;

use super::units::{Opg, Size, Span};

/// `[gateway]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct GatewaySection {
    pub(crate) enabled: bool,
    pub(crate) listen: SocketAddr,
    pub(crate) tls_certificate: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    pub(crate) payments: PaymentMode,
    pub(crate) price: Option<Opg>,
    pub(crate) market: bool,
    pub(crate) settlement_time: Span,
    pub(crate) max_body: Size,
    pub(crate) max_connections: u32,
    pub(crate) requests_per_minute: u32,
    pub(crate) parallel: u32,
    pub(crate) waiting: u32,
    pub(crate) waiting_per_payer: u32,
    pub(crate) shutdown_timeout: Span,
}

/// Who pays.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum PaymentMode {
    X402,
    Free,
}

impl Default for GatewaySection {
    fn default() -> Self {
        Self {
            enabled: false,
            listen: SocketAddr::from(([127, 0, 0, 1], 8402)),
            tls_certificate: None,
            tls_key: None,
            payments: PaymentMode::X402,
            price: None,
            market: true,
            settlement_time: Span::seconds(60),
            max_body: Size(1 << 20),
            max_connections: 4_096,
            requests_per_minute: 600,
            parallel: 8,
            waiting: 64,
            waiting_per_payer: 16,
            shutdown_timeout: Span::seconds(60),
        }
    }
}

impl GatewaySection {
    /// What is wrong with it: key, reason, remedy.
    pub(super) fn problems(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        [
            (
                self.tls_certificate.is_some() == self.tls_key.is_some(),
                "gateway.tls_key",
                "goes with gateway.tls_certificate, and one of the two is missing",
                "set both for HTTPS, or neither behind a proxy that ends TLS",
            ),
            (
                self.price != Some(Opg(0)),
                "gateway.price",
                "is zero, so you would work for nothing",
                "set a price, leave it out for inference.unit_price, or set gateway.payments = \"free\"",
            ),
            (
                self.settlement_time.0.as_secs() >= 5 && self.settlement_time.0.as_secs() <= 3_600,
                "gateway.settlement_time",
                "is not between 5s and 1h",
                "set the time that a transaction needs when the chain is busy, like \"60s\"",
            ),
            (
                self.max_connections > 0,
                "gateway.max_connections",
                "is zero, so nobody could connect",
                "set at least 1, or gateway.enabled = false",
            ),
            (
                self.parallel > 0,
                "gateway.parallel",
                "is zero, so nothing would run",
                "set at least 1, or gateway.enabled = false",
            ),
            (
                self.waiting_per_payer > 0,
                "gateway.waiting_per_payer",
                "is zero, so nobody could ask",
                "set at least 1",
            ),
        ]
        .into_iter()
        .filter(|(holds, ..)| !holds)
        .map(|(_, key, reason, remedy)| (key, reason, remedy))
        .collect()
    }
}
