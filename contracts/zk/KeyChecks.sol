// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IVerifyingKeys} from "../interfaces/IVerifyingKeys.sol";

/// @title What bytes must satisfy to be a key of `Groth16Verifier`
/// @notice A key is -δ, α, -β, the point of the constant 1, -γ, one point per public input, and the lengths of the
/// model's input and output, 16 bytes each: 544 bytes and 64 for each public input, coordinates big-endian, imaginary
/// parts first.
library KeyChecks {
    /// @dev Where the points of the inputs begin, and where others lie.
    uint256 private constant HEAD = 512;
    uint256 private constant ALPHA = 128;
    uint256 private constant CONSTANT = 320;
    uint256 private constant GAMMA = 384;

    /// @notice Reverts unless every coordinate is canonical and every point lies in its group and is not infinity. A
    /// point at infinity would leave something out of the equation: an input with it could be anything. Where γ is δ, as
    /// in a setup to which nobody has contributed, the points of the witness stand in for those of the inputs, and
    /// anybody can prove anything.
    /// @return inputLength Bytes of the model's input.
    /// @return outputLength Bytes of the model's output.
    function check(bytes memory key) internal view returns (uint32 inputLength, uint32 outputLength) {
        uint256 end = key.length < 32 ? 0 : key.length - 32;
        if (end < HEAD + 64 || (end - HEAD) % 64 != 0 || end > 24_000) {
            revert IVerifyingKeys.MalformedKey("its length is not 544 bytes and 64 for each of its inputs");
        }
        uint256 lengths;
        assembly ("memory-safe") {
            lengths := mload(add(key, add(32, end)))
        }
        // The statement, and one input for each 31 bytes begun. Each summand is below 2^128.
        if (1 + ((lengths >> 128) + uint128(lengths) + 30) / 31 != (end - HEAD) / 64) {
            revert IVerifyingKeys.MalformedKey("the lengths of input and output do not fit the number of its inputs");
        }
        _checkSecond(key, 0);
        _checkSecond(key, ALPHA + 64);
        _checkSecond(key, GAMMA);
        _checkFirst(key, ALPHA);
        _checkFirst(key, CONSTANT);
        for (uint256 offset = HEAD; offset < end; offset += 64) {
            _checkFirst(key, offset);
        }
        bool equal;
        assembly ("memory-safe") {
            equal := eq(keccak256(add(key, 32), 128), keccak256(add(key, add(32, GAMMA)), 128))
        }
        if (equal) revert IVerifyingKeys.MalformedKey("its gamma is its delta: nobody contributed to its setup");
        // Both are below 31 times the number of inputs, which a key of this length bounds.
        return (uint32(lengths >> 128), uint32(lengths));
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
        if (!valid) {
            revert IVerifyingKeys.MalformedKey("a point of the first group is infinite, not canonical or not on the curve");
        }
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
        if (!valid) {
            revert IVerifyingKeys.MalformedKey("a point of the second group is infinite, not canonical or not in the group");
        }
    }
}
