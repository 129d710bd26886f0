// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingSlashes} from "../../contracts/interfaces/IStakingSlashes.sol";
import {Addresses} from "./DeployAddresses.sol";
import {Offence, StakingConfig} from "./StakingConfig.sol";

/// @title Sets what staking needs from an administrator
library StakingWiring {
    /// @notice Fills the slash table. To be called as the administrator.
    function wire(StakingConfig memory config, Addresses memory system) internal {
        IStakingSlashes staking = IStakingSlashes(system.staking);
        for (uint256 i = 0; i < config.slashTable.length; ++i) {
            Offence memory row = config.slashTable[i];
            bytes32 found = keccak256(abi.encode(staking.slashRule(row.number)));
            if (found != keccak256(abi.encode(row.rule))) staking.setSlashRule(row.number, row.rule);
        }
    }
}
