use opg_store::Store;

use crate::support::{initialised, json, opg, refuses};

const ID: &str = "0x1111111111111111111111111111111111111111111111111111111111111111";

/// A folder with configuration, keystore and an empty database.
fn prepared() -> tempfile::TempDir {
    let folder = initialised();
    drop(Store::open(&folder.path().join("opg.db")).unwrap());
    folder
}

#[test]
fn a_book_of_payments_is_not_made_by_looking_for_it() {
    let folder = prepared();
    for verb in [&["proxy", "spend"][..], &["proxy", "receipt", ID]] {
        let mut command = opg(folder.path());
        command.args(verb);
        refuses(command, 1, &["OPG-0401", "proxy.db", "opg proxy"]);
    }
    assert!(!folder.path().join("proxy.db").exists());
}

#[test]
fn malformed_arguments_are_named() {
    let folder = prepared();
    let cases: &[(&[&str], &[&str])] = &[
        (&["jobs", "show", "0x12"], &["0x12", "64 hexadecimal digits"]),
        (&["jobs", "retry", "x"], &["'x'", "64 hexadecimal digits"]),
        (&["jobs", "cancel", ""], &["64 hexadecimal digits"]),
        (&["jobs", "list", "--limit", "many"], &["many", "--limit"]),
        (&["jobs", "list", "--state", "asleep"], &["asleep", "no such state", "seen, accepted"]),
        (&["jobs", "list", "--state", "expierd"], &["did you mean `expired`?"]),
        (&["tx", "show", "-1"], &["-1"]),
        (&["tx", "bump", "x"], &["'x'"]),
        (&["tx", "cancel"], &["<ID>"]),
        (&["receipt", "verify", "nonsense"], &["nonsense", "64 hexadecimal digits"]),
        (&["receipt", "verify", ID, "--rpc", "nowhere"], &["--rpc", "http"]),
        (&["receipt", "recompute", "nonsense"], &["nonsense", "64 hexadecimal digits"]),
        (&["receipt", "recompute", ID, "--tokenizer", "t"], &["--weights"]),
        (
            &["model", "add", "m", "--task", "paint/1", "--weights", "w", "--licence", "MIT"],
            &["paint/1", "chat/1"],
        ),
        (&["model", "add", "m", "--task", "chat/1", "--licence", "MIT"], &["--weights"]),
        (
            &[
                "model",
                "add",
                "m",
                "--task",
                "chat/1",
                "--weights",
                "w",
                "--licence",
                "MIT",
                "--royalty-bps",
                "5001",
            ],
            &["5001", "5000"],
        ),
        (&["devnet", "--port", "99999"], &["99999", "--port"]),
        (&["demo", "--timeout", "5"], &["--timeout", "500ms"]),
        (&["verify"], &["verify"]),
        (&[], &["Usage"]),
    ];
    for (args, parts) in cases {
        let mut command = opg(folder.path());
        command.args(*args);
        refuses(command, 2, parts);
    }
}

#[test]
fn what_does_not_exist_is_not_found() {
    let folder = prepared();
    for verb in ["show", "retry", "cancel"] {
        let mut command = opg(folder.path());
        command.args(["jobs", verb, ID]);
        refuses(command, 6, &["OPG-0402", ID, "opg jobs list"]);
    }
    for verb in ["show", "bump", "cancel"] {
        let mut command = opg(folder.path());
        command.args(["tx", verb, "7"]);
        refuses(command, 6, &["OPG-0404", "transaction 7", "opg tx list"]);
    }
}

#[test]
fn empty_lists_are_lists() {
    let folder = prepared();
    for verb in ["jobs", "tx"] {
        let mut command = opg(folder.path());
        command.args([verb, "list"]);
        assert_eq!(json(command), serde_json::json!([]));
    }
}

#[test]
fn a_missing_database_is_not_created() {
    let folder = initialised();
    for verb in ["jobs", "tx"] {
        let mut command = opg(folder.path());
        command.args([verb, "list"]);
        refuses(command, 1, &["OPG-0401", "opg.db", "opg run"]);
    }
    assert!(!folder.path().join("opg.db").exists());
}

#[test]
fn doctor_says_where_models_run() {
    let folder = initialised();
    let mut command = opg(folder.path());
    command.args(["--json", "doctor"]).env("OPG_KEYSTORE_PASSWORD", "secret");
    let report: serde_json::Value = serde_json::from_slice(&command.output().unwrap().stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let found = findings.iter().find(|finding| finding["check"] == "accelerator").unwrap();
    assert_eq!((&found["ok"], &found["detail"]), (&true.into(), &"the processor".into()));
}

#[test]
fn a_damaged_database_is_named() {
    let folder = initialised();
    std::fs::write(folder.path().join("opg.db"), "not a database, but long enough to be looked at").unwrap();
    let mut command = opg(folder.path());
    command.args(["jobs", "list"]);
    refuses(command, 1, &["OPG-0401", "database", "remedy"]);
}
