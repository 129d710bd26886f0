// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Test} from "forge-std/Test.sol";
import {OpgGovernor} from "../../../contracts/governance/OpgGovernor.sol";

/// @notice What a proposer submits.
struct Proposal {
    address[] targets;
    uint256[] values;
    bytes[] calldatas;
    string description;
}

/// @notice Proposals and votes with any governor.
abstract contract Proposals is Test {
    uint8 internal constant AGAINST = 0;
    uint8 internal constant FOR = 1;
    uint8 internal constant ABSTAIN = 2;

    OpgGovernor internal governor;

    function _skip(uint256 time) internal {
        vm.warp(vm.getBlockTimestamp() + time);
    }

    function _proposal(address target, bytes memory data, string memory description)
        internal
        pure
        returns (Proposal memory p)
    {
        p = Proposal(new address[](1), new uint256[](1), new bytes[](1), description);
        p.targets[0] = target;
        p.calldatas[0] = data;
    }

    function _and(Proposal memory p, address target, bytes memory data) internal pure returns (Proposal memory q) {
        uint256 length = p.targets.length;
        q = Proposal(new address[](length + 1), new uint256[](length + 1), new bytes[](length + 1), p.description);
        for (uint256 i = 0; i < length; ++i) {
            (q.targets[i], q.values[i], q.calldatas[i]) = (p.targets[i], p.values[i], p.calldatas[i]);
        }
        q.targets[length] = target;
        q.calldatas[length] = data;
    }

    function _hash(Proposal memory p) internal pure returns (bytes32) {
        return keccak256(bytes(p.description));
    }

    function _idOf(Proposal memory p) internal view returns (uint256) {
        return governor.getProposalId(p.targets, p.values, p.calldatas, _hash(p));
    }

    function _propose(address proposer, Proposal memory p) internal returns (uint256 id) {
        vm.prank(proposer);
        id = governor.propose(p.targets, p.values, p.calldatas, p.description);
    }

    function _vote(address voter, uint256 id, uint8 support) internal returns (uint256) {
        vm.prank(voter);
        return governor.castVote(id, support);
    }

    function _queue(Proposal memory p) internal returns (uint256) {
        return governor.queue(p.targets, p.values, p.calldatas, _hash(p));
    }

    function _execute(Proposal memory p) internal returns (uint256) {
        return governor.execute(p.targets, p.values, p.calldatas, _hash(p));
    }

    function _cancel(address caller, Proposal memory p) internal returns (uint256) {
        vm.prank(caller);
        return governor.cancel(p.targets, p.values, p.calldatas, _hash(p));
    }

    function _assertState(uint256 id, IGovernor.ProposalState expected) internal view {
        assertEq(uint8(governor.state(id)), uint8(expected), "state");
    }

    function _expectState(uint256 id, IGovernor.ProposalState current, uint256 allowed) internal {
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorUnexpectedProposalState.selector, id, current, bytes32(allowed))
        );
    }
}
