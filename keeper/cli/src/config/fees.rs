//! `[fees]`: the section and what must hold of it.

use serde::Deserialize;

use super::units::{Opg, Span};

/// `[fees]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct FeesSection {
    pub(crate) enabled: bool,
    pub(crate) amount: Opg,
    pub(crate) age: Span,
    pub(crate) min_amount: Opg,
    pub(crate) gas_factor: u32,
    pub(crate) capacity: Option<u64>,
    pub(crate) poll_interval: Span,
}

impl Default for FeesSection {
    fn default() -> Self {
        Self {
            enabled: true,
            amount: Opg(100_000_000_000_000_000_000),
            age: Span::seconds(86_400),
            min_amount: Opg(1_000_000_000_000_000_000),
            gas_factor: 10,
            capacity: None,
            poll_interval: Span::seconds(60),
        }
    }
}

impl FeesSection {
    /// What is wrong with it: key, reason, remedy.
    pub(super) fn problems(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        [
            (
                self.min_amount.0 > 0,
                "fees.min_amount",
                "is zero, so every wei would be moved alone",
                "set the least that is worth a transaction, like \"1 OPG\"",
            ),
            (
                self.amount >= self.min_amount,
                "fees.amount",
                "is less than fees.min_amount, below which nothing is moved",
                "raise it, or lower fees.min_amount",
            ),
            (
                self.age.0.as_secs() > 0,
                "fees.age",
                "is less than a second, so each fee would be moved alone",
                "set how long a fee may wait for others, like \"1d\"",
            ),
            (
                self.gas_factor > 0,
                "fees.gas_factor",
                "is zero, so fees would be moved at any price",
                "set how many times its gas a step must move, like 10",
            ),
            (
                !self.poll_interval.0.is_zero(),
                "fees.poll_interval",
                "is zero",
                "set how often to look at the chain, like \"60s\"",
            ),
        ]
        .into_iter()
        .filter(|(holds, ..)| !holds)
        .map(|(_, key, reason, remedy)| (key, reason, remedy))
        .collect()
    }
}
