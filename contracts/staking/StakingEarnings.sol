// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon} from "../interfaces/IStakingCommon.sol";
import {StakePool} from "./StakePool.sol";
import {MemberRewards, OperatorRewards, Position, RewardStream, StakingStorage} from "./StakingStorage.sol";

/// @title Part of Staking: what stake earns
/// @notice A stream of so many wei per second is shared by all active stake. Two sums are kept: what one wei of stake has
/// earned since the beginning, and for each delegators' pool what one of its bonded shares has. What anyone earned between
/// two moments is the difference of a sum times stake or shares, so nobody has to be visited. See docs/rewards.md.
///
/// NO MONEY
/// The tokens are in `Rewards`, which alone sets the stream and pays what is owed. Nothing here calls it, and nothing here
/// can revert: with whatever stream it sets, indexes and amounts are cut to their width. So rewards never keep stake
/// from moving.
///
/// ROUNDING
/// Every division rounds down: all together are owed at most what has streamed. One settlement loses less than
/// 2^-64 of the stake it divides by, in wei, and one claim less than 1 wei.
///
/// ASSUMPTIONS
/// An active operator has at least 1 OPG of its own, and at most the supply is ever streamed: then indexes stay below 2^94.
abstract contract StakingEarnings is IStakingCommon {
    uint256 internal constant BPS = 10_000;
    /// Indexes count in 2^-64 wei.
    uint256 private constant INDEX_SHIFT = 64;

    /// @dev Gives `account` and the operator what they have earned. Before any change of shares or of stake.
    function _settle(address operator, address account, StakePool storage pool, Position storage position) internal {
        _settle(operator);
        if (account == operator) return;
        uint96 index = pool.rewardIndex;
        uint256 owed = _owedTo(operator, account, pool, position, index);
        StakingStorage.load().memberRewards[operator][account] = MemberRewards(index, uint96(owed));
    }

    /// @dev Gives the operator and its pool what they have earned. Before any change of its stake or commission.
    function _settle(address operator) internal {
        StakingStorage.Layout storage $ = StakingStorage.load();
        OperatorRewards memory rewards = $.operatorRewards[operator];
        uint96 index = _advance();
        (uint256 toOperator, uint256 perShare) = _earned(operator, rewards, index);
        if (perShare != 0) {
            StakePool storage pool = $.delegatedPools[operator];
            unchecked {
                // Wraps only if more than the supply was streamed; see NO MONEY.
                pool.rewardIndex += uint96(perShare);
            }
        }
        unchecked {
            // As above.
            rewards.owed += uint96(toOperator);
        }
        rewards.index = index;
        // A higher commission counts from the first settlement after its notice, so that no second is paid for too high.
        if (block.timestamp >= rewards.commissionFrom) rewards.commissionBps = rewards.nextCommissionBps;
        $.operatorRewards[operator] = rewards;
    }

    /// @dev Brings the stream's index up to now.
    function _advance() internal returns (uint96) {
        RewardStream memory stream = StakingStorage.load().stream;
        // Equal is exactly what is asked: this second was counted.
        // slither-disable-next-line incorrect-equality
        if (stream.updatedAt >= stream.until || stream.updatedAt == block.timestamp) return stream.index;
        _flow(stream);
        StakingStorage.load().stream = stream;
        return stream.index;
    }

    /// @dev What `account` has in a delegators' pool whose index is `index`.
    function _owedTo(address operator, address account, StakePool storage pool, Position storage position, uint96 index)
        internal
        view
        returns (uint256)
    {
        StakingStorage.Layout storage $ = StakingStorage.load();
        MemberRewards storage rewards = $.memberRewards[operator][account];
        // Shares of an earlier generation earned until it ended, and not beyond.
        if (position.generation != pool.generation) index = $.lastIndexes[operator][position.generation];
        (uint256 owed, uint256 from) = (rewards.owed, rewards.index);
        // No overflow: 112 and 96 bits, shifted by 64, leave 144.
        return index > from ? owed + (position.shares * (index - from) >> INDEX_SHIFT) : owed;
    }

    /// @dev The index that the pool of `operator` would have after a settlement now, and what the operator would be owed.
    function _preview(address operator) internal view returns (uint96 index, uint256 owed) {
        StakingStorage.Layout storage $ = StakingStorage.load();
        OperatorRewards memory rewards = $.operatorRewards[operator];
        (uint256 toOperator, uint256 perShare) = _earned(operator, rewards, _indexNow());
        unchecked {
            // As in `_settle`.
            return ($.delegatedPools[operator].rewardIndex + uint96(perShare), rewards.owed + toOperator);
        }
    }

    /// @dev Lets the stream run up to now, in memory.
    function _flow(RewardStream memory stream) internal view {
        if (stream.updatedAt >= stream.until) return;
        if (StakingStorage.load().totalStake.latest == 0) {
            unchecked {
                // Nobody earns: the stream waits. See NO MONEY.
                stream.until += uint32(block.timestamp) - stream.updatedAt;
            }
        } else {
            stream.index = _indexNow();
        }
        stream.updatedAt = uint32(block.timestamp);
    }

    /// @dev The stream's index now.
    function _indexNow() internal view returns (uint96 index) {
        RewardStream storage stream = StakingStorage.load().stream;
        uint256 from;
        uint256 end;
        (index, from, end) = (stream.index, stream.updatedAt, stream.until);
        if (from >= end) return index;
        uint256 stake = StakingStorage.load().totalStake.latest;
        if (stake == 0) return index;
        if (block.timestamp < end) end = block.timestamp;
        unchecked {
            // No overflow: 64 bits times 32, shifted by 64. The index is cut if more is streamed than there is; see NO MONEY.
            index += uint96((uint256(stream.rate) * (end - from) << INDEX_SHIFT) / stake);
        }
    }

    /// @dev What the operator gets, and each bonded share of its pool in 2^-64 wei, up to `index` of the stream.
    function _earned(address operator, OperatorRewards memory rewards, uint96 index)
        private
        view
        returns (uint256 toOperator, uint256 perShare)
    {
        StakingStorage.Layout storage $ = StakingStorage.load();
        uint256 stake = $.stakes[operator].latest;
        uint256 perStake;
        unchecked {
            // The index never falls; if it wrapped, so does the difference. See NO MONEY.
            perStake = index - rewards.index;
        }
        // slither-disable-next-line incorrect-equality
        if (stake == 0 || perStake == 0) return (0, 0);
        StakePool storage pool = $.delegatedPools[operator];
        uint256 shares = pool.shares;
        uint256 toPool = 0;
        if (shares != 0) {
            perShare = perStake * (BPS - rewards.commissionBps) * pool.assets / (shares * BPS);
            // What each share gets is rounded down first: that is the index that members are paid by.
            // slither-disable-next-line divide-before-multiply
            toPool = perShare * (shares - pool.unbondingShares);
        }
        uint256 all = perStake * stake;
        toOperator = all > toPool ? all - toPool >> INDEX_SHIFT : 0;
    }
}
