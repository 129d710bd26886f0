// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Blockhash} from "@openzeppelin/contracts/utils/Blockhash.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {IFeeRouter} from "../interfaces/IFeeRouter.sol";
import {Fulfilment, IInferenceHub, Request} from "../interfaces/IInferenceHub.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {ModelVersion} from "../interfaces/ModelVersion.sol";
import {IOperators} from "../interfaces/IOperators.sol";
import {InferenceReceipt, IProofRegistry} from "../interfaces/IProofRegistry.sol";
import {ConsumerCall} from "./ConsumerCall.sol";
import {HubStorage} from "./HubStorage.sol";
import {EXPIRED, OPEN, Ticket, isStorable} from "./Ticket.sol";
import {Turns} from "./Turns.sol";

/// @title On-chain requests for inference
/// @notice See `IInferenceHub`.
///
/// TOKEN REQUIREMENTS
/// OPG: a transfer moves exactly the amount asked for, or reverts, and calls nobody.
///
/// TRUST
/// Models, operators, proofs and the fee router are contracts of this system. Consumers and senders are not trusted: a consumer is
/// called last, with bounded gas, and may enter any function again.
///
/// MONEY
/// Balance of OPG = escrow of open requests + credits (+ what somebody sent here by mistake, which stays). Escrow
/// becomes credit once, by a fulfilment or an expiry. A fee is credit of the operator's vault at the fee router, for the version
/// that answered; it leaves for that vault alone. No function lets the authority move any of it.
///
/// TIME
/// Fulfilments are judged by the turn parameters of the moment. Turns need the hash of a block at most 8,191 blocks old;
/// the cap has passed long before (one hour is 1,800 blocks of Base). Where it has not, only the cap decides.
contract InferenceHub is IInferenceHub, AccessManagedUpgradeable, UUPSUpgradeable {
    using SafeERC20 for IERC20;

    /// @notice Longest input in bytes. It travels in calldata and in an event: 16 KiB cost about 400,000 gas, and
    /// longer prompts belong off-chain.
    uint256 public constant MAX_INPUT_LENGTH = 16 * 1024;
    /// @notice Longest output in bytes. Bounds what a fulfilment can cost its sender (about 250,000 gas for the bytes)
    /// and what a consumer must be ready to handle.
    uint256 public constant MAX_OUTPUT_LENGTH = 8 * 1024;
    /// @notice Most gas of a callback: enough to store the longest output as code (200 gas per byte) and an eighth of
    /// what one transaction may use, so a fulfilment always fits.
    uint32 public constant MAX_CALLBACK_GAS = 2_000_000;
    /// @notice Least seconds from request to deadline: five blocks, since turns are known after one and an answer needs
    /// another.
    uint64 public constant MIN_DEADLINE_DELAY = 10 seconds;
    /// @notice Most seconds from request to deadline: bounds how long a payer's money can be stuck.
    uint64 public constant MAX_DEADLINE_DELAY = 1 days;
    /// @notice Seconds for which a receipt is accepted. Bounds how long a key that was replaced can still be used.
    uint64 public constant MAX_RECEIPT_AGE = 1 hours;
    /// @notice Largest turn cap. See `TIME` above.
    uint32 public constant MAX_TURN_CAP = 1 hours;

    uint8 private constant MODE_ZERO_KNOWLEDGE = 2;

    /// @notice The token of payment.
    IERC20 public immutable opg;
    /// @notice What can be asked for.
    IModelRegistry public immutable models;
    /// @notice Whose turn it is.
    IOperators public immutable operators;
    /// @notice What a valid receipt is.
    IProofRegistry public immutable proofs;
    /// @notice Who divides fees.
    IFeeRouter public immutable feeRouter;
    /// The router's, which is immutable.
    bytes32 private immutable vaultInitCodeHash;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(
        IERC20 opg_,
        IModelRegistry models_,
        IOperators operators_,
        IProofRegistry proofs_,
        IFeeRouter feeRouter_
    ) {
        opg = opg_;
        models = models_;
        operators = operators_;
        proofs = proofs_;
        feeRouter = feeRouter_;
        vaultInitCodeHash = feeRouter_.vaultInitCodeHash();
        _disableInitializers();
    }

    /// @notice Sets the AccessManager that may authorise upgrades and turn parameters, and the first turn parameters.
    function initialize(address authority, uint32 turnWindow, uint32 turnCap) external initializer {
        __AccessManaged_init(authority);
        _setTurnParameters(turnWindow, turnCap);
    }

    /// @inheritdoc IInferenceHub
    function request(
        ModelVersion modelVersion,
        bytes calldata input,
        uint8 mode,
        uint128 maxFee,
        uint32 callbackGas,
        uint64 deadline
    ) external returns (bytes32 requestId) {
        require(mode != MODE_ZERO_KNOWLEDGE, ContributorRequired());
        return _request(modelVersion, input, mode, maxFee, callbackGas, deadline);
    }

    /// @inheritdoc IInferenceHub
    function requestProof(
        ModelVersion modelVersion,
        bytes calldata input,
        address contributor,
        uint128 maxFee,
        uint32 callbackGas,
        uint64 deadline
    ) external returns (bytes32 requestId) {
        // A version's key never changes and nobody can take back that he stands for it: what holds now will hold then.
        require(proofs.isTrusted(modelVersion, contributor), SetupNotTrusted(modelVersion, contributor));
        return _request(modelVersion, input, MODE_ZERO_KNOWLEDGE, maxFee, callbackGas, deadline);
    }

    function _request(
        ModelVersion modelVersion,
        bytes calldata input,
        uint8 mode,
        uint128 maxFee,
        uint32 callbackGas,
        uint64 deadline
    ) private returns (bytes32 requestId) {
        // Check: bounds, and that the model is offered.
        _requireBounds(input.length, callbackGas, deadline);
        require(models.isRequestable(modelVersion, mode), ModelNotRequestable(modelVersion, mode));

        // Effect: open the request.
        Request memory req = Request({
            payer: msg.sender,
            nonce: HubStorage.load().nextNonce++,
            modelVersion: modelVersion,
            inputHash: keccak256(input),
            mode: mode,
            callbackGas: callbackGas,
            blockNumber: uint64(block.number),
            requestedAt: uint64(block.timestamp),
            deadline: deadline,
            maxFee: maxFee
        });
        requestId = keccak256(abi.encode(block.chainid, address(this), req));
        HubStorage.load().tickets[requestId] = OPEN;
        emit InferenceRequested(requestId, msg.sender, modelVersion, req, input);

        // Interaction: take the escrow.
        opg.safeTransferFrom(msg.sender, address(this), maxFee);
    }

    /// @inheritdoc IInferenceHub
    function fulfil(Request calldata req, Fulfilment calldata fulfilment) external {
        bytes32 requestId = _requestIdOf(req);
        Refusal refusal = _fulfil(requestId, req, fulfilment);
        require(refusal == Refusal.None, FulfilmentRejected(requestId, refusal));
    }

    /// @inheritdoc IInferenceHub
    function fulfilBatch(Request[] calldata reqs, Fulfilment[] calldata fulfilments)
        external
        returns (uint256 fulfilled)
    {
        require(reqs.length == fulfilments.length, BatchLengthMismatch(reqs.length, fulfilments.length));
        for (uint256 i = 0; i < reqs.length; ++i) {
            Fulfilment calldata fulfilment = fulfilments[i];
            bytes32 requestId = _requestIdOf(reqs[i]);
            Refusal refusal = _fulfil(requestId, reqs[i], fulfilment);
            if (refusal == Refusal.None) ++fulfilled;
            else emit FulfilmentRefused(requestId, fulfilment.operator, refusal);
        }
    }

    /// @inheritdoc IInferenceHub
    function expire(Request calldata req) external {
        // Check: open and past its deadline.
        bytes32 requestId = _requestIdOf(req);
        HubStorage.Layout storage $ = HubStorage.load();
        require($.tickets[requestId].isOpen(), RequestNotOpen(requestId, _statusOf(requestId)));
        require(block.timestamp > req.deadline, NotExpired(requestId, req.deadline));

        // Effect: close the request and return the escrow.
        $.tickets[requestId] = EXPIRED;
        _credit(req.payer, requestId, req.maxFee);
        emit RequestExpired(requestId, req.payer, req.maxFee);
    }

    /// @inheritdoc IInferenceHub
    function retryCallback(Request calldata req, Fulfilment calldata fulfilment) external {
        // Check: a callback failed, and this is the result that it was about.
        bytes32 requestId = _requestIdOf(req);
        HubStorage.Layout storage $ = HubStorage.load();
        require($.callbackFailed[requestId], NoCallbackToRetry(requestId));
        bytes32 digest = proofs.digestOf(_receiptOf(requestId, req, fulfilment));
        require(digest == $.tickets[requestId].result(), WrongResult(requestId));

        // Effect: no second retry can begin within this one.
        $.callbackFailed[requestId] = false;

        // Interaction: call the consumer.
        _deliver(requestId, req, fulfilment);
    }

    /// @inheritdoc IInferenceHub
    function withdraw(address to, uint256 amount) external {
        // Check: the caller has that much. The hub itself as recipient would lose the money.
        require(to != address(0) && to != address(this), InvalidRecipient(to));
        mapping(address account => uint256 amount) storage credits = HubStorage.load().credits;
        uint256 credit = credits[msg.sender];
        require(amount <= credit, InsufficientCredit(msg.sender, credit, amount));

        // Effect: take the credit.
        credits[msg.sender] = credit - amount;
        emit Withdrawn(msg.sender, to, amount);

        // Interaction: pay.
        opg.safeTransfer(to, amount);
    }

    /// @inheritdoc IInferenceHub
    function routeFees(address operator, ModelVersion modelVersion) external returns (uint256 amount) {
        // Check: there are fees.
        address vault = _vaultOf(operator, modelVersion);
        mapping(address account => uint256 amount) storage credits = HubStorage.load().credits;
        amount = credits[vault];
        require(amount != 0, NoFees(operator, modelVersion));

        // Effect: take the credit.
        credits[vault] = 0;
        emit Withdrawn(vault, vault, amount);

        // Interaction: bring them to the vault and have them divided.
        opg.safeTransfer(vault, amount);
        feeRouter.sweep(operator, modelVersion);
    }

    /// @inheritdoc IInferenceHub
    function setTurnParameters(uint32 turnWindow, uint32 turnCap) external restricted {
        _setTurnParameters(turnWindow, turnCap);
    }

    /// @inheritdoc IInferenceHub
    function creditOf(address account) external view returns (uint256) {
        return HubStorage.load().credits[account];
    }

    /// @inheritdoc IInferenceHub
    function feesOf(address operator, ModelVersion modelVersion) external view returns (uint256) {
        return HubStorage.load().credits[_vaultOf(operator, modelVersion)];
    }

    /// @inheritdoc IInferenceHub
    function statusOf(bytes32 requestId) external view returns (Status) {
        return _statusOf(requestId);
    }

    /// @inheritdoc IInferenceHub
    function resultOf(bytes32 requestId) external view returns (bytes32 digest) {
        return HubStorage.load().tickets[requestId].result();
    }

    /// @inheritdoc IInferenceHub
    function requestIdOf(Request calldata req) external view returns (bytes32) {
        return _requestIdOf(req);
    }

    /// @inheritdoc IInferenceHub
    function turnOf(Request calldata req, address operator) external view returns (uint64 beginsAt) {
        return _turnOf(_requestIdOf(req), req, operator);
    }

    /// @inheritdoc IInferenceHub
    function check(Request calldata req, Fulfilment calldata fulfilment) external view returns (Refusal refusal) {
        bytes32 requestId = _requestIdOf(req);
        refusal = _refusalOf(HubStorage.load().tickets[requestId], requestId, req, fulfilment);
        if (refusal != Refusal.None) return refusal;
        return _refusalOf(proofs.verify(_receiptOf(requestId, req, fulfilment), fulfilment.evidence));
    }

    /// @inheritdoc IInferenceHub
    function turnParameters() external view returns (uint32 turnWindow, uint32 turnCap) {
        HubStorage.Layout storage $ = HubStorage.load();
        return ($.turnWindow, $.turnCap);
    }

    /// Pays for and delivers an answer, or changes nothing and says why.
    // The call before the effects goes to the registry, a contract of this system that calls only views.
    // slither-disable-next-line reentrancy-no-eth
    function _fulfil(bytes32 requestId, Request calldata req, Fulfilment calldata fulfilment)
        private
        returns (Refusal refusal)
    {
        mapping(bytes32 requestId => Ticket ticket) storage tickets = HubStorage.load().tickets;
        Ticket ticket = tickets[requestId];
        // Check: everything but the signature.
        refusal = _refusalOf(ticket, requestId, req, fulfilment);
        if (refusal != Refusal.None) return refusal;
        // Check: the signature. The registry calls nobody but view functions of the operators.
        (IProofRegistry.Fault fault, bytes32 digest) =
            proofs.record(_receiptOf(requestId, req, fulfilment), fulfilment.evidence);
        refusal = _refusalOf(fault);
        if (refusal != Refusal.None) return refusal;
        require(isStorable(digest), UnstorableResult(requestId, digest));

        // Effect: close the request and turn its escrow into credits of the same sum.
        tickets[requestId] = Ticket.wrap(digest);
        _credit(_vaultOf(fulfilment.operator, req.modelVersion), requestId, fulfilment.fee);
        _credit(req.payer, requestId, req.maxFee - fulfilment.fee);
        emit InferenceFulfilled(requestId, fulfilment.operator, fulfilment);

        // Interaction: call the consumer.
        if (req.callbackGas != 0) _deliver(requestId, req, fulfilment);
    }

    /// Calls the consumer and records a failure. Whatever the consumer enters meanwhile finds this request answered and
    /// no callback to retry, and is refused.
    function _deliver(bytes32 requestId, Request calldata req, Fulfilment calldata fulfilment) private {
        if (ConsumerCall.deliver(req.payer, req.callbackGas, requestId, fulfilment.output, fulfilment.fee)) {
            emit CallbackDelivered(requestId, req.payer);
        } else {
            HubStorage.load().callbackFailed[requestId] = true;
            emit CallbackFailed(requestId, req.payer);
        }
    }

    function _credit(address account, bytes32 requestId, uint256 amount) private {
        if (amount == 0) return;
        HubStorage.load().credits[account] += amount;
        emit Credited(account, requestId, amount);
    }

    function _setTurnParameters(uint32 turnWindow, uint32 turnCap) private {
        require(turnWindow <= turnCap && turnCap <= MAX_TURN_CAP, TurnParametersOutOfRange(turnWindow, turnCap));
        HubStorage.Layout storage $ = HubStorage.load();
        $.turnWindow = turnWindow;
        $.turnCap = turnCap;
        emit TurnParametersSet(turnWindow, turnCap);
    }

    function _requireBounds(uint256 inputLength, uint32 callbackGas, uint64 deadline) private view {
        require(inputLength <= MAX_INPUT_LENGTH, InputTooLong(inputLength, MAX_INPUT_LENGTH));
        require(callbackGas <= MAX_CALLBACK_GAS, CallbackGasTooHigh(callbackGas, MAX_CALLBACK_GAS));
        uint64 earliest = uint64(block.timestamp) + MIN_DEADLINE_DELAY;
        uint64 latest = uint64(block.timestamp) + MAX_DEADLINE_DELAY;
        require(deadline >= earliest && deadline <= latest, DeadlineOutOfRange(deadline, earliest, latest));
    }

    /// Where the fee router takes the fees of an operator for a version from; see `IFeeRouter.vaultOf`.
    function _vaultOf(address operator, ModelVersion modelVersion) private view returns (address) {
        bytes32 salt = keccak256(abi.encode(operator, modelVersion));
        return Create2.computeAddress(salt, vaultInitCodeHash, address(feeRouter));
    }

    /// Why an answer is refused before its signature is looked at, cheapest first.
    function _refusalOf(Ticket ticket, bytes32 requestId, Request calldata req, Fulfilment calldata fulfilment)
        private
        view
        returns (Refusal)
    {
        if (!ticket.isOpen()) return Refusal.NotOpen;
        // From here on every member of `req` is what the hub wrote itself.
        if (block.timestamp > req.deadline) return Refusal.PastDeadline;
        if (fulfilment.output.length > MAX_OUTPUT_LENGTH) return Refusal.OutputTooLong;
        uint256 issuedAt = fulfilment.issuedAt;
        if (issuedAt < req.requestedAt || issuedAt > block.timestamp || block.timestamp - issuedAt > MAX_RECEIPT_AGE) {
            return Refusal.ReceiptTimeOutOfRange;
        }
        uint256 fee = fulfilment.fee;
        if (fee > req.maxFee) return Refusal.FeeAboveMaximum;
        uint256 units = uint256(fulfilment.inputUnits) + fulfilment.outputUnits;
        if (fee > units * fulfilment.unitPrice) return Refusal.FeeAboveUsage;
        if (!_isTurn(requestId, req, fulfilment.operator)) return Refusal.NotYourTurn;
        return Refusal.None;
    }

    /// What a fault of a receipt means for a fulfilment.
    function _refusalOf(IProofRegistry.Fault fault) private pure returns (Refusal) {
        if (fault == IProofRegistry.Fault.None) return Refusal.None;
        if (fault == IProofRegistry.Fault.UnsupportedMode) return Refusal.UnsupportedMode;
        if (fault == IProofRegistry.Fault.OperatorInactive) return Refusal.OperatorInactive;
        if (fault == IProofRegistry.Fault.IssuedInFuture) return Refusal.ReceiptTimeOutOfRange;
        if (fault == IProofRegistry.Fault.WrongProof) return Refusal.WrongProof;
        return Refusal.WrongSignature;
    }

    function _isTurn(bytes32 requestId, Request calldata req, address operator) private view returns (bool) {
        if (block.timestamp >= uint256(req.requestedAt) + HubStorage.load().turnCap) return true;
        return block.timestamp >= _turnOf(requestId, req, operator);
    }

    function _turnOf(bytes32 requestId, Request calldata req, address operator) private view returns (uint64) {
        HubStorage.Layout storage $ = HubStorage.load();
        (uint32 window, uint32 cap) = ($.turnWindow, $.turnCap);
        uint64 requestedAt = req.requestedAt;
        if (window == 0) return requestedAt;
        bytes32 blockHash = Blockhash.blockHash(uint256(req.blockNumber) + 1);
        if (blockHash == 0) return type(uint64).max;
        // Before the request: nobody can enter the draw after having seen what is asked.
        uint64 drawnAt = requestedAt - 1;
        uint256 stake = operators.stakeAt(operator, drawnAt);
        if (stake == 0) return type(uint64).max;
        uint256 delay = Turns.delay(blockHash, requestId, operator, window, stake, operators.totalStakeAt(drawnAt));
        return requestedAt + uint64(Math.min(delay, cap));
    }

    function _statusOf(bytes32 requestId) private view returns (Status) {
        HubStorage.Layout storage $ = HubStorage.load();
        Ticket ticket = $.tickets[requestId];
        if (ticket.isUnknown()) return Status.Unknown;
        if (ticket.isOpen()) return Status.Open;
        if (ticket.isExpired()) return Status.Expired;
        return $.callbackFailed[requestId] ? Status.CallbackFailed : Status.Fulfilled;
    }

    function _requestIdOf(Request calldata req) private view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(this), req));
    }

    function _receiptOf(bytes32 requestId, Request calldata req, Fulfilment calldata fulfilment)
        private
        pure
        returns (InferenceReceipt memory)
    {
        return InferenceReceipt({
            requestId: requestId,
            payer: req.payer,
            operator: fulfilment.operator,
            modelVersion: req.modelVersion,
            inputHash: req.inputHash,
            outputHash: keccak256(fulfilment.output),
            traceHash: fulfilment.traceHash,
            inputUnits: fulfilment.inputUnits,
            outputUnits: fulfilment.outputUnits,
            unitPrice: fulfilment.unitPrice,
            fee: fulfilment.fee,
            mode: req.mode,
            issuedAt: fulfilment.issuedAt
        });
    }

    function _authorizeUpgrade(address) internal override restricted {}
}
