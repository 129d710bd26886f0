//! `opg model import`, `opg zk prove` and `opg zk verify`, on the example classifier and its data.

use std::fs::File;
use std::path::{Path, PathBuf};

use opg_zkml::{Circuit, Model, development_setup, evm};
use serde_json::Value;

use crate::support::{json, opg, refuses, run};

fn example(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../zkml/models").join(name)
}

fn import(folder: &Path, onnx: &Path, more: &[&str]) -> std::process::Command {
    let mut command = opg(folder);
    command.args(["model", "import"]).arg(onnx).arg("--calibrate").arg(example("digits-train-images.idx"));
    command.args(["--scale", "0.0625"]).args(more);
    command
}

/// The example as `opg model import` makes it, and keys for it.
fn imported(folder: &Path) -> Value {
    let mut command = import(folder, &example("digits-mlp.onnx"), &["--classify", "--out", "digits.zkm"]);
    command.arg("--test").arg(example("digits-test-images.idx"));
    command.arg("--labels").arg(example("digits-test-labels.idx"));
    let report = json(command);
    let model = Model::from_bytes(&std::fs::read(folder.join("digits.zkm")).unwrap()).unwrap();
    assert_eq!(report["digest"], model.digest().to_string());
    let key = development_setup(&Circuit::compile(model).unwrap(), &mut rand::rng()).unwrap();
    key.write(File::create(folder.join("digits.pk")).unwrap()).unwrap();
    std::fs::write(folder.join("digits.vk"), evm::encode_key(key.verifying_key())).unwrap();
    report
}

fn prove(folder: &Path, more: &[&str]) -> std::process::Command {
    let mut command = opg(folder);
    command.args(["zk", "prove", "--model", "digits.zkm", "--key", "digits.pk", "--chain-id", "31337"]);
    command.arg("--input").arg(example("digits-test-images.idx")).args(more);
    command
}

#[test]
fn a_classifier_is_imported_and_its_answers_are_proved_and_checked() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let report = imported(folder);
    assert_eq!(report["accuracy"]["samples"], 360);
    assert_eq!(report["accuracy"]["floatRight"], 346);
    assert_eq!(report["accuracy"]["integerRight"], 346);
    assert_eq!(report["outputBytes"], 1);
    assert_eq!(report["notes"].as_array().map(Vec::len), Some(1), "{report}");

    let proved = json(prove(folder, &["--samples", "0,1,2", "--out", "proofs.json"]));
    assert_eq!(proved["proofs"], 3);
    let labels = std::fs::read(example("digits-test-labels.idx")).unwrap();
    let classes: Vec<String> = labels[8..11].iter().map(|label| format!("0x{label:02x}")).collect();
    assert_eq!(proved["outputs"], serde_json::json!(classes), "the first three are among the 346");

    let verify = |file: &str| {
        let mut command = opg(folder);
        command.args(["zk", "verify", file, "--key", "digits.vk"]);
        command
    };
    assert_eq!(json(verify("proofs.json"))["valid"], true);

    // Another output, another request, another order: nothing of it is what was proved.
    let bundle: Value = serde_json::from_slice(&std::fs::read(folder.join("proofs.json")).unwrap()).unwrap();
    let mut lies = [bundle.clone(), bundle.clone(), bundle.clone(), bundle.clone(), bundle];
    lies[0]["proofs"][1]["output"] = "0x09".into();
    lies[1]["chainId"] = 1.into();
    lies[2]["proofs"].as_array_mut().unwrap().swap(0, 1);
    lies[3]["proofs"].as_array_mut().unwrap().pop();
    lies[4]["proofs"][0]["proof"] = lies[4]["proofs"][1]["proof"].clone();
    for (at, lie) in lies.iter().enumerate() {
        let name = format!("lie{at}.json");
        std::fs::write(folder.join(&name), lie.to_string()).unwrap();
        refuses(verify(&name), 8, &["OPG-0603", "does not show"]);
    }
    std::fs::write(folder.join("none.json"), "{}").unwrap();
    refuses(verify("none.json"), 2, &["none.json", "missing field"]);
}

#[test]
fn what_cannot_be_imported_or_proved_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("text.onnx"), "not a model").unwrap();
    refuses(import(folder, Path::new("text.onnx"), &["--out", "m.zkm"]), 8, &["OPG-0504", "text.onnx"]);
    let onnx = example("digits-mlp.onnx");
    let labels = example("digits-test-labels.idx");
    let wrong = ["--labels", labels.to_str().unwrap(), "--out", "m.zkm"];
    refuses(import(folder, &onnx, &wrong), 8, &["360 labels for 1437 samples"]);
    refuses(import(folder, &onnx, &["--offset", "NaN", "--out", "m.zkm"]), 8, &["offset NaN"]);
    assert!(!folder.join("m.zkm").exists(), "nothing is written");

    imported(folder);
    refuses(import(folder, &onnx, &["--out", "digits.zkm"]), 7, &["OPG-0005", "digits.zkm"]);
    refuses(prove(folder, &["--out", "p.json"]), 2, &["23056 bytes where the model takes 64"]);
    refuses(prove(folder, &["--samples", "360", "--out", "p.json"]), 2, &["no number 360"]);
    let text = run(folder, &["zk", "verify", "digits.zkm", "--key", "digits.zkm"]);
    assert_eq!(text.status.code(), Some(8), "a model is no key");
}
