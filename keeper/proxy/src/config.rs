//! What the user of a proxy can set.

use std::{collections::BTreeMap, net::SocketAddr, time::Duration};

use alloy::primitives::{Address, B256, U256};

use crate::Budget;

/// Which of the nodes that would do is asked first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Prefer {
    /// Price above all, with speed and stake counting too.
    Balanced,
    /// The cheapest.
    Price,
    /// The one that answered fastest.
    Latency,
    /// The one with the most to lose.
    Stake,
}

/// Settings of a proxy.
#[derive(Debug, Clone)]
pub struct ProxyConfig {
    /// Where it listens: an address that only this machine reaches.
    pub listen: SocketAddr,
    /// Which version of which model a name means. A version itself needs no name; other names are tied to the version that
    /// they mean at their first use.
    pub models: BTreeMap<String, B256>,
    /// What may be spent.
    pub budget: Budget,
    /// Least stake of an operator that is asked, in OPG wei.
    pub min_stake: U256,
    /// Only these operators are asked; any where empty.
    pub operators: Vec<Address>,
    /// Which node is asked first.
    pub prefer: Prefer,
    /// Whether nodes without TLS, or in this machine's own network, are asked. For development.
    pub allow_insecure: bool,
    /// Pause between looks at the registry and the nodes.
    pub refresh: Duration,
    /// Longest time for an answer.
    pub patience: Duration,
}

/// What is wrong with the settings.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// Others could spend the budget.
    #[error(
        "the proxy would listen on {0}, where other machines could spend your budget; listen on 127.0.0.1 or [::1]"
    )]
    Open(SocketAddr),
    /// Nothing could be paid.
    #[error("{0} is zero, so nothing could be paid; set an amount")]
    Zero(&'static str),
}

impl ProxyConfig {
    /// Checks what the types do not say.
    ///
    /// # Errors
    /// If others could spend the budget, or there is none.
    pub fn check(&self) -> Result<(), ConfigError> {
        if !self.listen.ip().is_loopback() {
            return Err(ConfigError::Open(self.listen));
        }
        for (name, amount) in
            [("proxy.max_per_day", self.budget.per_day), ("proxy.max_per_request", self.budget.per_request)]
        {
            if amount == 0 {
                return Err(ConfigError::Zero(name));
            }
        }
        Ok(())
    }
}
