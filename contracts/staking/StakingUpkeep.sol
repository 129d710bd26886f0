// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingUpkeep} from "../interfaces/IStakingUpkeep.sol";
import {StakePool} from "./StakePool.sol";
import {StakingCore} from "./StakingCore.sol";
import {Position, StakingStorage, Unbond} from "./StakingStorage.sol";

/// @title Part of Staking: what remains to be done after slashes
/// @notice See `IStakingUpkeep`.
abstract contract StakingUpkeep is StakingCore, IStakingUpkeep {
    /// @inheritdoc IStakingUpkeep
    function sync(address operator, address account, uint256[] calldata ids)
        external
        override
        returns (uint256 burned)
    {
        StakingStorage.Layout storage $ = StakingStorage.load();
        StakePool storage pool = _poolOf(operator, account);
        Position storage position = $.positions[operator][account];
        uint256 surplus = _surplus(pool, position.generation, position.shares, position.booked);
        position.booked -= uint96(surplus);
        burned = surplus;
        for (uint256 i; i < ids.length; ++i) {
            Unbond storage open = $.unbonds[operator][account][ids[i]];
            surplus = _surplus(pool, open.generation, open.shares, open.booked);
            open.booked -= uint96(surplus);
            burned += surplus;
        }
        _burnSurplus(operator, account, burned);
    }

    /// @inheritdoc IStakingUpkeep
    function burnOwnerless() external override returns (uint256 amount) {
        amount = opg.custodied(address(0));
        vault.withdraw(address(0), address(this), amount);
        opg.burn(amount);
    }
}
