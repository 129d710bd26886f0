// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelRegistry} from "../../../contracts/models/ModelRegistry.sol";

/// @notice A later implementation: the same contract that also knows its version.
contract NextModelRegistry is ModelRegistry {
    function implementationVersion() external pure returns (uint256) {
        return 2;
    }
}
