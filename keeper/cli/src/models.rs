//! Puts a model on the chain: digests of its files, its key for proofs, its specification, its version.

mod key;

use std::{fs::File, path::Path};

use alloy::{
    primitives::{B256, FixedBytes, keccak256},
    sol_types::SolValue as _,
};
use opg_chain::{
    address_book::AddressBook,
    bindings::{IModelRegistry, ModelSpec},
    rpc::Rpc,
};
use opg_engine::{Limits, ModelManifest, Profile, Task, digest, local::Accelerator};
use opg_receipts::{MODE_OPERATOR_SIGNED, MODE_ZERO_KNOWLEDGE};

use self::key::Key;
use crate::{
    args::ModelAddArgs,
    error::{CliError, CliResult, Code},
    progress::Progress,
    submit::{Call, Submitter},
};

/// Bits of the verification modes.
const OPERATOR_SIGNED: u8 = 1 << MODE_OPERATOR_SIGNED;
const ZERO_KNOWLEDGE: u8 = 1 << MODE_ZERO_KNOWLEDGE;

/// A version, registered or about to be.
#[derive(Debug)]
pub(crate) struct Publication {
    pub(crate) model_id: B256,
    pub(crate) version: B256,
    pub(crate) spec: ModelSpec,
    /// What is not on the chain yet.
    pub(crate) calls: Vec<Call>,
}

/// Finds out what has to be sent for `owner`.
pub(crate) async fn plan(
    args: &ModelAddArgs,
    digests: &Digests,
    rpc: &Rpc,
    book: &AddressBook,
    owner: alloy::primitives::Address,
) -> CliResult<Publication> {
    let spec = spec_of(args, digests);
    let registry = book.model_registry;
    let model_id = keccak256(
        (alloy::primitives::U256::from(book.chain_id), registry, owner, args.name.clone())
            .abi_encode_params(),
    );
    let version = spec.version_of(model_id);
    let fail = |error: opg_chain::rpc::RpcError| {
        CliError::new(Code::Contract, "model registry", error, "check chain.rpc and chain.address_book")
    };

    let mut calls = Vec::new();
    if let Some(key) = &digests.key {
        calls.extend(key.registration(rpc, book).await?);
    }
    let known = rpc.view(registry, &IModelRegistry::ownerOfCall { modelId: model_id }).await;
    if known.map_err(fail)?.is_zero() {
        let call = IModelRegistry::registerModelCall { name: args.name.clone() };
        let purpose = format!("register model {}", args.name);
        calls.push(Call::new(format!("model:{model_id}"), purpose, registry, &call));
    }
    // The specification of an unknown version reverts.
    match rpc.view(registry, &IModelRegistry::specOfCall { version }).await {
        Ok(_) => {}
        Err(error) if error.revert().is_some() => {
            let call = IModelRegistry::publishVersionCall { modelId: model_id, spec: spec.clone() };
            calls.push(Call::new(
                format!("version:{version}"),
                format!("publish a version of {}", args.name),
                registry,
                &call,
            ));
        }
        Err(error) => return Err(fail(error)),
    }
    Ok(Publication { model_id, version, spec, calls })
}

/// Sends what is missing.
pub(crate) async fn publish(publication: &Publication, submitter: &Submitter) -> CliResult<Vec<B256>> {
    submitter.send(&publication.calls).await
}

fn spec_of(args: &ModelAddArgs, digests: &Digests) -> ModelSpec {
    let mut task = [0; 32];
    // The names of tasks are short ASCII words; the parser lets no other through.
    for (byte, letter) in task.iter_mut().zip(args.task.bytes()) {
        *byte = letter;
    }
    let (commitment, modes) = match &digests.key {
        Some(key) => (key.commitment, OPERATOR_SIGNED | ZERO_KNOWLEDGE),
        None => (B256::ZERO, OPERATOR_SIGNED),
    };
    ModelSpec {
        task: FixedBytes(task),
        weightsDigest: digests.weights,
        tokenizerDigest: digests.tokenizer,
        configDigest: digests.config,
        engineProfile: digests.profile,
        zkCommitment: commitment,
        unitsPerRequest: args.units_per_request,
        unitsPerInputToken: args.units_per_input_token,
        unitsPerOutputToken: args.units_per_output_token,
        royaltyBps: args.royalty_bps,
        modes,
        licence: args.licence.clone(),
        uri: args.uri.clone(),
    }
}

/// SHA-256 of the files of a model, zero where it has none, its execution profile and its verifying key.
#[derive(Debug)]
pub(crate) struct Digests {
    weights: B256,
    tokenizer: B256,
    config: B256,
    /// Digest of the profile in which this build computes the model.
    profile: B256,
    /// The key that its answers are checked with, where they are proved.
    key: Option<Key>,
}

impl Digests {
    /// Reads the files that `args` names, showing how far it is.
    pub(crate) fn read(args: &ModelAddArgs, progress: &Progress) -> CliResult<Self> {
        let optional = |path: Option<&Path>| path.map_or(Ok(B256::ZERO), |path| digest_of(path, progress));
        let weights = digest_of(&args.weights, progress)?;
        let tokenizer = optional(args.tokenizer.as_deref())?;
        let config = optional(args.model_config.as_deref())?;
        let profile = profile_of(args, [weights, tokenizer, config])?;
        Ok(Self { weights, tokenizer, config, profile, key: Key::read(args)? })
    }
}

/// The profile in which this build computes a model, or that of one which is forwarded: what its version is registered with, so that every keeper that serves
/// the version gives the same answers.
fn profile_of(args: &ModelAddArgs, [weights, tokenizer, config]: [B256; 3]) -> CliResult<B256> {
    let task = Task::parse_name(&args.task).ok_or_else(|| {
        CliError::new(Code::Argument, format!("task {}", args.task), "is unknown", "name a task of `--help`")
    })?;
    let digest = |digest: B256| (!digest.is_zero()).then_some(digest.0);
    let manifest = ModelManifest {
        name: args.name.clone(),
        task,
        weights: args.weights.clone(),
        tokenizer: args.tokenizer.clone(),
        config: args.model_config.clone(),
        weights_digest: weights.0,
        tokenizer_digest: digest(tokenizer),
        config_digest: digest(config),
        limits: Limits::default(),
    };
    if args.upstream.upstream.is_some() {
        return Ok(B256::from(Profile::forwarded(&manifest).digest()));
    }
    let profile = Profile::of(&manifest, Accelerator::default()).map_err(|error| {
        CliError::new(
            Code::ModelFile,
            args.weights.display(),
            error,
            "name a file of the format that the task takes, as `opg model add --help` lists them",
        )
    })?;
    Ok(B256::from(profile.digest()))
}

fn digest_of(path: &Path, progress: &Progress) -> CliResult<B256> {
    let digest = || {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        digest::sha256(&mut progress.read(&format!("hashing {}", path.display()), file, size))
    };
    digest().map(B256::from).map_err(|error| {
        CliError::new(Code::ModelFile, path.display(), error, "name a file that exists and that you may read")
    })
}
