// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ICustodyVault} from "../interfaces/ICustodyVault.sol";
import {IOpg} from "../interfaces/IOpg.sol";
import {Slash, SlashRule, StakingParameters} from "../interfaces/IStakingCommon.sol";
import {IStakingSlashes} from "../interfaces/IStakingSlashes.sol";
import {Continued} from "./Continued.sol";
import {StakePool, StakePools} from "./StakePool.sol";
import {StakingCore} from "./StakingCore.sol";
import {StakingFreezes} from "./StakingFreezes.sol";
import {OpenSlash, OperatorState, Position, SlashWindow, StakingStorage} from "./StakingStorage.sol";

/// @title Part of Staking: slashes, from the decision of a dispute contract to the payout, and parameters
/// @notice See `IStakingSlashes`. Code only, see `Staking`.
///
/// CONSERVATION
/// What a slash takes is in escrow, in the vault and booked as before, until it is vetoed or executed. Executed, the own
/// part leaves the vault at once; the pool's part becomes surplus of its members and is burned as they are synced.
contract StakingSlashes is StakingFreezes, Continued {
    using StakePools for StakePool;

    /// @notice Seconds by which the guardian may postpone a slash, once: enough for a proposal, a vote and its delay.
    uint40 public constant SUSPENSION = 14 days;
    /// @notice Longest time for which an operator can be jailed at once.
    uint32 public constant MAX_JAIL = 365 days;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IOpg opg_, ICustodyVault vault_, address nextPart_) StakingCore(opg_, vault_) Continued(nextPart_) {
        _disableInitializers();
    }

    /// @notice Sets the AccessManager that says who may do what, and the first parameters.
    function initialize(address authority, StakingParameters calldata parameters_) external initializer {
        __AccessManaged_init(authority);
        _setParameters(parameters_);
    }

    /// @inheritdoc IStakingSlashes
    function slash(
        address operator,
        uint8 offence,
        uint256 amount,
        uint64 capturedAt,
        address challenger,
        address payer
    ) external override restricted returns (bytes32 slashId, Slash memory opened) {
        // Check: the offence is known and recent, the recipients can be paid.
        StakingStorage.Layout storage $ = StakingStorage.load();
        SlashRule memory rule = $.rules[offence];
        require(rule.capBps != 0, UnknownOffence(offence));
        uint64 earliest = _earliest(operator);
        require(
            capturedAt >= earliest && capturedAt <= block.timestamp,
            OffenceOutOfWindow(capturedAt, earliest, uint64(block.timestamp))
        );
        require(challenger != address(vault), InvalidRecipient(challenger));
        require(payer != address(vault), InvalidRecipient(payer));

        // Effect: what was earned is given out; stake goes into escrow, the operator's own first; the operator is out until further notice.
        _settle(operator);
        OperatorState storage state = $.states[operator];
        opened.operator = operator;
        opened.offence = offence;
        opened.capturedAt = uint40(capturedAt);
        (opened.challenger, opened.payer) = (challenger, payer);
        (opened.challengerBps, opened.payerBps) = (rule.challengerBps, rule.payerBps);
        opened.number = state.slashCount;
        opened.jailedBefore = state.jailedUntil;
        opened.jailedUntil = uint40(Math.max(state.jailedUntil, block.timestamp + rule.jailPeriod));
        _take(opened, amount, rule);
        slashId = keccak256(abi.encode(opened));
        uint40 executableFrom = uint40(block.timestamp) + $.parameters.vetoWindow;
        $.slashes[slashId].executableAt = executableFrom;
        ++state.slashCount;
        ++state.openSlashes;
        _jail(operator, opened.jailedUntil);
        emit SlashOpened(slashId, operator, opened, executableFrom);
    }

    /// @inheritdoc IStakingSlashes
    function suspendSlash(Slash calldata slash_) external override restricted {
        (bytes32 slashId, OpenSlash storage open) = _requireVetoable(slash_);
        require(!open.suspended, AlreadySuspended(slashId));
        open.suspended = true;
        open.executableAt += SUSPENSION;
        emit SlashSuspended(slashId, open.executableAt);
    }

    /// @inheritdoc IStakingSlashes
    function vetoSlash(Slash calldata slash_) external override restricted {
        (bytes32 slashId,) = _requireVetoable(slash_);
        StakingStorage.Layout storage $ = StakingStorage.load();
        address operator = slash_.operator;
        bool last = _settle(slashId, operator);

        // Effect: stake, cap and jail are as if the slash had not been.
        StakePool storage pool = $.delegatedPools[operator];
        pool.assets += uint96(pool.release(slash_.pool, slash_.poolShares, last));
        _returnOwn(operator, slash_.own);
        SlashWindow storage window = $.windows[operator][slash_.offence];
        if (window.start == slash_.windowStart) window.taken -= slash_.own + slash_.pool;
        OperatorState storage state = $.states[operator];
        if (state.jailedUntil == slash_.jailedUntil) state.jailedUntil = slash_.jailedBefore;
        emit SlashVetoed(slashId, operator);
    }

    /// @inheritdoc IStakingSlashes
    function executeSlash(Slash calldata slash_) external override {
        // Check: the veto window is over.
        StakingStorage.Layout storage $ = StakingStorage.load();
        (bytes32 slashId, OpenSlash storage open) = _requireOpen(slash_);
        require(block.timestamp >= open.executableAt, NotExecutableYet(slashId, open.executableAt));

        // Effect: nothing can return any more.
        address operator = slash_.operator;
        bool last = _settle(slashId, operator);
        $.delegatedPools[operator].release(slash_.pool, slash_.poolShares, last);
        uint256 own = slash_.own;
        uint256 toChallenger = slash_.challenger == address(0) ? 0 : own * slash_.challengerBps / BPS;
        uint256 toPayer = slash_.payer == address(0) ? 0 : own * slash_.payerBps / BPS;
        uint256 burned = own - toChallenger - toPayer;
        emit SlashExecuted(slashId, operator, toChallenger, toPayer, burned);

        // Interaction: pay; what is to be burned loses its votes and waits for `burnOwnerless`.
        if (toChallenger != 0) vault.withdraw(operator, slash_.challenger, toChallenger);
        if (toPayer != 0) vault.withdraw(operator, slash_.payer, toPayer);
        if (burned != 0) vault.burnUnits(operator, burned);
    }

    /// @inheritdoc IStakingSlashes
    function jail(address operator, uint32 period) external override restricted {
        require(period <= MAX_JAIL, ParameterOutOfBounds("period", period, 0, MAX_JAIL));
        OperatorState storage state = StakingStorage.load().states[operator];
        OperatorStatus status = state.status;
        require(
            status == OperatorStatus.Active || status == OperatorStatus.Jailed, WrongOperatorStatus(operator, status)
        );
        _settle(operator);
        _jail(operator, uint40(Math.max(state.jailedUntil, block.timestamp + period)));
    }

    /// @inheritdoc IStakingSlashes
    function executableAt(bytes32 slashId) external view override returns (uint64) {
        return StakingStorage.load().slashes[slashId].executableAt;
    }

    /// @inheritdoc IStakingSlashes
    function setParameters(StakingParameters calldata parameters_) external override restricted {
        _setParameters(parameters_);
    }

    /// @inheritdoc IStakingSlashes
    function setSlashRule(uint8 offence, SlashRule calldata rule) external override restricted {
        _requireWithin("capBps", rule.capBps, 0, BPS);
        // At least a fifth of the operator's own slashed stake is burned, so denouncing oneself always costs.
        _requireWithin("challengerBps + payerBps", uint256(rule.challengerBps) + rule.payerBps, 0, 8_000);
        _requireWithin("coolDown", rule.coolDown, 0, 30 days);
        _requireWithin("jailPeriod", rule.jailPeriod, 0, MAX_JAIL);
        StakingStorage.load().rules[offence] = rule;
        emit SlashRuleSet(offence, rule);
    }

    /// @inheritdoc IStakingSlashes
    function parameters() external view override returns (StakingParameters memory) {
        return StakingStorage.load().parameters;
    }

    /// @inheritdoc IStakingSlashes
    function slashRule(uint8 offence) external view override returns (SlashRule memory) {
        return StakingStorage.load().rules[offence];
    }

    /// @dev Fills in what is taken, where from, and in which window it counts.
    function _take(Slash memory opened, uint256 amount, SlashRule memory rule) private {
        uint256 most = Math.min(amount, _openWindow(opened, rule));
        StakingStorage.Layout storage $ = StakingStorage.load();
        StakePool storage own = $.ownPools[opened.operator];
        StakePool storage pool = $.delegatedPools[opened.operator];
        uint256 fromOwn = Math.min(most, own.assets);
        uint256 fromPool = Math.min(most - fromOwn, pool.assets);
        require(fromOwn + fromPool != 0, NothingToSlash(opened.operator, opened.offence));

        (opened.own, opened.pool, opened.poolShares) = (uint96(fromOwn), uint96(fromPool), pool.shares);
        $.windows[opened.operator][opened.offence].taken += uint96(fromOwn + fromPool);
        if (fromOwn != 0) own.assets -= uint96(fromOwn);
        if (fromPool != 0) pool.slash(fromPool);
    }

    /// @dev Finds or begins the window to which a slash belongs, and says how much may still be taken in it.
    function _openWindow(Slash memory opened, SlashRule memory rule) private returns (uint256 left) {
        StakingStorage.Layout storage $ = StakingStorage.load();
        SlashWindow storage window = $.windows[opened.operator][opened.offence];
        (opened.windowStart, left) = _slashable(opened.operator, opened.offence, opened.capturedAt, rule);
        if (window.start != opened.windowStart) (window.start, window.taken) = (opened.windowStart, 0);
    }

    /// @dev Ends an active operator's weight. One that has retired only cannot return before.
    function _jail(address operator, uint40 until) private {
        OperatorState storage state = StakingStorage.load().states[operator];
        state.jailedUntil = until;
        // A state is one of a few names; there is no other way to compare it.
        // slither-disable-next-line incorrect-equality
        if (state.status == OperatorStatus.Active) state.status = OperatorStatus.Jailed;
        _weigh(operator);
        emit OperatorJailed(operator, until);
    }

    /// @dev Puts `amount` back into the operator's own pool.
    function _returnOwn(address operator, uint96 amount) private {
        if (amount == 0) return;
        StakingStorage.Layout storage $ = StakingStorage.load();
        StakePool storage own = $.ownPools[operator];
        own.assets += amount;
        // The operator took out all that was left: it gets new shares for what comes back.
        if (own.shares == 0) {
            own.shares = amount;
            Position storage position = $.positions[operator][operator];
            (position.shares, position.generation) = (amount, own.generation);
        }
    }

    /// @dev Forgets an open slash. Returns whether it was the only one of its operator.
    function _settle(bytes32 slashId, address operator) private returns (bool last) {
        StakingStorage.Layout storage $ = StakingStorage.load();
        delete $.slashes[slashId];
        last = --$.states[operator].openSlashes == 0;
    }

    function _requireVetoable(Slash calldata slash_) private view returns (bytes32 slashId, OpenSlash storage open) {
        (slashId, open) = _requireOpen(slash_);
        require(block.timestamp < open.executableAt, VetoWindowOver(slashId, open.executableAt));
    }

    function _requireOpen(Slash calldata slash_) private view returns (bytes32 slashId, OpenSlash storage open) {
        slashId = keccak256(abi.encode(slash_));
        open = StakingStorage.load().slashes[slashId];
        require(open.executableAt != 0, UnknownSlash(slashId));
    }

    function _setParameters(StakingParameters calldata p) private {
        _requireWithin("minSelfStake", p.minSelfStake, 1 ether, 1_000_000 ether);
        // An offence has to be provable while the stake of its time is still here.
        uint256 provable = uint256(p.receiptAge) + p.challengeWindow;
        _requireWithin("unbondingPeriod", p.unbondingPeriod, provable + 1, 60 days);
        _requireWithin("vetoWindow", p.vetoWindow, 1 hours, 14 days);
        _requireWithin("commissionNotice", p.commissionNotice, 1 days, 60 days);
        _requireWithin("maxCommissionBps", p.maxCommissionBps, 0, 5_000);
        StakingStorage.load().parameters = p;
        emit ParametersSet(p);
    }

    function _requireWithin(string memory name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        require(value >= minimum && value <= maximum, ParameterOutOfBounds(name, value, minimum, maximum));
    }
}
