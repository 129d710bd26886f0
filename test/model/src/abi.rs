//! The contracts' interfaces, from the ABI files that the keeper binds to.

// Generated: the documentation is the NatSpec of contracts/interfaces.
#![allow(missing_docs, clippy::too_many_arguments)]

use alloy_sol_types::sol;

sol! {
    #[derive(Debug, PartialEq, Eq)]
    IStaking,
    "../../keeper/chain/abi/IStaking.json"
}

sol! {
    #[derive(Debug)]
    Opg,
    "../../keeper/chain/abi/Opg.json"
}

sol! {
    #[derive(Debug)]
    IRewards,
    "../../keeper/chain/abi/IRewards.json"
}

sol! {
    #[derive(Debug)]
    IFeeMarket,
    "../../keeper/chain/abi/IFeeMarket.json"
}

sol! {
    #[derive(Debug)]
    IFeeRouter,
    "../../keeper/chain/abi/IFeeRouter.json"
}

sol! {
    #[derive(Debug)]
    IModelRegistry,
    "../../keeper/chain/abi/IModelRegistry.json"
}

sol! {
    #[derive(Debug)]
    IVestingVault,
    "../../keeper/chain/abi/IVestingVault.json"
}

sol! {
    #[derive(Debug)]
    AccessManager,
    "../../keeper/chain/abi/AccessManager.json"
}

/// What only a deployment calls, and no interface has.
pub mod initializers {
    use super::{IStaking::StakingParameters, sol};

    sol! {
        function initialize(address authority, (uint80, uint32, uint32, uint32, uint32, uint32, uint16) parameters);
    }

    /// Of a contract that has nothing to be set but its authority.
    pub mod plain {
        use super::sol;

        sol! {
            function initialize(address authority);
        }
    }

    /// The call that initialises staking.
    pub fn staking(authority: alloy_primitives::Address, p: &StakingParameters) -> initializeCall {
        let times = (p.unbondingPeriod, p.receiptAge, p.challengeWindow, p.vetoWindow, p.commissionNotice);
        let (unbonding, age, challenge, veto, notice) = times;
        let parameters = (p.minSelfStake, unbonding, age, challenge, veto, notice, p.maxCommissionBps);
        initializeCall { authority, parameters }
    }
}
