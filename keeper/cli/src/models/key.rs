//! The verifying key of a model whose answers are proved, as the chain names and keeps it.

use std::{fs::File, io::BufReader, path::Path};

use alloy::primitives::{B256, Bytes};
use opg_chain::{
    address_book::AddressBook,
    bindings::{IVerifyingKeys, KeyTerms},
    ledger::registered_key,
    rpc::Rpc,
};
use opg_zkml::{
    Model, ProvingKey, evm,
    setup::{SetupKind, commitment},
};

use crate::{
    args::ModelAddArgs,
    error::{CliError, CliResult, Code},
    submit::Call,
};

/// A key with the terms under which it is registered.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) commitment: B256,
    terms: KeyTerms,
    bytes: Vec<u8>,
}

impl Key {
    /// Reads the key that `args` name, and checks that it fits the model and the proving key.
    pub(super) fn read(args: &ModelAddArgs) -> CliResult<Option<Self>> {
        let Some(path) = &args.proof.verifying_key else { return Ok(None) };
        let fault = |path: &Path, reason: &dyn std::fmt::Display| {
            CliError::new(
                Code::ProvingKey,
                path.display(),
                reason,
                "name the keys that `opg zk setup` made for this model",
            )
        };
        if args.task != "tensor/1" {
            return Err(CliError::new(
                Code::Argument,
                "--verifying-key",
                format!("answers of {} cannot be proved", args.task),
                "use --task tensor/1 with a model of `opg model import`",
            ));
        }
        let bytes = std::fs::read(path).map_err(|error| CliError::file(path, &error))?;
        let key = evm::decode_key(&bytes).map_err(|error| fault(path, &error))?;
        let file = std::fs::read(&args.weights).map_err(|error| CliError::file(&args.weights, &error))?;
        let model = Model::from_bytes(&file).map_err(|error| {
            CliError::new(Code::ModelFile, args.weights.display(), error, "make it with `opg model import`")
        })?;
        if key.lengths != [model.input().len() as u64, model.output_bytes() as u64] {
            return Err(fault(path, &"it is for a model with another length of input or output"));
        }
        if let Some(path) = &args.proof.proving_key {
            let file = File::open(path).map_err(|error| CliError::file(path, &error))?;
            let (digest, verifying) =
                ProvingKey::read_head(BufReader::new(file)).map_err(|error| fault(path, &error))?;
            if digest != model.digest() || evm::encode_key(&verifying) != bytes {
                return Err(fault(path, &"it belongs to another model or another verifying key"));
            }
        }
        let (kind, transcript) = match args.proof.transcript {
            Some(transcript) => (SetupKind::MultiParty, transcript),
            None => (SetupKind::Development, B256::ZERO),
        };
        let digest = model.digest();
        let terms = KeyTerms { modelDigest: digest, kind: kind as u8, transcriptHash: transcript };
        Ok(Some(Self { commitment: commitment(digest, &bytes, kind, transcript), terms, bytes }))
    }

    /// What has to be sent, unless the key is on the chain.
    pub(super) async fn registration(&self, rpc: &Rpc, book: &AddressBook) -> CliResult<Option<Call>> {
        let keys = book.verifying_keys.ok_or_else(|| {
            CliError::new(
                Code::AddressBook,
                "verifyingKeys",
                "is not in the address book, so proofs cannot be checked on this chain",
                "use the address book of a deployment with proofs, or add the model without --verifying-key",
            )
        })?;
        let found = registered_key(rpc, book, self.commitment).await.map_err(|error| {
            CliError::new(Code::Contract, "key registry", error, "check chain.rpc and chain.address_book")
        })?;
        if found.is_some() {
            return Ok(None);
        }
        let call =
            IVerifyingKeys::registerCall { terms: self.terms.clone(), key: Bytes::from(self.bytes.clone()) };
        let purpose = "register the key that its proofs are checked with";
        Ok(Some(Call::new(format!("zk-key:{}", self.commitment), purpose, keys, &call)))
    }
}
