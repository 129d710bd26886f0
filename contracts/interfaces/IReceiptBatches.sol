// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IOpg} from "./IOpg.sol";
import {IProofRegistry, InferenceReceipt} from "./IProofRegistry.sol";
import {IStaking} from "./IStaking.sol";

/// @notice What an operator commits to when it posts a batch. The contract keeps the hash; callers pass it back.
/// @param operator Who issued the receipts.
/// @param root Root of the tree of receipts (see `IReceiptBatches`, TREE).
/// @param count How many receipts there are.
/// @param from Least `issuedAt` of them.
/// @param to Greatest `issuedAt` of them.
/// @param dataHash keccak256 of the bytes that the operator serves at the posted URI.
struct Batch {
    address operator;
    bytes32 root;
    uint32 count;
    uint64 from;
    uint64 to;
    bytes32 dataHash;
}

/// @notice A receipt as an operator issued it.
/// @param evidence What `IProofRegistry.verify` takes with it; in mode 0 the signature, 65 bytes.
struct SignedReceipt {
    InferenceReceipt receipt;
    bytes evidence;
}

/// @notice What is kept of a posted batch. One slot; all zero if it was not posted.
/// @param poster Who posted it: the operator or the key that signs for it.
/// @param postedAt Unix time of the posting.
/// @param window Seconds from the posting for which leaves can be demanded.
/// @param extension Seconds by which demands put the end off.
/// @param openDemands Leaves that were demanded and are neither answered nor given up.
struct BatchState {
    address poster;
    uint32 postedAt;
    uint24 window;
    uint24 extension;
    uint8 openDemands;
}

/// @notice A demanded leaf. All zero if it was not demanded.
/// @param challenger Who demanded it.
/// @param deadline Unix time until which it can be answered.
/// @param status What became of the demand.
/// @param freezeRound What staking calls the freeze of `frozen`.
/// @param bond OPG wei that wait for the outcome; zero afterwards.
/// @param penalty OPG wei that no answer costs the operator.
/// @param frozen OPG wei of the operator's stake that stay until the outcome.
// Two slots; the rule takes an enumeration for a whole one.
// solhint-disable-next-line gas-struct-packing
struct Demand {
    address challenger;
    uint40 deadline;
    IReceiptBatches.DemandStatus status;
    uint32 freezeRound;
    uint80 bond;
    uint80 penalty;
    uint80 frozen;
}

/// @notice What governance sets here.
/// @param answerPeriod Seconds for the answer to a demand, and again for showing what is wrong with the answer.
/// @param demandBond OPG wei that whoever demands a leaf puts down: at least twice what an answer costs.
/// @param demandPenalty OPG wei that a demand without answer takes from the operator, within the slash table.
struct BatchParameters {
    uint32 answerPeriod;
    uint80 demandBond;
    uint80 demandPenalty;
}

/// @title Batches of receipts, and the faults that anyone can prove
/// @notice An operator posts the root of many receipts for the price of one storage slot and serves the receipts off-chain.
/// For the challenge window a batch is pending: anyone can demand a leaf on-chain, or prove with one call that a leaf is not
/// a valid receipt. What is proved is slashed at once through `IStaking`; payments are not touched.
///
/// TREE
/// leaf(i) = keccak256(keccak256(abi.encode(uint256 i, uint256 count, bytes32 digest, keccak256(evidence)))), where `digest`
/// is the receipt's EIP-712 digest. node = keccak256(left || right), in order. The last node of a level with an odd number
/// of nodes moves up unchanged. A proof lists the siblings from the leaf up, none where a node moved up, and is used up
/// exactly. Leaves are hashes of 32 bytes and nodes of 64: neither can be taken for the other; index and count are within
/// the leaf and steer its path: a leaf has one place in one tree.
///
/// WHO POSTS
/// The operator or its signing key. A batch is void, and counts for nothing, where the poster was neither when it posted,
/// or the operator was not active at `from`. Of an operator that is not active when it posts, the key at `from` counts.
///
/// TIME
/// A receipt counts if its batch is posted within `receiptAge` of its `issuedAt`. A batch is final `window + extension`
/// seconds after it was posted. Leaves can be demanded within the window; a demand extends until twice the answer period
/// from then: the first for the answer, the second for showing what is wrong with it.
///
/// OFFENCES
/// Numbers of the slash table: 1 two receipts for one request, 3 a bad leaf, 4 a demanded leaf not answered.
interface IReceiptBatches {
    enum Status {
        /// Not posted.
        Unknown,
        /// Counts for nothing.
        Void,
        /// Can be challenged.
        Pending,
        /// Can no longer be challenged.
        Final
    }

