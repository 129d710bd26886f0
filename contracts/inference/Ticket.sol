// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the hub keeps of a request: one word, so that the whole life of a request costs one new storage slot.
/// It is one of
/// - zero: no such request;
/// - open: 1;
/// - expired: 2;
/// - answered: the digest of the accepted receipt, at least 2^184.
type Ticket is bytes32;

using {isUnknown, isOpen, isExpired, result} for Ticket global;

Ticket constant OPEN = Ticket.wrap(bytes32(uint256(1)));
Ticket constant EXPIRED = Ticket.wrap(bytes32(uint256(2)));
// Far more room for states than is used, and still no digest falls into it by chance.
uint256 constant RESULT_MINIMUM = 1 << 184;

/// Whether a digest can be told from the other states. Only one in 2^72 cannot, and it is easy to produce another.
function isStorable(bytes32 digest) pure returns (bool) {
    return uint256(digest) >= RESULT_MINIMUM;
}

function isUnknown(Ticket ticket) pure returns (bool) {
    return Ticket.unwrap(ticket) == 0;
}

function isOpen(Ticket ticket) pure returns (bool) {
    return Ticket.unwrap(ticket) == Ticket.unwrap(OPEN);
}

function isExpired(Ticket ticket) pure returns (bool) {
    return Ticket.unwrap(ticket) == Ticket.unwrap(EXPIRED);
}

/// The digest of the accepted receipt, or zero if the request was not answered.
function result(Ticket ticket) pure returns (bytes32) {
    bytes32 word = Ticket.unwrap(ticket);
    return isStorable(word) ? word : bytes32(0);
}
