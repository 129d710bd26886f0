//! `[channels]`: the section and what must hold of it.

use opg_chain::channels::{MAX_WITHDRAW_DELAY, MIN_WITHDRAW_DELAY};
use serde::Deserialize;

use super::units::{Opg, Span};

/// `[channels]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct ChannelsSection {
    pub(crate) enabled: bool,
    pub(crate) credit: Opg,
    pub(crate) wallet_limit: Opg,
    pub(crate) min_deposit: Opg,
    pub(crate) withdraw_delay: Span,
    pub(crate) claim_amount: Opg,
    pub(crate) claim_age: Span,
    pub(crate) min_claim: Opg,
    pub(crate) poll_interval: Span,
}

impl Default for ChannelsSection {
    fn default() -> Self {
        Self {
            enabled: true,
            credit: Opg(0),
            wallet_limit: Opg(0),
            min_deposit: Opg(100_000_000_000_000_000),
            withdraw_delay: Span::seconds(3_600),
            claim_amount: Opg(10_000_000_000_000_000_000),
            claim_age: Span::seconds(3_600),
            min_claim: Opg(1_000_000_000_000_000),
            poll_interval: Span::seconds(10),
        }
    }
}

impl ChannelsSection {
    /// What is wrong with it: key, reason, remedy.
    pub(super) fn problems(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        let delay = self.withdraw_delay.0.as_secs();
        let poll = self.poll_interval.0;
        [
            (
                (MIN_WITHDRAW_DELAY..=MAX_WITHDRAW_DELAY).contains(&delay),
                "channels.withdraw_delay",
                "is not between 15m and 30d, which the contract of channels takes",
                "set the shortest time to a withdrawal that you accept, like \"1h\"",
            ),
            (
                !poll.is_zero() && poll.as_secs().saturating_mul(10) <= delay,
                "channels.poll_interval",
                "is zero, or more than a tenth of channels.withdraw_delay, so a withdrawal could be seen too late",
                "set how often to look at the chain, like \"10s\"",
            ),
            (
                self.claim_age.0.as_secs() > 0,
                "channels.claim_age",
                "is less than a second, so each fee would be claimed alone",
                "set how long a fee may wait for others, like \"1h\"",
            ),
            (
                self.min_claim <= self.min_deposit || self.min_deposit == Opg(0),
                "channels.min_claim",
                "is more than channels.min_deposit, so a small channel would be used up and never claimed",
                "lower it, or raise channels.min_deposit",
            ),
        ]
        .into_iter()
        .filter(|(holds, ..)| !holds)
        .map(|(_, key, reason, remedy)| (key, reason, remedy))
        .collect()
    }
}
