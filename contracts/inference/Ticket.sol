// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What the hub keeps of a request: one word, so that the whole life of a request costs one new storage slot.
/// It is one of
/// - zero: no such request;
/// - open: recipient of the royalty (160 bits) | royalty in basis points (16) | 1 (8), below 2^184;
/// - expired: 2;
/// - answered: the digest of the accepted receipt, at least 2^184.
///
/// The royalty is that of the moment of the request, so that a fulfilment need not look it up and nobody can change the
/// split of a fee already in escrow.
type Ticket is bytes32;

using {isUnknown, isOpen, isExpired, royaltyBps, royaltyRecipient, result} for Ticket global;

Ticket constant EXPIRED = Ticket.wrap(bytes32(uint256(2)));
uint256 constant OPEN = 1;
uint256 constant RESULT_MINIMUM = 1 << 184;

function openTicket(address recipient, uint16 bps) pure returns (Ticket) {
    return Ticket.wrap(bytes32((uint256(uint160(recipient)) << 24) | (uint256(bps) << 8) | OPEN));
}

/// Whether a digest can be told from the other states. Only one in 2^72 cannot, and it is easy to produce another.
function isStorable(bytes32 digest) pure returns (bool) {
    return uint256(digest) >= RESULT_MINIMUM;
}

function isUnknown(Ticket ticket) pure returns (bool) {
    return Ticket.unwrap(ticket) == 0;
}

function isOpen(Ticket ticket) pure returns (bool) {
    uint256 word = uint256(Ticket.unwrap(ticket));
    return word < RESULT_MINIMUM && uint8(word) == OPEN;
}

function isExpired(Ticket ticket) pure returns (bool) {
    return Ticket.unwrap(ticket) == Ticket.unwrap(EXPIRED);
}

/// Of an open ticket.
function royaltyBps(Ticket ticket) pure returns (uint16) {
    return uint16(uint256(Ticket.unwrap(ticket)) >> 8);
}

/// Of an open ticket.
function royaltyRecipient(Ticket ticket) pure returns (address) {
    return address(uint160(uint256(Ticket.unwrap(ticket)) >> 24));
}

/// The digest of the accepted receipt, or zero if the request was not answered.
function result(Ticket ticket) pure returns (bytes32) {
    bytes32 word = Ticket.unwrap(ticket);
    return isStorable(word) ? word : bytes32(0);
}
