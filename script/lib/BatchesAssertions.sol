// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReceiptBatches} from "../../contracts/inference/ReceiptBatches.sol";
import {BatchParameters} from "../../contracts/interfaces/IReceiptBatches.sol";
import {IStakingSlashes} from "../../contracts/interfaces/IStakingSlashes.sol";
import {StakingParameters} from "../../contracts/interfaces/IStakingCommon.sol";
import {Checks} from "./Checks.sol";
import {Addresses} from "./DeployAddresses.sol";

/// @title Checks that the batches of receipts are what their configuration says
library BatchesAssertions {
    string private constant NAME = "ReceiptBatches";

    /// @notice Reverts with `Checks.DeploymentBroken` unless everything holds.
    function check(BatchParameters memory config, Addresses memory system) internal view {
        ReceiptBatches batches = ReceiptBatches(system.receiptBatches);
        Checks.that(address(batches.opg()) == system.opg, NAME, "takes another token");
        Checks.that(address(batches.proofs()) == system.proofRegistry, NAME, "asks another proof registry");
        Checks.that(address(batches.staking()) == system.staking, NAME, "slashes in another staking contract");
        Checks.that(
            keccak256(abi.encode(batches.parameters())) == keccak256(abi.encode(config)),
            NAME,
            "parameters differ from the configuration"
        );
        StakingParameters memory staking = IStakingSlashes(system.staking).parameters();
        (uint32 receiptAge, uint32 challengeWindow) = batches.times();
        Checks.that(
            receiptAge == staking.receiptAge && challengeWindow == staking.challengeWindow,
            NAME,
            "has other times than staking: call adoptTimes"
        );
        uint8[3] memory offences =
            [batches.OFFENCE_CONFLICT(), batches.OFFENCE_BAD_LEAF(), batches.OFFENCE_UNANSWERED()];
        for (uint256 i = 0; i < offences.length; ++i) {
            Checks.that(
                IStakingSlashes(system.staking).slashRule(offences[i]).capBps != 0,
                NAME,
                "an offence is not in the slash table"
            );
        }
    }
}
