// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IStakingRewards} from "../interfaces/IStakingRewards.sol";
import {StakePool} from "./StakePool.sol";
import {StakingCore} from "./StakingCore.sol";
import {MemberRewards, RewardStream, StakingStorage} from "./StakingStorage.sol";

/// @title Part of Staking: what the rewards contract asks of it
/// @notice See `IStakingRewards`. The rewards contract can set the stream and take what is owed, and nothing else.
abstract contract StakingRewards is StakingCore, IStakingRewards {
    /// @notice Longest that one filling of the stream can be meant to last.
    uint32 public constant MAX_STREAM = 60 days;

    /// @inheritdoc IStakingRewards
    address public immutable override rewards;

    modifier onlyRewards() {
        require(msg.sender == rewards, NotRewards(msg.sender));
        _;
    }

    constructor(address rewards_) {
        rewards = rewards_;
    }

    /// @inheritdoc IStakingRewards
    function fillStream(uint256 amount, uint32 duration) external override onlyRewards returns (uint256 unused) {
        require(duration != 0 && duration <= MAX_STREAM, ParameterOutOfBounds("duration", duration, 1, MAX_STREAM));
        _advance();
        RewardStream memory flow = StakingStorage.load().stream;
        uint256 budget = amount;
        if (flow.until > block.timestamp) budget += uint256(flow.rate) * (flow.until - block.timestamp);
        uint256 rate = Math.min(budget / duration, type(uint64).max);
        flow.updatedAt = uint32(block.timestamp);
        flow.until = flow.updatedAt + duration;
        flow.rate = uint64(rate);
        StakingStorage.load().stream = flow;
        unused = budget - rate * duration;
        emit StreamFilled(rate, flow.until);
    }

    /// @inheritdoc IStakingRewards
    function takeRewards(address operator, address account) external override onlyRewards returns (uint256 amount) {
        StakingStorage.Layout storage $ = StakingStorage.load();
        if (account == operator) {
            _settle(operator);
            amount = $.operatorRewards[operator].owed;
            $.operatorRewards[operator].owed = 0;
        } else {
            // The pool's index is not stored: a later settlement comes to at least the same.
            (uint96 index,) = _preview(operator);
            StakePool storage pool = $.delegatedPools[operator];
            amount = _owedTo(operator, account, pool, $.positions[operator][account], index);
            $.memberRewards[operator][account] = MemberRewards(index, 0);
        }
    }

    /// @inheritdoc IStakingRewards
    function settle(address operator) external override {
        _settle(operator);
    }
}
