//! A genesis as a table.

use std::path::Path;

use opg_vesting::{Manifest, allocation::MONTH, amount::format_grouped};
use serde_json::{Value, json};

use super::shown;
use crate::{output::table, text::moment};

/// The table, and where the genesis was written, if it was.
pub(super) fn text(manifest: &Manifest, place: Option<&Path>) -> String {
    let mut rows: Vec<Vec<String>> = manifest
        .categories
        .iter()
        .map(|category| {
            let schedules = match category.root {
                Some(_) => category.count,
                None if category.beneficiaries == opg_vesting::Beneficiaries::Airdrop => {
                    manifest.airdrop.count
                }
                None => 1,
            };
            vec![
                category.id.to_string(),
                category.name.clone(),
                schedules.to_string(),
                format_grouped(category.total),
                format_grouped(category.vested_at(manifest.tge)),
                months(category.curve.cliff),
                months(category.curve.duration),
                category.root.map_or_else(|| "(contract, at deployment)".to_owned(), |root| root.to_string()),
            ]
        })
        .collect();
    let float = manifest.unlocked_at(manifest.tge);
    rows.push(vec![
        String::new(),
        "sum".to_owned(),
        String::new(),
        format_grouped(manifest.supply),
        format_grouped(float),
        String::new(),
        String::new(),
        String::new(),
    ]);
    let mut lines = vec![
        table(&["#", "CATEGORY", "ROWS", "TOTAL OPG", "AT TGE OPG", "CLIFF", "MONTHS", "ROOT"], &rows),
        String::new(),
        format!("TGE            {}", moment(manifest.tge)),
        format!(
            "float at TGE   {} OPG, {} % of the supply",
            format_grouped(float),
            percent(float, manifest.supply)
        ),
        format!("airdrop root   {} over {} claims", manifest.airdrop.root, manifest.airdrop.count),
    ];
    if let Some(place) = place {
        lines.push(format!("written to     {}", shown(place)));
    }
    lines.join("\n")
}

/// The manifest with what follows from it.
pub(super) fn document(manifest: &Manifest, place: Option<&Path>) -> Value {
    json!({
        "manifest": manifest,
        "floatAtTge": manifest.unlocked_at(manifest.tge).to_string(),
        "folder": place,
    })
}

/// What a verification found.
pub(super) fn verified(manifest: &Manifest, folder: &Path, deployed: Option<&str>) -> Value {
    let mut document = document(manifest, Some(folder));
    document["valid"] = json!(true);
    document["vestingVault"] = json!(deployed);
    document
}

/// What a verification found, for people.
pub(super) fn verdict(folder: &Path, sources: bool, deployed: Option<&str>) -> String {
    let from = if sources { "the allocation and the beneficiaries" } else { "its own tables" };
    let mut text = format!("ok  {}: every byte follows from {from}", shown(folder));
    if let Some(vault) = deployed {
        text.push_str(&format!("\nok  vault {vault} and its airdrop have these roots and terms"));
    }
    text
}

fn months(seconds: u32) -> String {
    match (seconds / MONTH, seconds % MONTH) {
        (months, 0) => months.to_string(),
        _ => format!("{seconds} s"),
    }
}

/// `part` in percent of `whole`, rounded to two decimals.
pub(in crate::commands) fn percent(part: u128, whole: u128) -> String {
    // Supplies are below 2^90: nothing overflows. No whole, no share.
    let hundredths = (part * 10_000 + whole / 2).checked_div(whole).unwrap_or(0);
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}
