// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IOpg} from "../interfaces/IOpg.sol";
import {InferenceReceipt, IProofRegistry} from "../interfaces/IProofRegistry.sol";
import {
    Batch,
    BatchParameters,
    BatchState,
    Demand,
    IReceiptBatches,
    SignedReceipt
} from "../interfaces/IReceiptBatches.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {Slash} from "../interfaces/IStakingCommon.sol";
import {BatchBook} from "./BatchBook.sol";

/// @title Batches of receipts, and the faults that anyone can prove
/// @notice See `IReceiptBatches` and docs/protocol.md. Immutable; a successor takes over by getting the role to slash.
///
/// MONEY
/// Holds the bonds of open demands (+ what somebody sent here by mistake, which stays). A bond leaves once: to the operator
/// with an answer, to the challenger without one, whatever becomes of the slash.
///
/// TRUST
/// Token, proof registry and staking are contracts of this system. The token calls nobody. Staking may refuse a slash.
contract ReceiptBatches is BatchBook {
    using SafeTransferLib for address;

    /// @notice Most open demands of one batch: bounds what an operator has to answer within one answer period.
    uint256 public constant MAX_OPEN_DEMANDS = 8;
    /// @notice Offences: rows of the slash table.
    uint8 public constant OFFENCE_CONFLICT = 1;
    uint8 public constant OFFENCE_BAD_LEAF = 3;
    uint8 public constant OFFENCE_UNANSWERED = 4;

    /// Twice what a slash costs. Who ends a demand cannot make the slash fail by sending little gas.
    uint256 private constant SLASH_GAS = 600_000;
    /// Several times what it costs to end a freeze. Who answers cannot leave the operator's stake frozen by sending little gas.
    uint256 private constant UNFREEZE_GAS = 150_000;

    mapping(bytes32 batchId => mapping(uint256 index => Demand demand)) private _demands;
    mapping(bytes32 faultId => bool proved) private _proved;

    /// @param authority The AccessManager: who may change the parameters.
    constructor(
        IOpg opg_,
        IProofRegistry proofs_,
        IStaking staking_,
        address authority,
        BatchParameters memory parameters_
    ) BatchBook(opg_, proofs_, staking_, authority, parameters_) {}

    /// @inheritdoc IReceiptBatches
    function demandLeaf(Batch calldata batch, uint256 index) external override {
        // Check: pending, within the window, not demanded before, not too many.
        (bytes32 batchId, BatchState storage state) = _requirePending(batch);
        uint256 windowEnd = uint256(state.postedAt) + state.window;
        require(block.timestamp < windowEnd, WindowOver(batchId, uint64(windowEnd)));
        require(index < batch.count, IndexOutOfRange(index, batch.count));
        Demand storage demand = _demands[batchId][index];
        require(demand.status == DemandStatus.None, WrongDemandStatus(batchId, index, demand.status));
        require(state.openDemands < MAX_OPEN_DEMANDS, TooManyDemands(batchId, MAX_OPEN_DEMANDS));

        // Effect: the operator has one answer period, and the batch stays open for one more.
        Settings memory settings = _settings;
        uint256 end = Math.max(windowEnd + state.extension, block.timestamp + 2 * uint256(settings.answerPeriod));
        // Two answer periods are less than the 60 days of an unbonding period.
        state.extension = uint24(end - windowEnd);
        ++state.openDemands;
        demand.challenger = msg.sender;
        demand.deadline = uint40(block.timestamp) + settings.answerPeriod;
        demand.status = DemandStatus.Open;
        (demand.bond, demand.penalty) = (settings.demandBond, settings.demandPenalty);
        emit LeafDemanded(batchId, index, msg.sender, demand.deadline, uint64(end));

        // Interaction: what the demand can cost the operator stays; take the bond.
        _freeze(demand, batch.operator, batch.from, settings.answerPeriod);
        address(opg).safeTransferFrom(msg.sender, address(this), settings.demandBond);
    }

    /// @inheritdoc IReceiptBatches
    function answerLeaf(Batch calldata batch, uint256 index, SignedReceipt calldata leaf, bytes32[] calldata proof)
        external
        override
    {
        // Check: in time, and the leaf that was demanded.
        bytes32 batchId = _batchIdOf(batch);
        Demand storage demand = _requireOpen(batchId, index);
        require(block.timestamp <= demand.deadline, DeadlineOver(demand.deadline));
        require(_isLeaf(batch, index, leaf, proof), NotALeaf(batchId, index));

        require(gasleft() >= UNFREEZE_GAS, SlashGasUnavailable(gasleft(), UNFREEZE_GAS));

        // Effect and interaction: the bond is the operator's, and its stake is free.
        emit LeafAnswered(batchId, index, leaf);
        _closeDemand(batchId, demand, DemandStatus.Answered, batch.operator);
        _unfreeze(demand, batch.operator);
    }

    /// @inheritdoc IReceiptBatches
    function endDemand(Batch calldata batch, uint256 index) external override returns (bytes32 slashId) {
        // Check: not answered in time.
        bytes32 batchId = _batchIdOf(batch);
        Demand storage demand = _requireOpen(batchId, index);
        require(block.timestamp > demand.deadline, DeadlineNotOver(demand.deadline));
        require(gasleft() >= SLASH_GAS, SlashGasUnavailable(gasleft(), SLASH_GAS));

        // Effect and interaction: the bond goes back even where staking refuses, as when nothing is left to slash.
        (address challenger, uint256 penalty) = (demand.challenger, demand.penalty);
        _closeDemand(batchId, demand, DemandStatus.Unanswered, challenger);
        try staking.slash(batch.operator, OFFENCE_UNANSWERED, penalty, batch.from, challenger, address(0)) returns (
            bytes32 opened, Slash memory
        ) {
            slashId = opened;
        } catch {}
        _unfreeze(demand, batch.operator);
        emit LeafUnanswered(batchId, index, challenger, slashId);
    }

    /// @inheritdoc IReceiptBatches
    function proveBadLeaf(Batch calldata batch, uint256 index, SignedReceipt calldata leaf, bytes32[] calldata proof)
        external
        override
        returns (bytes32 slashId)
    {
        // Check: a leaf of a pending batch, with a fault.
        (bytes32 batchId,) = _requirePending(batch);
        LeafFault fault = _faultOf(batch, index, leaf, proof);
        require(fault != LeafFault.None && fault != LeafFault.NotInBatch, NoFault(batchId, index, fault));

        // Effect and interaction. Nobody vouches for the payer that such a leaf names: nobody is compensated.
        _prove(keccak256(abi.encode(batchId, index)));
        (slashId,) =
            staking.slash(batch.operator, OFFENCE_BAD_LEAF, type(uint256).max, batch.from, msg.sender, address(0));
        emit BadLeafProved(batchId, index, msg.sender, fault, slashId);
    }

    /// @inheritdoc IReceiptBatches
    function proveConflict(SignedReceipt calldata first, SignedReceipt calldata second)
        external
        override
        returns (bytes32 slashId)
    {
        // Check: the same operator signed two things about the same request.
        InferenceReceipt calldata a = first.receipt;
        InferenceReceipt calldata b = second.receipt;
        bytes32 digestA = proofs.digestOf(a);
        bytes32 digestB = proofs.digestOf(b);
        bool related = a.operator == b.operator && a.requestId == b.requestId;
        require(related && _differ(a, b), NoConflict(digestA, digestB));
        bool valid = _isValid(first) && _isValid(second);
        require(valid, NoConflict(digestA, digestB));

        // Effect and interaction. Only who is the payer in both is compensated: the operator may have named a friend. Nor can
        // it stop its slash by naming the custody vault, which staking pays nothing.
        _prove(keccak256(abi.encode(a.operator, a.requestId)));
        address payer = a.payer == b.payer && a.payer != address(staking.vault()) ? a.payer : address(0);
        uint64 capturedAt = uint64(Math.max(a.issuedAt, b.issuedAt));
        (slashId,) = staking.slash(a.operator, OFFENCE_CONFLICT, type(uint256).max, capturedAt, msg.sender, payer);
        emit ConflictProved(a.operator, a.requestId, msg.sender, digestA, digestB, slashId);
    }

    /// @inheritdoc IReceiptBatches
    function demandOf(bytes32 batchId, uint256 index) external view override returns (Demand memory) {
        return _demands[batchId][index];
    }

    /// @dev Ends an open demand and pays its bond out.
    function _closeDemand(bytes32 batchId, Demand storage demand, DemandStatus status, address to) private {
        uint256 bond = demand.bond;
        (demand.status, demand.bond) = (status, 0);
        --_states[batchId].openDemands;
        address(opg).safeTransfer(to, bond);
    }

    /// @dev Keeps what an unanswered demand can cost, for one more answer period than the answer has: time to end it.
    /// Staking may refuse; a demand is about the leaf first.
    // slither-disable-next-line reentrancy-no-eth
    function _freeze(Demand storage demand, address operator, uint64 capturedAt, uint40 answerPeriod) private {
        uint64 until = demand.deadline + answerPeriod;
        try staking.freeze(operator, OFFENCE_UNANSWERED, demand.penalty, capturedAt, until) returns (
            uint96 frozen, uint32 round
        ) {
            // At most the penalty.
            (demand.frozen, demand.freezeRound) = (uint80(frozen), round);
        } catch {}
    }

    /// @dev Where staking refuses, the freeze expires by itself.
    function _unfreeze(Demand storage demand, address operator) private {
        if (demand.frozen == 0) return;
        // solhint-disable-next-line no-empty-blocks
        try staking.unfreeze(operator, demand.frozen, demand.freezeRound) {} catch {}
    }

    /// @dev Each fault is punished once, whatever the cool-down of its offence.
    function _prove(bytes32 faultId) private {
        require(!_proved[faultId], AlreadyProved(faultId));
        _proved[faultId] = true;
    }

    function _requirePending(Batch calldata batch) private view returns (bytes32 batchId, BatchState storage state) {
        batchId = _batchIdOf(batch);
        state = _states[batchId];
        Status status = _statusOf(batch, state);
        require(status == Status.Pending, WrongBatchStatus(batchId, status));
    }

    function _requireOpen(bytes32 batchId, uint256 index) private view returns (Demand storage demand) {
        demand = _demands[batchId][index];
        require(demand.status == DemandStatus.Open, WrongDemandStatus(batchId, index, demand.status));
    }

    /// @dev Whether two receipts differ in more than when they were signed.
    function _differ(InferenceReceipt calldata a, InferenceReceipt calldata b) private pure returns (bool) {
        InferenceReceipt memory signedThen = b;
        signedThen.issuedAt = a.issuedAt;
        return keccak256(abi.encode(a)) != keccak256(abi.encode(signedThen));
    }
}
