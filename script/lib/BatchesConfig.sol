// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {BatchParameters} from "../../contracts/interfaces/IReceiptBatches.sol";
import {StakingParameters} from "../../contracts/interfaces/IStakingCommon.sol";
import {Json, JsonFields} from "./JsonFields.sol";

/// @title Reads and checks the field `batches` of a configuration
/// @notice The bounds are those of the contract, which has the last word.
library BatchesConfigs {
    using JsonFields for Json;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    string private constant BLOCK = "batches";

    /// @notice Reads it. All fields are required, and no others are allowed.
    function parse(Json memory json) internal view returns (BatchParameters memory parameters) {
        json.requireOnly(BLOCK, VM.split("answerPeriod,demandBond,demandPenalty", ","));
        parameters.answerPeriod = uint32(json.uintAt("batches.answerPeriod", 32));
        parameters.demandBond = uint80(json.uintAt("batches.demandBond", 80));
        parameters.demandPenalty = uint80(json.uintAt("batches.demandPenalty", 80));
    }

    /// @notice Refuses what the contract would refuse.
    function validate(BatchParameters memory parameters, StakingParameters memory staking) internal pure {
        uint256 longest = (staking.unbondingPeriod - staking.receiptAge - staking.challengeWindow - 1) / 2;
        _within(
            "batches.answerPeriod",
            parameters.answerPeriod,
            1,
            longest,
            "at least 1, and twice it below staking.unbondingPeriod - receiptAge - challengeWindow"
        );
        _within("batches.demandBond", parameters.demandBond, 1e16, 10_000e18, "0.01 to 10,000 OPG in wei");
        _within("batches.demandPenalty", parameters.demandPenalty, 1e18, 100_000e18, "1 to 100,000 OPG in wei");
    }

    function _within(string memory field, uint256 value, uint256 minimum, uint256 maximum, string memory accepted)
        private
        pure
    {
        if (value >= minimum && value <= maximum) return;
        revert JsonFields.InvalidField("config", field, string.concat("must be ", accepted));
    }
}
