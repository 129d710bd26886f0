// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICustodyVault} from "../../contracts/interfaces/ICustodyVault.sol";
import {IStakingCommon, SlashRule} from "../../contracts/interfaces/IStakingCommon.sol";
import {IStakingSlashes} from "../../contracts/interfaces/IStakingSlashes.sol";
import {Continued} from "../../contracts/staking/Continued.sol";
import {Checks} from "./Checks.sol";
import {Addresses} from "./DeployAddresses.sol";
import {Offence, StakingConfig} from "./StakingConfig.sol";

/// @title Checks that staking is what its configuration says
library StakingAssertions {
    /// @notice Reverts with `Checks.DeploymentBroken` unless everything holds.
    function check(StakingConfig memory config, Addresses memory system) internal view {
        ICustodyVault vault = ICustodyVault(system.custodyVault);
        Checks.that(address(vault.opg()) == system.opg, "CustodyVault", "holds another token");
        Checks.that(vault.staking() == system.staking, "CustodyVault", "obeys another staking contract");

        _checkPart("Staking", system.staking, system);
        _checkPart("StakingSlashes", system.stakingSlashes, system);
        _checkPart("StakingOperators", system.stakingOperators, system);
        Checks.that(
            Continued(system.staking).nextPart() == system.stakingSlashes, "Staking", "continues in another contract"
        );
        Checks.that(
            Continued(system.stakingSlashes).nextPart() == system.stakingOperators,
            "StakingSlashes",
            "continues in another contract"
        );

        IStakingSlashes staking = IStakingSlashes(system.staking);
        Checks.that(
            keccak256(abi.encode(staking.parameters())) == keccak256(abi.encode(config.parameters)),
            "Staking",
            "parameters differ from the configuration"
        );
        _checkSlashTable(config, staking);
    }

    function _checkPart(string memory name, address part, Addresses memory system) private view {
        Checks.that(address(IStakingCommon(part).opg()) == system.opg, name, "takes another token");
        Checks.that(address(IStakingCommon(part).vault()) == system.custodyVault, name, "uses another custody vault");
    }

    /// @dev Every number: a row that the configuration does not know could be used just as well.
    function _checkSlashTable(StakingConfig memory config, IStakingSlashes staking) private view {
        for (uint256 number = 0; number <= type(uint8).max; ++number) {
            SlashRule memory expected;
            for (uint256 i = 0; i < config.slashTable.length; ++i) {
                Offence memory row = config.slashTable[i];
                if (row.number == number) expected = row.rule;
            }
            Checks.that(
                keccak256(abi.encode(staking.slashRule(uint8(number)))) == keccak256(abi.encode(expected)),
                "Staking",
                "the slash table differs from the configuration"
            );
        }
    }
}