    enum DemandStatus {
        None,
        Open,
        Answered,
        /// The operator was slashed, or nothing was left to slash.
        Unanswered
    }

    /// @notice Why a leaf is not what it should be, or `None`.
    enum LeafFault {
        None,
        /// This receipt with this evidence is not at this index of the batch. Proves nothing against the operator.
        NotInBatch,
        /// The receipt names another operator.
        OtherOperator,
        /// `issuedAt` is outside of the times that the batch claims.
        OutsideTimes,
        /// `IProofRegistry.verify` finds a fault: the signature is not by the operator's key of that time, for instance.
        Invalid
    }

    /// @param finalAt Unix time from which the batch is final, unless demands extend it.
    event BatchPosted(
        bytes32 indexed batchId,
        address indexed operator,
        address indexed poster,
        Batch batch,
        string uri,
        uint64 finalAt
    );
    event LeafDemanded(
        bytes32 indexed batchId, uint256 indexed index, address indexed challenger, uint64 deadline, uint64 finalAt
    );
    /// @notice The leaf is public now; it may still be a bad one.
    event LeafAnswered(bytes32 indexed batchId, uint256 indexed index, SignedReceipt leaf);
    /// @param slashId The slash, or zero if nothing was left to slash.
    event LeafUnanswered(bytes32 indexed batchId, uint256 indexed index, address indexed challenger, bytes32 slashId);
    event BadLeafProved(
        bytes32 indexed batchId, uint256 indexed index, address indexed challenger, LeafFault fault, bytes32 slashId
    );
    /// @notice `operator` issued the receipts with these digests for one request.
    event ConflictProved(
        address indexed operator,
        bytes32 indexed requestId,
        address indexed challenger,
        bytes32 first,
        bytes32 second,
        bytes32 slashId
    );
    event ParametersSet(BatchParameters parameters);
    /// @notice From now on batches are posted with these times.
    event TimesAdopted(uint32 receiptAge, uint32 challengeWindow);

    /// @notice Only the operator or its signing key posts its batches.
    error NotThePoster(address caller, address operator);
    error CountOutOfRange(uint256 count, uint256 maximum);
    error UriTooLong(uint256 length, uint256 maximum);
    /// @notice The receipts are of the future, too old, or the times are in the wrong order.
    error TimesOutOfRange(uint64 from, uint64 to, uint64 earliest, uint64 latest);
    error BatchAlreadyPosted(bytes32 batchId);
    error WrongBatchStatus(bytes32 batchId, Status status);
    /// @notice The time for demands is over.
    error WindowOver(bytes32 batchId, uint64 ended);
    error IndexOutOfRange(uint256 index, uint256 count);
    error TooManyDemands(bytes32 batchId, uint256 maximum);
    error WrongDemandStatus(bytes32 batchId, uint256 index, DemandStatus status);
    error DeadlineOver(uint64 deadline);
    error DeadlineNotOver(uint64 deadline);
    /// @notice The proof does not lead from this receipt at this index to the root.
    error NotALeaf(bytes32 batchId, uint256 index);
    /// @notice The leaf is as it should be, or not a leaf of this batch.
    error NoFault(bytes32 batchId, uint256 index, LeafFault fault);
    /// @notice The receipts are for different requests or operators, say the same, or are not valid.
    error NoConflict(bytes32 first, bytes32 second);
    /// @notice This was punished before.
    error AlreadyProved(bytes32 faultId);
    /// @notice Too little gas for a slash: send more.
    error SlashGasUnavailable(uint256 available, uint256 needed);
    error ParameterOutOfBounds(string name, uint256 value, uint256 minimum, uint256 maximum);

