//! The books of fees as the running keeper compared them with the chain last.

use alloy::primitives::{Address, U256};
use opg_node::fees::{Books, VersionBooks};
use opg_store::fees;
use serde_json::{Value, json};

use crate::{
    config::{Config, units::decimal},
    context,
    error::{CliError, CliResult},
    text::age,
};

/// What is missing in the books, and what to do.
pub(crate) const MISSING: &str = "`opg fees show` names the version and both sums; a payment or claim that the chain undid is made \
                                  again by itself; if it stays, check chain.rpc, and compare the vault with a block explorer";

/// The books, with the time of the comparison.
#[derive(Debug)]
pub(crate) struct Compared {
    pub(crate) books: Books,
    made_at: u64,
}

/// The last comparison for `operator`; `None` where there was none yet.
pub(crate) fn read(config: &Config, operator: Address) -> CliResult<Option<Compared>> {
    if !config.database.exists() {
        return Ok(None);
    }
    let stored = context::store(config)?.read(|tx| fees::report(tx, operator)).map_err(context::state)?;
    let Some((document, made_at)) = stored else { return Ok(None) };
    let books =
        serde_json::from_str(&document).map_err(|error| CliError::internal("the books of fees", error))?;
    Ok(Some(Compared { books, made_at }))
}

impl Compared {
    /// For people: what was earned, where it is, and whether that is all.
    pub(crate) fn line(&self) -> String {
        let books = &self.books;
        let sum = |of: fn(&VersionBooks) -> u128| opg(books.sum(of));
        let mut parts = vec![format!(
            "{} earned = {} divided + {} pending",
            sum(VersionBooks::earned),
            sum(|version| version.divided.sum()),
            sum(VersionBooks::pending)
        )];
        let at_risk = books.sum(|version| version.at_risk);
        if at_risk > 0 {
            parts.push(format!("+ {} AT RISK", opg(at_risk)));
        }
        let (missing, surplus) = (books.missing(), books.surplus());
        parts.push(match (missing, surplus) {
            (0, 0) => "agrees with the chain to the wei".to_owned(),
            (0, more) => format!("{more} wei more on the chain than is known here"),
            (less, _) => format!("{less} wei MISSING on the chain"),
        });
        format!("{} (block {}, {} ago)", parts.join(", "), books.block, age(self.made_at))
    }

    /// For people: the parts of what was divided, and what the operator has of it.
    pub(crate) fn parts(&self) -> String {
        let sum = |of: fn(&VersionBooks) -> u128| opg(self.books.sum(of));
        format!(
            "{} to the operator, {} for verification, {} to model owners, {} burned; {} collected",
            sum(|version| version.divided.operator),
            sum(|version| version.divided.verification),
            sum(|version| version.divided.model_owner),
            sum(|version| version.divided.burned),
            opg(self.books.account.collected)
        )
    }

    /// For scripts: wei as strings. `earned + earlier + difference = divided + pending + atRisk` for each version.
    pub(crate) fn document(&self) -> Value {
        let books = &self.books;
        let account = &books.account;
        json!({
            "block": books.block,
            "comparedAt": self.made_at,
            "missingWei": books.missing().to_string(),
            "surplusWei": books.surplus().to_string(),
            "account": {
                "incomeWei": account.income.to_string(),
                "collectedWei": account.collected.to_string(),
                "owedWei": account.owed.to_string(),
                "differenceWei": account.difference().to_string(),
            },
            "versions": books.versions.iter().map(version).collect::<Vec<_>>(),
        })
    }
}

fn version(books: &VersionBooks) -> Value {
    json!({
        "version": books.version,
        "vault": books.vault,
        "earned": {
            "flatWei": books.flat.to_string(),
            "vouchersWei": books.vouchers.to_string(),
            "requestsWei": books.requests.to_string(),
        },
        "earnedWei": books.earned().to_string(),
        "earlierWei": books.earlier.to_string(),
        "refusedWei": books.refused.to_string(),
        "pending": {
            "settlingWei": books.settling.to_string(),
            "claimableWei": books.claimable.to_string(),
            "claimedWei": books.claimed.to_string(),
            "hubWei": books.hub.to_string(),
            "vaultWei": books.in_vault.to_string(),
        },
        "pendingWei": books.pending().to_string(),
        "atRiskWei": books.at_risk.to_string(),
        "divided": {
            "operatorWei": books.divided.operator.to_string(),
            "modelOwnerWei": books.divided.model_owner.to_string(),
            "verificationWei": books.divided.verification.to_string(),
            "burnedWei": books.divided.burned.to_string(),
        },
        "dividedWei": books.divided.sum().to_string(),
        "differenceWei": books.difference().to_string(),
    })
}

/// An amount as people read it.
pub(crate) fn opg(wei: u128) -> String {
    format!("{} OPG", decimal(U256::from(wei), 18))
}
