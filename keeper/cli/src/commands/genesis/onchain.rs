//! Compares a genesis with what was deployed.

use std::{fmt::Display, path::Path};

use alloy::sol_types::SolCall;
use opg_chain::{
    address_book::AddressBook,
    bindings::{IAirdrop, IVestingVault},
    rpc::Rpc,
};
use opg_vesting::{ContractAddresses, GenesisFiles};

use super::fault;
use crate::{
    args::DeploymentArgs,
    context,
    error::{CliError, CliResult, Code},
};

/// A deployment that a genesis is compared with.
pub(in crate::commands) struct Deployment {
    pub(in crate::commands) rpc: Rpc,
    pub(in crate::commands) book: AddressBook,
    urls: Vec<String>,
}

impl Deployment {
    /// Connects, if the arguments name a deployment.
    pub(in crate::commands) async fn open(args: &DeploymentArgs) -> CliResult<Option<Self>> {
        let (Some(url), Some(path)) = (&args.rpc, &args.address_book) else { return Ok(None) };
        let book = context::any_address_book(path)?;
        let urls = vec![url.clone()];
        let rpc = Rpc::connect(context::rpc_settings(&urls, book.chain_id)?)
            .await
            .map_err(|error| context::rpc(&urls, &error))?;
        Ok(Some(Self { rpc, book, urls }))
    }

    /// The contracts that are beneficiaries.
    pub(in crate::commands) fn contracts(&self) -> ContractAddresses {
        ContractAddresses { airdrop: self.book.airdrop, rewards: self.book.rewards }
    }

    /// Asks a contract.
    pub(in crate::commands) async fn view<C: SolCall>(
        &self,
        to: alloy::primitives::Address,
        call: &C,
    ) -> CliResult<C::Return> {
        self.rpc.view(to, call).await.map_err(|error| self.refused(&error))
    }

    /// An error of the node as one of the command line.
    pub(in crate::commands) fn refused(&self, error: &opg_chain::rpc::RpcError) -> CliError {
        context::rpc(&self.urls, error)
    }
}

/// Compares roots and terms with the deployed vault and airdrop, if the arguments name a deployment. Gives the vault.
pub(super) async fn compare(folder: &Path, args: &DeploymentArgs) -> CliResult<Option<String>> {
    let Some(deployment) = Deployment::open(args).await? else { return Ok(None) };
    let files = GenesisFiles::open(folder, deployment.contracts()).map_err(|error| fault(&error))?;
    let manifest = files.manifest();
    let vault = deployment.book.vesting_vault;
    let count = deployment.view(vault, &IVestingVault::categoryCountCall {}).await?;
    if (count as usize) < manifest.categories.len() {
        return Err(differs("vault", "categoryCount", &count, &manifest.categories.len()));
    }
    for expected in &manifest.categories {
        let found = deployment.view(vault, &IVestingVault::categoryCall { id: expected.id }).await?;
        let root = files.root(expected.id).map_err(|error| fault(&error))?;
        let input = format!("vault {vault}, category {} ({})", expected.id, expected.name);
        let same = |field: &str, found: &dyn Display, wanted: &dyn Display| {
            if found.to_string() == wanted.to_string() {
                return Ok(());
            }
            Err(differs(&input, field, found, wanted))
        };
        same("root", &found.root, &root)?;
        same("total", &found.total, &expected.total)?;
        same("tgeTotal", &found.tgeTotal, &expected.tge_total)?;
        same("start", &found.start, &expected.curve.start)?;
        same("cliff", &found.cliff, &expected.curve.cliff)?;
        same("duration", &found.duration, &expected.curve.duration)?;
    }
    let root = deployment.view(deployment.book.airdrop, &IAirdrop::rootCall {}).await?;
    if root != manifest.airdrop.root {
        return Err(differs(
            &format!("airdrop {}", deployment.book.airdrop),
            "root",
            &root,
            &manifest.airdrop.root,
        ));
    }
    Ok(Some(vault.to_string()))
}

fn differs(input: &str, field: &str, found: &dyn Display, expected: &dyn Display) -> CliError {
    CliError::new(
        Code::GenesisInvalid,
        input,
        format!("{field} is {found}, the genesis says {expected}"),
        "check that folder, address book and chain belong together; if they do, do not trust the deployment",
    )
}
