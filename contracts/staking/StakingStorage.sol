// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon, SlashRule, StakingParameters} from "../interfaces/IStakingCommon.sol";
import {History} from "./History.sol";
import {StakeHistory} from "./StakeHistory.sol";
import {StakePool} from "./StakePool.sol";

/// @notice What is stored of an operator besides its histories, pools and rewards. One slot.
struct OperatorState {
    IStakingCommon.OperatorStatus status;
    uint8 roles;
    uint40 jailedUntil;
    uint32 slashCount;
    /// Slashes that are neither executed nor vetoed.
    uint32 openSlashes;
}

/// @notice Bonded shares of an account at an operator. One slot.
struct Position {
    uint112 shares;
    /// OPG wei in custody for the shares. Zero for an operator's own stake, whose pool has no other owner.
    uint96 booked;
    /// Generation of the pool that `shares` belong to.
    uint16 generation;
    uint24 lastId;
    uint8 openUnbonds;
}

/// @notice Shares that are unbonding. One slot.
struct Unbond {
    uint112 shares;
    uint96 booked;
    uint32 maturesAt;
    uint16 generation;
}

/// @notice What slashes for one offence have taken within one cool-down.
struct SlashWindow {
    uint40 start;
    uint96 taken;
}

/// @notice When an open slash can be executed.
struct OpenSlash {
    uint40 executableAt;
    bool suspended;
}

/// @notice Stake of an operator that may not leave while disputes about it are open. One slot.
struct Freeze {
    /// OPG wei that have to stay, for all open disputes of the round together.
    uint96 amount;
    /// When the round began, and when it ends at the latest.
    uint40 since;
    uint40 until;
    /// Disputes that are not decided.
    uint32 open;
    /// Counts from one. What belongs to an earlier round has expired.
    uint32 round;
}

/// @notice What stake earns now. One slot.
struct RewardStream {
    /// Wei that one wei of active stake has earned since the beginning, times 2^64.
    uint96 index;
    /// Time up to which `index` counts.
    uint32 updatedAt;
    /// When the stream runs dry. It waits while nobody is active.
    uint32 until;
    /// Wei per second, for all active stake together.
    uint64 rate;
    /// Pairs in the history of all active stake: it changes when this slot does.
    uint32 totalPairs;
}

/// @notice What an operator earns. One slot.
struct OperatorRewards {
    /// The stream's index up to which the operator and its pool were given their parts.
    uint96 index;
    /// Wei that the operator can claim: what its own stake earned, and its commission.
    uint96 owed;
    /// Commission before `commissionFrom`, and from then on.
    uint16 commissionBps;
    uint16 nextCommissionBps;
    uint32 commissionFrom;
}

/// @notice What an account earns in a delegators' pool. One slot.
struct MemberRewards {
    /// The pool's index up to which `owed` counts.
    uint96 index;
    uint96 owed;
}

/// @title Storage of Staking
library StakingStorage {
    /// @custom:storage-location erc7201:opg.storage.Staking
    struct Layout {
        StakingParameters parameters;
        /// Everyone who ever registered.
        address[] operators;
        StakeHistory.Trace totalStake;
        mapping(address operator => OperatorState state) states;
        mapping(address operator => History.Trace signers) signers;
        mapping(address operator => StakeHistory.Trace stakes) stakes;
        mapping(address operator => StakePool pool) ownPools;
        mapping(address operator => StakePool pool) delegatedPools;
        mapping(address operator => mapping(address account => Position position)) positions;
        mapping(address operator => mapping(address account => mapping(uint256 id => Unbond unbond))) unbonds;
        mapping(address account => mapping(address agent => bool allowed)) agents;
        mapping(uint8 offence => SlashRule rule) rules;
        mapping(address operator => mapping(uint8 offence => SlashWindow window)) windows;
        mapping(bytes32 slashId => OpenSlash open) slashes;
        RewardStream stream;
        mapping(address operator => OperatorRewards rewards) operatorRewards;
        mapping(address operator => mapping(address account => MemberRewards rewards)) memberRewards;
        /// The pool's index when a generation of its shares ended.
        mapping(address operator => mapping(uint16 generation => uint96 index)) lastIndexes;
        mapping(address operator => Freeze freeze) freezes;
    }

    // keccak256(abi.encode(uint256(keccak256("opg.storage.Staking")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant LOCATION = 0xdfa67ed5ed67ff8c2acfb46a4f4a27608d177be760306842fd0b28f174acb700;

    function load() internal pure returns (Layout storage $) {
        assembly ("memory-safe") {
            $.slot := LOCATION
        }
    }
}
