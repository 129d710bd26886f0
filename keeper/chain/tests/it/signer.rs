//! Keystores and signatures, checked against an independent implementation.

use std::path::{Path, PathBuf};

use alloy::{
    consensus::{SignableTransaction, TxEip1559},
    network::TxSignerSync,
    primitives::{Address, B256},
};
use ethers_signers::Signer as _;
use opg_chain::signer::{
    Password, PrivateKeySigner, SignerError, create_keystore, import_keystore, open_keystore, sign_receipt,
};
use opg_receipts::{InferenceReceipt, receipt_domain};

fn password(text: &str) -> Password {
    Password::new(text.to_owned()).unwrap()
}

fn write(folder: &Path, name: &str, text: &str, mode: u32) -> PathBuf {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
    path
}

#[test]
fn a_keystore_opens_again_here_and_with_ethers() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    let created = create_keystore(&path, &password("correct horse")).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(open_keystore(&path, &password("correct horse")).unwrap().address(), created.address());
    let ethers = ethers_signers::Wallet::decrypt_keystore(&path, "correct horse").unwrap();
    assert_eq!(ethers.address().as_bytes(), created.address().as_slice());
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left behind");
}

#[test]
fn a_keystore_of_ethers_opens() {
    let folder = tempfile::tempdir().unwrap();
    let mut random = ethers_core::rand::thread_rng();
    let (wallet, name) =
        ethers_signers::Wallet::new_keystore(folder.path(), &mut random, "pass", Some("ethers.json"))
            .unwrap();
    let _ = name;
    let path = folder.path().join("ethers.json");
    let exposed = open_keystore(&path, &password("pass")).unwrap_err();
    assert!(exposed.to_string().contains("chmod 600"), "{exposed}");
    let text = std::fs::read_to_string(&path).unwrap();
    let path = write(folder.path(), "ethers.json", &text, 0o600);
    let opened = open_keystore(&path, &password("pass")).unwrap();
    assert_eq!(opened.address().as_slice(), wallet.address().as_bytes());
}

#[test]
fn bad_files_and_passwords_are_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key.json");
    create_keystore(&path, &password("right")).unwrap();
    assert!(matches!(open_keystore(&path, &password("wrong")), Err(SignerError::WrongPassword { .. })));
    assert!(matches!(create_keystore(&path, &password("right")), Err(SignerError::Exists { .. })));
    let absent = open_keystore(&folder.path().join("absent"), &password("x")).unwrap_err();
    assert!(matches!(absent, SignerError::Read { .. }), "{absent}");
    let good = std::fs::read_to_string(&path).unwrap();
    for (name, text) in [
        ("text", "hello".to_owned()),
        ("array", "[]".to_owned()),
        ("version", good.replace("\"version\":3", "\"version\":4")),
        ("short key", good.replace("\"dklen\":32", "\"dklen\":16")),
        ("odd n", good.replace("\"n\":8192", "\"n\":8191")),
        ("cipher", good.replace("aes-128-ctr", "aes-256-cbc")),
    ] {
        let error =
            open_keystore(&write(folder.path(), "bad", &text, 0o600), &password("right")).unwrap_err();
        assert!(matches!(error, SignerError::NotAKeystore { .. }), "{name}: {error}");
    }
    assert!(matches!(
        import_keystore(&folder.path().join("zero"), &password("x"), &B256::ZERO),
        Err(SignerError::InvalidKey { .. })
    ));
}

#[test]
fn passwords_come_from_private_files_and_are_never_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = write(folder.path(), "password", "hunter2\n", 0o600);
    let read = Password::from_file(&file).unwrap();
    assert!(!format!("{read:?}").contains("hunter2"));
    let keystore = folder.path().join("key.json");
    create_keystore(&keystore, &read).unwrap();
    open_keystore(&keystore, &password("hunter2")).unwrap();
    let exposed = write(folder.path(), "open", "hunter2", 0o644);
    assert!(matches!(Password::from_file(&exposed), Err(SignerError::Exposed { mode: 0o644, .. })));
    assert!(matches!(Password::new(String::new()), Err(SignerError::EmptyPassword)));
}

#[tokio::test]
async fn receipts_and_transactions_recover_to_the_key() {
    let key = PrivateKeySigner::random();
    let receipt = InferenceReceipt {
        requestId: B256::repeat_byte(1),
        payer: Address::repeat_byte(2),
        operator: Address::repeat_byte(3),
        modelVersion: B256::repeat_byte(4),
        inputHash: B256::repeat_byte(5),
        outputHash: B256::repeat_byte(6),
        traceHash: B256::repeat_byte(7),
        inputUnits: 8,
        outputUnits: 9,
        unitPrice: 10,
        fee: 11,
        mode: 0,
        issuedAt: 12,
    };
    let domain = receipt_domain(31337, Address::repeat_byte(9));
    let digest = receipt.digest(&domain);
    let signed = sign_receipt(&key, receipt, &domain).await.unwrap();
    signed.verify(&domain, key.address()).unwrap();
    let ethers = ethers_core::types::Signature::try_from(signed.signature_bytes().as_slice()).unwrap();
    let recovered = ethers.recover(ethers_core::types::H256(digest.0)).unwrap();
    assert_eq!(recovered.as_bytes(), key.address().as_slice());

    let mut transaction = TxEip1559 { chain_id: 31337, nonce: 7, gas_limit: 21_000, ..Default::default() };
    let signature = key.sign_transaction_sync(&mut transaction).unwrap();
    let recovered = signature.recover_address_from_prehash(&transaction.signature_hash()).unwrap();
    assert_eq!(recovered, key.address());
}
