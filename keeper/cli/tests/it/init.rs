use std::os::unix::fs::PermissionsExt as _;

use crate::support::{initialised, json, json_error, opg, refuses, run};

#[test]
fn writes_a_configuration_and_a_private_keystore_that_opens() {
    let folder = initialised();
    let keystore = folder.path().join("keystore.json");
    let mode = std::fs::metadata(&keystore).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode, 0o600);
    let text = std::fs::read_to_string(folder.path().join("opg.toml")).unwrap();
    assert!(text.contains("id = 31337") && text.contains("keystore = \"keystore.json\""), "{text}");
    let password = opg_chain::signer::Password::new("secret".to_owned()).unwrap();
    opg_chain::signer::open_keystore(&keystore, &password).unwrap();
}

#[test]
fn json_names_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = opg(folder.path());
    command.env("OPG_KEYSTORE_PASSWORD", "secret").args(["init", "--dir", "keeper"]);
    let value = json(command);
    assert_eq!(value["config"], "keeper/opg.toml");
    assert!(value["signer"].as_str().unwrap().starts_with("0x"));
}

#[test]
fn never_overwrites() {
    for name in ["opg.toml", "keystore.json"] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), "precious").unwrap();
        let mut command = opg(folder.path());
        command.env("OPG_KEYSTORE_PASSWORD", "secret").arg("init");
        refuses(command, 7, &["OPG-0005", name, "never overwritten", "--dir"]);
        assert_eq!(std::fs::read_to_string(folder.path().join(name)).unwrap(), "precious");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}

#[test]
fn an_existing_keystore_is_used_and_checked() {
    let folder = initialised();
    let keystore = folder.path().join("keystore.json");
    let mut command = opg(folder.path());
    command.args(["init", "--dir", "other", "--keystore", keystore.to_str().unwrap()]);
    assert!(json(command)["keystore"].as_str().unwrap().ends_with("keystore.json"));

    std::fs::write(folder.path().join("not"), "{}").unwrap();
    let mut command = opg(folder.path());
    command.args(["init", "--dir", "third", "--keystore", "not"]);
    refuses(command, 4, &["OPG-0201", "not a Web3 keystore", "remedy"]);
}

#[test]
fn a_password_is_needed() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = opg(folder.path());
    command.arg("init");
    refuses(command, 4, &["OPG-0202", "not a terminal", "OPG_KEYSTORE_PASSWORD"]);
    let mut command = opg(folder.path());
    command.env("OPG_KEYSTORE_PASSWORD", "").arg("init");
    refuses(command, 4, &["OPG-0202", "OPG_KEYSTORE_PASSWORD", "empty"]);
    let mut command = opg(folder.path());
    command.args(["init", "--password-file", "absent"]);
    refuses(command, 4, &["OPG-0202", "absent", "cannot read"]);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn arguments_are_checked() {
    let folder = tempfile::tempdir().unwrap();
    for (args, parts) in [
        (["init", "--operator", "0x12"], ["0x12", "40 hexadecimal digits"]),
        (
            ["init", "--operator", "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"],
            ["checksum", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"],
        ),
        (["init", "--rpc", "ftp://host"], ["ftp", "http"]),
        (["init", "--chain-id", "0"], ["chain-id", "1.."]),
    ] {
        let mut command = opg(folder.path());
        command.args(args);
        refuses(command, 2, &parts);
    }
}

#[test]
fn errors_are_json_too() {
    let folder = initialised();
    let mut command = opg(folder.path());
    command.env("OPG_KEYSTORE_PASSWORD", "secret").arg("init");
    let error = json_error(command);
    assert_eq!(error["error"]["exit"], 7);
    let problem = &error["error"]["problems"][0];
    assert_eq!(problem["code"], "OPG-0005");
    for part in ["input", "reason", "remedy"] {
        assert!(!problem[part].as_str().unwrap().is_empty());
    }
    assert_eq!(run(folder.path(), &["nonsense"]).status.code(), Some(2));
}
