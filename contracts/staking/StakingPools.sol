// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {IStakingPools} from "../interfaces/IStakingPools.sol";
import {History} from "./History.sol";
import {StakePool, StakePools} from "./StakePool.sol";
import {StakingCore} from "./StakingCore.sol";
import {Freeze, Position, StakingStorage, Unbond} from "./StakingStorage.sol";

/// @title Stake of accounts: in, across and out
///
/// CUSTODY
/// What the token holds in custody for an account is, over all operators, the sum of what is booked for its positions and
/// unbonds, plus, if it is an operator, the assets of its own pool and what open slashes took from them. What it holds
/// for nobody waits to be burned.
abstract contract StakingPools is StakingCore, IStakingPools {
    using History for History.Trace;
    using StakePools for StakePool;

    modifier onlyOwnerOrAgent(address account) {
        require(
            msg.sender == account || StakingStorage.load().agents[account][msg.sender],
            NotOwnerNorAgent(msg.sender, account)
        );
        _;
    }

    /// @inheritdoc IStakingPools
    function delegate(address operator, uint256 amount, uint256 leastShares)
        external
        override
        returns (uint256 shares)
    {
        shares = _addStake(operator, msg.sender, amount, leastShares);
        vault.deposit(msg.sender, msg.sender, amount);
    }

    /// @inheritdoc IStakingPools
    function delegateFor(address operator, address owner, uint256 amount, uint256 leastShares)
        external
        override
        returns (uint256 shares)
    {
        shares = _addStake(operator, owner, amount, leastShares);
        vault.deposit(msg.sender, owner, amount);
    }

    /// @inheritdoc IStakingPools
    function permitVault(uint256 amount, uint256 deadline, bytes calldata signature) external override {
        // Whoever saw the permit may have used it first: then the allowance is there, or what follows says it is not.
        // solhint-disable-next-line no-empty-blocks
        try opg.permit(msg.sender, address(vault), amount, deadline, signature) {} catch {}
    }

    /// @inheritdoc IStakingPools
    function unbond(address operator, address account, uint256 shares, uint256 leastAmount)
        external
        override
        onlyOwnerOrAgent(account)
        returns (uint256 id)
    {
        uint256 amount;
        StakePool storage pool = _poolOf(operator, account);
        uint256 bonded = pool.bonded();
        (id, amount) = _unbond(operator, account, shares);
        require(amount >= leastAmount, Slippage(amount, leastAmount));
        // Check: an active operator keeps the minimum.
        if (account == operator && StakingStorage.load().states[operator].status == OperatorStatus.Active) {
            _requireSelfStake(operator);
        }
        _reweigh(operator, bonded, pool.bonded());
    }

    /// @inheritdoc IStakingPools
    function cancelUnbond(address operator, address account, uint256 id) external override onlyOwnerOrAgent(account) {
        // Check: the unbond is open and of the pool as it is now.
        StakingStorage.Layout storage $ = StakingStorage.load();
        Unbond memory undone = _requireUnbond(operator, account, id);
        StakePool storage pool = _poolOf(operator, account);
        require(undone.generation == pool.generation, UnbondWorthless(operator, account, id));

        // Effect: what was earned is given out by the old shares, then its shares are bonded again.
        Position storage position = $.positions[operator][account];
        _settle(operator, account, pool, position);
        uint256 bonded = pool.bonded();
        _addShares(position, undone.shares, undone.generation);
        position.booked += undone.booked;
        --position.openUnbonds;
        pool.unbondingShares -= undone.shares;
        delete $.unbonds[operator][account][id];
        _reweigh(operator, bonded, pool.bonded());
        emit UnbondCancelled(operator, account, id, undone.shares);
    }

    /// @inheritdoc IStakingPools
    function withdraw(address operator, address account, uint256 id, address to, uint256 leastAmount)
        external
        override
        onlyOwnerOrAgent(account)
        returns (uint256 amount)
    {
        require(to == account || msg.sender == account, NotOwnerNorAgent(msg.sender, account));
        require(to != address(0) && to != address(vault) && to != address(this), InvalidRecipient(to));
        uint256 surplus;
        (amount, surplus) = _close(operator, account, id, to, leastAmount);
        if (amount != 0) vault.withdraw(account, to, amount);
        _burnSurplus(operator, account, surplus);
    }

    /// @inheritdoc IStakingPools
    function redelegate(address operator, address account, uint256 id, address toOperator, uint256 leastShares)
        external
        override
        onlyOwnerOrAgent(account)
        returns (uint256 shares)
    {
        (uint256 amount, uint256 surplus) = _close(operator, account, id, address(vault), 0);
        shares = _addStake(toOperator, account, amount, leastShares);
        _burnSurplus(operator, account, surplus);
    }

    /// @inheritdoc IStakingPools
    function setAgent(address agent, bool allowed) external override {
        StakingStorage.load().agents[msg.sender][agent] = allowed;
        emit AgentSet(msg.sender, agent, allowed);
    }

    /// @inheritdoc IOperators
    function stakeAt(address operator, uint64 timestamp) public view override returns (uint256) {
        return _stakeAt(operator, timestamp);
    }

    /// @inheritdoc IOperators
    function signerAt(address operator, uint64 timestamp) external view override returns (address) {
        // Active operators have stake, others have none: so their activity needs no history of its own.
        if (stakeAt(operator, timestamp) == 0) return address(0);
        return address(StakingStorage.load().signers[operator].valueAt(timestamp));
    }

    /// @inheritdoc IOperators
    function totalStakeAt(uint64 timestamp) external view override returns (uint256) {
        return _totalStakeAt(timestamp);
    }

    /// @dev Ends a matured unbond. Of what is booked for it, `amount` may leave and `surplus` has to be burned.
    function _close(address operator, address account, uint256 id, address to, uint256 leastAmount)
        private
        returns (uint256 amount, uint256 surplus)
    {
        // Check: its time is over.
        StakingStorage.Layout storage $ = StakingStorage.load();
        Unbond memory closed = _requireUnbond(operator, account, id);
        require(block.timestamp >= closed.maturesAt, NotMature(closed.maturesAt));

        // Effect: its shares leave the pool. Those of an earlier generation left when a slash took everything.
        StakePool storage pool = _poolOf(operator, account);
        bool own = account == operator;
        if (closed.generation == pool.generation) {
            amount = pool.redeem(closed.shares, own ? type(uint96).max : closed.booked, own);
            if (amount != 0 && block.timestamp < pool.frozenUntil) {
                _requireNotFrozen(operator, pool.assets, closed.maturesAt, own);
            }
        }
        require(amount >= leastAmount, Slippage(amount, leastAmount));
        surplus = own ? 0 : closed.booked - amount;
        --$.positions[operator][account].openUnbonds;
        delete $.unbonds[operator][account][id];
        emit Withdrawn(operator, account, id, to, closed.shares, amount);
    }

    /// @dev Refuses a withdrawal that leaves `left` in its pool, if open disputes may need more. Own stake pays first, so
    /// it has to cover what is frozen, and delegators only the rest.
    function _requireNotFrozen(address operator, uint256 left, uint256 maturesAt, bool own) private view {
        StakingStorage.Layout storage $ = StakingStorage.load();
        Freeze memory frozen = $.freezes[operator];
        uint256 until = Math.min(frozen.until, maturesAt + MAX_FREEZE);
        if (block.timestamp >= until) return;
        if (!own) left += $.ownPools[operator].assets;
        require(left >= frozen.amount, StakeFrozen(operator, frozen.amount, uint64(until)));
    }

    function _requireUnbond(address operator, address account, uint256 id) private view returns (Unbond memory open) {
        open = StakingStorage.load().unbonds[operator][account][id];
        require(open.shares != 0, UnknownUnbond(operator, account, id));
    }
}
