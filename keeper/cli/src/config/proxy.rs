//! `[proxy]`: the section and what must hold of it.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf};

use alloy::primitives::{B256, U256};
use opg_proxy::{Budget, Prefer, ProxyConfig};
use serde::Deserialize;

use super::units::{Checksummed, Opg, Span};

/// `[proxy]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct ProxySection {
    pub(crate) listen: SocketAddr,
    pub(crate) book: PathBuf,
    pub(crate) max_per_request: Opg,
    pub(crate) max_per_day: Opg,
    pub(crate) models: BTreeMap<String, B256>,
    pub(crate) prefer: Preference,
    pub(crate) min_stake: Opg,
    pub(crate) operators: Vec<Checksummed>,
    pub(crate) allow_insecure: bool,
    pub(crate) refresh: Span,
    pub(crate) patience: Span,
}

/// Which node is asked first.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Preference {
    Balanced,
    Price,
    Latency,
    Stake,
}

impl Default for ProxySection {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8404)),
            book: "proxy.db".into(),
            max_per_request: Opg(100_000_000_000_000_000),
            max_per_day: Opg(1_000_000_000_000_000_000),
            models: BTreeMap::new(),
            prefer: Preference::Balanced,
            min_stake: Opg(0),
            operators: Vec::new(),
            allow_insecure: false,
            refresh: Span::seconds(60),
            patience: Span::seconds(600),
        }
    }
}

impl ProxySection {
    /// What is wrong with it: key, reason, remedy.
    pub(super) fn problems(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        [
            (
                self.listen.ip().is_loopback(),
                "proxy.listen",
                "is an address that other machines reach, and whoever reaches it spends your OPG",
                "set an address of this machine only, like \"127.0.0.1:8404\"",
            ),
            (
                self.max_per_request.0 > 0,
                "proxy.max_per_request",
                "is zero, so nothing could be paid",
                "set the most that one request may cost, like \"0.1 OPG\"",
            ),
            (
                self.max_per_day >= self.max_per_request,
                "proxy.max_per_day",
                "is less than proxy.max_per_request",
                "set the most that may be spent in a day, like \"1 OPG\"",
            ),
            (
                self.refresh.0.as_secs() > 0,
                "proxy.refresh",
                "is less than a second",
                "set how often to look at the registry, like \"60s\"",
            ),
            (
                self.patience.0.as_secs() > 0,
                "proxy.patience",
                "is less than a second",
                "set how long to wait for an answer, like \"10m\"",
            ),
        ]
        .into_iter()
        .filter(|(holds, ..)| !holds)
        .map(|(_, key, reason, remedy)| (key, reason, remedy))
        .collect()
    }

    /// The settings of the proxy itself.
    pub(crate) fn settings(&self) -> ProxyConfig {
        ProxyConfig {
            listen: self.listen,
            models: self.models.clone(),
            budget: Budget { per_request: self.max_per_request.0, per_day: self.max_per_day.0 },
            min_stake: U256::from(self.min_stake.0),
            operators: self.operators.iter().map(|operator| operator.0).collect(),
            prefer: match self.prefer {
                Preference::Balanced => Prefer::Balanced,
                Preference::Price => Prefer::Price,
                Preference::Latency => Prefer::Latency,
                Preference::Stake => Prefer::Stake,
            },
            allow_insecure: self.allow_insecure,
            refresh: self.refresh.0,
            patience: self.patience.0,
        }
    }
}
