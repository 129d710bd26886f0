// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1155Receiver} from "@openzeppelin/contracts/interfaces/IERC1155Receiver.sol";
import {IERC165} from "@openzeppelin/contracts/interfaces/IERC165.sol";
import {IERC5267} from "@openzeppelin/contracts/interfaces/IERC5267.sol";
import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";
import {GovernorProposeBySig} from "../../contracts/governance/GovernorProposeBySig.sol";
import {OwnedWallet, RefusingWallet} from "../token/support/Wallets.sol";
import {GovernanceFixture, Proposal} from "./support/GovernanceFixture.sol";

/// @notice Proposals and votes by signature, front-running, and what third-party pages read. The signed types are written
/// out here a second time, independently of the contract.
contract ProposingTest is GovernanceFixture {
    bytes32 private constant BALLOT = keccak256("Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)");
    bytes32 private constant EXTENDED_BALLOT = keccak256(
        "ExtendedBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce,string reason,bytes params)"
    );
    bytes32 private constant PROPOSAL = keccak256(
        "Proposal(address proposer,address[] targets,uint256[] values,bytes[] calldatas,string description,uint256 nonce,uint256 deadline)"
    );

    uint256 private later;

    function setUp() public override {
        super.setUp();
        later = vm.getBlockTimestamp() + 1 days;
    }

    function _sign(uint256 key, address verifier, bytes32 structHash) private view returns (bytes memory) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("OPG Governor"),
                keccak256("1"),
                block.chainid,
                verifier
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, keccak256(abi.encodePacked(hex"1901", domain, structHash)));
        return abi.encodePacked(r, s, v);
    }

    function _signProposal(Proposal memory p, address proposer, uint256 nonce, uint256 deadline)
        private
        view
        returns (bytes memory)
    {
        // An array is hashed as its elements one after the other, 32 bytes each; bytes as their hash.
        bytes memory targets;
        bytes memory values;
        bytes memory calldatas;
        for (uint256 i = 0; i < p.targets.length; ++i) {
            targets = bytes.concat(targets, abi.encode(p.targets[i]));
            values = bytes.concat(values, abi.encode(p.values[i]));
            calldatas = bytes.concat(calldatas, keccak256(p.calldatas[i]));
        }
        bytes32 structHash = keccak256(
            abi.encode(
                PROPOSAL,
                proposer,
                keccak256(targets),
                keccak256(values),
                keccak256(calldatas),
                keccak256(bytes(p.description)),
                nonce,
                deadline
            )
        );
        return _sign(aliceKey, address(governor), structHash);
    }

    function _submit(Proposal memory p, address proposer, uint256 deadline, bytes memory signature)
        private
        returns (uint256)
    {
        vm.prank(stranger);
        return governor.proposeBySig(p.targets, p.values, p.calldatas, p.description, proposer, deadline, signature);
    }

    function _signVote(uint256 id, uint8 support, address voter, uint256 nonce) private view returns (bytes memory) {
        return _sign(aliceKey, address(governor), keccak256(abi.encode(BALLOT, id, support, voter, nonce)));
    }

    function _expectInvalidSignature(address signer) private {
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorInvalidSignature.selector, signer));
    }

    // Proposals by signature

    function test_ProposeBySig_TheSignerIsTheProposer() public {
        Proposal memory p = _and(_turns(6, 90), address(opg), abi.encodeCall(opg.transfer, (bob, 1)));
        p.values[1] = 7;
        uint256 id = _submit(p, alice, later, _signProposal(p, alice, 0, later));
        assertEq(id, _idOf(p));
        assertEq(governor.proposalProposer(id), alice);
        assertEq(governor.nonces(alice), 1);
        _cancel(alice, p);
    }

    /// G13: a signature is good for one proposal, once, until its deadline.
    function test_RevertWhen_ProposalSignatureIsReplayedAlteredOrLate() public {
        Proposal memory p = _turns(6, 90);
        bytes memory signature = _signProposal(p, alice, 0, later);
        Proposal memory q = _turns(7, 90);
        _expectInvalidSignature(alice);
        _submit(q, alice, later, signature);
        q = _turns(6, 90);
        q.values[0] = 1;
        _expectInvalidSignature(alice);
        _submit(q, alice, later, signature);
        q = _turns(6, 90);
        q.description = "# Narrow the turns";
        _expectInvalidSignature(alice);
        _submit(q, alice, later, signature);
        q = _turns(6, 90);
        q.targets[0] = address(models);
        _expectInvalidSignature(alice);
        _submit(q, alice, later, signature);
        _expectInvalidSignature(bob);
        _submit(p, bob, later, signature);
        _expectInvalidSignature(alice);
        _submit(p, alice, later + 1, signature);
        // None of it used the signature up.
        _submit(p, alice, later, signature);
        _expectInvalidSignature(alice);
        _submit(p, alice, later, signature);

        q = _turns(7, 90);
        signature = _signProposal(q, alice, 1, later);
        vm.warp(later + 1);
        vm.expectRevert(abi.encodeWithSelector(GovernorProposeBySig.GovernorExpiredSignature.selector, later));
        _submit(q, alice, later, signature);
        vm.warp(later);
        _submit(q, alice, later, signature);
    }

    function test_RevertWhen_SignerHasTooFewVotes() public {
        Proposal memory p = _turns(6, 90);
        vm.prank(alice);
        opg.transfer(bob, 20_000_000 ether);
        _skip(1);
        bytes memory signature = _signProposal(p, alice, 0, later);
        vm.expectRevert(
            abi.encodeWithSelector(IGovernor.GovernorInsufficientProposerVotes.selector, alice, 0, THRESHOLD)
        );
        _submit(p, alice, later, signature);
    }

    function test_ProposeBySig_AsksWalletsByERC1271() public {
        address wallet = address(new OwnedWallet(alice));
        _give(wallet, THRESHOLD);
        _delegate(wallet, wallet);
        _skip(1);
        Proposal memory p = _turns(6, 90);
        // The signature of the owner for itself is none of the wallet, which accepts whatever its owner signed.
        bytes memory signature = _signProposal(p, alice, 0, later);
        _expectInvalidSignature(wallet);
        _submit(p, wallet, later, signature);
        uint256 id = _submit(p, wallet, later, _signProposal(p, wallet, 0, later));
        assertEq(governor.proposalProposer(id), wallet);
        address refusing = address(new RefusingWallet());
        _expectInvalidSignature(refusing);
        _submit(p, refusing, later, "");
    }

    // Front-running

    /// G14: a proposal that names its proposer can be submitted by nobody else.
    function test_FrontRunning_IsRefusedWhereTheProposerIsNamed() public {
        Proposal memory p = _turns(6, 90);
        p.description = string.concat("# Widen the turns\n\n#proposer=", Strings.toHexString(alice));
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorRestrictedProposer.selector, bob));
        _propose(bob, p);
        uint256 id = _propose(alice, p);
        assertEq(governor.proposalProposer(id), alice);

        // By signature it is the signer who must be named, not the sender.
        p.description = string.concat("# Again\n\n#proposer=", Strings.toHexString(bob));
        bytes memory signature = _signProposal(p, alice, 0, later);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorRestrictedProposer.selector, alice));
        _submit(p, alice, later, signature);
        p.description = string.concat("# Again\n\n#proposer=", Strings.toHexString(alice));
        _submit(p, alice, later, _signProposal(p, alice, 0, later));
    }

    /// Without the suffix the copy is possible, and that is what the suffix is for.
    function test_FrontRunning_IsPossibleOtherwise() public {
        Proposal memory p = _turns(6, 90);
        uint256 id = _propose(bob, p);
        assertEq(governor.proposalProposer(id), bob);
        vm.expectPartialRevert(IGovernor.GovernorUnexpectedProposalState.selector);
        _propose(alice, p);
    }

    // Votes by signature

    /// G15: a vote's signature is good for one vote of one voter.
    function test_VoteBySig_CountsOnceForTheSigner() public {
        uint256 id = _open(_turns(6, 90));
        bytes memory signature = _signVote(id, FOR, alice, 0);
        _expectInvalidSignature(alice);
        governor.castVoteBySig(id, AGAINST, alice, signature);
        _expectInvalidSignature(bob);
        governor.castVoteBySig(id, FOR, bob, signature);
        vm.prank(stranger);
        governor.castVoteBySig(id, FOR, alice, signature);
        assertTrue(governor.hasVoted(id, alice));
        _expectInvalidSignature(alice);
        governor.castVoteBySig(id, FOR, alice, signature);
        bytes memory second = _signVote(id, FOR, alice, 1);
        vm.expectRevert(abi.encodeWithSelector(IGovernor.GovernorAlreadyCastVote.selector, alice));
        governor.castVoteBySig(id, FOR, alice, second);
        (, uint256 inFavour,) = governor.proposalVotes(id);
        assertEq(inFavour, 20_000_000 ether);
    }

    function test_VoteBySig_IsBoundToGovernorAndProposal() public {
        uint256 id = _open(_turns(6, 90));
        uint256 other = _open(_turns(7, 90));
        bytes memory signature = _signVote(id, FOR, alice, 0);
        _expectInvalidSignature(alice);
        governor.castVoteBySig(other, FOR, alice, signature);
        signature = _sign(aliceKey, address(opg), keccak256(abi.encode(BALLOT, id, FOR, alice, 0)));
        _expectInvalidSignature(alice);
        governor.castVoteBySig(id, FOR, alice, signature);
    }

    function test_VoteBySig_WithReasonAndFromAWallet() public {
        address wallet = address(new OwnedWallet(alice));
        _give(wallet, 3 ether);
        _delegate(wallet, wallet);
        uint256 id = _open(_turns(6, 90));
        bytes32 structHash =
            keccak256(abi.encode(EXTENDED_BALLOT, id, FOR, wallet, 0, keccak256("because"), keccak256("")));
        bytes memory signature = _sign(aliceKey, address(governor), structHash);
        vm.expectEmit(address(governor));
        emit IGovernor.VoteCast(wallet, id, FOR, 3 ether, "because");
        governor.castVoteWithReasonAndParamsBySig(id, FOR, wallet, "because", "", signature);
    }

    // Third-party pages

    function test_Pages_FindWhatTheyExpect() public view {
        assertEq(governor.name(), "OPG Governor");
        assertEq(governor.version(), "1");
        assertEq(governor.COUNTING_MODE(), "support=bravo&quorum=for,abstain");
        assertEq(governor.CLOCK_MODE(), "mode=timestamp");
        assertEq(governor.CLOCK_MODE(), opg.CLOCK_MODE());
        assertEq(governor.clock(), vm.getBlockTimestamp());
        assertEq(governor.BALLOT_TYPEHASH(), BALLOT);
        assertEq(governor.EXTENDED_BALLOT_TYPEHASH(), EXTENDED_BALLOT);
        assertEq(governor.PROPOSAL_TYPEHASH(), PROPOSAL);
        assertEq(governor.quorumDenominator(), 100);
        assertTrue(governor.proposalNeedsQueuing(0));
        (, string memory name, string memory version,, address verifier,,) = IERC5267(governor).eip712Domain();
        assertEq(name, "OPG Governor");
        assertEq(version, "1");
        assertEq(verifier, address(governor));
    }

    function test_Pages_FindTheInterfaceIds() public view {
        assertTrue(governor.supportsInterface(type(IERC165).interfaceId));
        assertTrue(governor.supportsInterface(type(IGovernor).interfaceId));
        // The identifier from before `getProposalId`, which older pages ask for.
        assertTrue(governor.supportsInterface(type(IGovernor).interfaceId ^ IGovernor.getProposalId.selector));
        assertTrue(governor.supportsInterface(type(IERC1155Receiver).interfaceId));
        assertFalse(governor.supportsInterface(0xffffffff));
        assertTrue(timelock.supportsInterface(type(IERC1155Receiver).interfaceId));
    }

    /// Whatever arrives at the governor would be stuck there, so nothing can.
    function test_Governor_TakesNoEther() public {
        vm.deal(alice, 1 ether);
        vm.prank(alice);
        (bool success,) = address(governor).call{value: 1 ether}("");
        assertFalse(success);
        vm.prank(alice);
        (success,) = address(timelock).call{value: 1 ether}("");
        assertTrue(success);
        assertEq(address(timelock).balance, 1 ether);
    }
}
