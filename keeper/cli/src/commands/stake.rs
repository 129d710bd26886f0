//! `opg stake|delegate|unbond|cancel-unbond|withdraw|redelegate|position`

use alloy::{
    primitives::{Address, U256},
    sol_types::SolCall as _,
};
use opg_chain::{bindings::IStaking, ledger::OpenUnbond};
use serde_json::Value;

use crate::{
    amounts::Part,
    args::{
        CancelUnbondArgs, DelegateArgs, PositionArgs, RedelegateArgs, StakeArgs, UnbondArgs, WithdrawArgs,
    },
    config::Config,
    context,
    error::{CliError, CliResult, Code},
    output::Output,
    staking::{
        Action, Desk, Done, contracts, read_fault,
        refusal::{opg, when},
        show::{Position, is_mature},
    },
};

/// Adds to the own stake of the account that acts.
pub(super) async fn stake(args: &StakeArgs, config: &Config, output: Output) -> CliResult {
    let desk = Desk::open(&args.actor, config).await?;
    let amount = U256::from(args.amount.0);
    let pools = desk.contracts.pools(desk.account()).await.map_err(read_fault)?;
    let least = args.slippage.max_slippage.below(pools.own.shares_for(amount));
    let call = IStaking::delegateCall { operator: desk.account(), amount, leastShares: least };
    let action = Action {
        stem: format!("stake:{}:{}", desk.staking(), args.amount.0),
        purpose: format!("add {} to own stake", args.amount),
        to: desk.staking(),
        calls: vec![call.abi_encode().into()],
        spends: amount,
        again: Some(args.repeat.again),
    };
    let done = desk.perform(&action).await?;
    report(&desk, desk.account(), desk.account(), &done, output).await
}

/// Stakes at an operator.
pub(super) async fn delegate(args: &DelegateArgs, config: &Config, output: Output) -> CliResult {
    let desk = Desk::open(&args.actor, config).await?;
    let (operator, amount) = (args.operator, U256::from(args.amount.0));
    let owner = args.owner.unwrap_or(desk.account());
    let pools = desk.contracts.pools(operator).await.map_err(read_fault)?;
    let pool = if owner == operator { &pools.own } else { &pools.delegated };
    let least = args.slippage.max_slippage.below(pool.shares_for(amount));
    let call = IStaking::delegateForCall { operator, owner, amount, leastShares: least };
    let action = Action {
        stem: format!("delegate:{}:{operator}:{owner}:{}", desk.staking(), args.amount.0),
        purpose: format!("stake {} at {operator}", args.amount),
        to: desk.staking(),
        calls: vec![call.abi_encode().into()],
        spends: amount,
        again: Some(args.repeat.again),
    };
    let done = desk.perform(&action).await?;
    report(&desk, operator, owner, &done, output).await
}

/// Begins to take stake out.
pub(super) async fn unbond(args: &UnbondArgs, config: &Config, output: Output) -> CliResult {
    let desk = Desk::open(&args.actor, config).await?;
    let account = desk.account();
    let operator = args.operator.unwrap_or(account);
    let purpose = format!("unbond {} at {operator}", args.amount);
    let position = desk.contracts.position(operator, account).await.map_err(read_fault)?;
    let pools = desk.contracts.pools(operator).await.map_err(read_fault)?;
    let pool = if account == operator { pools.own } else { pools.delegated };
    let too_much = |reason: String| {
        let remedy = "name less, or `all`; `opg position` shows what is bonded, --operator names where";
        CliError::new(Code::Stake, &purpose, reason, remedy)
    };
    let shares = match args.amount {
        Part::All => position.shares,
        Part::Of(amount) if U256::from(amount.0) > position.amount => {
            return Err(too_much(format!("{account} has {} bonded there", opg(position.amount))));
        }
        Part::Of(amount) => pool.shares_worth(U256::from(amount.0)).unwrap_or_default().min(position.shares),
    };
    if shares.is_zero() {
        return Err(too_much(format!("{account} has nothing bonded there")));
    }
    let least = args.slippage.max_slippage.below(pool.worth(shares));
    let call = IStaking::unbondCall { operator, account, shares, leastAmount: least };
    let action = Action {
        stem: format!("unbond:{}:{operator}:{}", desk.staking(), args.amount),
        purpose,
        to: desk.staking(),
        calls: vec![call.abi_encode().into()],
        spends: U256::ZERO,
        again: Some(args.repeat.again),
    };
    let done = desk.perform(&action).await?;
    report(&desk, operator, account, &done, output).await
}

/// Bonds an unbond again.
pub(super) async fn cancel_unbond(args: &CancelUnbondArgs, config: &Config, output: Output) -> CliResult {
    let desk = Desk::open(&args.actor, config).await?;
    let account = desk.account();
    let operator = args.operator.unwrap_or(account);
    let call = IStaking::cancelUnbondCall { operator, account, id: U256::from(args.id) };
    let action = Action {
        stem: format!("cancel-unbond:{}:{operator}:{}", desk.staking(), args.id),
        purpose: format!("cancel unbond {} at {operator}", args.id),
        to: desk.staking(),
        calls: vec![call.abi_encode().into()],
        spends: U256::ZERO,
        again: None,
    };
    let done = desk.perform(&action).await?;
    report(&desk, operator, account, &done, output).await
}

