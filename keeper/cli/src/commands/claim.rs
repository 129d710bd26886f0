//! `opg claim|set-claimer`

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall as _,
};
use opg_chain::bindings::IRewards;
use serde_json::{Value, json};

use crate::{
    args::{ClaimArgs, ClaimerArgs},
    config::Config,
    context,
    error::{CliError, CliResult, Code},
    output::Output,
    staking::{Action, Desk, Done, read_fault, refusal::opg},
};

/// Takes what the account earned at an operator, or stakes it there.
pub(super) async fn claim(args: &ClaimArgs, config: &Config, output: Output) -> CliResult {
    let desk = open(&args.actor, config).await?;
    let account = desk.account();
    let operator = args.operator.unwrap_or(account);
    let amount = desk.contracts.claimable(operator, account).await.map_err(read_fault)?;
    if amount.is_zero() {
        return Err(CliError::new(
            Code::Stake,
            format!("claim at {operator}"),
            format!("{account} has earned nothing there that is not paid yet"),
            "name the operator with --operator; what flows to stake begins with the first epoch that ends",
        ));
    }
    let (verb, call) = if args.compound {
        let pools = desk.contracts.pools(operator).await.map_err(read_fault)?;
        let pool = if account == operator { pools.own } else { pools.delegated };
        let least = args.slippage.max_slippage.below(pool.shares_for(amount));
        ("stake", IRewards::compoundCall { operator, account, leastShares: least }.abi_encode())
    } else {
        let to = args.to.unwrap_or(account);
        ("claim", IRewards::claimCall { operator, account, to }.abi_encode())
    };
    let action = Action {
        stem: format!("{verb}-rewards:{}:{operator}", rewards(&desk)),
        purpose: format!("{verb} the rewards of {}", opg(amount)),
        to: rewards(&desk),
        calls: vec![call.into()],
        spends: U256::ZERO,
        again: None,
    };
    let done = desk.perform(&action).await?;
    report(
        &done,
        json!({ "operator": operator, "account": account, "amountWei": amount.to_string() }),
        output,
    );
    Ok(())
}

/// Lets another account decide about the rewards of the one that acts.
pub(super) async fn set_claimer(args: &ClaimerArgs, config: &Config, output: Output) -> CliResult {
    let claimer = match (args.nobody, args.claimer) {
        (true, _) => Address::ZERO,
        (false, Some(claimer)) => claimer,
        (false, None) => context::signer_address(config)?.ok_or_else(|| {
            CliError::new(
                Code::Argument,
                "claimer",
                "the keystore does not state its address",
                "name the account",
            )
        })?,
    };
    let desk = open(&args.actor, config).await?;
    let action = Action {
        stem: format!("set-claimer:{}:{claimer}", rewards(&desk)),
        purpose: format!("let {claimer} decide about rewards"),
        to: rewards(&desk),
        calls: vec![IRewards::setClaimerCall { claimer }.abi_encode().into()],
        spends: U256::ZERO,
        again: None,
    };
    let done = desk.perform(&action).await?;
    report(&done, json!({ "account": desk.account(), "claimer": claimer }), output);
    Ok(())
}

fn rewards(desk: &Desk) -> Address {
    desk.contracts.addresses().rewards
}

async fn open(actor: &crate::args::ActorArgs, config: &Config) -> CliResult<Desk> {
    let desk = Desk::open(actor, config).await?;
    if desk.contracts.has_rewards().await.map_err(read_fault)? {
        return Ok(desk);
    }
    Err(CliError::new(
        Code::Contract,
        format!("rewards {}", rewards(&desk)),
        "there is no contract at this address yet",
        "use the address book of a deployment that has one",
    ))
}

fn report(done: &Done, about: Value, output: Output) {
    let mut document = done.document();
    if let Value::Object(fields) = &mut document {
        fields.insert("rewards".to_owned(), about);
    }
    output.result(&document, || done.text());
}
