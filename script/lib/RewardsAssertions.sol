// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeeRouter} from "../../contracts/payments/FeeRouter.sol";
import {IStakingRewards} from "../../contracts/interfaces/IStakingRewards.sol";
import {Rewards} from "../../contracts/staking/Rewards.sol";
import {Checks} from "./Checks.sol";
import {Addresses} from "./DeployAddresses.sol";
import {Genesis} from "./Genesis.sol";
import {GenesisPlan} from "./GenesisPlan.sol";
import {RewardsConfig, RewardsConfigs} from "./RewardsConfig.sol";

/// @title Checks that rewards and the fee router are what their configuration says
library RewardsAssertions {
    using RewardsConfigs for RewardsConfig;

    /// @notice Reverts with `Checks.DeploymentBroken` unless everything holds.
    function check(RewardsConfig memory config, Genesis memory genesis, Addresses memory system) internal view {
        Rewards rewards = Rewards(system.rewards);
        Checks.that(address(rewards.opg()) == system.opg, "Rewards", "pays another token");
        Checks.that(address(rewards.staking()) == system.staking, "Rewards", "asks another staking contract");
        Checks.that(address(rewards.vestingVault()) == system.vestingVault, "Rewards", "asks another vesting vault");
        Checks.that(
            rewards.schedule() == GenesisPlan.leafOf(GenesisPlan.rewardsSchedule(genesis, system.rewards)),
            "Rewards",
            "counts another schedule"
        );
        Checks.that(address(rewards.feeRouter()) == system.feeRouter, "Rewards", "asks another fee router");
        Checks.that(
            keccak256(abi.encode(rewards.parameters())) == keccak256(abi.encode(config.parameters)),
            "Rewards",
            "parameters differ from the configuration"
        );
        Checks.that(
            IStakingRewards(system.staking).rewards() == system.rewards, "Staking", "obeys another rewards contract"
        );

        FeeRouter router = FeeRouter(system.feeRouter);
        Checks.that(address(router.opg()) == system.opg, "FeeRouter", "takes another token");
        Checks.that(address(router.models()) == system.modelRegistry, "FeeRouter", "asks another model registry");
        Checks.that(address(router.operators()) == system.staking, "FeeRouter", "asks another staking contract");
        Checks.that(router.rewards() == system.rewards, "FeeRouter", "counts for another rewards contract");
        Checks.that(
            keccak256(abi.encode(router.shares())) == keccak256(abi.encode(config.shares(system.timelock))),
            "FeeRouter",
            "shares differ from the configuration"
        );
        Checks.that(address(router.market()) == system.feeMarket, "FeeRouter", "reports to another market");
        Checks.that(
            keccak256(abi.encode(router.cap())) == keccak256(abi.encode(config.cap)),
            "FeeRouter",
            "cap differs from the configuration"
        );
    }
}
