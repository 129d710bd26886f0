//! `opg vesting schedule` as a user runs it.

use std::{collections::BTreeMap, path::Path, process::Command};

use tempfile::TempDir;

use crate::{
    e2e_support::root,
    support::{json, opg},
};

/// A folder with the genesis of the devnet.
fn genesis() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let config = root().join("script/config");
    let mut command = opg(folder.path());
    command
        .args(["genesis", "build", "--out", "genesis", "--allocation"])
        .arg(config.join("allocation.json"));
    command.arg("--beneficiaries").arg(config.join("genesis/31337"));
    json(command);
    folder
}

fn schedule(folder: &Path, more: &[&str]) -> Command {
    let mut command = opg(folder);
    command.args(["vesting", "schedule", "--genesis", "genesis"]).args(more);
    command
}

fn text(mut command: Command) -> String {
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn unlocks_sum_to_the_supply_by_category_and_by_beneficiary() {
    let folder = genesis();
    for by in ["category", "beneficiary"] {
        let document = json(schedule(folder.path(), &["--by", by]));
        let mut sums: BTreeMap<String, u128> = BTreeMap::new();
        for unlock in document["unlocks"].as_array().unwrap() {
            let amount: u128 = unlock["amount"].as_str().unwrap().parse().unwrap();
            *sums.entry(unlock["category"].as_str().unwrap().to_owned()).or_default() += amount;
        }
        assert_eq!(sums["investors"], 100_000_000 * 10_u128.pow(18), "{by}");
        assert_eq!(sums.values().sum::<u128>().to_string(), document["supply"], "{by}");
        assert_eq!(document["floatAtTge"], "189999999999999999999999999");
        assert!(document["released"].is_null());
    }
}

#[test]
fn the_table_says_who_when_how_much_and_which_share() {
    let folder = genesis();
    let table = text(schedule(folder.path(), &[]));
    let line = |start: &str| {
        table.lines().find(|line| line.starts_with(start)).unwrap().split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(line("2026-04-21")[2..6], ["TGE", "ecosystem", "40,000,000", "21.05"]);
    assert!(table.contains("all unlocked   2034-04-21 00:00:00Z"), "{table}");
    let cliffs: Vec<_> = table.lines().filter(|line| line.contains("  cliff  ")).collect();
    assert_eq!(cliffs.len(), 2, "{cliffs:?}");
    let table = text(schedule(folder.path(), &["--by", "beneficiary"]));
    assert!(table.contains("0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266  60,000,000"), "{table}");
    assert!(table.contains("(contract, at deployment)"), "{table}");
}

#[test]
fn csv_has_a_header_and_one_kind_of_row() {
    let folder = genesis();
    for by in ["category", "beneficiary"] {
        let csv = text(schedule(folder.path(), &["--format", "csv", "--by", by]));
        let fields: Vec<_> = csv.lines().map(|line| line.split(',').count()).collect();
        assert!(fields.len() > 200 && fields.iter().all(|count| *count == 10), "{by}: {fields:?}");
    }
}

#[test]
fn the_picture_is_the_committed_one() {
    let folder = genesis();
    text(schedule(folder.path(), &["--svg", "supply.svg"]));
    let drawn = std::fs::read_to_string(folder.path().join("supply.svg")).unwrap();
    assert_eq!(drawn, std::fs::read_to_string(root().join("docs/images/supply.svg")).unwrap());
}

#[test]
fn a_closed_pipe_is_no_error() {
    let folder = genesis();
    let program = env!("CARGO_BIN_EXE_opg");
    let script = format!(
        "{program} vesting schedule --genesis genesis --by beneficiary | head -1; exit ${{PIPESTATUS[0]}}"
    );
    let output = Command::new("bash").args(["-c", &script]).current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
