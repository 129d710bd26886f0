//! `opg receipt recompute`: the same model, the same request, the same bits?

use alloy::primitives::B256;
use opg_chain::{
    bindings::ModelSpec,
    ledger::{Check, RecordedResult, verify_result},
};
use opg_engine::{
    Completion, EngineError, Input, Limits, Task,
    local::{Accelerator, LocalModel, Unobserved},
};
use opg_node::inference::{Affordable, Coefficients};
use opg_receipts::{canonical_json, content_hash};

use super::{fetch, forwarded, report};
use crate::{
    args::{Cli, RecomputeArgs},
    config::{Config, Model},
    context,
    daemon::registered::Registered,
    error::{CliError, CliResult, Code},
    output::Output,
    progress::Progress,
};

/// Checks the receipt, then computes the answer from the request and compares what comes out with what was delivered.
pub(super) async fn run(cli: &Cli, args: &RecomputeArgs, output: Output) -> CliResult {
    let result = fetch(cli, args.request_id, &args.chain).await?;
    let mut checks = verify_result(&result, None);
    if forwarded(&result) {
        checks.push(check(
            "output recomputed",
            false,
            "not verifiable: forwarded to another server".to_owned(),
        ));
        return report(&result, &checks, output);
    }
    // What the chain does not bear out needs no computing, and without the specification there is nothing to compute with.
    if let (Some(spec), true) = (&result.spec, checks.iter().all(|check| check.ok)) {
        let registered = registered(cli, args, &result, spec)?;
        registered.check_profile().await?;
        let progress = Progress::new(output.is_json());
        progress.step(&format!("computing the answer of {} again", registered.manifest.name));
        let found = recompute(registered, &result, spec).await;
        progress.finish();
        checks.extend(found?);
    }
    report(&result, &checks, output)
}

/// The version's files: those that are named, or those of the configuration.
fn registered(
    cli: &Cli,
    args: &RecomputeArgs,
    result: &RecordedResult,
    spec: &ModelSpec,
) -> CliResult<Registered> {
    let version = result.receipt.modelVersion;
    let model = match &args.weights {
        Some(weights) => named(args, weights.clone(), version),
        None => configured(cli, version)?,
    };
    Registered::of(&model, spec).ok_or_else(|| {
        CliError::new(
            Code::ModelUnknown,
            format!("model version {version}"),
            format!("its task {:?} is unknown to this build", spec.task_name()),
            format!("use a newer build; this one knows {}", Task::ALL.map(Task::name).join(", ")),
        )
    })
}

fn named(args: &RecomputeArgs, weights: std::path::PathBuf, version: B256) -> Model {
    Model {
        name: weights.display().to_string(),
        version,
        weights,
        tokenizer: args.tokenizer.clone(),
        config: args.model_config.clone(),
        proving_key: None,
        upstream: None,
        max_input_tokens: None,
        max_output_tokens: None,
    }
}

fn configured(cli: &Cli, version: B256) -> CliResult<Model> {
    let config = Config::load(&cli.config)?;
    config.models.into_iter().find(|model| model.version == version).ok_or_else(|| {
        CliError::new(
            Code::ModelUnknown,
            format!("model version {version}"),
            "is not in the configuration",
            "name its files with --weights, --tokenizer and --model-config",
        )
    })
}

/// Computes in this process: what is wrong with a model file ends this command and nothing else.
async fn recompute(
    registered: Registered,
    result: &RecordedResult,
    spec: &ModelSpec,
) -> CliResult<Vec<Check>> {
    let mut manifest = registered.manifest;
    let limits = manifest.limits;
    // Another operator may read and write more than is configured here; the model's own context still bounds both.
    manifest.limits = Limits { max_input_tokens: u32::MAX, max_output_tokens: u32::MAX, ..limits };
    let input = match manifest.task.decode_input(&result.input) {
        Ok(input) => input,
        Err(error) => return Ok(vec![check("input", false, format!("has no answer: {error}"))]),
    };
    let coefficients = Coefficients::from(spec);
    let (receipt, most) = (result.receipt.clone(), result.request.maxFee);
    let name = manifest.name.clone();
    let computed = tokio::task::spawn_blocking(move || {
        let model = LocalModel::load(&manifest, Accelerator::default())?;
        let tokens = u32::try_from(model.prompt(&input)?.len()).unwrap_or(u32::MAX);
        let paid = |wanted| coefficients.affordable(tokens, wanted, receipt.unitPrice, most);
        let charged = receipt.outputUnits.checked_div(coefficients.per_output_token);
        model.run(&limited(input, limits, charged, paid), &mut Unobserved)
    });
    let completion = computed
        .await
        .map_err(|error| CliError::internal("computing the answer again", error))?
        .map_err(|error| context::engine(&name, &error))?;
    compare(result, &coefficients, &completion).map_err(|error| context::engine(&name, &error))
}

