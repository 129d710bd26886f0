//! `opg zk setup …`

use std::{fs::File, io::BufReader, path::Path};

use alloy::primitives::B256;
use opg_zkml::{
    Circuit, ProvingKey, development_setup, evm,
    setup::{Ceremony, Finished, Powers, Secret, SetupError, SetupKind, attestation_digest, commitment},
};
use serde_json::json;

use super::{attest, must_not_exist, read, read_model};
use crate::{
    args::{
        ZkKeyFilesArgs, ZkSetupBasisArgs, ZkSetupCommand, ZkSetupContributeArgs, ZkSetupDevArgs,
        ZkSetupFinishArgs, ZkSetupNewArgs, ZkSetupVerifyArgs,
    },
    config::Config,
    error::{CliError, CliResult, Code},
    files,
    output::{Output, fields},
    progress::Progress,
    runtime::{block_on, until_interrupted},
};

/// The largest file of typed noise.
const MAX_ENTROPY: usize = 1 << 20;

pub(super) fn run(
    command: &ZkSetupCommand,
    config: impl Fn() -> CliResult<Config>,
    output: Output,
) -> CliResult {
    match command {
        ZkSetupCommand::Attest(args) => block_on(until_interrupted(attest::run(args, &config()?, output))),
        ZkSetupCommand::Dev(args) => development(args, output),
        ZkSetupCommand::New(args) => begin(args, output),
        ZkSetupCommand::Contribute(args) => contribute(args, output),
        ZkSetupCommand::Verify(args) => verify(args, output),
        ZkSetupCommand::Finish(args) => finish(args, output),
    }
}

fn development(args: &ZkSetupDevArgs, output: Output) -> CliResult {
    keys_must_not_exist(&args.files)?;
    let progress = Progress::new(output.is_json());
    let circuit = compile(&args.model, &progress)?;
    progress.step("making a key for development");
    let key = development_setup(&circuit, &mut rand::rng()).map_err(|error| {
        CliError::new(Code::ModelFile, args.model.display(), error, "use a smaller model")
    })?;
    let stored = write_keys(&key, &args.files)?;
    progress.finish();
    let named = commitment(key.model_digest(), &stored, SetupKind::Development, B256::ZERO);
    output.result(&json!({ "setupKind": "dev", "model": key.model_digest(), "zkCommitment": named }), || {
        fields(&[
            (
                "setup",
                "dev: whoever made this key could forge proofs; no value outside of a devnet".to_owned(),
            ),
            ("model", key.model_digest().to_string()),
            ("zkCommitment", named.to_string()),
        ])
    });
    Ok(())
}

fn begin(args: &ZkSetupNewArgs, output: Output) -> CliResult {
    must_not_exist(&args.out)?;
    let progress = Progress::new(output.is_json());
    let (circuit, powers) = basis(&args.basis, &progress)?;
    progress.step("making the key that nobody has contributed to");
    let ceremony = Ceremony::new(&circuit, &powers).map_err(|error| refused(&args.basis.powers, error))?;
    write(&ceremony, &args.out)?;
    progress.finish();
    report(output, &ceremony, None);
    Ok(())
}

fn contribute(args: &ZkSetupContributeArgs, output: Output) -> CliResult {
    must_not_exist(&args.out)?;
    let progress = Progress::new(output.is_json());
    progress.step("reading the setup");
    let mut ceremony = read_setup(&args.setup)?;
    let more = match &args.entropy {
        Some(path) => read(path, MAX_ENTROPY)?,
        None => Vec::new(),
    };
    let mut rng = rand::rng();
    let secret = Secret::new(&mut rng, &more);
    progress.step("contributing");
    let link = ceremony
        .contribute(args.contributor, secret, &mut rng)
        .map_err(|error| refused(&args.setup, error))?;
    write(&ceremony, &args.out)?;
    progress.finish();
    report(output, &ceremony, Some(link));
    Ok(())
}

fn verify(args: &ZkSetupVerifyArgs, output: Output) -> CliResult {
    let progress = Progress::new(output.is_json());
    let (circuit, powers) = basis(&args.basis, &progress)?;
    progress.step("reading the setup");
    let ceremony = read_setup(&args.setup)?;
    progress.step("verifying contributions and key");
    let link =
        ceremony.verify(&circuit, &powers, &mut rand::rng()).map_err(|error| refused(&args.setup, error))?;
    progress.finish();
    report(output, &ceremony, Some(link));
    Ok(())
}

