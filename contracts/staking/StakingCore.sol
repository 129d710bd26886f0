// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICustodyVault} from "../interfaces/ICustodyVault.sol";
import {IOpg} from "../interfaces/IOpg.sol";
import {IStakingCommon} from "../interfaces/IStakingCommon.sol";
import {StakeHistory} from "./StakeHistory.sol";
import {StakePool, StakePools} from "./StakePool.sol";
import {StakingEarnings} from "./StakingEarnings.sol";
import {OperatorState, Position, StakingStorage, Unbond} from "./StakingStorage.sol";

/// @title What all parts of Staking share
/// @notice Adding stake, opening unbonds, and the weight of operators.
abstract contract StakingCore is StakingEarnings {
    using StakeHistory for StakeHistory.Trace;
    using StakePools for StakePool;

    /// @notice Most open unbonds of an account at an operator.
    uint256 public constant MAX_UNBONDS = 16;
    /// @notice Longest time for which open disputes keep an unbond beyond its time.
    uint32 public constant MAX_FREEZE = 14 days;

    /// @inheritdoc IStakingCommon
    IOpg public immutable override opg;
    /// @inheritdoc IStakingCommon
    ICustodyVault public immutable override vault;

    /// What is kept of the history of all active stake, in pairs: 4,096 seconds at least, now among them. A turn takes 3,600.
    uint256 private constant TOTAL_ROOM = 2_048;
    /// What is kept of the history of an operator's stake: everything.
    uint256 private constant NO_BOUND = type(uint256).max;

    constructor(IOpg opg_, ICustodyVault vault_) {
        (opg, vault) = (opg_, vault_);
    }

    /// @dev Adds `amount`, which is or will be in custody for `owner`, to its position at `operator`.
    function _addStake(address operator, address owner, uint256 amount, uint256 leastShares)
        internal
        returns (uint256 shares)
    {
        StakePool storage pool = _poolOf(operator, owner);
        _requireTakesStake(operator, owner, amount, pool);

        // Effect: what was earned is given out by the old shares, then new shares at the present price.
        Position storage position = StakingStorage.load().positions[operator][owner];
        _settle(operator, owner, pool, position);
        (uint256 bonded, uint16 generation) = (pool.bonded(), pool.generation);
        shares = pool.deposit(amount);
        if (pool.generation != generation && owner != operator) {
            StakingStorage.load().lastIndexes[operator][generation] = pool.rewardIndex;
        }
        require(shares >= leastShares, Slippage(shares, leastShares));
        _addShares(position, shares, pool.generation);
        if (owner != operator) position.booked += uint96(amount);
        _reweigh(operator, bonded, pool.bonded());
        emit Delegated(operator, owner, amount, shares);
    }

    /// @dev Adds shares of the present generation. What is booked for earlier ones stays, as surplus for `sync`.
    function _addShares(Position storage position, uint256 shares, uint16 generation) internal {
        if (position.generation != generation) (position.generation, position.shares) = (generation, 0);
        position.shares += uint112(shares);
    }

    /// @dev Refuses stake for operators that do not serve, except the own one of an operator that is jailed.
    function _requireTakesStake(address operator, address owner, uint256 amount, StakePool storage pool) private view {
        require(amount != 0, AmountZero());
        // Whoever has weight is active and has no open slash: no need to look.
        if (StakingStorage.load().stakes[operator].latest == 0) {
            OperatorState storage state = StakingStorage.load().states[operator];
            OperatorStatus status = state.status;
            require(
                status == OperatorStatus.Active || (status == OperatorStatus.Jailed && owner == operator),
                WrongOperatorStatus(operator, status)
            );
            require(state.openSlashes == 0, SlashOpen(operator, state.openSlashes));
        }
        require(!pool.isDiluted(), PoolDiluted(operator));
    }

    /// @dev Opens an unbond. Weighing is the caller's.
    function _unbond(address operator, address account, uint256 shares) internal returns (uint256 id, uint256 amount) {
        // Check: the account has the shares and room for one more unbond.
        StakingStorage.Layout storage $ = StakingStorage.load();
        StakePool storage pool = _poolOf(operator, account);
        Position storage position = $.positions[operator][account];
        uint256 available = position.generation == pool.generation ? position.shares : 0;
        require(shares != 0, AmountZero());
        require(shares <= available, InsufficientShares(operator, account, available, shares));
        require(position.openUnbonds < MAX_UNBONDS, TooManyUnbonds(operator, account, MAX_UNBONDS));

        // Effect: what was earned is given out, then shares and what is booked for them go from the position to the unbond.
        _settle(operator, account, pool, position);
        uint256 booked = position.booked * shares / available;
        uint64 maturesAt = uint64(block.timestamp) + $.parameters.unbondingPeriod;
        id = ++position.lastId;
        ++position.openUnbonds;
        position.shares = uint112(available - shares);
        position.booked -= uint96(booked);
        pool.unbondingShares += uint112(shares);
        $.unbonds[operator][account][id] = Unbond(uint112(shares), uint96(booked), uint32(maturesAt), pool.generation);
        amount = pool.worth(shares);
        emit UnbondStarted(operator, account, id, shares, amount, maturesAt);
    }

    /// @dev Records the stake that backs `operator` from the next second on, from both of its pools.
    function _weigh(address operator) internal {
        StakingStorage.Layout storage $ = StakingStorage.load();
        uint256 stake = 0;
        if ($.states[operator].status == OperatorStatus.Active) {
            stake = $.ownPools[operator].bonded() + $.delegatedPools[operator].bonded();
        }
        _setStake(operator, $.stakes[operator].latest, stake);
    }

    /// @dev As `_weigh`, where only one pool changed: from `bondedBefore` to `bonded`. Whoever has no weight is not active, or
    /// will be weighed once it is.
    function _reweigh(address operator, uint256 bondedBefore, uint256 bonded) internal {
        uint256 before = StakingStorage.load().stakes[operator].latest;
        if (before != 0) _setStake(operator, before, before + bonded - bondedBefore);
    }

    function _setStake(address operator, uint256 before, uint256 stake) private {
        if (stake == before) return;
        StakingStorage.Layout storage $ = StakingStorage.load();
        uint256 pair = $.stakes[operator].set(stake);
        if (pair != 0) $.stakes[operator].keep(pair, $.delegatedPools[operator].weightPairs++, NO_BOUND);
        pair = $.totalStake.set($.totalStake.latest + stake - before);
        if (pair != 0) $.totalStake.keep(pair, $.stream.totalPairs++, TOTAL_ROOM);
    }

    /// @dev The weight of `operator` at a moment that is now or past.
    function _stakeAt(address operator, uint64 timestamp) internal view returns (uint256) {
        StakingStorage.Layout storage $ = StakingStorage.load();
        StakeHistory.Trace storage history = $.stakes[operator];
        (bool known, uint256 stake) = history.recentAt(timestamp);
        return known ? stake : history.pastAt(timestamp, $.delegatedPools[operator].weightPairs, NO_BOUND);
    }

    /// @dev As `_stakeAt`, of all operators.
    function _totalStakeAt(uint64 timestamp) internal view returns (uint256) {
        StakingStorage.Layout storage $ = StakingStorage.load();
        (bool known, uint256 stake) = $.totalStake.recentAt(timestamp);
        return known ? stake : $.totalStake.pastAt(timestamp, $.stream.totalPairs, TOTAL_ROOM);
    }

    /// @dev The pool in which the shares of `account` at `operator` are.
    function _poolOf(address operator, address account) internal view returns (StakePool storage) {
        StakingStorage.Layout storage $ = StakingStorage.load();
        return account == operator ? $.ownPools[operator] : $.delegatedPools[operator];
    }

    /// @dev What is booked beyond what the shares are worth, or would be if all open slashes were vetoed.
    function _surplus(StakePool storage pool, uint16 generation, uint256 shares, uint256 booked)
        internal
        view
        returns (uint256)
    {
        uint256 worth = generation == pool.generation ? pool.worthWithEscrow(shares) : 0;
        return booked > worth ? booked - worth : 0;
    }

    /// @dev Burns `surplus`, which is booked for `account`, with its votes.
    function _burnSurplus(address operator, address account, uint256 surplus) internal {
        if (surplus == 0) return;
        emit SurplusBurned(operator, account, surplus);
        vault.burnUnits(account, surplus);
    }

    function _requireSelfStake(address operator) internal view {
        StakingStorage.Layout storage $ = StakingStorage.load();
        uint256 stake = $.ownPools[operator].bonded();
        uint256 minimum = $.parameters.minSelfStake;
        require(stake >= minimum, SelfStakeTooLow(operator, stake, minimum));
    }
}
