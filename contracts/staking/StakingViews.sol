// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PoolView, PositionView, UnbondView} from "../interfaces/IStakingCommon.sol";
import {IStakingViews} from "../interfaces/IStakingViews.sol";
import {StakePool, StakePools} from "./StakePool.sol";
import {StakingCore} from "./StakingCore.sol";
import {Position, RewardStream, StakingStorage, Unbond} from "./StakingStorage.sol";

/// @title Part of Staking: what can be asked
/// @notice See `IStakingViews`.
abstract contract StakingViews is StakingCore, IStakingViews {
    using StakePools for StakePool;

    /// @inheritdoc IStakingViews
    function isAgent(address account, address agent) external view override returns (bool) {
        return StakingStorage.load().agents[account][agent];
    }

    /// @inheritdoc IStakingViews
    function poolsOf(address operator) external view override returns (PoolView memory own, PoolView memory delegated) {
        StakingStorage.Layout storage $ = StakingStorage.load();
        return (_viewOf($.ownPools[operator]), _viewOf($.delegatedPools[operator]));
    }

    /// @inheritdoc IStakingViews
    function positionOf(address operator, address account) external view override returns (PositionView memory) {
        Position storage position = StakingStorage.load().positions[operator][account];
        StakePool storage pool = _poolOf(operator, account);
        uint256 shares = position.generation == pool.generation ? position.shares : 0;
        uint256 amount = pool.worth(shares);
        if (account != operator && amount > position.booked) amount = position.booked;
        return PositionView(shares, amount, position.booked, position.lastId, position.openUnbonds);
    }

    /// @inheritdoc IStakingViews
    function unbondOf(address operator, address account, uint256 id)
        external
        view
        override
        returns (UnbondView memory)
    {
        Unbond storage open = StakingStorage.load().unbonds[operator][account][id];
        StakePool storage pool = _poolOf(operator, account);
        uint256 amount = open.generation == pool.generation ? pool.worth(open.shares) : 0;
        if (account != operator && amount > open.booked) amount = open.booked;
        return UnbondView(open.shares, amount, open.booked, open.maturesAt);
    }

    /// @inheritdoc IStakingViews
    function surplusOf(address operator, address account, uint256[] calldata ids)
        external
        view
        override
        returns (uint256 surplus)
    {
        StakingStorage.Layout storage $ = StakingStorage.load();
        StakePool storage pool = _poolOf(operator, account);
        Position storage position = $.positions[operator][account];
        surplus = _surplus(pool, position.generation, position.shares, position.booked);
        for (uint256 i; i < ids.length; ++i) {
            Unbond storage open = $.unbonds[operator][account][ids[i]];
            surplus += _surplus(pool, open.generation, open.shares, open.booked);
        }
    }

    /// @inheritdoc IStakingViews
    function rewardsOf(address operator, address account) external view override returns (uint256) {
        (uint96 index, uint256 owed) = _preview(operator);
        if (account == operator) return owed;
        StakingStorage.Layout storage $ = StakingStorage.load();
        return _owedTo(operator, account, $.delegatedPools[operator], $.positions[operator][account], index);
    }

    /// @inheritdoc IStakingViews
    function stream() external view override returns (uint256 rate, uint64 until) {
        RewardStream memory flow = StakingStorage.load().stream;
        _flow(flow);
        return (flow.rate, flow.until);
    }

    function _viewOf(StakePool storage pool) private view returns (PoolView memory) {
        return PoolView(pool.assets, pool.shares, pool.unbondingShares, pool.escrowed, pool.generation);
    }
}
