// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelVersion} from "./ModelVersion.sol";

/// @notice A request as it was made. The hub stores only its hash (which is the request's identifier), so whoever acts
/// on a request passes it back as the event gave it.
struct Request {
    /// Who asked, pays and is refunded. Receives the callback where `callbackGas` is not zero.
    address payer;
    /// Number of the request, unique in this hub.
    uint64 nonce;
    ModelVersion modelVersion;
    /// keccak256 of the input bytes.
    bytes32 inputHash;
    /// Verification mode that the payer asks for.
    uint8 mode;
    /// Gas that the callback gets, or zero for no callback.
    uint32 callbackGas;
    /// Block number and unix time of the request.
    uint64 blockNumber;
    uint64 requestedAt;
    /// Unix time after which the request can only be expired.
    uint64 deadline;
    /// OPG wei in escrow: the most that the answer may cost.
    uint128 maxFee;
}

/// @notice What an operator delivers. The hub rebuilds the receipt from this and the request, so the two cannot
/// contradict each other.
struct Fulfilment {
    address operator;
    bytes32 traceHash;
    uint64 inputUnits;
    uint64 outputUnits;
    uint128 unitPrice;
    uint128 fee;
    uint64 issuedAt;
    bytes output;
    /// Evidence for the request's mode: see `IProofRegistry.verify`.
    bytes evidence;
}

/// @notice Implemented by contracts that want the answer delivered.
interface IInferenceConsumer {
    /// @notice Called by the hub with the answer; succeeds once per request at most. The consumer must check that the
    /// caller is the hub. A revert does not undo the fulfilment; anyone can retry the delivery.
    /// @param fee OPG wei that the answer cost. The rest of the request's `maxFee` is already credited to the consumer,
    /// which needs the figure where it asks on behalf of several users.
    function onInference(bytes32 requestId, bytes calldata output, uint128 fee) external;
}

/// @title On-chain requests for inference
/// @notice Escrows the fee of a request, gives operators turns, checks an answer completely before paying for it, and
/// delivers it to the consumer with bounded gas. Payments are credits: refunds are withdrawn by their owners, fees go to the
/// operator's vault at the fee router, which divides them like all others.
interface IInferenceHub {
    enum Status {
        Unknown,
        Open,
        Fulfilled,
        /// Fulfilled and paid, but the consumer's callback failed: anyone may retry it.
        CallbackFailed,
        Expired
    }

    /// @notice Why a fulfilment is refused, or `None`.
    enum Refusal {
        None,
        /// The request is unknown, already fulfilled or expired.
        NotOpen,
        PastDeadline,
        /// It is not yet the operator's turn.
        NotYourTurn,
        /// `issuedAt` is before the request, in the future or longer ago than the maximum receipt age.
        ReceiptTimeOutOfRange,
        FeeAboveMaximum,
        /// `fee` exceeds unit price × units.
        FeeAboveUsage,
        OutputTooLong,
        UnsupportedMode,
        OperatorInactive,
        WrongSignature,
        WrongProof
    }

    event InferenceRequested(
        bytes32 indexed requestId,
        address indexed payer,
        ModelVersion indexed modelVersion,
        Request request,
        bytes input
    );
    event InferenceFulfilled(bytes32 indexed requestId, address indexed operator, Fulfilment fulfilment);
    event FulfilmentRefused(bytes32 indexed requestId, address indexed operator, Refusal reason);
    event CallbackFailed(bytes32 indexed requestId, address indexed consumer);
    event CallbackDelivered(bytes32 indexed requestId, address indexed consumer);
    event RequestExpired(bytes32 indexed requestId, address indexed payer, uint256 refund);
    event Credited(address indexed account, bytes32 indexed requestId, uint256 amount);
    event Withdrawn(address indexed account, address indexed to, uint256 amount);
    event TurnParametersSet(uint32 turnWindow, uint32 turnCap);

    error FulfilmentRejected(bytes32 requestId, Refusal reason);
    error ModelNotRequestable(ModelVersion modelVersion, uint8 mode);
    /// @notice A request for a proof names whom it trusts: see `requestProof`.
    error ContributorRequired();
    /// @notice `contributor` does not stand for the key that proofs about this version are checked with.
    error SetupNotTrusted(ModelVersion modelVersion, address contributor);
    error InputTooLong(uint256 length, uint256 maximum);
    error DeadlineOutOfRange(uint64 deadline, uint64 minimum, uint64 maximum);
    error CallbackGasTooHigh(uint32 callbackGas, uint32 maximum);
    error CallbackGasUnavailable(uint256 available, uint256 needed);
    error NoCallbackToRetry(bytes32 requestId);
    error WrongResult(bytes32 requestId);
    error NotExpired(bytes32 requestId, uint64 deadline);
    error RequestNotOpen(bytes32 requestId, Status status);
    error BatchLengthMismatch(uint256 requests, uint256 fulfilments);
    error InsufficientCredit(address account, uint256 credit, uint256 amount);
    error InvalidRecipient(address to);
    /// @notice Nothing is owed to the vault of `operator` and `modelVersion`.
    error NoFees(address operator, ModelVersion modelVersion);
    /// @notice The digest could be taken for an open request. Happens by chance once in 2^72 receipts; any other
    /// `traceHash` or `issuedAt` avoids it.
    error UnstorableResult(bytes32 requestId, bytes32 digest);
    error TurnParametersOutOfRange(uint32 turnWindow, uint32 turnCap);

