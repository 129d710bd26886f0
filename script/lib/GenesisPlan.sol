// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NewCategory, Schedule} from "../../contracts/interfaces/IVestingVault.sol";
import {DeployConfig} from "./DeployConfig.sol";
import {Beneficiaries, Genesis, GenesisCategory} from "./Genesis.sol";

/// @title What the vault and the airdrop are deployed with
/// @notice A contract gets its category in one schedule, which is all of the category's tree: the root is the leaf,
/// and the proof is empty.
library GenesisPlan {
    error CategoryMissing(Beneficiaries beneficiaries);

    /// @notice The categories for the vault's constructor, in the order of the manifest.
    function terms(Genesis memory genesis, address airdrop, address rewards)
        internal
        pure
        returns (NewCategory[] memory list)
    {
        list = new NewCategory[](genesis.categories.length);
        for (uint256 i = 0; i < list.length; i++) {
            GenesisCategory memory from = genesis.categories[i];
            list[i] = NewCategory({
                name: from.name,
                root: from.root,
                total: from.total,
                tgeTotal: from.tgeTotal,
                start: from.start,
                cliff: from.cliff,
                duration: from.duration
            });
            if (from.beneficiaries == Beneficiaries.Airdrop) list[i].root = leafOf(_scheduleOf(from, i, airdrop));
            if (from.beneficiaries == Beneficiaries.Rewards) list[i].root = leafOf(_scheduleOf(from, i, rewards));
        }
    }

    /// @notice The schedule that pays the airdrop.
    function airdropSchedule(Genesis memory genesis, address airdrop) internal pure returns (Schedule memory) {
        uint256 index = indexOf(genesis, Beneficiaries.Airdrop);
        return _scheduleOf(genesis.categories[index], index, airdrop);
    }

    /// @notice The schedule that pays rewards.
    function rewardsSchedule(Genesis memory genesis, address rewards) internal pure returns (Schedule memory) {
        uint256 index = indexOf(genesis, Beneficiaries.Rewards);
        return _scheduleOf(genesis.categories[index], index, rewards);
    }

    /// @notice Number of the category of a contract.
    function indexOf(Genesis memory genesis, Beneficiaries beneficiaries) internal pure returns (uint256) {
        for (uint256 i = 0; i < genesis.categories.length; i++) {
            if (genesis.categories[i].beneficiaries == beneficiaries) return i;
        }
        revert CategoryMissing(beneficiaries);
    }

    /// @notice Last second of the claims, and the second after which the rest can be swept.
    function airdropTimes(DeployConfig memory config, Genesis memory genesis)
        internal
        pure
        returns (uint256 deadline, uint256 sweepableAt)
    {
        deadline = uint256(genesis.tge) + config.airdropClaimPeriod;
        sweepableAt = deadline + config.airdropGracePeriod;
    }

    /// @notice The leaf of a schedule, as the vault hashes it.
    function leafOf(Schedule memory schedule) internal pure returns (bytes32) {
        return keccak256(bytes.concat(keccak256(abi.encode(schedule))));
    }

    function _scheduleOf(GenesisCategory memory category, uint256 index, address beneficiary)
        private
        pure
        returns (Schedule memory)
    {
        return Schedule({
            category: uint32(index),
            index: 0,
            beneficiary: beneficiary,
            amount: category.total,
            tgeAmount: category.tgeTotal,
            revocable: false,
            transferable: false
        });
    }
}
