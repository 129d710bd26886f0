// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {IOpg} from "../interfaces/IOpg.sol";
import {InferenceReceipt, IProofRegistry} from "../interfaces/IProofRegistry.sol";
import {Batch, BatchParameters, BatchState, IReceiptBatches, SignedReceipt} from "../interfaces/IReceiptBatches.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {StakingParameters} from "../interfaces/IStakingCommon.sol";
import {ReceiptTree} from "./ReceiptTree.sol";

/// @title Part of ReceiptBatches: which batches there are, what they are worth, and when they are final
/// @notice See `IReceiptBatches`.
///
/// TIME
/// The stake of `from` pays for a batch. It cannot leave before the batch is final: see `_adoptTimes`.
abstract contract BatchBook is IReceiptBatches, AccessManaged {
    /// @notice Most receipts in a batch: proofs have at most 20 siblings.
    uint256 public constant MAX_COUNT = 1 << 20;
    /// @notice Longest URI in bytes. It is in calldata and in an event: 256 bytes cost about 6,500 gas.
    uint256 public constant MAX_URI_LENGTH = 256;

    /// Parameters and times. One slot, which each posting reads.
    struct Settings {
        uint32 receiptAge;
        uint32 challengeWindow;
        uint32 answerPeriod;
        uint80 demandBond;
        uint80 demandPenalty;
    }

    /// @inheritdoc IReceiptBatches
    IOpg public immutable override opg;
    /// @inheritdoc IReceiptBatches
    IProofRegistry public immutable override proofs;
    /// @inheritdoc IReceiptBatches
    IStaking public immutable override staking;

    Settings internal _settings;
    /// The key that last posted for an operator: spares the look at staking. What it posts after it was replaced is void.
    mapping(address operator => address key) private _posters;
    mapping(bytes32 batchId => BatchState state) internal _states;

    constructor(
        IOpg opg_,
        IProofRegistry proofs_,
        IStaking staking_,
        address authority,
        BatchParameters memory parameters_
    ) AccessManaged(authority) {
        (opg, proofs, staking) = (opg_, proofs_, staking_);
        _setParameters(parameters_);
    }

    /// @inheritdoc IReceiptBatches
    function postBatch(
        address operator,
        bytes32 root,
        uint32 count,
        uint64 from,
        uint64 to,
        bytes32 dataHash,
        string calldata uri
    ) external override returns (bytes32 batchId) {
        // Check: who, how many, and of which time.
        _requirePoster(operator);
        require(count != 0 && count <= MAX_COUNT, CountOutOfRange(count, MAX_COUNT));
        require(bytes(uri).length <= MAX_URI_LENGTH, UriTooLong(bytes(uri).length, MAX_URI_LENGTH));
        Settings memory settings = _settings;
        uint64 latest = uint64(block.timestamp);
        uint64 earliest = latest - settings.receiptAge;
        require(from >= earliest && from <= to && to <= latest, TimesOutOfRange(from, to, earliest, latest));

        // Effect: one slot.
        Batch memory batch = Batch(operator, root, count, from, to, dataHash);
        batchId = keccak256(abi.encode(block.chainid, address(this), batch));
        require(_states[batchId].postedAt == 0, BatchAlreadyPosted(batchId));
        // Staking bounds the window by 60 days, below 2^24 seconds.
        _states[batchId] = BatchState(msg.sender, uint32(latest), uint24(settings.challengeWindow), 0, 0);
        emit BatchPosted(batchId, operator, msg.sender, batch, uri, latest + settings.challengeWindow);
    }

    /// @inheritdoc IReceiptBatches
    function adoptTimes() external override {
        _adoptTimes(_settings.answerPeriod);
    }

    /// @inheritdoc IReceiptBatches
    function setParameters(BatchParameters calldata parameters_) external override restricted {
        _setParameters(parameters_);
    }

    /// @inheritdoc IReceiptBatches
    function batchIdOf(Batch calldata batch) external view override returns (bytes32) {
        return _batchIdOf(batch);
    }

    /// @inheritdoc IReceiptBatches
    function stateOf(bytes32 batchId) external view override returns (BatchState memory) {
        return _states[batchId];
    }

    /// @inheritdoc IReceiptBatches
    function statusOf(Batch calldata batch) external view override returns (Status) {
        return _statusOf(batch, _states[_batchIdOf(batch)]);
    }

    /// @inheritdoc IReceiptBatches
    function finalAt(bytes32 batchId) external view override returns (uint64) {
        return uint64(_finalAt(_states[batchId]));
    }

    /// @inheritdoc IReceiptBatches
    function checkLeaf(Batch calldata batch, uint256 index, SignedReceipt calldata leaf, bytes32[] calldata proof)
        external
        view
        override
        returns (LeafFault)
    {
        return _faultOf(batch, index, leaf, proof);
    }

    /// @inheritdoc IReceiptBatches
    function leafOf(uint256 index, uint256 count, bytes32 digest, bytes32 evidenceHash)
        external
        pure
        override
        returns (bytes32)
    {
        return ReceiptTree.leafOf(index, count, digest, evidenceHash);
    }

    /// @inheritdoc IReceiptBatches
    function parameters() external view override returns (BatchParameters memory) {
        Settings storage settings = _settings;
        return BatchParameters(settings.answerPeriod, settings.demandBond, settings.demandPenalty);
    }

    /// @inheritdoc IReceiptBatches
    function times() external view override returns (uint32 receiptAge, uint32 challengeWindow) {
        return (_settings.receiptAge, _settings.challengeWindow);
    }

    function _setParameters(BatchParameters memory p) private {
        _requireWithin("demandBond", p.demandBond, 0.01 ether, 10_000 ether);
        _requireWithin("demandPenalty", p.demandPenalty, 1 ether, 100_000 ether);
        (_settings.answerPeriod, _settings.demandBond, _settings.demandPenalty) =
        (p.answerPeriod, p.demandBond, p.demandPenalty);
        emit ParametersSet(p);
        _adoptTimes(p.answerPeriod);
    }

    /// @dev The stake of a receipt's time must be here until its batch is final: the receipt's age, the window and two answer
    /// periods are shorter than an unbond. Staking sees to the first two.
    function _adoptTimes(uint256 answerPeriod) private {
        StakingParameters memory p = staking.parameters();
        uint256 longest = (p.unbondingPeriod - p.receiptAge - p.challengeWindow - 1) / 2;
        _requireWithin("answerPeriod", answerPeriod, 1, longest);
        (_settings.receiptAge, _settings.challengeWindow) = (p.receiptAge, p.challengeWindow);
        emit TimesAdopted(p.receiptAge, p.challengeWindow);
    }

    /// @dev The operator, or its key: the one that posted last, or else the one that staking names now.
    function _requirePoster(address operator) private {
        if (msg.sender == operator || msg.sender == _posters[operator]) return;
        address key = staking.signerAt(operator, uint64(block.timestamp));
        require(msg.sender == key, NotThePoster(msg.sender, operator));
        _posters[operator] = key;
    }

    function _statusOf(Batch calldata batch, BatchState storage state) internal view returns (Status) {
        if (state.postedAt == 0) return Status.Unknown;
        if (_isVoid(batch, state)) return Status.Void;
        return block.timestamp < _finalAt(state) ? Status.Pending : Status.Final;
    }

    /// @dev Zero is how staking says that an operator was not active.
    // slither-disable-next-line incorrect-equality
    function _isVoid(Batch calldata batch, BatchState storage state) private view returns (bool) {
        address keyThen = staking.signerAt(batch.operator, batch.from);
        if (keyThen == address(0)) return true;
        if (state.poster == batch.operator) return false;
        address key = staking.signerAt(batch.operator, state.postedAt);
        return state.poster != (key == address(0) ? keyThen : key);
    }

    function _finalAt(BatchState storage state) internal view returns (uint256) {
        return uint256(state.postedAt) + state.window + state.extension;
    }

    function _faultOf(Batch calldata batch, uint256 index, SignedReceipt calldata leaf, bytes32[] calldata proof)
        internal
        view
        returns (LeafFault)
    {
        InferenceReceipt calldata receipt = leaf.receipt;
        if (!_isLeaf(batch, index, leaf, proof)) return LeafFault.NotInBatch;
        if (receipt.operator != batch.operator) return LeafFault.OtherOperator;
        if (receipt.issuedAt < batch.from || receipt.issuedAt > batch.to) return LeafFault.OutsideTimes;
        return _isValid(leaf) ? LeafFault.None : LeafFault.Invalid;
    }

    function _isLeaf(Batch calldata batch, uint256 index, SignedReceipt calldata leaf, bytes32[] calldata proof)
        internal
        view
        returns (bool)
    {
        bytes32 digest = proofs.digestOf(leaf.receipt);
        bytes32 node = ReceiptTree.leafOf(index, batch.count, digest, keccak256(leaf.evidence));
        return ReceiptTree.leadsTo(batch.root, node, index, batch.count, proof);
    }

    function _isValid(SignedReceipt calldata leaf) internal view returns (bool) {
        return proofs.verify(leaf.receipt, leaf.evidence) == IProofRegistry.Fault.None;
    }

    function _batchIdOf(Batch calldata batch) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), batch));
    }

    function _requireWithin(string memory name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        require(value >= minimum && value <= maximum, ParameterOutOfBounds(name, value, minimum, maximum));
    }
}
