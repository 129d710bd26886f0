// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Many calls in one, for readers
/// @notice The two functions of the public Multicall3 (0xcA11bde05977b3631167028862bE2a173976CA11) that x402 clients and viem call,
/// for development chains that do not have it. Nobody should give it rights: anyone can make it call anything.
contract Multicall3 {
    struct Call {
        address target;
        bytes callData;
    }

    struct Call3 {
        address target;
        bool allowFailure;
        bytes callData;
    }

    struct Result {
        bool success;
        bytes returnData;
    }

    error CallFailed(uint256 index, bytes returnData);

    /// @notice Makes the calls in order. Reverts with the first that fails if all are required to succeed.
    function tryAggregate(bool requireSuccess, Call[] calldata calls) external returns (Result[] memory returnData) {
        returnData = new Result[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            returnData[i] = _call(i, calls[i].target, calls[i].callData, !requireSuccess);
        }
    }

    /// @notice Makes the calls in order. Reverts with the first that fails and must not.
    function aggregate3(Call3[] calldata calls) external returns (Result[] memory returnData) {
        returnData = new Result[](calls.length);
        for (uint256 i; i < calls.length; ++i) {
            returnData[i] = _call(i, calls[i].target, calls[i].callData, calls[i].allowFailure);
        }
    }

    function _call(uint256 index, address target, bytes calldata data, bool mayFail)
        private
        returns (Result memory result)
    {
        // Whom to call is the caller's choice.
        // slither-disable-next-line low-level-calls,calls-loop
        (result.success, result.returnData) = target.call(data); // solhint-disable-line avoid-low-level-calls
        require(result.success || mayFail, CallFailed(index, result.returnData));
    }
}
