//! The allocation file as it is written. Every field is optional here, so that a missing one is reported with its path.

use serde::Deserialize;
use serde_json::Number;

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct File {
    pub(super) token: Option<String>,
    pub(super) decimals: Option<u32>,
    pub(super) total_supply: Option<String>,
    pub(super) tge: Option<String>,
    pub(super) categories: Option<Vec<Category>>,
    /// For people.
    #[serde(rename = "note")]
    pub(super) _note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Category {
    pub(super) name: Option<String>,
    pub(super) percent: Option<Number>,
    pub(super) tge_bps: Option<u32>,
    pub(super) tge_fraction: Option<String>,
    pub(super) cliff_months: Option<u32>,
    pub(super) linear_months: Option<u32>,
}
