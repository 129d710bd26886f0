//! `opg zk setup …`: keys by one process and by several people, and what the commands refuse.

use std::path::Path;

use alloy::primitives::Address;
use opg_zkml::{ProvingKey, evm};

use crate::{
    e2e_proofs::finished_setup,
    e2e_support::root,
    support::{json, opg, refuses},
};

fn setup(folder: &Path, args: &[&str]) -> std::process::Command {
    let mut command = opg(folder);
    command.args(["zk", "setup"]).args(args);
    command
}

/// The same on the model and the powers.
fn on_powers(folder: &Path, args: &[&str]) -> std::process::Command {
    let mut command = setup(folder, args);
    command.args(["--model", "m.zkm", "--powers"]).arg(root().join("test/vectors/powers-of-tau-6.ptau"));
    command
}

#[test]
fn keys_of_several_people_prove_and_nothing_is_overwritten_or_taken_on_trust() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let finished = finished_setup(folder, Address::repeat_byte(0xb0));
    assert_eq!(finished["setupKind"], "multiParty");
    let key = ProvingKey::read(std::fs::File::open(folder.join("m.pk")).unwrap()).unwrap();
    assert_eq!(evm::encode_key(key.verifying_key()), std::fs::read(folder.join("m.vk")).unwrap());

    std::fs::write(folder.join("input"), [77]).unwrap();
    let mut prove = opg(folder);
    prove.args(["zk", "prove", "--model", "m.zkm", "--key", "m.pk", "--input", "input", "--out", "p.json"]);
    json(prove);
    let mut verify = opg(folder);
    verify.args(["zk", "verify", "p.json", "--key", "m.vk"]);
    assert_eq!(json(verify)["valid"], true);

    // Work of hours is not overwritten.
    let again = ["finish", "2.setup", "--key", "m.pk", "--verifying-key", "other.vk"];
    refuses(on_powers(folder, &again), 7, &["OPG-0005", "m.pk"]);
    refuses(on_powers(folder, &["new", "--out", "1.setup"]), 7, &["1.setup"]);

    // A byte of a contribution, of the key, and a file that ends early.
    let good = std::fs::read(folder.join("2.setup")).unwrap();
    for (at, name) in [(60, "contribution"), (good.len() - 40, "key")] {
        let mut bad = good.clone();
        bad[at] ^= 1;
        std::fs::write(folder.join(name), bad).unwrap();
        refuses(on_powers(folder, &["verify", name]), 8, &["OPG-0603", name]);
        refuses(on_powers(folder, &["finish", name, "--key", "x.pk", "--verifying-key", "x.vk"]), 8, &[name]);
    }
    std::fs::write(folder.join("short"), &good[..good.len() / 2]).unwrap();
    refuses(on_powers(folder, &["verify", "short"]), 8, &["short"]);
    assert!(!folder.join("x.pk").exists(), "no key of a setup that does not verify");

    // Before anybody contributed there is nothing to take out.
    let none = ["finish", "0.setup", "--key", "x.pk", "--verifying-key", "x.vk"];
    refuses(on_powers(folder, &none), 8, &["0.setup"]);
    let nobody = [
        "contribute",
        "0.setup",
        "--contributor",
        "0x0000000000000000000000000000000000000000",
        "--out",
        "x",
    ];
    refuses(setup(folder, &nobody), 8, &["0.setup"]);
}

#[test]
fn a_development_key_says_what_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    finished_setup(folder, Address::repeat_byte(0xb0));
    let keys = ["--key", "dev.pk", "--verifying-key", "dev.vk"];
    let mut dev = setup(folder, &["dev", "--model", "m.zkm"]);
    dev.args(keys);
    let made = json(dev);
    assert_eq!(made["setupKind"], "dev");
    assert!(made["zkCommitment"].as_str().unwrap().starts_with("0x"));
    let mut again = setup(folder, &["dev", "--model", "m.zkm"]);
    again.args(keys);
    refuses(again, 7, &["dev.pk"]);
    let mut text = setup(folder, &["dev", "--model", "m.zkm", "--key", "a.pk", "--verifying-key", "a.vk"]);
    let shown = text.output().unwrap();
    assert!(String::from_utf8_lossy(&shown.stdout).contains("whoever made this key could forge proofs"));
}
