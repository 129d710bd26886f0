//! `opg zk prove`

use std::{fs::File, io::BufReader, time::Instant};

use opg_zkml::{Circuit, Model, ProvingKey, Statement, dataset::Dataset, prove_batch};
use serde_json::json;

use super::{bundle::Bundle, must_not_exist, read, read_model};
use crate::{
    args::ZkProveArgs,
    error::{CliError, CliResult, Code},
    files,
    output::{Output, fields},
    progress::Progress,
};

/// The largest file of inputs.
const MAX_INPUTS: usize = 1 << 30;

pub(super) fn run(args: &ZkProveArgs, output: Output) -> CliResult {
    must_not_exist(&args.out)?;
    let progress = Progress::new(output.is_json());
    progress.step("reading model and inputs");
    let model = read_model(&args.model)?;
    let inputs = inputs(args, &model)?;
    progress.step("compiling the circuit");
    let compiled = Circuit::compile(model).map_err(|error| {
        CliError::new(Code::ModelFile, args.model.display(), error, "use a smaller model")
    })?;
    progress.step("reading the proving key");
    let file = File::open(&args.key).map_err(|error| CliError::file(&args.key, &error))?;
    let key = ProvingKey::read(BufReader::with_capacity(1 << 20, file)).map_err(|error| {
        CliError::new(Code::ModelFile, args.key.display(), error, "name the model's proving key")
    })?;
    let context = Statement {
        chain_id: args.statement.chain_id,
        verifying_contract: args.statement.contract,
        model_version: args.statement.version_id,
        request_id: args.statement.request,
        operator: args.statement.operator,
        batch_index: 0,
        batch_size: 1,
    };
    let started = Instant::now();
    let total = inputs.len() * ProvingKey::PARTS;
    progress.step(&format!("proving {} input(s)", inputs.len()));
    let slices: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let report = |done: usize| {
        // A line for each part of many proofs would be too much where lines stay.
        if inputs.len() == 1 || done.is_multiple_of(ProvingKey::PARTS) {
            progress.step(&format!("proving {} input(s): {done} of {total} parts", inputs.len()));
        }
    };
    let proved =
        prove_batch(&key, &compiled, &slices, context, &mut rand::rng(), &report).map_err(|error| {
            CliError::new(Code::ModelFile, args.key.display(), error, "use the key of this model")
        })?;
    let seconds = started.elapsed().as_secs_f64();
    let bundle = Bundle::new(compiled.model_digest(), &context, &proved);
    let text = serde_json::to_string_pretty(&bundle)
        .map_err(|error| CliError::internal("writing the proofs", error))?;
    files::write_new(&args.out, format!("{text}\n").as_bytes())?;
    progress.finish();
    let constraints = compiled.constraints().constraints();
    let outputs: Vec<_> = bundle.proofs.iter().map(|one| one.output.to_string()).collect();
    output.result(
        &json!({
            "model": bundle.model, "constraints": constraints, "proofs": outputs.len(), "outputs": outputs,
            "seconds": seconds, "file": args.out,
        }),
        || {
            fields(&[
                ("model", bundle.model.to_string()),
                ("constraints", constraints.to_string()),
                ("proofs", outputs.len().to_string()),
                ("outputs", outputs.join(" ")),
                ("time", format!("{seconds:.2} s")),
                ("written to", args.out.display().to_string()),
            ])
        },
    );
    Ok(())
}

/// The inputs that are named, each of the model's size.
fn inputs(args: &ZkProveArgs, model: &Model) -> CliResult<Vec<Vec<u8>>> {
    let bytes = read(&args.input, MAX_INPUTS)?;
    let refused = |reason: String| {
        CliError::new(
            Code::Argument,
            args.input.display(),
            reason,
            "give bytes of the model's input, or `--samples`",
        )
    };
    let size = model.input().len();
    if args.samples.is_empty() {
        if bytes.len() != size {
            return Err(refused(format!("it has {} bytes where the model takes {size}", bytes.len())));
        }
        return Ok(vec![bytes]);
    }
    let data = Dataset::from_idx(&bytes).map_err(|error| refused(error.to_string()))?;
    data.fits(size).map_err(|error| refused(error.to_string()))?;
    let pick = |sample: &usize| {
        let found = data.samples().nth(*sample).map(<[u8]>::to_vec);
        found.ok_or_else(|| refused(format!("it has {} samples and no number {sample}", data.len())))
    };
    args.samples.iter().map(pick).collect()
}
