//! Where the operator's fees are, as Prometheus reads it.

use std::{fmt::Write as _, sync::atomic::Ordering::Relaxed};

use opg_node::fees::{Books, FeesMetrics, VersionBooks};

/// Wei of one OPG.
const OPG: f64 = 1e18;

/// One figure of the books of a version, in OPG wei.
type Figure = fn(&VersionBooks) -> u128;

/// The books as they were compared with the chain last, and what the service has done. Sums in OPG are rounded: `opg fees show
/// --json` has them to the wei. Differences are in wei.
pub(crate) fn render(report: Option<&(String, u64)>, counts: Option<&FeesMetrics>, text: &mut String) {
    let read = report.map(|(document, made_at)| (serde_json::from_str::<Books>(document), *made_at));
    // Books that cannot be read are left out rather than guessed.
    if let Some((Ok(books), made_at)) = read {
        of_versions(&books, text);
        of_operator(&books, made_at, text);
    }
    let Some(counts) = counts else { return };
    for (name, help, value) in [
        ("steps_total", "Steps that move fees, handed to the journal.", &counts.steps),
        ("steps_refused_total", "Steps that the chain would not have taken.", &counts.refused),
        ("steps_dear_total", "Steps that waited because gas was too dear for them.", &counts.dear),
        ("capped_total", "Passes in which fees waited because the operator was at its cap.", &counts.capped),
        ("restarts_total", "Passes that failed and were repeated.", &counts.service.restarts),
    ] {
        let name = format!("opg_fees_{name}");
        let value = value.load(Relaxed);
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} counter\n{name} {value}");
    }
}

/// One line for each model version.
fn of_versions(books: &Books, text: &mut String) {
    let rows: [(&str, &str, Figure); 9] = [
        (
            "earned_opg",
            "Earned: paid, charged to vouchers, or credited for answers on the chain.",
            VersionBooks::earned,
        ),
        ("claimed_opg", "Of what was earned, what the fee router divided.", |books| books.divided.sum()),
        ("pending_opg", "Of it, what is sure to come and not divided yet.", VersionBooks::pending),
        ("at_risk_opg", "Of it, what nobody may ever pay.", |books| books.at_risk),
        ("operator_opg", "Divided: the operator's part.", |books| books.divided.operator),
        ("model_owner_opg", "Divided: the model owner's part.", |books| books.divided.model_owner),
        ("verification_opg", "Divided: the part for verification.", |books| books.divided.verification),
        ("burned_opg", "Divided: what was destroyed.", |books| books.divided.burned),
        ("refused_opg", "Payments that the chain did not take; nothing was shown for them.", |books| {
            books.refused
        }),
    ];
    for (name, help, of) in rows {
        let name = format!("opg_fees_{name}");
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge");
        for version in &books.versions {
            let _ = writeln!(text, "{name}{{version=\"{}\"}} {}", version.version, opg(of(version)));
        }
    }
}

fn of_operator(books: &Books, made_at: u64, text: &mut String) {
    let account = &books.account;
    for (name, help, value) in [
        ("owed_opg", "Divided and not collected by the operator.", opg(account.owed)),
        ("collected_opg", "Collected by the operator.", opg(account.collected)),
        ("unsettled_opg", "Divided for work that can still be shown to be wrong.", opg(books.unsettled)),
        ("room_opg", "What may be divided now.", opg(books.room())),
        (
            "unit_price_wei",
            "What a compute unit costs; 0: no market.",
            books.unit_price.unwrap_or_default() as f64,
        ),
        ("capacity", "Compute units per second that the operator declared.", books.capacity as f64),
        ("most_capacity", "Most that it may declare.", books.most_capacity as f64),
        ("missing_wei", "What should be on the chain and is not.", books.missing() as f64),
        ("surplus_wei", "What is on the chain and not in the books.", books.surplus() as f64),
        ("compared_block", "Height of the block that the books were compared with.", books.block as f64),
        ("compared_at", "Unix time of that comparison.", made_at as f64),
    ] {
        let name = format!("opg_fees_{name}");
        let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
    }
}

fn opg(wei: u128) -> f64 {
    wei as f64 / OPG
}
