// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title Verifier of Groth16 proofs over BN254, for any key
/// @notice One contract serves all models: a model's key lies in the code of another contract, written by
/// `VerifyingKeys`. The public inputs are the upper 253 bits of a statement and, 31 bytes to a field element, the bytes
/// of the model's input followed by those of its output, so that what is hashed and paid for is what was proved.
///
/// ASSUMPTIONS
/// - The key was checked by `VerifyingKeys` and its setup is trusted by whoever relies on the answer: whoever knows the
///   secrets of a setup can prove anything under its key.
/// - The caller hashes what must not be replayed (chain, contract, request) into the statement: see `ZkStatement`.
/// - A valid proof can be turned into another valid proof of the same statement. Nothing may treat a proof's bytes as
///   its identity.
contract Groth16Verifier {
    /// @notice The rest of the gas does not suffice for an answer. Without this, "false" could mean "too little gas".
    error NotEnoughGas();

    /// @dev Bytes of a key beside the points of the public inputs, as `VerifyingKeys` explains.
    uint256 private constant FIXED = 544;

    /// @notice Whether the proof shows that the model of the key turns `input` into `output`, made for `statement`.
    /// @dev False for input and output of other lengths than the model's, a point outside of its group and a coordinate that is not
    /// canonical; the precompiles refuse the last two. Field elements made of the statement and of 31 bytes are always
    /// canonical.
    /// @param key Where the key lies.
    /// @param statement Hash of the context. Its lowest three bits are left out, since they do not fit the field.
    /// @param input The model's input.
    /// @param output The model's output.
    /// @param proof Points A, B and C: 256 bytes, big-endian, imaginary parts first.
    function verify(address key, bytes32 statement, bytes calldata input, bytes calldata output, bytes calldata proof)
        external
        view
        returns (bool)
    {
        // The statement and one input for each 31 bytes begun.
        uint256 count = 1 + (input.length + output.length + 30) / 31;
        if (proof.length != 256 || key.code.length != 1 + FIXED + 64 * count) return false;
        return _check(key, statement, proof, count, _join(input, output));
    }

    /// @dev Copies the bytes into memory, with zeros up to the end of the last 31, and their lengths into the word before,
    /// as a key has them.
    function _join(bytes calldata input, bytes calldata output) private pure returns (uint256 data) {
        assembly ("memory-safe") {
            data := add(mload(0x40), 32)
            mstore(sub(data, 32), or(shl(128, input.length), output.length))
            let middle := add(data, input.length)
            let end := add(middle, output.length)
            calldatacopy(data, input.offset, input.length)
            calldatacopy(middle, output.offset, output.length)
            mstore(end, 0)
            mstore(0x40, add(end, 32))
        }
    }

    /// @dev The pairing equation, for `count` public inputs that `_join` has put at `data`. A precompile that fails takes
    /// all the gas it was given, so each gets a bounded share: several times today's price, lest a repricing stop the
    /// contract.
    function _check(address key, bytes32 statement, bytes calldata proof, uint256 count, uint256 data)
        private
        view
        returns (bool valid)
    {
        assembly ("memory-safe") {
            // Memory from `start`: A, B, C, then the key, whose head is -δ, α, -β, the constant's point, -γ. So the first
            // 768 bytes are what the pairing precompile takes, once the inputs are added to the constant's point. Then
            // the points of the inputs, the lengths, and the sum and a product.
            let start := mload(0x40)
            let point := add(add(start, 768), mul(count, 64))
            let sum := add(point, 32)
            calldatacopy(start, proof.offset, 256)
            extcodecopy(key, add(start, 256), 1, add(544, mul(count, 64)))
            // The sum begins with the constant's point.
            mcopy(sum, add(start, 576), 64)

            valid := eq(mload(point), mload(sub(data, 32)))
            // Backwards, because the scalar of each product overwrites what comes after its point.
            for { data := add(data, mul(sub(count, 1), 31)) } count {} {
                count := sub(count, 1)
                data := sub(data, 31)
                point := sub(point, 64)
                // 31 bytes, or the statement for the first input.
                let scalar := shr(3, statement)
                if count { scalar := shr(8, mload(data)) }
                mstore(add(point, 64), scalar)
                valid := and(valid, staticcall(20000, 7, point, 96, add(sum, 64), 64))
                valid := and(valid, staticcall(1000, 6, sum, 128, sum, 64))
            }
            mcopy(add(start, 576), sum, 64)
            if lt(gas(), 410000) {
                mstore(0, 0xdd629f86) // NotEnoughGas()
                revert(28, 4)
            }
            valid := and(valid, staticcall(400000, 8, start, 768, 0, 32))
            // A precompile that is absent succeeds and returns nothing: what counts is a 32-byte 1.
            valid := and(valid, and(eq(returndatasize(), 32), eq(mload(0), 1)))
        }
    }
}
