// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {IInferenceConsumer, IInferenceHub, Request} from "../interfaces/IInferenceHub.sol";
import {ModelVersion} from "../interfaces/ModelVersion.sol";

/// @title Example of a contract that asks a model
/// @notice Asks on behalf of its users, keeps the answers, and gives each user back what an answer did not cost.
/// Everything that a consumer has to take care of is here: who calls back, what happens when nobody answers, and whose
/// the refund is.
contract AskModel is IInferenceConsumer {
    using SafeERC20 for IERC20;

    /// @notice Gas of the callback. The answer is stored as code, at 200 gas per byte: enough for the longest one that
    /// the hub lets through.
    uint32 public constant CALLBACK_GAS = 2_000_000;

    /// @notice Where requests go.
    IInferenceHub public immutable hub;
    /// @notice The token of payment.
    IERC20 public immutable opg;

    /// A question that has not been answered yet.
    struct Question {
        address asker;
        uint128 maxFee;
    }

    mapping(bytes32 requestId => Question question) private _questions;
    mapping(bytes32 requestId => address pointer) private _answers;

    /// @notice OPG wei that the hub holds for `asker` in the name of this contract.
    mapping(address asker => uint256 amount) public refundOf;

    /// @notice `asker` asked a question.
    event Asked(bytes32 indexed requestId, address indexed asker);
    /// @notice A question was answered.
    event Answered(bytes32 indexed requestId, bytes output);
    /// @notice Nobody answered in time.
    event Unanswered(bytes32 indexed requestId, address indexed asker);

    error NotInferenceHub(address caller);
    error UnknownQuestion(bytes32 requestId);
    error NotExpired(bytes32 requestId);
    error NoAnswer(bytes32 requestId);

    constructor(IInferenceHub hub_, IERC20 opg_) {
        hub = hub_;
        opg = opg_;
    }

    /// @notice Asks `modelVersion`. Takes `maxFee` OPG from the caller, who must have approved this contract.
    /// @param input Bytes in the encoding of the model's task.
    /// @param deadline Unix time until which an answer is accepted.
    function ask(ModelVersion modelVersion, bytes calldata input, uint128 maxFee, uint64 deadline)
        external
        returns (bytes32 requestId)
    {
        opg.safeTransferFrom(msg.sender, address(this), maxFee);
        opg.forceApprove(address(hub), maxFee);
        // Mode 0: the operator's signature is proof enough here.
        requestId = hub.request(modelVersion, input, 0, maxFee, CALLBACK_GAS, deadline);
        // The hub calls nobody while it takes a request, so the answer cannot come before this line.
        _questions[requestId] = Question({asker: msg.sender, maxFee: maxFee});
        emit Asked(requestId, msg.sender);
    }

    /// @inheritdoc IInferenceConsumer
    function onInference(bytes32 requestId, bytes calldata output, uint128 fee) external {
        require(msg.sender == address(hub), NotInferenceHub(msg.sender));
        Question memory question = _take(requestId);
        refundOf[question.asker] += question.maxFee - fee;
        _answers[requestId] = SSTORE2.write(output);
        emit Answered(requestId, output);
    }

    /// @notice Gives the fee of a question that nobody answered back to its asker, as refund.
    function reclaim(Request calldata req) external {
        bytes32 requestId = hub.requestIdOf(req);
        // Anyone may expire a request at the hub: then only the refund is left to do here.
        if (hub.statusOf(requestId) == IInferenceHub.Status.Open) hub.expire(req);
        require(hub.statusOf(requestId) == IInferenceHub.Status.Expired, NotExpired(requestId));
        Question memory question = _take(requestId);
        refundOf[question.asker] += question.maxFee;
        emit Unanswered(requestId, question.asker);
    }

    /// @notice Pays out the caller's refunds.
    function withdrawRefund() external {
        uint256 amount = refundOf[msg.sender];
        delete refundOf[msg.sender];
        hub.withdraw(msg.sender, amount);
    }

    /// @notice The answer to a question. Reverts where there is none yet.
    function answerOf(bytes32 requestId) external view returns (bytes memory output) {
        address pointer = _answers[requestId];
        require(pointer != address(0), NoAnswer(requestId));
        return SSTORE2.read(pointer);
    }

    /// @notice Who waits for the answer, or zero.
    function askerOf(bytes32 requestId) external view returns (address) {
        return _questions[requestId].asker;
    }

    function _take(bytes32 requestId) private returns (Question memory question) {
        question = _questions[requestId];
        require(question.asker != address(0), UnknownQuestion(requestId));
        delete _questions[requestId];
    }
}
