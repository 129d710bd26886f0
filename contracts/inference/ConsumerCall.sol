// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IInferenceConsumer, IInferenceHub} from "../interfaces/IInferenceHub.sol";

/// @title Delivery of an answer to a contract that is not trusted
/// @notice The consumer gets exactly the gas that the request promised: not less, whoever sends the transaction, and not
/// more, whatever the consumer does. Nothing that it returns is copied.
library ConsumerCall {
    /// What the hub needs besides the callback's gas: the call itself (2,600 for an account not yet touched) and then
    /// the record of its failure (a new storage slot for 22,100, a log for 1,500, some hashing).
    uint256 internal constant RESERVE = 40_000;

    /// @notice Calls `consumer.onInference`. Reverts with `CallbackGasUnavailable` where the sender left too little gas,
    /// which undoes all that the transaction did: a sender cannot make a callback fail by starving it.
    /// @return delivered Whether the call succeeded.
    function deliver(address consumer, uint32 callbackGas, bytes32 requestId, bytes calldata output, uint128 fee)
        internal
        returns (bool delivered)
    {
        bytes memory data = abi.encodeCall(IInferenceConsumer.onInference, (requestId, output, fee));
        // EIP-150: a call gets at most 63/64 of the gas that is left.
        uint256 needed = (uint256(callbackGas) * 64) / 63 + RESERVE;
        uint256 available = gasleft();
        require(available >= needed, IInferenceHub.CallbackGasUnavailable(available, needed));
        // OpenZeppelin's LowLevelCall ignores returned data in the same way but forwards all gas.
        assembly ("memory-safe") {
            delivered := call(callbackGas, consumer, 0, add(data, 0x20), mload(data), 0, 0)
        }
    }
}
