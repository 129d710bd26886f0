// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SlashRule} from "../interfaces/IStakingCommon.sol";
import {IStakingSlashes} from "../interfaces/IStakingSlashes.sol";
import {StakingCore} from "./StakingCore.sol";
import {Freeze, SlashWindow, StakingStorage} from "./StakingStorage.sol";

/// @title Part of Staking: stake that stays while a dispute is open
/// @notice See `IStakingSlashes.freeze`. All that is frozen of an operator is one sum in one slot, so an exit asks one
/// question, however many disputes are open.
///
/// BOUNDS
/// A freeze ends by the decision, by its own time, or for an exit `MAX_FREEZE` after the exit was due: even an operator that
/// opens disputes about itself, one after the other, keeps nobody longer.
///
/// ROUNDS
/// Freezes that overlap are one round. It expires with the last of them; what is decided afterwards names a round that
/// is over, and changes nothing.
abstract contract StakingFreezes is StakingCore, AccessManagedUpgradeable, IStakingSlashes {
    /// @inheritdoc IStakingSlashes
    function freeze(address operator, uint8 offence, uint256 amount, uint64 capturedAt, uint64 until)
        external
        override
        restricted
        returns (uint96 frozen, uint32 round)
    {
        // Check: something could be slashed for it. A dispute may be about the truth alone.
        StakingStorage.Layout storage $ = StakingStorage.load();
        if (capturedAt < _earliest(operator) || capturedAt > block.timestamp) return (0, 0);
        (, uint256 left) = _slashable(operator, offence, capturedAt, $.rules[offence]);
        frozen = uint96(Math.min(amount, left));
        until = uint64(Math.min(until, block.timestamp + MAX_FREEZE));
        // slither-disable-next-line incorrect-equality
        if (frozen == 0 || until <= block.timestamp) return (0, 0);

        // Effect: it adds to what is frozen already, or begins a new round.
        Freeze memory all = $.freezes[operator];
        if (all.until <= block.timestamp) {
            all = Freeze({amount: 0, since: uint40(block.timestamp), until: 0, open: 0, round: all.round + 1});
        }
        all.amount += frozen;
        ++all.open;
        if (until > all.until) {
            all.until = uint40(until);
            ($.ownPools[operator].frozenUntil, $.delegatedPools[operator].frozenUntil) = (uint32(until), uint32(until));
        }
        $.freezes[operator] = all;
        round = all.round;
        emit StakeHeld(operator, offence, frozen, until, round);
    }

    /// @inheritdoc IStakingSlashes
    function unfreeze(address operator, uint256 amount, uint32 round) external override restricted {
        Freeze memory all = StakingStorage.load().freezes[operator];
        if (round == 0 || round != all.round) return;
        all.amount -= uint96(amount);
        // The last one ends the round. Its number stays used.
        if (--all.open == 0) all.until = 0;
        StakingStorage.load().freezes[operator] = all;
        emit StakeFreed(operator, amount, round);
    }

    /// @inheritdoc IStakingSlashes
    function freezeOf(address operator) external view override returns (uint256 amount, uint64 until) {
        Freeze storage all = StakingStorage.load().freezes[operator];
        if (all.until > block.timestamp) return (all.amount, all.until);
    }

    /// @dev The earliest offence for which an operator can be slashed. Stake that backed it then is still here: unbonding
    /// takes longer, and disputes that are open keep it for at most `MAX_FREEZE` more.
    function _earliest(address operator) internal view returns (uint64) {
        uint256 time = block.timestamp;
        if (time < StakingStorage.load().delegatedPools[operator].frozenUntil) {
            Freeze storage all = StakingStorage.load().freezes[operator];
            if (time < all.until) time = Math.max(all.since, time - MAX_FREEZE);
        }
        return uint64(time - StakingStorage.load().parameters.unbondingPeriod + 1);
    }

    /// @dev What can still be taken for an offence, and when the cool-down began to which it belongs.
    function _slashable(address operator, uint8 offence, uint64 capturedAt, SlashRule memory rule)
        internal
        view
        returns (uint40 start, uint256 left)
    {
        SlashWindow storage window = StakingStorage.load().windows[operator][offence];
        uint256 taken = window.taken;
        start = window.start;
        if (capturedAt > uint256(start) + rule.coolDown || capturedAt + rule.coolDown < start) {
            (start, taken) = (uint40(capturedAt), 0);
        }
        uint256 cap = _stakeAt(operator, capturedAt) * rule.capBps / BPS;
        left = cap > taken ? cap - taken : 0;
    }
}
