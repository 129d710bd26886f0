//! The accounts that anvil funds. Their keys are public; they are worth nothing on any other chain.

use alloy::primitives::{B256, b256};
use opg_chain::signer::PrivateKeySigner;

use crate::error::{CliError, CliResult};

/// Deploys, gets the liquidity of the genesis and is administrator.
pub(crate) const DEPLOYER: B256 = b256!("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80");
/// The operator: own stake and credits, and the owner of the models.
pub(crate) const OPERATOR: B256 = b256!("59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d");
/// Somebody who asks.
pub(crate) const USER: B256 = b256!("5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a");

/// Somebody who backs the operator.
pub(crate) const DELEGATOR: B256 = b256!("7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6");

/// The signer of `key`.
pub(crate) fn signer(key: B256) -> CliResult<PrivateKeySigner> {
    PrivateKeySigner::from_bytes(&key).map_err(|error| CliError::internal("devnet key", error))
}
