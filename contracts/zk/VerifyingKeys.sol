// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SSTORE2} from "solady/utils/SSTORE2.sol";

/// @title Keys of `Groth16Verifier`, checked and kept as code
/// @notice A key is -δ, α, -β, the point of the constant 1, -γ, one point per public input, and the lengths of the
/// model's input and output, 16 bytes each: 544 bytes and 64 for each public input, coordinates big-endian, imaginary
/// parts first. Keeping it as code costs a fraction of storage, to write and to
/// read.
library VerifyingKeys {
    /// @notice The bytes are no key: see the reason.
    error MalformedKey(string reason);

    /// @dev Where the points of the inputs begin, and where two others lie.
    uint256 private constant HEAD = 512;
    uint256 private constant ALPHA = 128;
    uint256 private constant CONSTANT = 320;

    /// @notice Checks a key and writes it.
    /// @return pointer The contract whose code is the key.
    function store(bytes memory key) internal returns (address pointer) {
        check(key);
        return SSTORE2.write(key);
    }

    /// @notice Reverts unless every coordinate is canonical and every point lies in its group and is not infinity. A
    /// point at infinity would leave something out of the equation: an input with it could be anything.
    function check(bytes memory key) internal view {
        uint256 end = key.length < 32 ? 0 : key.length - 32;
        if (end < HEAD + 64 || (end - HEAD) % 64 != 0 || end > 24_000) {
            revert MalformedKey("its length is not 544 bytes and 64 for each of its inputs");
        }
        uint256 lengths;
        assembly ("memory-safe") {
            lengths := mload(add(key, add(32, end)))
        }
        // The statement, and one input for each 31 bytes begun. Each summand is below 2^128.
        if (1 + ((lengths >> 128) + uint128(lengths) + 30) / 31 != (end - HEAD) / 64) {
            revert MalformedKey("the lengths of input and output do not fit the number of its inputs");
        }
        _checkSecond(key, 0);
        _checkSecond(key, ALPHA + 64);
        _checkSecond(key, CONSTANT + 64);
        _checkFirst(key, ALPHA);
        _checkFirst(key, CONSTANT);
        for (uint256 offset = HEAD; offset < end; offset += 64) {
            _checkFirst(key, offset);
        }
    }

    /// @dev Adding infinity is how the precompile is asked whether a point is on the curve.
    function _checkFirst(bytes memory key, uint256 offset) private view {
        bool valid;
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mcopy(buffer, add(add(key, 32), offset), 64)
            mstore(add(buffer, 64), 0)
            mstore(add(buffer, 96), 0)
            let infinite := iszero(or(mload(buffer), mload(add(buffer, 32))))
            valid := staticcall(1000, 6, buffer, 128, buffer, 64)
            // A precompile that is absent succeeds and returns nothing.
            valid := and(and(valid, eq(returndatasize(), 64)), iszero(infinite))
        }
        if (!valid) revert MalformedKey("a point of the first group is infinite, not canonical or not on the curve");
    }

    /// @dev A pairing with infinity is 1, if the point is in its group at all.
    function _checkSecond(bytes memory key, uint256 offset) private view {
        bool valid;
        assembly ("memory-safe") {
            let buffer := mload(0x40)
            mstore(buffer, 0)
            mstore(add(buffer, 32), 0)
            mcopy(add(buffer, 64), add(add(key, 32), offset), 128)
            let infinite :=
                iszero(
                    or(
                        or(mload(add(buffer, 64)), mload(add(buffer, 96))),
                        or(mload(add(buffer, 128)), mload(add(buffer, 160)))
                    )
                )
            mstore(0, 0)
            valid := staticcall(200000, 8, buffer, 192, 0, 32)
            valid := and(and(valid, eq(returndatasize(), 32)), and(eq(mload(0), 1), iszero(infinite)))
        }
        if (!valid) revert MalformedKey("a point of the second group is infinite, not canonical or not in the group");
    }
}
