//! What backs the operator, and that those who back it kept their votes.

use alloy::primitives::U256;
use opg_chain::ledger::{Contracts, LedgerError, OperatorStatus};
use serde_json::{Value, json};

use super::fault;
use crate::{
    devnet::Devnet,
    error::CliResult,
    output::fields,
    staking::{refusal::opg, show::Operator},
};

/// The operator's stake and its delegator's.
#[derive(Debug)]
pub(super) struct Stake {
    operator: Operator,
    /// OPG wei that the delegator staked, that it holds still, and that it votes with.
    delegated: U256,
    held: U256,
    votes: U256,
}

impl Stake {
    /// Reads the chain.
    pub(super) async fn read(devnet: &Devnet) -> CliResult<Self> {
        let people = &devnet.population;
        let read = async {
            let contracts = Contracts::open((*devnet.rpc).clone(), devnet.book.clone()).await?;
            let operator = Operator::read(&contracts, people.operator).await?;
            let delegated = contracts.position(people.operator, people.delegator).await?.amount;
            let held = contracts.opg_balance(people.delegator).await?;
            let votes = contracts.votes(people.delegator).await?;
            Ok::<_, LedgerError>(Self { operator, delegated, held, votes })
        };
        read.await.map_err(|error| fault("stake", error))
    }

    /// Refuses an operator without backing, and votes that staking took.
    pub(super) fn check(&self) -> CliResult {
        let (own, stake) = (self.operator.own_bonded(), self.operator.view.stake);
        if self.operator.status != OperatorStatus::Active || own < self.operator.minimum {
            return Err(fault(
                "operator",
                format!("it is {} with {} of own stake", self.operator.status, opg(own)),
            ));
        }
        if self.delegated.is_zero() || stake != own + self.delegated {
            let delegated = opg(self.delegated);
            return Err(fault("stake", format!("{} is not {} + {delegated}", opg(stake), opg(own))));
        }
        if self.votes != self.held + self.delegated {
            let (votes, held) = (opg(self.votes), opg(self.held));
            return Err(fault("votes", format!("{votes} instead of {held} + {}", opg(self.delegated))));
        }
        Ok(())
    }

    /// Lines for people.
    pub(super) fn text(&self) -> String {
        fields(&[
            ("operator's own stake", opg(self.operator.own_bonded())),
            ("delegated to it", opg(self.delegated)),
            ("weight in the turns", opg(self.operator.view.stake)),
            ("delegator's votes", format!("{}, kept while staked", opg(self.votes))),
        ])
    }

    /// The same for scripts.
    pub(super) fn document(&self) -> Value {
        json!({
            "ownWei": self.operator.own_bonded().to_string(),
            "delegatedWei": self.delegated.to_string(),
            "stakeWei": self.operator.view.stake.to_string(),
            "delegatorVotesWei": self.votes.to_string(),
        })
    }
}
