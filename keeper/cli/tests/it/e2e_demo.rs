//! The demo as a newcomer sees it, and what it leaves behind.

use std::{
    process::Stdio,
    time::{Duration, Instant},
};

use rustix::process::Signal;
use serde_json::Value;

use crate::{
    e2e_support::{Group, children_of, root},
    support::opg,
};

fn folders() -> Vec<String> {
    let entries = std::fs::read_dir(std::env::temp_dir()).unwrap();
    entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter(|name| name.starts_with("opg-devnet-"))
        .collect()
}

#[test]
fn the_demo_answers_verifies_and_pays() {
    let output = opg(&root()).args(["--json", "demo", "--block-time", "1"]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let demo: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(demo["summary"].as_str().unwrap().starts_with("DEMO OK chat_request=0x"));
    assert!(!demo["answer"].as_str().unwrap().trim().is_empty());
    assert_eq!(demo["dimensions"], 384);
    assert_eq!(
        demo["digit"]["class"], demo["digit"]["label"],
        "it is among those that the classifier gets right"
    );
    let digit = &demo["requests"][2];
    assert_eq!(digit["receipt"]["mode"], 2);
    assert_eq!(digit["proof"].as_str().map(str::len), Some(2 + 2 * 256));
    assert!(digit["provingMs"].as_u64().unwrap() < 15_000, "{digit}");
    for request in demo["requests"].as_array().unwrap() {
        assert_eq!((&request["verified"], &request["recomputed"]), (&Value::Bool(true), &Value::Bool(true)));
        assert!(request["gas"].as_u64().unwrap() > 0);
    }
    let fees = &demo["fees"];
    assert_eq!(demo["feesWei"], fees["routedWei"]);
    let wei = |name: &str| fees[name].as_str().unwrap().parse::<u128>().unwrap();
    assert_eq!(wei("routedWei"), wei("collectedWei") + wei("verificationWei") + wei("burnedWei"));
    assert!(wei("burnedWei") > 0);
}

#[test]
fn ctrl_c_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = opg(&root());
    command
        .args(["demo", "--block-time", "1"])
        .env("TMPDIR", folder.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    let mut demo = Group::spawn(&mut command);
    let deadline = Instant::now() + Duration::from_secs(60);
    // Anvil runs once the folder of the devnet has a database.
    let begun = || {
        std::fs::read_dir(folder.path())
            .unwrap()
            .flatten()
            .any(|entry| entry.path().join("devnet.db").exists())
    };
    while !begun() {
        assert!(Instant::now() < deadline, "the devnet did not begin; folders elsewhere: {:?}", folders());
        std::thread::sleep(Duration::from_millis(50));
    }
    let children = children_of(demo.0.id());
    assert!(!children.is_empty());
    demo.signal(Signal::INT);
    assert_eq!(demo.0.wait().unwrap().code(), Some(130));
    assert!(std::fs::read_dir(folder.path()).unwrap().next().is_none(), "files remain");
    for child in children {
        assert!(!std::path::Path::new(&format!("/proc/{child}")).exists(), "process {child} remains");
    }
}
