//! `opg operator …`

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall,
};
use opg_chain::bindings::{IFeeMarket, IStaking};
use serde_json::{Value, json};

use crate::{
    args::{ActorArgs, OperatorCommand, RegisterArgs},
    config::Config,
    context,
    error::{CliError, CliResult, Code},
    output::{Output, fields, table},
    staking::{Action, Desk, Done, contracts, read_fault, refusal::opg, register_call, show::Operator},
};

/// Changes or shows operators.
pub(super) async fn run(command: &OperatorCommand, config: &Config, output: Output) -> CliResult {
    match command {
        OperatorCommand::Register(args) => register(args, config, output).await,
        OperatorCommand::SetSigner { signer, actor } => {
            let signer = signer_or_own(*signer, config)?;
            let purpose = format!("make {signer} the key of the operator");
            let call = IStaking::setSignerCall { signer };
            change(actor, config, output, &format!("set-signer:{signer}"), &purpose, &call).await
        }
        OperatorCommand::SetEndpoint { endpoint, actor } => {
            let purpose = format!("announce the endpoint {endpoint:?}");
            let call = IStaking::setEndpointCall { endpoint: endpoint.clone() };
            change(actor, config, output, &format!("set-endpoint:{endpoint}"), &purpose, &call).await
        }
        OperatorCommand::SetMetadata { uri, actor } => {
            let purpose = format!("announce the description {uri:?}");
            let call = IStaking::setMetadataCall { metadataUri: uri.clone() };
            change(actor, config, output, &format!("set-metadata:{uri}"), &purpose, &call).await
        }
        OperatorCommand::Commission { commission, actor } => {
            let purpose = format!("set the commission to {commission}");
            let call = IStaking::setCommissionCall { commissionBps: commission.0 };
            change(actor, config, output, &format!("commission:{}", commission.0), &purpose, &call).await
        }
        OperatorCommand::Capacity { units, actor } => capacity(*units, actor, config, output).await,
        OperatorCommand::Retire { actor } => {
            change(actor, config, output, "retire", "retire the operator", &IStaking::retireCall {}).await
        }
        OperatorCommand::Unjail { actor } => {
            change(actor, config, output, "unjail", "return after the jail", &IStaking::unjailCall {}).await
        }
        OperatorCommand::Show { operator } => show(*operator, config, output).await,
        OperatorCommand::List { limit, from } => list(*from, *limit, config, output).await,
    }
}

/// The key that was named, or the keeper's.
fn signer_or_own(signer: Option<Address>, config: &Config) -> CliResult<Address> {
    match signer {
        Some(signer) => Ok(signer),
        None => context::signer_address(config)?.ok_or_else(|| {
            CliError::new(
                Code::Argument,
                "signer",
                "the keystore does not state its address",
                "name the key's address, or set OPG_KEYSTORE_PASSWORD",
            )
        }),
    }
}

async fn register(args: &RegisterArgs, config: &Config, output: Output) -> CliResult {
    let signer = signer_or_own(args.signer, config)?;
    let desk = Desk::open(&args.actor, config).await?;
    let action = Action {
        stem: format!("register:{}", desk.staking()),
        purpose: format!("register {} as an operator with {}", desk.account(), args.amount),
        to: desk.staking(),
        calls: vec![register_call(args, signer).abi_encode().into()],
        spends: U256::from(args.amount.0),
        again: None,
    };
    let done = desk.perform(&action).await?;
    report(&desk, &done, output).await
}

/// Declares a capacity to the fee market.
async fn capacity(units: u64, actor: &ActorArgs, config: &Config, output: Output) -> CliResult {
    let desk = Desk::open(actor, config).await?;
    let market = desk.contracts.fee_market().map_err(read_fault)?;
    let call = IFeeMarket::declareCapacityCall { capacity: U256::from(units) };
    let action = Action {
        stem: format!("capacity:{market}:{units}"),
        purpose: format!("declare a capacity of {units} compute units per second"),
        to: market,
        calls: vec![call.abi_encode().into()],
        spends: U256::ZERO,
        again: None,
    };
    let done = desk.perform(&action).await?;
    report(&desk, &done, output).await
}

/// Makes a call that changes the operator that acts.
async fn change(
    actor: &ActorArgs,
    config: &Config,
    output: Output,
    stem: &str,
    purpose: &str,
    call: &impl SolCall,
) -> CliResult {
    let desk = Desk::open(actor, config).await?;
    let action = Action {
        stem: format!("operator:{}:{stem}", desk.staking()),
        purpose: purpose.to_owned(),
        to: desk.staking(),
        calls: vec![call.abi_encode().into()],
        spends: U256::ZERO,
        again: None,
    };
    let done = desk.perform(&action).await?;
    report(&desk, &done, output).await
}

/// Prints what was done, with the operator as it is now.
async fn report(desk: &Desk, done: &Done, output: Output) -> CliResult {
    let operator = Operator::read(&desk.contracts, desk.account()).await.map_err(read_fault)?;
    let mut document = done.document();
    if let Value::Object(fields) = &mut document {
        fields.insert("operator".to_owned(), operator.document());
    }
    let rows = operator.rows(desk.head.timestamp);
    output.result(&document, || format!("{}\n{}", done.text(), fields(&rows)));
    Ok(())
}

async fn show(operator: Option<Address>, config: &Config, output: Output) -> CliResult {
    let address = match operator.or(config.operator) {
        Some(operator) => operator,
        None => signer_or_own(None, config)?,
    };
    let rpc = context::connect(config).await?;
    let contracts = contracts(config, &rpc).await?;
    let now = rpc.head().await.map_err(read_fault)?.timestamp;
    let operator = Operator::read(&contracts, address).await.map_err(read_fault)?;
    output.result(&operator.document(), || {
        let mut rows = vec![("operator", address.to_string())];
        rows.extend(operator.rows(now));
        fields(&rows)
    });
    Ok(())
}

async fn list(from: u64, limit: u64, config: &Config, output: Output) -> CliResult {
    let rpc = context::connect(config).await?;
    let contracts = contracts(config, &rpc).await?;
    let registered = contracts.operator_count().await.map_err(read_fault)?;
    let active = contracts.active_operators(from, limit).await.map_err(read_fault)?;
    let operators: Vec<_> = active
        .iter()
        .map(|(operator, stake)| json!({ "operator": operator, "stakeWei": stake.to_string() }))
        .collect();
    output.result(&json!({ "registered": registered, "active": operators }), || {
        let rows: Vec<_> =
            active.iter().map(|(operator, stake)| vec![operator.to_string(), opg(*stake)]).collect();
        let last = from.saturating_add(limit).min(registered);
        format!("{}\nregistrations {from} to {last} of {registered}", table(&["OPERATOR", "STAKE"], &rows))
    });
    Ok(())
}
