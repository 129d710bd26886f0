//! One verified inference after the other, from the question of a contract to the fee of the operator.

mod ask;
mod earnings;
mod genesis;
mod report;
mod stake;
mod watch;

use std::{ffi::OsString, process::Command, time::Duration};

use alloy::primitives::{Address, B256};
use opg_chain::bindings::{IInferenceHub, Opg};

use self::{
    ask::Asked,
    earnings::Earnings,
    genesis::Genesis,
    report::{Balances, Report},
    stake::Stake,
    watch::{Answered, Watch},
};
use crate::{
    args::DemoArgs,
    devnet::{Devnet, accounts},
    error::{CliError, CliResult, Code},
    output::Output,
    progress::Progress,
};

/// Runs the demo and prints what happened.
pub(crate) async fn run(args: &DemoArgs, output: Output) -> CliResult {
    let progress = Progress::new(output.is_json());
    let mut devnet = Devnet::start(&args.devnet, &progress).await?;
    let user = devnet.wallet(accounts::signer(accounts::USER)?)?;
    let operator = devnet.wallet(accounts::signer(accounts::OPERATOR)?)?;
    ask::fund(&devnet, &user).await?;

    let before = balances(&devnet, user.account()).await?;
    progress.step("asking: the contract AskModel a question, an account for an embedding and for a proved classification");
    let mut watch = Watch::new(&devnet);
    let questions = ask::ask(&devnet, &user, args).await?;
    let asked = watch.requests(&questions, args.timeout.0).await?;
    progress.step("waiting for the verified answers");
    let answers = wait(&mut devnet, &mut watch, &asked, args.timeout.0).await?;
    let after = balances(&devnet, user.account()).await?;

    progress.step("verifying the receipts and computing the answers again, each in a process of its own");
    for (asked, answer) in asked.iter().zip(&answers) {
        check(&devnet, answer.request_id, "verify", &[]).await?;
        check(&devnet, answer.request_id, "recompute", &model_files(&devnet, asked)).await?;
    }
    // Before a part of the fees is burned: nothing is missing yet.
    let genesis = Genesis::read(&devnet).await?;
    progress.step("dividing the fees and collecting the operator's part");
    let earnings = Earnings::collect(&devnet, &operator).await?;
    let settled = balances(&devnet, user.account()).await?;
    progress.finish();

    let stake = Stake::read(&devnet).await?;
    let report = Report {
        genesis,
        stake,
        digit: &devnet.digit,
        questions: &asked,
        answers: &answers,
        before,
        after,
        settled,
        earnings,
    };
    report.check()?;
    report.print(args, output);
    Ok(())
}

async fn wait(
    devnet: &mut Devnet,
    watch: &mut Watch,
    asked: &[Asked],
    limit: Duration,
) -> CliResult<Vec<Answered>> {
    let answers = watch.answers(devnet, asked, limit).await;
    match devnet.keeper_ended() {
        Some(reason) if answers.is_err() => {
            Err(CliError::new(Code::Demo, "opg run", reason, "the message names the cause"))
        }
        _ => answers,
    }
}

async fn balances(devnet: &Devnet, user: Address) -> CliResult<Balances> {
    let (rpc, book) = (&devnet.rpc, &devnet.book);
    let credit = |account| IInferenceHub::creditOfCall { account };
    let operator = devnet.population.operator;
    let read = async {
        Ok::<_, opg_chain::ledger::LedgerError>(Balances {
            user: rpc.view(book.opg, &Opg::balanceOfCall { account: user }).await?,
            user_credit: rpc.view(book.inference_hub, &credit(user)).await?,
            operator: rpc.view(book.opg, &Opg::balanceOfCall { account: operator }).await?,
            operator_fees: earnings::waiting(devnet).await?,
        })
    };
    read.await.map_err(|error| fault("balances", error))
}

/// Lets another process, which knows only the RPC, the address book and `files`, check an answer.
async fn check(devnet: &Devnet, request_id: B256, how: &'static str, files: &[OsString]) -> CliResult {
    let name = format!("opg receipt {how}");
    let program =
        std::env::current_exe().map_err(|error| CliError::internal("the path of this program", error))?;
    let mut command = Command::new(program);
    command
        .args(["receipt", how, &request_id.to_string(), "--json", "--rpc", &devnet.anvil.url])
        .arg("--address-book")
        .arg(&devnet.book_path)
        .args(files)
        .current_dir(devnet.folder());
    let output = tokio::task::spawn_blocking(move || command.output())
        .await
        .map_err(|error| CliError::internal(&name, error))?
        .map_err(|error| CliError::internal(&name, error))?;
    let valid = serde_json::from_slice::<serde_json::Value>(&output.stdout)
        .is_ok_and(|document| document["valid"] == true && document["requestId"] == request_id.to_string());
    if output.status.success() && valid {
        return Ok(());
    }
    let reason = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Err(fault(format!("{name} {request_id}"), reason))
}

/// The files of the model that was asked, as options.
fn model_files(devnet: &Devnet, asked: &Asked) -> Vec<OsString> {
    let population = &devnet.population;
    let served = [&population.chat, &population.embedding, &population.digits];
    let options =
        served.into_iter().filter(|served| served.version == asked.request.modelVersion).flat_map(|served| {
            let files = &served.files;
            [
                ("--weights", Some(&files.weights)),
                ("--tokenizer", files.tokenizer.as_ref()),
                ("--model-config", files.model_config.as_ref()),
            ]
        });
    options.filter_map(|(option, file)| Some([option.into(), file?.into()])).flatten().collect()
}

fn fault(what: impl std::fmt::Display, reason: impl std::fmt::Display) -> CliError {
    CliError::new(Code::Demo, what, reason, "run `opg devnet` and look at the keeper's log")
}
