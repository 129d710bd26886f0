// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IAirdrop} from "../../contracts/interfaces/IAirdrop.sol";
import {Category, IVestingVault, NewCategory} from "../../contracts/interfaces/IVestingVault.sol";
import {Checks} from "./Checks.sol";
import {Addresses} from "./DeployAddresses.sol";
import {DeployConfig} from "./DeployConfig.sol";
import {Genesis} from "./Genesis.sol";
import {GenesisPlan} from "./GenesisPlan.sol";
import {GenesisRules} from "./GenesisRules.sol";

/// @title Checks that vault and airdrop hold what the genesis says
library GenesisAssertions {
    /// @notice What holds at any time after the deployment. Governance may have added categories since.
    function check(DeployConfig memory config, Genesis memory genesis, Addresses memory system) internal view {
        IVestingVault vault = IVestingVault(system.vestingVault);
        Checks.that(vault.opg() == system.opg, "VestingVault", "holds another token");
        Checks.that(vault.treasury() == system.timelock, "VestingVault", "returns to another treasury");
        _checkCategories(vault, GenesisPlan.terms(genesis, system.airdrop, system.rewards));
        _checkFloat(vault, genesis);
        _checkAirdrop(config, genesis, system);
    }

    /// @notice What holds right after the deployment: the vault has the supply, or all but the airdrop if that is
    /// released, and nobody else has a wei.
    function checkDistribution(DeployConfig memory config, Genesis memory genesis, Addresses memory system)
        internal
        view
    {
        IERC20 opg = IERC20(system.opg);
        bool begun = genesis.tge <= block.timestamp;
        uint256 airdrop = begun ? genesis.airdropTotal : 0;
        Checks.that(opg.totalSupply() == GenesisRules.SUPPLY, "Opg", "supply is not 1,000,000,000 OPG");
        Checks.that(
            opg.balanceOf(system.vestingVault) == GenesisRules.SUPPLY - airdrop,
            "VestingVault",
            "does not hold the supply less the released airdrop"
        );
        Checks.that(
            opg.balanceOf(system.airdrop) == airdrop,
            "Airdrop",
            "does not hold its category from the tge on, and only then"
        );
        IVestingVault vault = IVestingVault(system.vestingVault);
        Checks.that(
            _vestedAt(vault, genesis, genesis.tge) == GenesisRules.float(genesis),
            "VestingVault",
            "the float at the tge is not that of the genesis"
        );
        // What has not vested is locked. Of the TGE itself the vault cannot be asked where that is still to come, or
        // was before the vault existed.
        Checks.that(
            vault.lockedAt(block.timestamp) + _vestedAt(vault, genesis, block.timestamp) == GenesisRules.SUPPLY,
            "VestingVault",
            "locked and vested tokens are not the supply"
        );
        Checks.that(opg.balanceOf(config.deployer) == 0, "Opg", "the deployer holds tokens");
        Checks.that(
            vault.categoryCount() == genesis.categories.length, "VestingVault", "has other categories than the genesis"
        );
    }

    function _checkCategories(IVestingVault vault, NewCategory[] memory expected) private view {
        Checks.that(vault.categoryCount() >= expected.length, "VestingVault", "has fewer categories than the genesis");
        for (uint256 i = 0; i < expected.length; i++) {
            Category memory found = vault.category(uint32(i));
            string memory name = string.concat("VestingVault category ", expected[i].name);
            Checks.that(found.root == expected[i].root, name, "has another root");
            Checks.that(found.total == expected[i].total, name, "has another total");
            Checks.that(found.tgeTotal == expected[i].tgeTotal, name, "has another tgeTotal");
            Checks.that(found.start == expected[i].start, name, "has another start");
            Checks.that(found.cliff == expected[i].cliff, name, "has another cliff");
            Checks.that(found.duration == expected[i].duration, name, "has another duration");
        }
    }

    /// @dev By the vault's own arithmetic. Less where a schedule was revoked before the TGE.
    function _checkFloat(IVestingVault vault, Genesis memory genesis) private view {
        Checks.that(
            _vestedAt(vault, genesis, uint256(genesis.tge) - 1) == 0, "VestingVault", "something vests before the tge"
        );
        uint256 float = _vestedAt(vault, genesis, genesis.tge);
        Checks.that(float <= GenesisRules.float(genesis), "VestingVault", "more vests at the tge than in the genesis");
    }

    function _vestedAt(IVestingVault vault, Genesis memory genesis, uint256 timestamp)
        private
        view
        returns (uint256 amount)
    {
        for (uint256 i = 0; i < genesis.categories.length; i++) {
            amount += vault.categoryVestedAt(uint32(i), timestamp);
        }
    }

    function _checkAirdrop(DeployConfig memory config, Genesis memory genesis, Addresses memory system) private view {
        IAirdrop airdrop = IAirdrop(system.airdrop);
        (uint256 deadline, uint256 sweepableAt) = GenesisPlan.airdropTimes(config, genesis);
        Checks.that(airdrop.opg() == system.opg, "Airdrop", "pays another token");
        Checks.that(airdrop.root() == genesis.airdropRoot, "Airdrop", "has another root");
        Checks.that(airdrop.deadline() == deadline, "Airdrop", "has another deadline");
        Checks.that(airdrop.sweepableAt() == sweepableAt, "Airdrop", "can be swept at another time");
        Checks.that(airdrop.treasury() == system.timelock, "Airdrop", "sweeps to another treasury");
    }
}
