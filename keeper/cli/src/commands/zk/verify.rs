//! `opg zk verify`

use opg_zkml::evm;
use serde_json::json;

use super::{bundle::Bundle, read};
use crate::{
    args::ZkVerifyArgs,
    error::{CliError, CliResult, Code},
    output::{Output, fields},
};

/// The largest file of proofs.
const MAX_BUNDLE: usize = 1 << 28;
/// The largest verifying key: 64 bytes for each 31 bytes of input and output.
const MAX_KEY: usize = 1 << 24;

pub(super) fn run(args: &ZkVerifyArgs, output: Output) -> CliResult {
    let key = evm::decode_key(&read(&args.key, MAX_KEY)?).map_err(|error| {
        CliError::new(Code::ModelFile, args.key.display(), error, "name the model's verifying key")
    })?;
    let bundle: Bundle = serde_json::from_slice(&read(&args.proofs, MAX_BUNDLE)?).map_err(|error| {
        CliError::new(Code::Argument, args.proofs.display(), error, "name a file that `opg zk prove` wrote")
    })?;
    let refused = |index: usize, reason: String| {
        CliError::new(
            Code::Proof,
            format!("proof {index} of {}", args.proofs.display()),
            reason,
            "do not trust its output; ask for another proof, or name the key of the right model",
        )
    };
    if bundle.proofs.is_empty() {
        return Err(refused(0, "the file holds no proof".to_owned()));
    }
    for (index, one) in bundle.proofs.iter().enumerate() {
        let proof = evm::decode_proof(&one.proof).map_err(|error| refused(index, error.to_string()))?;
        let digest = bundle.statement(index).digest(&one.input, &one.output);
        if !key.verify(digest, &one.input, &one.output, &proof) {
            let reason =
                "it does not show that the key's model turns this input into this output for this request";
            return Err(refused(index, reason.to_owned()));
        }
    }
    let count = bundle.proofs.len();
    // The key decides which model was proved; the file only says so.
    output.result(&json!({ "valid": true, "proofs": count, "claimedModel": bundle.model }), || {
        fields(&[("proofs", format!("{count}, all valid")), ("claimed model", bundle.model.to_string())])
    });
    Ok(())
}