/// Takes out one unbond, or all that have matured.
pub(super) async fn withdraw(args: &WithdrawArgs, config: &Config, output: Output) -> CliResult {
    let desk = Desk::open(&args.actor, config).await?;
    let account = desk.account();
    let operator = args.operator.unwrap_or(account);
    let to = args.to.unwrap_or(account);
    let position = Position::read(&desk.contracts, operator, account).await.map_err(read_fault)?;
    let chosen = choose(&desk, args.id, operator, &position.unbonds)?;
    let mut calls = Vec::new();
    for open in &chosen {
        let least = args.slippage.max_slippage.below(open.unbond.amount);
        let id = U256::from(open.id);
        let call = IStaking::withdrawCall { operator, account, id, to, leastAmount: least };
        calls.push(call.abi_encode().into());
    }
    let ids: Vec<_> = chosen.iter().map(|open| open.id.to_string()).collect();
    let total = chosen.iter().map(|open| open.unbond.amount).sum();
    let action = Action {
        stem: format!("withdraw:{}:{operator}:{}:{to}", desk.staking(), ids.join("+")),
        purpose: format!("withdraw {} from {operator}", opg(total)),
        to: desk.staking(),
        calls,
        spends: U256::ZERO,
        again: None,
    };
    let done = desk.perform(&action).await?;
    report(&desk, operator, account, &done, output).await
}

/// The unbonds to withdraw: the one named, whatever the contract says of it, or all that have matured.
fn choose(
    desk: &Desk,
    id: Option<u64>,
    operator: Address,
    unbonds: &[OpenUnbond],
) -> CliResult<Vec<OpenUnbond>> {
    let now = desk.head.timestamp;
    let wanted = |open: &&OpenUnbond| id.map_or_else(|| is_mature(open, now), |id| open.id == id);
    let chosen: Vec<_> = unbonds.iter().filter(wanted).cloned().collect();
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    let purpose = format!("withdraw from {operator}");
    if let Some(id) = id {
        let reason = format!("{} has no open unbond {id} there", desk.account());
        let remedy = "`opg position` lists those that are open; name the operator with --operator";
        return Err(CliError::new(Code::Stake, purpose, reason, remedy));
    }
    let next = unbonds.iter().map(|open| open.unbond.maturesAt.saturating_to::<u64>()).min();
    let (reason, remedy) = match next {
        Some(at) => (
            format!("nothing has matured; the next unbond matures {}", when(at, now)),
            "wait until then, and repeat the command",
        ),
        None => (
            format!("{} has no unbond there", desk.account()),
            "begin one with `opg unbond`; name the operator with --operator",
        ),
    };
    Err(CliError::new(Code::Stake, purpose, reason, remedy))
}

/// Moves a matured unbond to another operator.
pub(super) async fn redelegate(args: &RedelegateArgs, config: &Config, output: Output) -> CliResult {
    let desk = Desk::open(&args.actor, config).await?;
    let account = desk.account();
    let operator = args.operator.unwrap_or(account);
    let position = Position::read(&desk.contracts, operator, account).await.map_err(read_fault)?;
    let open = choose(&desk, Some(args.id), operator, &position.unbonds)?;
    let amount = open.iter().map(|open| open.unbond.amount).sum();
    let pools = desk.contracts.pools(args.to).await.map_err(read_fault)?;
    let pool = if account == args.to { pools.own } else { pools.delegated };
    let least = args.slippage.max_slippage.below(pool.shares_for(amount));
    let id = U256::from(args.id);
    let call = IStaking::redelegateCall { operator, account, id, toOperator: args.to, leastShares: least };
    let action = Action {
        stem: format!("redelegate:{}:{operator}:{}:{}", desk.staking(), args.id, args.to),
        purpose: format!("move unbond {} from {operator} to {}", args.id, args.to),
        to: desk.staking(),
        calls: vec![call.abi_encode().into()],
        spends: U256::ZERO,
        again: None,
    };
    let done = desk.perform(&action).await?;
    report(&desk, args.to, account, &done, output).await
}

/// Shows what an account has at an operator.
pub(super) async fn position(args: &PositionArgs, config: &Config, output: Output) -> CliResult {
    let account = match args.account.or(config.operator) {
        Some(account) => account,
        None => context::signer_address(config)?.ok_or_else(|| {
            CliError::new(
                Code::Argument,
                "account",
                "the keystore does not state its address",
                "name the account: `opg position 0x…`",
            )
        })?,
    };
    let rpc = context::connect(config).await?;
    let contracts = contracts(config, &rpc).await?;
    let now = rpc.head().await.map_err(read_fault)?.timestamp;
    let operator = args.operator.unwrap_or(account);
    let position = Position::read(&contracts, operator, account).await.map_err(read_fault)?;
    output.result(&position.document(now), || position.text(now));
    Ok(())
}

/// Prints what was done, with what the account has at the operator now.
async fn report(desk: &Desk, operator: Address, account: Address, done: &Done, output: Output) -> CliResult {
    let position = Position::read(&desk.contracts, operator, account).await.map_err(read_fault)?;
    let now = desk.head.timestamp;
    let mut document = done.document();
    if let Value::Object(fields) = &mut document {
        fields.insert("position".to_owned(), position.document(now));
    }
    output.result(&document, || format!("{}\n{}", done.text(), position.text(now)));
    Ok(())
}
