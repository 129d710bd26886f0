// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeployAddresses} from "../../script/lib/DeployAddresses.sol";
import {DeployConfig} from "../../script/lib/DeployConfig.sol";
import {DeployPlan} from "../../script/lib/DeployPlan.sol";
import {Step} from "../../script/lib/Steps.sol";
import {DeployTestBase} from "../deploy/DeployTestBase.sol";

/// @notice Every contract fits a chain. The tests' machine takes larger ones, so only this test would notice, on the code as
/// it is deployed.
contract CodeSizeTest is DeployTestBase {
    /// EIP-170.
    uint256 private constant MAX_CODE_SIZE = 24_576;
    /// EIP-7825, as on Base.
    uint256 private constant TRANSACTION_GAS_CAP = 16_777_216;

    function test_EveryContractCanBeDeployed() public {
        DeployConfig memory config = goodConfig();
        vm.chainId(DEVNET);
        script.deploy(config, goodGenesis(), "");
        Step[] memory steps = DeployPlan.steps(config, goodGenesis(), DeployAddresses.all(config, DEVNET));
        for (uint256 i = 0; i < steps.length; ++i) {
            uint256 size = steps[i].target.code.length;
            assertLe(size, MAX_CODE_SIZE, string.concat(steps[i].name, " has too much code"));
            // 200 gas per byte of code, 2 x 16 per byte of creation code, and 10,000,000 to spare for the constructor.
            assertLt(size * 200 + steps[i].initCode.length * 32, TRANSACTION_GAS_CAP - 10_000_000, steps[i].name);
        }
        assertGt(steps.length, 15);
    }
}
