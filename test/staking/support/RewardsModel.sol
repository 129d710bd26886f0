// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IStaking} from "../../../contracts/interfaces/IStaking.sol";
import {OperatorView, PoolView} from "../../../contracts/interfaces/IStakingCommon.sol";

/// @notice What rewards should do, the naive way: at every moment something may change, visits everybody and gives each what
/// it earned since the last such moment. Amounts are fractions of a wei. What stakes are is `StakingModel`'s concern.
contract RewardsModel {
    uint256 public constant ONE = 1 << 64;

    IStaking private immutable staking;
    address[] private operators;
    address[] private accounts;
    uint256 private last;
    uint256 private rate;
    /// Seconds for which the stream still flows.
    uint256 private left;
    /// Wei, times `ONE`, that `account` ever earned at `operator`.
    mapping(address operator => mapping(address account => uint256 earned)) public earned;
    mapping(address operator => uint256 bps) public commission;
    /// Wei that have flowed.
    uint256 public flowed;

    constructor(IStaking staking_, address[] memory operators_, address[] memory accounts_) {
        staking = staking_;
        (operators, accounts) = (operators_, accounts_);
        last = block.timestamp;
        for (uint256 i; i < operators_.length; ++i) {
            commission[operators_[i]] = staking.operatorOf(operators_[i]).commissionBps;
        }
    }

    /// The stream is filled with `amount` for `duration`. Returns what does not make a wei per second.
    function fill(uint256 amount, uint256 duration) external returns (uint256 unused) {
        uint256 budget = amount + rate * left;
        (rate, left) = (budget / duration, duration);
        return budget % duration;
    }

    function setCommission(address operator, uint256 bps) external {
        commission[operator] = bps;
    }

    function streamLeft() external view returns (uint256) {
        return rate * left;
    }

    /// Time has passed, in which nothing changed.
    function pass() external {
        uint256 time = block.timestamp - last;
        last = block.timestamp;
        uint256 total;
        for (uint256 i; i < operators.length; ++i) {
            total += staking.operatorOf(operators[i]).stake;
        }
        if (total == 0) return;
        time = Math.min(time, left);
        left -= time;
        flowed += rate * time;
        for (uint256 i; i < operators.length; ++i) {
            _give(operators[i], rate * time, total);
        }
    }

    function _give(address operator, uint256 amount, uint256 total) private {
        OperatorView memory state = staking.operatorOf(operator);
        if (state.stake == 0) return;
        uint256 all = Math.mulDiv(amount * ONE, state.stake, total);
        (, PoolView memory pool) = staking.poolsOf(operator);
        uint256 given;
        uint256 bonded = pool.shares - pool.unbondingShares;
        if (bonded != 0) {
            // In fractions of a wei, and less the commission.
            uint256 stake = Math.mulDiv(pool.assets * ONE, bonded, pool.shares);
            uint256 toPool = Math.mulDiv(amount, stake, total) * (10_000 - commission[operator]) / 10_000;
            for (uint256 i; i < accounts.length; ++i) {
                if (accounts[i] == operator) continue;
                uint256 part = Math.mulDiv(toPool, staking.positionOf(operator, accounts[i]).shares, bonded);
                earned[operator][accounts[i]] += part;
                given += part;
            }
        }
        earned[operator][operator] += all - given;
    }
}
