// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICustodyVault} from "../interfaces/ICustodyVault.sol";
import {IOpg} from "../interfaces/IOpg.sol";
import {OperatorView} from "../interfaces/IStakingCommon.sol";
import {IStakingOperators} from "../interfaces/IStakingOperators.sol";
import {History} from "./History.sol";
import {StakingCore} from "./StakingCore.sol";
import {OperatorRewards, OperatorState, Position, StakingStorage} from "./StakingStorage.sol";
import {StakingUpkeep} from "./StakingUpkeep.sol";
import {StakingViews} from "./StakingViews.sol";

/// @title Part of Staking: the life of operators, and what can be asked
/// @notice See `IStakingOperators` and `IStakingViews`. Code only, see `Staking`.
contract StakingOperators is StakingViews, StakingUpkeep, IStakingOperators {
    using History for History.Trace;

    uint8 public constant ROLE_INFERENCE = 1 << 0;
    uint8 public constant ROLE_VERIFIER = 1 << 1;
    uint8 public constant ROLE_DATA = 1 << 2;
    uint8 private constant ALL_ROLES = ROLE_INFERENCE | ROLE_VERIFIER | ROLE_DATA;

    /// @notice Longest endpoint or metadata URI in bytes: every indexer has to be able to show it.
    uint256 public constant MAX_TEXT_LENGTH = 512;

    constructor(IOpg opg_, ICustodyVault vault_) StakingCore(opg_, vault_) {}

    /// @inheritdoc IStakingOperators
    function register(
        address signer,
        uint8 roles,
        uint16 commissionBps,
        uint256 amount,
        string calldata endpoint,
        string calldata metadataUri
    ) external override {
        // Check: the caller is no operator and nothing of an earlier time as one is undecided.
        StakingStorage.Layout storage $ = StakingStorage.load();
        OperatorState storage state = $.states[msg.sender];
        OperatorStatus status = state.status;
        require(
            status == OperatorStatus.None || status == OperatorStatus.Retired,
            OperatorAlreadyRegistered(msg.sender, status)
        );
        _requireJailOver(state);
        require(roles & ROLE_INFERENCE != 0 && roles & ~ALL_ROLES == 0, InvalidRoles(roles));
        _requireText(endpoint);
        _requireText(metadataUri);

        // Effect: the caller becomes active from the next second on. Until now it earned nothing.
        _settle(msg.sender);
        state.status = OperatorStatus.Active;
        state.roles = roles;
        if (status == OperatorStatus.None) $.operators.push(msg.sender);
        _setSigner(signer);
        _setCommission(commissionBps, status == OperatorStatus.None);
        emit OperatorRegistered(msg.sender, signer, roles, endpoint, metadataUri);
        if (amount != 0) _addStake(msg.sender, msg.sender, amount, 0);
        _weigh(msg.sender);
        _requireSelfStake(msg.sender);

        // Interaction: take the stake.
        if (amount != 0) vault.deposit(msg.sender, msg.sender, amount);
    }

    /// @inheritdoc IStakingOperators
    function setSigner(address signer) external override {
        _requireServing();
        _setSigner(signer);
    }

    /// @inheritdoc IStakingOperators
    function setEndpoint(string calldata endpoint) external override {
        _requireServing();
        _requireText(endpoint);
        emit EndpointSet(msg.sender, endpoint);
    }

    /// @inheritdoc IStakingOperators
    function setMetadata(string calldata metadataUri) external override {
        _requireServing();
        _requireText(metadataUri);
        emit MetadataSet(msg.sender, metadataUri);
    }

    /// @inheritdoc IStakingOperators
    function setCommission(uint16 commissionBps) external override {
        _requireServing();
        _settle(msg.sender);
        _setCommission(commissionBps, false);
    }

    /// @inheritdoc IStakingOperators
    function retire() external override returns (uint256 id) {
        _requireServing().status = OperatorStatus.Retired;
        emit OperatorRetired(msg.sender);
        _settle(msg.sender);
        Position storage position = StakingStorage.load().positions[msg.sender][msg.sender];
        bool bonded = position.generation == _poolOf(msg.sender, msg.sender).generation && position.shares != 0;
        if (bonded) (id,) = _unbond(msg.sender, msg.sender, position.shares);
        _weigh(msg.sender);
    }

    /// @inheritdoc IStakingOperators
    function unjail() external override {
        OperatorState storage state = StakingStorage.load().states[msg.sender];
        require(state.status == OperatorStatus.Jailed, WrongOperatorStatus(msg.sender, state.status));
        _requireJailOver(state);
        _requireSelfStake(msg.sender);
        _settle(msg.sender);
        state.status = OperatorStatus.Active;
        _weigh(msg.sender);
        emit OperatorUnjailed(msg.sender);
    }

    /// @inheritdoc IStakingOperators
    function operatorOf(address operator) external view override returns (OperatorView memory) {
        StakingStorage.Layout storage $ = StakingStorage.load();
        OperatorState storage state = $.states[operator];
        OperatorRewards storage rewards = $.operatorRewards[operator];
        return OperatorView({
            status: state.status,
            roles: state.roles,
            signer: address($.signers[operator].latest()),
            jailedUntil: state.jailedUntil,
            commissionBps: _commissionOf(rewards),
            nextCommissionBps: rewards.nextCommissionBps,
            commissionFrom: rewards.commissionFrom,
            openSlashes: state.openSlashes,
            stake: $.stakes[operator].latest
        });
    }

    /// @inheritdoc IStakingOperators
    function operatorCount() external view override returns (uint256) {
        return StakingStorage.load().operators.length;
    }

    /// @inheritdoc IStakingOperators
    function activeOperators(uint256 from, uint256 count)
        external
        view
        override
        returns (address[] memory operators, uint256[] memory stakes)
    {
        StakingStorage.Layout storage $ = StakingStorage.load();
        uint256 length = $.operators.length;
        uint256 available = from < length ? length - from : 0;
        if (count > available) count = available;
        operators = new address[](count);
        stakes = new uint256[](count);
        uint256 found;
        for (uint256 i; i < count; ++i) {
            address operator = $.operators[from + i];
            uint256 stake = $.stakes[operator].latest;
            if (stake == 0) continue;
            (operators[found], stakes[found]) = (operator, stake);
            ++found;
        }
        // Memory-safe: both arrays become shorter, inside what was allocated.
        assembly ("memory-safe") {
            mstore(operators, found)
            mstore(stakes, found)
        }
    }

    function _setSigner(address signer) private {
        require(signer != address(0), InvalidSigner(signer));
        uint64 validFrom = StakingStorage.load().signers[msg.sender].set(uint160(signer));
        emit SignerSet(msg.sender, signer, validFrom);
    }

    /// @param first Whether nobody can rely on an earlier commission.
    function _setCommission(uint16 commissionBps, bool first) private {
        uint16 maximum = StakingStorage.load().parameters.maxCommissionBps;
        require(commissionBps <= maximum, CommissionTooHigh(commissionBps, maximum));
        OperatorRewards storage rewards = StakingStorage.load().operatorRewards[msg.sender];
        uint16 current = _commissionOf(rewards);
        uint32 from = uint32(block.timestamp);
        if (first || commissionBps < current) current = commissionBps;
        else if (commissionBps > current) from += StakingStorage.load().parameters.commissionNotice;
        (rewards.commissionBps, rewards.nextCommissionBps, rewards.commissionFrom) = (current, commissionBps, from);
        emit CommissionSet(msg.sender, commissionBps, from);
    }

    function _commissionOf(OperatorRewards storage rewards) private view returns (uint16) {
        return block.timestamp < rewards.commissionFrom ? rewards.commissionBps : rewards.nextCommissionBps;
    }

    /// @dev The caller's state, if it is an operator, jailed or not.
    function _requireServing() private view returns (OperatorState storage state) {
        state = StakingStorage.load().states[msg.sender];
        OperatorStatus status = state.status;
        require(
            status == OperatorStatus.Active || status == OperatorStatus.Jailed, WrongOperatorStatus(msg.sender, status)
        );
    }

    function _requireJailOver(OperatorState storage state) private view {
        require(block.timestamp >= state.jailedUntil, StillJailed(msg.sender, state.jailedUntil));
        require(state.openSlashes == 0, SlashOpen(msg.sender, state.openSlashes));
    }

    function _requireText(string calldata text) private pure {
        require(bytes(text).length <= MAX_TEXT_LENGTH, TextTooLong(bytes(text).length, MAX_TEXT_LENGTH));
    }
}
