// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {FeeCap, FeeShares} from "../../contracts/interfaces/IFeeRouter.sol";
import {RewardParameters} from "../../contracts/interfaces/IRewards.sol";
import {StakingParameters} from "../../contracts/interfaces/IStakingCommon.sol";
import {Json, JsonFields} from "./JsonFields.sol";

/// @notice What rewards and the division of fees are asked to be.
struct RewardsConfig {
    RewardParameters parameters;
    /// Part of each fee that is burned, in 1/10,000.
    uint16 burnBps;
    /// Part of each fee for the verification pool, in 1/10,000. The treasury keeps that pool until there is one.
    uint16 verificationBps;
    /// How many fees an operator gets for work that can still be shown to be wrong.
    FeeCap cap;
}

/// @title Reads and checks the fields `rewards` and `payments` of a configuration
/// @notice The bounds are those of the contracts, which have the last word.
library RewardsConfigs {
    using JsonFields for Json;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    string private constant REWARDS = "rewards";
    string private constant PAYMENTS = "payments";

    /// @notice Reads them. All fields are required, and no others are allowed.
    function parse(Json memory json) internal view returns (RewardsConfig memory config) {
        json.requireOnly(REWARDS, VM.split("epochLength,baseBps,performanceBps", ","));
        config.parameters.epochLength = uint32(json.uintAt("rewards.epochLength", 32));
        config.parameters.baseBps = uint16(json.uintAt("rewards.baseBps", 16));
        config.parameters.performanceBps = uint16(json.uintAt("rewards.performanceBps", 16));
        json.requireOnly(PAYMENTS, VM.split("burnBps,verificationBps,capWindow,capPerStakeBps,capLeast", ","));
        config.burnBps = uint16(json.uintAt("payments.burnBps", 16));
        config.verificationBps = uint16(json.uintAt("payments.verificationBps", 16));
        config.cap.window = uint32(json.uintAt("payments.capWindow", 32));
        config.cap.perStakeBps = uint32(json.uintAt("payments.capPerStakeBps", 32));
        config.cap.least = uint96(json.uintAt("payments.capLeast", 96));
    }

    /// @notice Refuses what the contracts would refuse, and a cap that forgets fees before their receipts are final.
    function validate(RewardsConfig memory config, StakingParameters memory staking) internal pure {
        RewardParameters memory p = config.parameters;
        _within("rewards.epochLength", p.epochLength, 1 hours, 30 days, "1 hour to 30 days");
        _within("rewards.baseBps", p.baseBps, 2_000, 9_000, "2,000 to 9,000");
        _within("rewards.performanceBps", p.performanceBps, 0, 9_000, "at most 9,000");
        _within("payments.burnBps", config.burnBps, 100, 3_000, "100 to 3,000");
        _within("payments.verificationBps", config.verificationBps, 0, 2_000, "at most 2,000");
        uint256 settled = uint256(staking.receiptAge) + staking.challengeWindow;
        _within(
            "payments.capWindow",
            config.cap.window,
            settled < 30 seconds ? 30 seconds : settled,
            60 days,
            "30 seconds to 60 days, and at least staking.receiptAge + challengeWindow"
        );
        _within("payments.capPerStakeBps", config.cap.perStakeBps, 1_000, 100_000, "1,000 to 100,000");
        _within("payments.capLeast", config.cap.least, 1 ether, type(uint96).max, "at least 1 OPG");
    }

    /// @notice The shares with which the fee router starts.
    function shares(RewardsConfig memory config, address verificationPool) internal pure returns (FeeShares memory) {
        return FeeShares(config.burnBps, config.verificationBps, verificationPool);
    }

    function _within(string memory field, uint256 value, uint256 minimum, uint256 maximum, string memory accepted)
        private
        pure
    {
        if (value >= minimum && value <= maximum) return;
        revert JsonFields.InvalidField("config", field, string.concat("must be ", accepted));
    }
}
