// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title The delegate of tokens that must not vote
/// @notice Nobody has the key of this address, so votes delegated to it are never cast; quorum leaves them out. The
/// treasury delegates to it from its first moment, and whoever else holds tokens that shall not count may do the same.
/// Delegating to it lowers the quorum by a fraction of what it costs in votes, so it is never a way to win.
library Sentinel {
    address internal constant ACCOUNT = address(uint160(uint256(keccak256("opg.locked"))));
}
