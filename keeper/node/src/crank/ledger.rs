//! What the crank needs from the chain.

use alloy::{
    primitives::{Address, B256, Bytes, U256},
    sol_types::SolError,
};
use async_trait::async_trait;
use opg_chain::{
    bindings::{IStaking, IVestingVault},
    rpc::Rpc,
    rpc_trait::Head,
};
use opg_store::vesting::Known;
use opg_vesting::Curve;

use crate::{LedgerError, Quote, quote::quote_of};

/// Registrations among which operators are looked for: more than have a turn of their own in any period.
pub(super) const REGISTRATIONS: u32 = 64;

/// The vault, as far as the crank looks at it.
#[async_trait]
pub trait VestingLedger: Send + Sync + std::fmt::Debug {
    /// The latest block.
    async fn head(&self) -> Result<Head, LedgerError>;

    /// A category of the vault; `None` if it has none of this number.
    async fn category(&self, id: u32) -> Result<Option<VaultCategory>, LedgerError>;

    /// What the vault remembers of schedules, in their order.
    async fn states(&self, schedules: &[B256]) -> Result<Vec<Known>, LedgerError>;

    /// Active operators among those who registered first: keepers that most likely have this role too.
    async fn operators(&self) -> Result<Vec<Address>, LedgerError>;

    /// What a call of the vault would cost now.
    async fn quote(&self, calldata: &Bytes) -> Result<Quote, LedgerError>;
}

/// A category as the vault has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VaultCategory {
    /// Root of its tree.
    pub root: B256,
    /// Sum of its amounts.
    pub total: u128,
    /// Sum of its TGE amounts.
    pub tge_total: u128,
    /// Its curve.
    pub curve: Curve,
}

/// The real vault.
#[derive(Debug, Clone)]
pub struct ChainVault {
    rpc: Rpc,
    vault: Address,
    staking: Address,
    signer: Address,
}

impl ChainVault {
    /// The contract at `vault`, as `signer` would call it, with the operators of `staking`.
    #[must_use]
    pub fn new(rpc: Rpc, vault: Address, staking: Address, signer: Address) -> Self {
        Self { rpc, vault, staking, signer }
    }
}

#[async_trait]
impl VestingLedger for ChainVault {
    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.rpc.head().await?)
    }

    async fn category(&self, id: u32) -> Result<Option<VaultCategory>, LedgerError> {
        let count = self.rpc.view(self.vault, &IVestingVault::categoryCountCall {}).await?;
        if id >= count {
            return Ok(None);
        }
        let category = self.rpc.view(self.vault, &IVestingVault::categoryCall { id }).await?;
        Ok(Some(VaultCategory {
            root: category.root,
            total: category.total,
            tge_total: category.tgeTotal,
            curve: Curve { start: category.start.to(), cliff: category.cliff, duration: category.duration },
        }))
    }

    async fn states(&self, schedules: &[B256]) -> Result<Vec<Known>, LedgerError> {
        let call = IVestingVault::statesOfCall { schedules: schedules.to_vec() };
        let states = self.rpc.view(self.vault, &call).await?;
        if states.len() != schedules.len() {
            let reason = format!("{} states for {} schedules", states.len(), schedules.len());
            return Err(LedgerError::new(reason, true));
        }
        let known = |state: &IVestingVault::ScheduleState| Known {
            released: state.released.to(),
            revoked_total: state.revoked.then(|| state.revokedTotal.to()),
            manual: state.manual,
        };
        Ok(states.iter().map(known).collect())
    }

    async fn operators(&self) -> Result<Vec<Address>, LedgerError> {
        let call = IStaking::activeOperatorsCall { from: U256::ZERO, count: U256::from(REGISTRATIONS) };
        Ok(self.rpc.view(self.staking, &call).await?.operators)
    }

    async fn quote(&self, calldata: &Bytes) -> Result<Quote, LedgerError> {
        let nothing = |data: &Bytes| data.starts_with(&IVestingVault::NothingReleased::SELECTOR);
        match quote_of(&self.rpc, self.signer, self.vault, calldata).await? {
            Ok(priced) => Ok(priced),
            Err((_, data)) if nothing(&data) => Ok(Quote::Reverts("no row can be released".to_owned())),
            Err((reason, _)) => Ok(Quote::Reverts(reason)),
        }
    }
}
