//! Whether the operator may work: the chain's word, and what to do where it says no.

use std::sync::Arc;

use alloy::primitives::{Address, U256};
use opg_chain::{ledger::OperatorStatus, rpc::Rpc};

use crate::{
    config::Config,
    error::{CliError, CliResult, Code},
    staking::{
        contracts, read_fault,
        refusal::{opg, when},
        show::Operator,
    },
};

/// Reads the operator, and refuses one that is not active with the key `signer`.
pub(crate) async fn check(
    config: &Config,
    rpc: &Arc<Rpc>,
    operator: Address,
    signer: Address,
) -> CliResult<Operator> {
    let contracts = contracts(config, rpc).await?;
    let now = rpc.head().await.map_err(read_fault)?.timestamp;
    let operator = Operator::read(&contracts, operator).await.map_err(read_fault)?;
    match refusal(&operator, signer, now) {
        Some((reason, remedy)) => Err(CliError::new(
            Code::OperatorInactive,
            format!("operator {}", operator.address),
            reason,
            remedy,
        )),
        None => Ok(operator),
    }
}

/// Why `operator` cannot work with the key `signer`, and what to do.
fn refusal(operator: &Operator, signer: Address, now: u64) -> Option<(String, String)> {
    let own = operator.own_bonded();
    let missing = operator.minimum.saturating_sub(own);
    match operator.status {
        OperatorStatus::None | OperatorStatus::Retired => Some((
            format!("is {}", operator.standing(now)),
            format!(
                "`opg operator register {} --commission 5%` with its key, at least {} of own stake; or correct keys.operator",
                opg(operator.minimum).trim_end_matches(" OPG"),
                opg(operator.minimum)
            ),
        )),
        OperatorStatus::Jailed => {
            let mut steps = Vec::new();
            if operator.view.openSlashes > 0 {
                steps.push("wait until its slashes are decided".to_owned());
            }
            if operator.view.jailedUntil > now {
                steps.push(format!("wait until {}", when(operator.view.jailedUntil, now)));
            }
            if missing > U256::ZERO {
                steps.push(format!("`opg stake` at least {}", opg(missing)));
            }
            steps.push("`opg operator unjail`".to_owned());
            Some((format!("is {}", operator.standing(now)), steps.join(", then ")))
        }
        OperatorStatus::Active if operator.view.signer != signer => Some((
            format!("has registered the key {}, not {signer}", operator.view.signer),
            format!("`opg operator set-signer {signer}` with its key, or use the other keystore"),
        )),
        OperatorStatus::Active if missing > U256::ZERO => Some((
            format!("has {} of own stake bonded, below the minimum of {}", opg(own), opg(operator.minimum)),
            format!("`opg stake` at least {} with its key", opg(missing)),
        )),
        OperatorStatus::Active => None,
    }
}
