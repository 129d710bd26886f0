// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ModelRegistry} from "../../contracts/models/ModelRegistry.sol";
import {GovernanceFixture, Proposal} from "../governance/support/GovernanceFixture.sol";

/// @notice What each step of a proposal costs as a transaction of its own: base cost, calldata and cold storage are
/// included, refunds are not deducted. The proposal makes one call with two arguments and has a text of 38 bytes. The
/// vault has seven categories, as at genesis.
/// forge-config: default.isolate = true
contract GovernanceGasTest is GovernanceFixture {
    string private constant GROUP = "Governance";
    bytes32 private constant BALLOT = keccak256("Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)");

    /// The genesis has seven categories; the fixture's vault has two.
    function setUp() public override {
        super.setUp();
        for (uint256 i = 0; i < 5; ++i) {
            _addCategory(i);
        }
        _skip(1 hours);
    }

    function test_Gas_Sizes() public {
        vm.snapshotValue(GROUP, "OpgGovernor, runtime size in bytes", address(governor).code.length);
        vm.snapshotValue(GROUP, "Timelock, runtime size in bytes", address(timelock).code.length);
        assertLe(address(governor).code.length, 24_576, "EIP-170");
    }

    function test_Gas_RoutineProposal() public {
        Proposal memory p = _turns(6, 90);
        uint256 id = _propose(alice, p);
        vm.snapshotGasLastCall(GROUP, "propose");
        vm.warp(governor.proposalSnapshot(id) + 1);
        // The first vote of a proposal computes its quorum and stores it for the others.
        _vote(carol, id, FOR);
        vm.snapshotGasLastCall(GROUP, "castVote, first of a proposal");
        _vote(bob, id, AGAINST);
        vm.snapshotGasLastCall(GROUP, "castVote, first against");
        bytes memory signature = _signVote(id);
        governor.castVoteBySig(id, FOR, alice, signature);
        vm.snapshotGasLastCall(GROUP, "castVoteBySig, reaches quorum");
        vm.warp(governor.proposalDeadline(id) + 1);
        _queue(p);
        vm.snapshotGasLastCall(GROUP, "queue, routine");
        _skip(MIN_DELAY);
        _execute(p);
        vm.snapshotGasLastCall(GROUP, "execute, parameter change");
    }

    /// What most voters pay: others have voted before, on the same side, and the quorum is still to come.
    function test_Gas_VoteOfMany() public {
        _give(stranger, 1 ether);
        _delegate(stranger, stranger);
        uint256 id = _open(_turns(6, 90));
        _vote(stranger, id, FOR);
        _vote(carol, id, FOR);
        vm.snapshotGasLastCall(GROUP, "castVote, before quorum");
        _vote(bob, id, FOR);
        bytes memory signature = _signVote(id);
        governor.castVoteBySig(id, FOR, alice, signature);
        vm.snapshotGasLastCall(GROUP, "castVoteBySig, after quorum");
    }

    function test_Gas_UpgradeProposal() public {
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(new ModelRegistry()), ""));
        Proposal memory p = _proposal(address(models), data, "# Upgrade");
        _pass(p);
        _queue(p);
        vm.snapshotGasLastCall(GROUP, "queue, upgrade");
        _skip(UPGRADE_DELAY);
        _execute(p);
        vm.snapshotGasLastCall(GROUP, "execute, upgrade");
    }

    function _signVote(uint256 id) private view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("OPG Governor"),
                keccak256("1"),
                block.chainid,
                address(governor)
            )
        );
        bytes32 structHash = keccak256(abi.encode(BALLOT, id, FOR, alice, 0));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(aliceKey, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }
}