    /// @notice Commits `operator` to a batch. Only the operator or its signing key.
    /// @param uri Where the data are served, at most 256 bytes.
    function postBatch(
        address operator,
        bytes32 root,
        uint32 count,
        uint64 from,
        uint64 to,
        bytes32 dataHash,
        string calldata uri
    ) external returns (bytes32 batchId);

    /// @notice Demands that the operator shows a leaf on-chain. Takes `demandBond` from the caller, who needs an allowance.
    /// Each leaf can be demanded once, at most eight at a time of one batch.
    function demandLeaf(Batch calldata batch, uint256 index) external;

    /// @notice Shows a demanded leaf, whatever it is worth. Anyone; the bond goes to the operator.
    function answerLeaf(Batch calldata batch, uint256 index, SignedReceipt calldata leaf, bytes32[] calldata proof)
        external;

    /// @notice Ends a demand that was not answered in time: the bond goes back and the operator is slashed. Anyone.
    /// @return slashId The slash, or zero where staking refused it, because nothing was left to take for instance.
    function endDemand(Batch calldata batch, uint256 index) external returns (bytes32 slashId);

    /// @notice Has an operator slashed for a leaf that is not a valid receipt of it. The caller is rewarded.
    function proveBadLeaf(Batch calldata batch, uint256 index, SignedReceipt calldata leaf, bytes32[] calldata proof)
        external
        returns (bytes32 slashId);

    /// @notice Has an operator slashed for two valid receipts for one request that differ in more than their time, batched
    /// or not. The caller is rewarded, and the payer if both name the same.
    function proveConflict(SignedReceipt calldata first, SignedReceipt calldata second)
        external
        returns (bytes32 slashId);

    /// @notice Takes `receiptAge` and `challengeWindow` as governance set them in staking. Anyone.
    function adoptTimes() external;

    /// @notice Sets the parameters for demands from now on.
    function setParameters(BatchParameters calldata parameters_) external;

    /// @notice keccak256(abi.encode(chain id, this contract, batch)).
    function batchIdOf(Batch calldata batch) external view returns (bytes32);

    /// @notice What is kept of a batch.
    function stateOf(bytes32 batchId) external view returns (BatchState memory);

    function statusOf(Batch calldata batch) external view returns (Status);

    /// @notice Unix time from which a posted batch is final.
    function finalAt(bytes32 batchId) external view returns (uint64);

    function demandOf(bytes32 batchId, uint256 index) external view returns (Demand memory);

    /// @notice Judges a leaf, whatever the status of the batch.
    function checkLeaf(Batch calldata batch, uint256 index, SignedReceipt calldata leaf, bytes32[] calldata proof)
        external
        view
        returns (LeafFault);

    /// @notice The leaf of a receipt with `digest` and evidence at an index of a tree of `count` leaves.
    function leafOf(uint256 index, uint256 count, bytes32 digest, bytes32 evidenceHash) external pure returns (bytes32);

    function parameters() external view returns (BatchParameters memory);

    /// @notice The times with which batches are posted now.
    function times() external view returns (uint32 receiptAge, uint32 challengeWindow);

    /// @notice The token of bonds.
    function opg() external view returns (IOpg);

    /// @notice Who judges receipts.
    function proofs() external view returns (IProofRegistry);

    /// @notice Who knows operators and takes their stake.
    function staking() external view returns (IStaking);
}
