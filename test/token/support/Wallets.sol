// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

/// @notice Smart wallet with one owner that accepts any digest its owner signed, without binding it to itself: the
/// weakest ERC-1271 wallet that is in use.
contract OwnedWallet is IERC1271 {
    address private immutable OWNER;

    constructor(address owner) {
        OWNER = owner;
    }

    function isValidSignature(bytes32 digest, bytes calldata signature) external view override returns (bytes4) {
        return ECDSA.recover(digest, signature) == OWNER ? IERC1271.isValidSignature.selector : bytes4(0);
    }
}

/// @notice Wallet that answers with a value that is not the magic one.
contract RefusingWallet is IERC1271 {
    function isValidSignature(bytes32, bytes calldata) external pure override returns (bytes4) {
        return 0xffffffff;
    }
}

/// @notice Contract without ERC-1271 that accepts every call and returns nothing.
contract SilentContract {
    fallback() external {}
}
