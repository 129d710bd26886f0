// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IInferenceConsumer, IInferenceHub} from "../../../contracts/interfaces/IInferenceHub.sol";

/// @notice Takes every answer and remembers what it got and with how much gas.
contract Recorder is IInferenceConsumer {
    bytes32 public lastRequest;
    bytes public lastOutput;
    uint128 public lastFee;
    uint256 public calls;
    uint256 public gasAtEntry;

    constructor(IInferenceHub hub, IERC20 opg) {
        opg.approve(address(hub), type(uint256).max);
    }

    function onInference(bytes32 requestId, bytes calldata output, uint128 fee) public virtual {
        gasAtEntry = gasleft();
        (lastRequest, lastOutput, lastFee) = (requestId, output, fee);
        ++calls;
    }
}

/// @notice Fails in a way that can be chosen, and can be told to take answers after all.
contract FailingConsumer is Recorder {
    enum Failure {
        None,
        Revert,
        BurnAllGas,
        ReturnBomb,
        RevertBomb,
        InvalidOpcode
    }

    Failure public failure;

    constructor(IInferenceHub hub, IERC20 opg) Recorder(hub, opg) {}

    function setFailure(Failure failure_) external {
        failure = failure_;
    }

    function onInference(bytes32 requestId, bytes calldata output, uint128 fee) public override {
        if (failure == Failure.Revert) revert("not today");
        if (failure == Failure.BurnAllGas) while (true) {}
        // One megabyte: 2.2 million gas for whoever copies it, one tenth of that for its maker.
        if (failure == Failure.ReturnBomb) _bomb(true);
        if (failure == Failure.RevertBomb) _bomb(false);
        if (failure == Failure.InvalidOpcode) {
            assembly ("memory-safe") {
                invalid()
            }
        }
        super.onInference(requestId, output, fee);
    }

    function _bomb(bool succeed) private pure {
        assembly ("memory-safe") {
            // As much memory as the callback's gas pays for: 420 kB cost about 380,000 gas.
            if succeed { return(0, 420000) }
            revert(0, 420000)
        }
    }
}

/// @notice Enters every function of the hub again from its callback.
contract ReentrantConsumer is Recorder {
    IInferenceHub private immutable hub;
    bytes[] private _attempts;
    bool private _closed;
    bool[] public succeeded;
    bytes[] public reasons;

    constructor(IInferenceHub hub_, IERC20 opg) Recorder(hub_, opg) {
        hub = hub_;
    }

    /// While closed, every callback fails.
    function setClosed(bool closed) external {
        _closed = closed;
    }

    function attempt(bytes calldata call) external {
        _attempts.push(call);
    }

    function attempts() external view returns (uint256) {
        return succeeded.length;
    }

    function onInference(bytes32 requestId, bytes calldata output, uint128 fee) public override {
        require(!_closed, "closed");
        for (uint256 i = 0; i < _attempts.length; ++i) {
            (bool success, bytes memory reason) = address(hub).call(_attempts[i]);
            succeeded.push(success);
            reasons.push(reason);
        }
        super.onInference(requestId, output, fee);
    }
}
