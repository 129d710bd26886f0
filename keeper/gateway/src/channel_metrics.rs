//! What is sold through channels, as Prometheus reads it.

use std::{fmt::Write as _, sync::atomic::Ordering::Relaxed};

use opg_node::channels::ChannelsMetrics;
use opg_store::channels::Ledger;

/// Wei of one OPG.
const OPG: f64 = 1e18;

/// Sums of the store, and what the service has done where there is one. Sums are in OPG and rounded: `opg status --json` has
/// them to the wei.
pub(crate) fn render(ledger: &Ledger, counts: Option<&ChannelsMetrics>, text: &mut String) {
    let opg = |wei: u128| wei as f64 / OPG;
    for (name, help, value) in [
        ("earned_opg", "Fees of all answers that vouchers paid.", opg(ledger.earned)),
        ("claimed_opg", "Of these, claimed on the chain.", opg(ledger.claimed)),
        ("pending_opg", "Of these, covered by vouchers and balances.", opg(ledger.pending)),
        (
            "at_risk_opg",
            "Of these, on credit, not covered any more, or refused by the chain.",
            opg(ledger.at_risk),
        ),
        ("deposited_opg", "What lies in channels and is not claimed.", opg(ledger.deposited)),
        ("known", "Channels.", ledger.channels as f64),
        ("withdrawing", "Channels whose payers want to withdraw.", ledger.withdrawing as f64),
        (
            "oldest_unclaimed",
            "Unix time of the oldest fee that is not claimed; 0: none.",
            ledger.oldest.unwrap_or_default() as f64,
        ),
    ] {
        let name = format!("opg_channels_{name}");
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    }
    let Some(counts) = counts else { return };
    for (name, help, value) in [
        ("claims_total", "Claims handed to the journal.", &counts.claims),
        ("claim_rows_total", "Channels in them.", &counts.rows),
        ("claims_taken_total", "Claims that the chain took.", &counts.taken),
        ("claims_failed_total", "Claims that it did not take.", &counts.failed),
        ("rows_refused_total", "Channels left out of claims.", &counts.refused),
        ("restarts_total", "Passes that failed and were repeated.", &counts.service.restarts),
    ] {
        let name = format!("opg_channels_{name}");
        let value = value.load(Relaxed);
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}");
    }
}
