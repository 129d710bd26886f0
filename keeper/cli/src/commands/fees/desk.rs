//! `opg fees …`

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol_types::SolCall as _,
};
use opg_chain::bindings::{IFeeRouter, IInferenceHub};
use serde_json::{Value, json};

use super::books::{self, opg};
use crate::{
    args::{ActorArgs, CollectArgs, FeesCommand},
    config::Config,
    context,
    error::{CliError, CliResult, Code},
    output::{Output, table},
    staking::{Action, Desk, Done, read_fault},
};

/// Shows or moves fees.
pub(crate) async fn run(command: &FeesCommand, config: &Config, output: Output) -> CliResult {
    match command {
        FeesCommand::Show => show(config, output),
        FeesCommand::Sweep { operator, actor } => sweep(*operator, actor, config, output).await,
        FeesCommand::Collect(args) => collect(args, config, output).await,
    }
}

/// The books for each version.
fn show(config: &Config, output: Output) -> CliResult {
    let operator = operator(None, config)?;
    let compared = books::read(config, operator)?.ok_or_else(|| {
        CliError::new(
            Code::Stake,
            format!("books of {operator}"),
            "the keeper has not compared them with the chain yet",
            "start it with `opg run` and fees.enabled = true",
        )
    })?;
    output.result(&compared.document(), || {
        let rows: Vec<_> = compared
            .books
            .versions
            .iter()
            .map(|version| {
                vec![
                    version.version.to_string(),
                    opg(version.earned() + version.earlier),
                    opg(version.divided.sum()),
                    opg(version.pending()),
                    opg(version.at_risk),
                    format!("{} wei", version.difference()),
                ]
            })
            .collect();
        let heads = ["VERSION", "EARNED", "DIVIDED", "PENDING", "AT RISK", "DIFFERENCE"];
        format!("{}\n{}\n{}", table(&heads, &rows), compared.parts(), compared.line())
    });
    Ok(())
}

/// Has everything divided that is at the hub or in vaults, little as it may be.
async fn sweep(named: Option<Address>, actor: &ActorArgs, config: &Config, output: Output) -> CliResult {
    let desk = Desk::open(actor, config).await?;
    let operator = operator(named, config)?;
    let router = desk.contracts.fee_router().map_err(read_fault)?;
    let mut vaults: Vec<Bytes> = Vec::new();
    let mut done = Vec::new();
    for version in versions(config)? {
        let fees = desk.contracts.waiting_fees(operator, version).await.map_err(read_fault)?;
        if fees.hub > U256::ZERO {
            let call = IInferenceHub::routeFeesCall { operator, modelVersion: version };
            let hub = desk.contracts.addresses().inference_hub;
            let stem = format!("route-fees:{operator}:{version}");
            let purpose = format!("divide the fees for model version {version}");
            done.push(perform(&desk, stem, purpose, hub, vec![call.abi_encode().into()]).await?);
        } else if fees.vault > U256::ZERO {
            vaults.push(IFeeRouter::sweepCall { operator, version }.abi_encode().into());
        }
    }
    if !vaults.is_empty() {
        let purpose = format!("divide the fees in {} vaults", vaults.len());
        done.push(perform(&desk, format!("sweep:{operator}"), purpose, router, vaults).await?);
    }
    if done.is_empty() {
        return Err(CliError::new(
            Code::Stake,
            format!("fees of {operator}"),
            "nothing waits to be divided",
            "`opg status` shows what there is, and `opg fees collect` pays out what was divided",
        ));
    }
    report(&done, json!({ "operator": operator }), output);
    Ok(())
}

/// Has the account paid what the fee router owes it.
async fn collect(args: &CollectArgs, config: &Config, output: Output) -> CliResult {
    let desk = Desk::open(&args.actor, config).await?;
    let account = operator(args.operator, config)?;
    let to = args.to.unwrap_or(account);
    // Said before anything is sent, and with the key that can.
    if to != account && desk.account() != account {
        return Err(CliError::new(
            Code::Argument,
            format!("--to {to}"),
            format!("only {account} itself can have its fees paid elsewhere, not {}", desk.account()),
            "name its keystore with --keystore, or leave --to out: then anybody can have them paid to it",
        ));
    }
    let owed = desk.contracts.owed_fees(account).await.map_err(read_fault)?;
    if owed.is_zero() {
        return Err(CliError::new(
            Code::Stake,
            format!("fees of {account}"),
            "there is nothing to collect",
            "`opg fees sweep` divides what waits at the hub and in vaults",
        ));
    }
    let router = desk.contracts.fee_router().map_err(read_fault)?;
    let call = IFeeRouter::collectCall { account, to }.abi_encode().into();
    let purpose = format!("pay {to} the fees of {account}");
    let done = perform(&desk, format!("collect:{account}:{to}"), purpose, router, vec![call]).await?;
    report(&[done], json!({ "account": account, "to": to, "amountWei": owed.to_string() }), output);
    Ok(())
}

async fn perform(
    desk: &Desk,
    stem: String,
    purpose: String,
    to: Address,
    calls: Vec<Bytes>,
) -> CliResult<Done> {
    let action =
        Action { stem: format!("fees:desk:{stem}"), purpose, to, calls, spends: U256::ZERO, again: None };
    desk.perform(&action).await
}

fn report(done: &[Done], about: Value, output: Output) {
    let steps: Vec<_> = done.iter().map(Done::document).collect();
    output.result(&json!({ "fees": about, "steps": steps }), || {
        done.iter().map(Done::text).collect::<Vec<_>>().join("\n")
    });
}

/// The operator that was named, or the keeper's.
fn operator(named: Option<Address>, config: &Config) -> CliResult<Address> {
    let own = || Ok::<_, CliError>(config.operator.or(context::signer_address(config)?));
    match named {
        Some(operator) => Ok(operator),
        None => own()?.ok_or_else(|| {
            CliError::new(
                Code::Argument,
                "operator",
                "the keystore does not state its address",
                "set keys.operator, or name the operator with --operator",
            )
        }),
    }
}

/// Versions that are or were served here.
pub(super) fn versions(config: &Config) -> CliResult<Vec<B256>> {
    let mut versions: Vec<_> = config.models.iter().map(|model| model.version).collect();
    if config.database.exists() {
        versions.extend(context::store(config)?.read(opg_store::fees::versions).map_err(context::state)?);
    }
    versions.sort_unstable();
    versions.dedup();
    Ok(versions)
}