fn finish(args: &ZkSetupFinishArgs, output: Output) -> CliResult {
    keys_must_not_exist(&args.files)?;
    let progress = Progress::new(output.is_json());
    let finished = finished(&args.setup, &args.basis, &progress)?;
    write_keys(&finished.key, &args.files)?;
    progress.finish();
    let digest = attestation_digest(finished.commitment);
    output.result(
        &json!({
            "setupKind": "multiParty", "model": finished.key.model_digest(), "zkCommitment": finished.commitment,
            "transcript": finished.transcript, "contributors": finished.contributors, "attestation": digest,
        }),
        || {
            let names: Vec<String> = finished.contributors.iter().map(ToString::to_string).collect();
            fields(&[
                ("model", finished.key.model_digest().to_string()),
                ("zkCommitment", finished.commitment.to_string()),
                ("transcript", finished.transcript.to_string()),
                ("contributors", names.join(" ")),
                ("to be signed by them", digest.to_string()),
            ])
        },
    );
    Ok(())
}

/// Verifies a finished setup completely.
pub(super) fn finished(setup: &Path, on: &ZkSetupBasisArgs, progress: &Progress) -> CliResult<Finished> {
    let (circuit, powers) = basis(on, progress)?;
    progress.step("reading the setup");
    let ceremony = read_setup(setup)?;
    progress.step("verifying contributions and key");
    ceremony.finish(&circuit, &powers, &mut rand::rng()).map_err(|error| refused(setup, error))
}

fn report(output: Output, ceremony: &Ceremony, link: Option<B256>) {
    let contributors: Vec<String> = ceremony.contributors().map(|name| name.to_string()).collect();
    let model = ceremony.model_digest();
    output.result(&json!({ "model": model, "contributors": contributors, "transcript": link }), || {
        let mut rows = vec![("model", model.to_string()), ("contributors", contributors.join(" "))];
        rows.extend(link.map(|link| ("transcript", link.to_string())));
        fields(&rows)
    });
}

fn compile(path: &Path, progress: &Progress) -> CliResult<Circuit> {
    progress.step("compiling the circuit");
    Circuit::compile(read_model(path)?)
        .map_err(|error| CliError::new(Code::ModelFile, path.display(), error, "use a smaller model"))
}

fn basis(args: &ZkSetupBasisArgs, progress: &Progress) -> CliResult<(Circuit, Powers)> {
    let circuit = compile(&args.model, progress)?;
    progress.step("reading and checking the powers of tau");
    let mut file = File::open(&args.powers).map_err(|error| CliError::file(&args.powers, &error))?;
    let powers = Powers::read(&mut file, &circuit, &mut rand::rng());
    Ok((circuit, powers.map_err(|error| refused(&args.powers, error))?))
}

fn read_setup(path: &Path) -> CliResult<Ceremony> {
    let file = File::open(path).map_err(|error| CliError::file(path, &error))?;
    Ceremony::read(BufReader::with_capacity(1 << 20, file)).map_err(|error| refused(path, error))
}

fn write(ceremony: &Ceremony, path: &Path) -> CliResult {
    let mut bytes = Vec::new();
    ceremony.write(&mut bytes).map_err(|error| refused(path, error))?;
    files::write_new(path, &bytes)
}

fn keys_must_not_exist(files: &ZkKeyFilesArgs) -> CliResult {
    must_not_exist(&files.key)?;
    must_not_exist(&files.verifying_key)
}

/// Writes both keys and returns the verifying one as the chain keeps it.
fn write_keys(key: &ProvingKey, to: &ZkKeyFilesArgs) -> CliResult<Vec<u8>> {
    let mut bytes = Vec::new();
    key.write(&mut bytes).map_err(|error| CliError::internal("writing the proving key", error))?;
    files::write_new(&to.key, &bytes)?;
    let stored = evm::encode_key(key.verifying_key());
    files::write_new(&to.verifying_key, &stored)?;
    Ok(stored)
}

fn refused(path: &Path, error: SetupError) -> CliError {
    CliError::new(Code::Proof, path.display(), error, "see docs/zkml.md, Setup")
}