    /// @notice Asks a model. Takes `maxFee` OPG from the caller, who must have approved the hub.
    /// @param input Bytes in the encoding of the model's task.
    /// @param mode A verification mode that the version offers, except 2: see `requestProof`.
    /// @param callbackGas Gas for `IInferenceConsumer.onInference` on the caller, or zero for no callback.
    /// @param deadline Unix time until which an answer is accepted.
    function request(
        ModelVersion modelVersion,
        bytes calldata input,
        uint8 mode,
        uint128 maxFee,
        uint32 callbackGas,
        uint64 deadline
    ) external returns (bytes32 requestId);

    /// @notice Asks a model for an answer with a zero-knowledge proof (mode 2). Whoever knows the secrets of the setup of
    /// the model's key can forge proofs; they are known to nobody if one contributor destroyed his share.
    /// @param contributor One of the contributors, whom the caller trusts to have done so and to have checked the key;
    /// zero for nobody, which suffices on a development chain only.
    function requestProof(
        ModelVersion modelVersion,
        bytes calldata input,
        address contributor,
        uint128 maxFee,
        uint32 callbackGas,
        uint64 deadline
    ) external returns (bytes32 requestId);

    /// @notice Delivers one answer. Reverts with `FulfilmentRejected` if anything about it is wrong. Anyone may send it:
    /// the fee is credited to the vault of the operator that signed, for the version that was asked.
    function fulfil(Request calldata req, Fulfilment calldata fulfilment) external;

    /// @notice Delivers several answers. A bad one is skipped and reported by `FulfilmentRefused`.
    /// @return fulfilled How many were accepted.
    function fulfilBatch(Request[] calldata reqs, Fulfilment[] calldata fulfilments)
        external
        returns (uint256 fulfilled);

    /// @notice Returns the escrow of an unanswered request to its payer, as credit, after the deadline.
    function expire(Request calldata req) external;

    /// @notice Calls a consumer again whose callback failed. The fulfilment must be the recorded one.
    function retryCallback(Request calldata req, Fulfilment calldata fulfilment) external;

    /// @notice Pays out credit of the caller.
    function withdraw(address to, uint256 amount) external;

    /// @notice Brings the fees of `operator` for `modelVersion` to its vault at the fee router and has them divided there.
    /// Anyone. Reverts where the router divides nothing, for instance because the operator is at its cap.
    function routeFees(address operator, ModelVersion modelVersion) external returns (uint256 amount);

    /// @notice OPG wei that wait for `routeFees`.
    function feesOf(address operator, ModelVersion modelVersion) external view returns (uint256);

    /// @notice OPG wei that `account` can withdraw.
    function creditOf(address account) external view returns (uint256);

    /// @notice Where a request stands.
    function statusOf(bytes32 requestId) external view returns (Status);

    /// @notice Digest of the receipt of the accepted answer, or zero.
    function resultOf(bytes32 requestId) external view returns (bytes32 digest);

    /// @notice keccak256(abi.encode(chain id, hub, request)).
    function requestIdOf(Request calldata req) external view returns (bytes32);

    /// @notice Unix time from which `operator` may fulfil `req`; `type(uint64).max` while the block that decides it is
    /// not yet mined or the operator had no stake (then the cap applies: see `turnCap`).
    function turnOf(Request calldata req, address operator) external view returns (uint64 beginsAt);

    /// @notice Why `fulfil` would refuse, signature included, or `None`.
    function check(Request calldata req, Fulfilment calldata fulfilment) external view returns (Refusal);

    /// @notice Seconds over which turns are spread, and seconds after which anyone may fulfil.
    function turnParameters() external view returns (uint32 turnWindow, uint32 turnCap);

    /// @notice Sets the turn parameters, for open requests too. Restricted.
    /// @param turnWindow Seconds after which the first turn begins on average; zero switches turns off. At most
    /// `turnCap`.
    /// @param turnCap At most one hour, so that the hash which decides turns is always still available.
    function setTurnParameters(uint32 turnWindow, uint32 turnCap) external;
}
