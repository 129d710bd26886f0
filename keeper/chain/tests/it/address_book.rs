//! Address books, good and bad.

use opg_chain::address_book::{AddressBook, AddressBookError};
use serde_json::{Value, json};

use crate::support::book;

fn read(value: &Value) -> Result<AddressBook, AddressBookError> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("31337.json"), value.to_string()).unwrap();
    AddressBook::load(folder.path(), 31337)
}

fn good() -> Value {
    serde_json::to_value(book(31337)).unwrap()
}

#[test]
fn reads_what_the_deploy_script_writes() {
    let mut value = good();
    value["askModel"] = json!("0x00000000000000000000000000000000000000aa");
    value["addedLater"] = json!(1);
    let read = read(&value).unwrap();
    assert_eq!(read.inference_hub, book(31337).inference_hub);
    assert!(read.ask_model.is_some());
}

#[test]
fn errors_name_the_field() {
    for (field, wrong) in [
        ("chainId", json!("one")),
        ("deploymentBlock", json!(-1)),
        ("inferenceHub", json!("0x12")),
        ("opg", json!(null)),
        ("proofRegistry", json!("0x0000000000000000000000000000000000000000")),
        ("askModel", json!(7)),
    ] {
        let mut value = good();
        value[field] = wrong;
        let error = read(&value).unwrap_err().to_string();
        assert!(error.contains(&format!("`{field}`")) && error.contains("31337.json"), "{error}");
        if field != "askModel" {
            let mut value = good();
            value.as_object_mut().unwrap().remove(field);
            let error = read(&value).unwrap_err().to_string();
            assert!(error.contains(&format!("`{field}`")), "{error}");
        }
    }
}

#[test]
fn a_book_of_another_chain_is_refused() {
    let error = read(&serde_json::to_value(book(8453)).unwrap()).unwrap_err();
    assert!(matches!(error, AddressBookError::WrongChain { expected: 31337, found: 8453, .. }), "{error}");
}

#[test]
fn an_absent_book_says_what_to_do() {
    let error = AddressBook::load(std::path::Path::new("/nonexistent"), 31337).unwrap_err().to_string();
    assert!(error.contains("/nonexistent/31337.json") && error.contains("deploy"), "{error}");
}