/// Ends the answer where the operator ended it. Its own limits are not on the chain; but what it ended early it also charged
/// less for, so the tokens that it charged say where. An answer that is held to a form was chosen with the limit in view: there
/// `limits` are taken to be the operator's.
fn limited(input: Input, limits: Limits, charged: Option<u64>, paid: impl Fn(u32) -> Affordable) -> Input {
    let Input::Chat(mut chat) = input else { return input };
    let wanted = match &chat.constraint {
        Some(_) => limits.output(chat.max_tokens),
        None => chat.max_tokens.unwrap_or(limits.default_output_tokens),
    };
    let granted = match paid(wanted) {
        Affordable::Tokens(tokens) => wanted.min(tokens),
        Affordable::All | Affordable::Nothing { .. } => wanted,
    };
    chat.max_tokens = Some(match charged.and_then(|tokens| u32::try_from(tokens).ok()) {
        Some(tokens) if chat.constraint.is_none() && tokens > 0 => granted.min(tokens),
        _ => granted,
    });
    Input::Chat(chat)
}

fn compare(
    result: &RecordedResult,
    coefficients: &Coefficients,
    completion: &Completion,
) -> Result<Vec<Check>, EngineError> {
    let receipt = &result.receipt;
    let trace = canonical_json(&completion.trace)
        .map_err(|error| EngineError::Inference { reason: format!("its trace: {error}") })?;
    let trace = content_hash(&trace);
    let usage = completion.usage;
    let units =
        (coefficients.input_units(usage.input_tokens), coefficients.output_units(usage.output_tokens));
    Ok(vec![
        output(&completion.output.encode(), &result.fulfilment.output),
        check(
            "units recomputed",
            units == (receipt.inputUnits, receipt.outputUnits),
            format!(
                "{} in and {} out here, the receipt charges {} and {}",
                units.0, units.1, receipt.inputUnits, receipt.outputUnits
            ),
        ),
        check(
            "trace recomputed",
            trace == receipt.traceHash,
            format!("tokens and logits hash to {trace} here, the receipt says {}", receipt.traceHash),
        ),
    ])
}

fn output(here: &[u8], there: &[u8]) -> Check {
    let same = here.iter().zip(there).take_while(|(here, there)| here == there).count();
    let ok = same == here.len() && same == there.len();
    let detail = if ok {
        format!("all {same} bytes are the same")
    } else {
        format!("the first {same} of {} bytes are the same, {} were computed here", there.len(), here.len())
    };
    check("output recomputed", ok, detail)
}

fn check(name: &'static str, ok: bool, detail: String) -> Check {
    Check { name, ok, detail }
}

#[cfg(test)]
mod tests {
    use opg_engine::{ChatInput, Constraint};

    use super::*;

    fn limit(chat: ChatInput, charged: Option<u64>, paid: Affordable) -> Option<u32> {
        match limited(Input::Chat(chat), Limits::default(), charged, |_| paid) {
            Input::Chat(chat) => chat.max_tokens,
            Input::Embedding(_) | Input::Tensor(_) => None,
        }
    }

    #[test]
    fn an_answer_is_computed_as_far_as_it_was_charged() {
        let asked = || ChatInput { max_tokens: Some(40), ..ChatInput::ask("hello") };
        assert_eq!(limit(asked(), Some(12), Affordable::All), Some(12));
        assert_eq!(limit(asked(), Some(90), Affordable::All), Some(40), "more than asked for is charged");
        assert_eq!(limit(asked(), Some(90), Affordable::Tokens(20)), Some(20), "or more than was paid for");
        assert_eq!(limit(asked(), None, Affordable::All), Some(40), "tokens of this model are free");
        assert_eq!(limit(ChatInput::ask("hello"), Some(300), Affordable::All), Some(256));
        let long = ChatInput { max_tokens: Some(4_000), ..ChatInput::ask("hello") };
        assert_eq!(
            limit(long, Some(3_000), Affordable::All),
            Some(3_000),
            "an operator may write more than we do"
        );
    }

    #[test]
    fn an_answer_that_is_held_to_a_form_keeps_its_limit() {
        let mut asked = ChatInput { max_tokens: Some(40), ..ChatInput::ask("hello") };
        asked.constraint = Some(Constraint::Regex("a*".to_owned()));
        assert_eq!(limit(asked.clone(), Some(12), Affordable::All), Some(40));
        asked.max_tokens = Some(4_000);
        assert_eq!(
            limit(asked, Some(12), Affordable::All),
            Some(1_024),
            "and so do the limits that are configured"
        );
    }

    #[test]
    fn outputs_are_the_same_or_the_place_is_told() {
        assert!(output(b"Paris", b"Paris").ok);
        let differs = output(b"Paris.", b"Parma");
        assert!(!differs.ok && differs.detail.contains("first 3 of 5 bytes"), "{}", differs.detail);
        assert!(!output(b"Paris.", b"Paris").ok && !output(b"Paris", b"Paris.").ok);
    }
}
