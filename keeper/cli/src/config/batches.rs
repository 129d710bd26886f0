//! `[batches]`: the section and what must hold of it.

use serde::Deserialize;

use super::units::Span;

/// Longest wait that leaves time to post: the chain takes receipts for an hour.
const LONGEST_WAIT: u64 = 45 * 60;
/// Longest address of the data: the contract takes 256 bytes, and the path of a batch has 67.
const LONGEST_URL: usize = 170;

/// `[batches]`
#[derive(Clone, Debug, Deserialize)]
#[serde(default)]
pub(crate) struct BatchesSection {
    pub(crate) enabled: bool,
    pub(crate) public_url: Option<String>,
    pub(crate) max_receipts: u32,
    pub(crate) max_age: Span,
    /// For how long receipts and answers are kept in final batches; for good without it.
    pub(crate) keep: Option<Span>,
}

impl Default for BatchesSection {
    fn default() -> Self {
        Self { enabled: true, public_url: None, max_receipts: 4_096, max_age: Span::seconds(600), keep: None }
    }
}

impl BatchesSection {
    /// What is wrong with it: key, reason, remedy.
    pub(super) fn problems(&self) -> Vec<(&'static str, &'static str, &'static str)> {
        let url = self.public_url.as_deref();
        [
            (
                url.is_none_or(|url| url.starts_with("https://") || url.starts_with("http://")),
                "batches.public_url",
                "is not an http or https address",
                "set where the gateway is reached from outside, like \"https://node.example.com\"",
            ),
            (
                url.is_none_or(|url| !url.ends_with('/') && url.len() <= LONGEST_URL),
                "batches.public_url",
                "ends with a slash or is longer than 170 bytes",
                "set scheme, host and perhaps a short path, like \"https://node.example.com\"",
            ),
            (
                (1..=1 << 20).contains(&self.max_receipts),
                "batches.max_receipts",
                "is not between 1 and 1048576, which a batch on the chain can have",
                "set a few thousand, like 4096",
            ),
            (
                self.max_age.0.as_secs() > 0 && self.max_age.0.as_secs() <= LONGEST_WAIT,
                "batches.max_age",
                "is not between 1s and 45m; the chain takes receipts for an hour only",
                "set how long a receipt may wait for others, like \"10m\"",
            ),
        ]
        .into_iter()
        .filter(|(holds, ..)| !holds)
        .map(|(_, key, reason, remedy)| (key, reason, remedy))
        .collect()
    }
}
