//! `opg zk setup attest`

use alloy::{primitives::Bytes, signers::SignerSync as _, sol_types::SolCall as _};
use opg_chain::bindings::IVerifyingKeys;
use opg_zkml::setup::attestation_digest;
use serde_json::json;

use super::setup::finished;
use crate::{
    args::ZkSetupAttestArgs,
    config::Config,
    error::{CliError, CliResult, Code},
    output::{Output, fields},
    progress::Progress,
    staking::{Action, Desk},
};

/// Verifies the setup, signs its commitment, and registers the signature.
pub(super) async fn run(args: &ZkSetupAttestArgs, config: &Config, output: Output) -> CliResult {
    let progress = Progress::new(output.is_json());
    // Before anything is asked of the chain: nobody should sign what he has not verified.
    let finished = finished(&args.setup, &args.basis, &progress)?;
    let desk = Desk::open(&args.actor, config).await?;
    let contributor = desk.account();
    if !finished.contributors.contains(&contributor) {
        let names: Vec<_> = finished.contributors.iter().map(ToString::to_string).collect();
        return Err(CliError::new(
            Code::Argument,
            format!("account {contributor}"),
            format!("did not contribute to this setup; {} did", names.join(", ")),
            "act with the key of a contributor: --keystore",
        ));
    }
    let Some(key) = &desk.actor.key else {
        return Err(CliError::new(
            Code::Argument,
            "--from",
            "the signature needs the contributor's key",
            "name its --keystore; with --dry-run nothing is sent",
        ));
    };
    let keys = desk.contracts.addresses().verifying_keys.ok_or_else(|| {
        CliError::new(
            Code::AddressBook,
            "verifyingKeys",
            "is not in the address book",
            "use the address book of a deployment with proofs",
        )
    })?;
    let commitment = finished.commitment;
    let signature = key
        .sign_hash_sync(&attestation_digest(commitment))
        .map_err(|error| CliError::internal("signing the attestation", error))?;
    let signature = Bytes::copy_from_slice(&signature.as_bytes());
    let call = IVerifyingKeys::attestCall { commitment, contributor, signature: signature.clone() };
    progress.step("registering that you stand for the key");
    let done = desk
        .perform(&Action {
            stem: format!("zk-attest:{commitment}:{contributor}"),
            purpose: format!("say that {contributor} stands for key {commitment}"),
            to: keys,
            calls: vec![call.abi_encode().into()],
            spends: alloy::primitives::U256::ZERO,
            again: None,
        })
        .await?;
    progress.finish();
    let mut document = done.document();
    document["zkCommitment"] = json!(commitment);
    document["contributor"] = json!(contributor);
    document["signature"] = json!(signature);
    output.result(&document, || {
        let facts = fields(&[
            ("zkCommitment", commitment.to_string()),
            ("contributor", contributor.to_string()),
            ("signature", signature.to_string()),
        ]);
        format!("{facts}\n{}", done.text())
    });
    Ok(())
}
