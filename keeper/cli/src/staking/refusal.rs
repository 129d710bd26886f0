//! What the staking contract's refusals mean for whoever asked, and what to do about them.

use alloy::{
    primitives::{Address, Bytes, U256},
    sol_types::SolInterface as _,
};
use opg_chain::{bindings::IStaking::IStakingErrors, ledger::OperatorStatus};

use super::Desk;
use crate::{
    config::units::decimal,
    error::{CliError, Code},
    text::{duration, moment},
};

/// Explains why `purpose` would revert.
pub(super) async fn explain(desk: &Desk, purpose: &str, reason: &str, data: &Bytes) -> CliError {
    let now = desk.head.timestamp;
    let known = IStakingErrors::abi_decode(data).ok().and_then(|error| words(&error, now));
    let (reason, mut remedy) = known.unwrap_or_else(|| {
        (
            reason.to_owned(),
            "correct what is named; `opg position` and `opg operator show` tell the state".to_owned(),
        )
    });
    if let Ok(IStakingErrors::TooManyUnbonds(error)) = IStakingErrors::abi_decode(data)
        && let Some(at) = next_maturity(desk, error.operator, error.account).await
    {
        remedy.push_str(&format!("; the next matures {}", when(at, now)));
    }
    CliError::new(Code::Stake, purpose, reason, remedy)
}

/// `wei` in OPG.
pub(crate) fn opg(wei: U256) -> String {
    format!("{} OPG", decimal(wei, 18))
}

/// A time of the chain, and how far it is from `now`.
pub(crate) fn when(at: u64, now: u64) -> String {
    let (far, side) = if at > now { (at - now, "in ") } else { (now - at, "") };
    let ago = if at > now { "" } else { " ago" };
    format!("{} ({side}{}{ago})", moment(at), duration(far))
}

async fn next_maturity(desk: &Desk, operator: Address, account: Address) -> Option<u64> {
    let position = desk.contracts.position(operator, account).await.ok()?;
    let unbonds = desk.contracts.unbonds(operator, account, &position).await.ok()?;
    unbonds.iter().map(|open| open.unbond.maturesAt.saturating_to()).min()
}

/// Reason and remedy, where there is more to say than the error says itself.
fn words(error: &IStakingErrors, now: u64) -> Option<(String, String)> {
    use IStakingErrors as E;
    let say = |reason: String, remedy: &str| Some((reason, remedy.to_owned()));
    match error {
        E::SelfStakeTooLow(error) => {
            let (stake, minimum) = (opg(error.stake), opg(error.minimum));
            say(
                format!("own stake would be {stake}, below the minimum of {minimum}"),
                &format!(
                    "stake at least {} more, unbond less, or leave with `opg operator retire`",
                    opg(error.minimum.saturating_sub(error.stake))
                ),
            )
        }
        E::TooManyUnbonds(error) => say(
            format!("{} unbonds are open, as many as there may be", error.maximum),
            "take matured ones out with `opg withdraw`, or undo one with `opg cancel-unbond`",
        ),
        E::StillJailed(error) => {
            let until = when(error.jailedUntil, now);
            say(format!("jailed until {until}"), "wait until then, and repeat the command")
        }
        E::SlashOpen(error) => say(
            format!("{} slashes of {} may still be vetoed", error.openSlashes, error.operator),
            "wait until they are decided (`opg operator show` lists them), or stake elsewhere; unbonding stays possible",
        ),
        E::NotMature(error) => say(
            format!("it matures {}", when(error.maturesAt, now)),
            "wait until then, and repeat the command",
        ),
        E::StakeFrozen(error) => say(
            format!(
                "disputes about {} are open, and {} of its stake has to stay until they are decided",
                error.operator,
                opg(error.frozen)
            ),
            &format!("repeat the command when they are; it can leave {} in any case", when(error.until, now)),
        ),
        E::UnknownUnbond(error) => say(
            format!("{} has no open unbond {} at {}", error.account, error.id, error.operator),
            "`opg position` lists those that are open; name the operator with --operator",
        ),
        E::UnbondWorthless(_) => say(
            "a slash took all of what this unbond was worth".to_owned(),
            "it can only be withdrawn, which frees its place: `opg withdraw`",
        ),
        E::InsufficientShares(error) => say(
            format!("{} has {} shares there, {} are needed", error.account, error.available, error.needed),
            "`opg position` shows what is bonded; write `all` for all of it",
        ),
        E::Slippage(error) => say(
            format!("it would give {}, less than the {} that you accept", error.got, error.least),
            "look at the state with `opg operator show`, and repeat the command if you still want it",
        ),
        E::PoolDiluted(error) => say(
            format!("the pool of {} has lost so much that it takes no more stake", error.operator),
            "stake at another operator",
        ),
        E::OperatorAlreadyRegistered(error) => say(
            format!("{} is an operator already: {}", error.operator, status(error.status)),
            "add stake with `opg stake`, or change key and commission with `opg operator`",
        ),
        E::WrongOperatorStatus(error) => {
            let remedy = match OperatorStatus::try_from(error.status) {
                Ok(OperatorStatus::None) => {
                    "register it with `opg operator register`, or name another operator"
                }
                Ok(OperatorStatus::Jailed) => {
                    "it returns with `opg operator unjail`; own stake can be added before"
                }
                Ok(OperatorStatus::Retired) => {
                    "register it again with `opg operator register`, or name another operator"
                }
                _ => "`opg operator show` tells its state",
            };
            say(format!("operator {} is {}", error.operator, status(error.status)), remedy)
        }
        E::CommissionTooHigh(error) => {
            let percent = |bps: u16| format!("{} %", decimal(U256::from(bps), 2));
            let (asked, most) = (percent(error.commissionBps), percent(error.maximum));
            say(format!("a commission of {asked} is above {most}"), &format!("take at most {most}"))
        }
        E::TextTooLong(error) => say(
            format!("the text has {} bytes, at most {} are allowed", error.length, error.maximum),
            "shorten it",
        ),
        E::NotOwnerNorAgent(error) => say(
            format!("{} may not act for {}", error.caller, error.account),
            "act with the key of that account",
        ),
        E::InvalidSigner(_) => say("the zero address cannot sign".to_owned(), "name the key's address"),
        E::InvalidRecipient(error) => say(format!("{} cannot receive", error.to), "name another recipient"),
        E::AmountZero(_) => say("the amount is zero".to_owned(), "name an amount above zero"),
        _ => None,
    }
}

fn status(value: u8) -> String {
    OperatorStatus::try_from(value).map_or_else(|_| format!("in state {value}"), |status| status.to_string())
}
