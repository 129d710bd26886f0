// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IDepositCollector} from "../interfaces/IBatchSettlement.sol";

/// @notice What the collector needs of a token: ERC-3009 with signatures as bytes.
interface IReceiveWithAuthorization {
    /// @notice Moves tokens of `from`, who signed for it, to the caller.
    function receiveWithAuthorization(
        address from,
        address to,
        uint256 value,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 nonce,
        bytes calldata signature
    ) external;
}

/// @title Takes deposits by a payer's ERC-3009 authorization
/// @notice The payer signs `ReceiveWithAuthorization` to this contract with the nonce
/// `keccak256(abi.encode(bytes32 channelId, uint256 salt))`: the tokens can go to that channel only. Holds nothing between calls.
contract Erc3009DepositCollector is IDepositCollector {
    using SafeTransferLib for address;

    /// @notice The only contract that may collect: where x402 clients expect it, and where the devnet has ours.
    address public constant SETTLEMENT = 0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003;

    error NotSettlement(address caller);

    /// @inheritdoc IDepositCollector
    /// @param collectorData abi.encode(uint256 validAfter, uint256 validBefore, uint256 salt, bytes signature)
    function collect(
        address payer,
        address token,
        uint256 amount,
        bytes32 channelId,
        address,
        bytes calldata collectorData
    ) external override {
        require(msg.sender == SETTLEMENT, NotSettlement(msg.sender));
        (uint256 validAfter, uint256 validBefore, uint256 salt, bytes memory signature) =
            abi.decode(collectorData, (uint256, uint256, uint256, bytes));
        bytes32 nonce = keccak256(abi.encode(channelId, salt));
        IReceiveWithAuthorization(token)
            .receiveWithAuthorization(payer, address(this), amount, validAfter, validBefore, nonce, signature);
        token.safeTransfer(SETTLEMENT, amount);
    }
}
