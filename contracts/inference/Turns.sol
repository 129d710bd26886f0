// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Order in which operators may answer a request
/// @notice Instead of locking a request, each operator draws u in (0, 1] and waits window · u · total / stake. With n
/// equal stakes the n delays are uniform on (0, n · window], so the earliest is about one window, however many operators
/// there are. Twice the stake halves the delay.
///
/// RANDOMNESS
/// The draw depends on the hash of the block after the request, which the payer cannot know when asking. Who builds that
/// block can try several contents and so choose among a few draws; what can be won this way is the fee of that request.
library Turns {
    /// @notice Seconds that `operator` waits, rounded down.
    /// @param blockHash Hash of the block after the request. Not zero.
    /// @param stake Stake of the operator. Not zero, and at least total / 2^160.
    function delay(
        bytes32 blockHash,
        bytes32 requestId,
        address operator,
        uint32 window,
        uint256 stake,
        uint256 totalStake
    ) internal pure returns (uint256) {
        // u · 2^64, of at most 65 bits; times the window at most 97 bits.
        uint256 draw = uint256(uint64(uint256(keccak256(abi.encode(blockHash, requestId, operator))))) + 1;
        return Math.mulDiv(window * draw, totalStake, stake) >> 64;
    }
}
