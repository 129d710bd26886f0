//! `opg genesis` as a user runs it.

use std::{fs, path::Path, process::Command};

use crate::{
    e2e_support::root,
    support::{json, json_error, opg, refuses, run},
};

/// `opg genesis build` of the committed allocation with the beneficiaries of the devnet.
fn build(folder: &Path, more: &[&str]) -> Command {
    let mut command = opg(folder);
    let config = root().join("script/config");
    command.args(["genesis", "build", "--allocation"]).arg(config.join("allocation.json"));
    command.arg("--beneficiaries").arg(config.join("genesis/31337")).args(more);
    command
}

/// A copy of the devnet's beneficiaries in `folder`.
fn copy_beneficiaries(folder: &Path) {
    fs::create_dir(folder.join("tables")).unwrap();
    for entry in fs::read_dir(root().join("script/config/genesis/31337")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            fs::copy(&path, folder.join("tables").join(path.file_name().unwrap())).unwrap();
        }
    }
}

#[test]
fn a_dry_run_prints_the_table_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let output = build(folder.path(), &["--dry-run"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let row = |name: &str| {
        text.lines().find(|line| line.contains(name)).unwrap().split_whitespace().collect::<Vec<_>>()
    };
    assert_eq!(row("investors")[..7], ["3", "investors", "4", "100,000,000", "0", "12", "36"]);
    assert!(row("investors")[7].starts_with("0x"));
    assert_eq!(row("staking-rewards")[..7], ["4", "staking-rewards", "1", "100,000,000", "0", "0", "96"]);
    assert_eq!(row("sum")[1], "1,000,000,000");
    assert!(text.contains("19.00 % of the supply"), "{text}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn what_is_built_verifies_and_is_the_same_as_the_dry_run() {
    let folder = tempfile::tempdir().unwrap();
    let seen = json(build(folder.path(), &["--dry-run", "--tge", "2030-01-01T00:00:00Z"]));
    let built = json(build(folder.path(), &["--out", "genesis", "--tge", "1893456000"]));
    assert_eq!(seen["manifest"], built["manifest"]);
    assert_eq!(built["manifest"]["tge"], 1_893_456_000);
    let mut verify = opg(folder.path());
    verify.args(["genesis", "verify", "genesis"]);
    assert_eq!(json(verify)["valid"], true);
    let mut verify = opg(folder.path());
    let config = root().join("script/config");
    verify.args(["genesis", "verify", "genesis", "--allocation"]).arg(config.join("allocation.json"));
    verify.arg("--beneficiaries").arg(config.join("genesis/31337"));
    assert_eq!(json(verify)["manifest"], built["manifest"]);
}

#[test]
fn a_bad_table_is_refused_with_file_line_and_reason() {
    let folder = tempfile::tempdir().unwrap();
    copy_beneficiaries(folder.path());
    let table = folder.path().join("tables/investors.csv");
    let text = fs::read_to_string(&table).unwrap();
    fs::write(&table, text.replace("30000000,", "-30000000,")).unwrap();
    let mut command = opg(folder.path());
    command.args(["genesis", "build", "--out", "genesis", "--beneficiaries", "tables", "--allocation"]);
    command.arg(root().join("script/config/allocation.json"));
    let error = json_error(command);
    let problem = &error["error"]["problems"][0];
    assert_eq!(problem["code"], "OPG-0901");
    assert_eq!(problem["input"], "tables/investors.csv, line 3");
    assert_eq!(problem["reason"], "amount \"-30000000\" is negative");
    assert!(!folder.path().join("genesis").exists());
}

#[test]
fn a_bad_allocation_is_refused_with_the_field() {
    let folder = tempfile::tempdir().unwrap();
    let text = fs::read_to_string(root().join("script/config/allocation.json")).unwrap();
    fs::write(folder.path().join("a.json"), text.replace("\"tgeBps\": 1000,", "\"tgeBps\": 10001,")).unwrap();
    let mut command = opg(folder.path());
    command.args(["genesis", "build", "--dry-run", "--beneficiaries", ".", "--allocation", "a.json"]);
    refuses(command, 3, &["OPG-0901", "a.json", "categories[0].tgeBps", "10001"]);
}

#[test]
fn another_genesis_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    json(build(folder.path(), &["--out", "genesis"]));
    refuses(
        build(folder.path(), &["--out", "genesis", "--tge", "5"]),
        7,
        &["OPG-0005", "another genesis", "--force"],
    );
    let forced = json(build(folder.path(), &["--out", "genesis", "--tge", "5", "--force"]));
    assert_eq!(forced["manifest"]["tge"], 5);
}

#[test]
fn a_flipped_byte_is_named() {
    let folder = tempfile::tempdir().unwrap();
    json(build(folder.path(), &["--out", "genesis"]));
    let tree = folder.path().join("genesis/trees/ecosystem.tree");
    let mut bytes = fs::read(&tree).unwrap();
    bytes[40] ^= 1;
    fs::write(&tree, bytes).unwrap();
    let mut command = opg(folder.path());
    command.args(["genesis", "verify", "genesis"]);
    refuses(command, 8, &["OPG-0902", "trees/ecosystem.tree, node 1 at byte 32", "should be 0x"]);
}

#[test]
fn options_that_belong_together_are_asked_for_together() {
    let folder = tempfile::tempdir().unwrap();
    for args in [
        &["genesis", "verify", "x", "--allocation", "a.json"][..],
        &["genesis", "verify", "x", "--rpc", "http://127.0.0.1:1"],
        &["genesis", "build", "--allocation", "a.json", "--beneficiaries", "b"],
    ] {
        assert_eq!(run(folder.path(), args).status.code(), Some(2), "{args:?}");
    }
}

#[test]
fn a_missing_genesis_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = opg(folder.path());
    command.args(["genesis", "verify", "nowhere"]);
    refuses(command, 1, &["OPG-0002", "nowhere/manifest.json"]);
}
