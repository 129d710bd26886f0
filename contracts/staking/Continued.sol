// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title A contract whose other functions are in another contract's code
/// @notice What is not a function here is run by the next part, on the storage and in the name of this contract. Parts
/// are immutable, so a proxy that runs the first runs exactly the parts that were audited with it.
abstract contract Continued {
    /// @notice Where the code of the other functions is.
    address public immutable nextPart;

    constructor(address nextPart_) {
        nextPart = nextPart_;
    }

    // solhint-disable-next-line no-complex-fallback, payable-fallback
    fallback() external {
        address part = nextPart;
        // Memory-safe: writes to free memory only, and nothing runs afterwards.
        assembly ("memory-safe") {
            let free := mload(0x40)
            calldatacopy(free, 0, calldatasize())
            let success := delegatecall(gas(), part, free, calldatasize(), 0, 0)
            returndatacopy(free, 0, returndatasize())
            switch success
            case 0 { revert(free, returndatasize()) }
            default { return(free, returndatasize()) }
        }
    }
}
