// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Governor} from "@openzeppelin/contracts/governance/Governor.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

/// @title Proposals by signature
/// @notice Anyone may submit what somebody signed; the signer is the proposer. Accounts with code sign by ERC-1271.
abstract contract GovernorProposeBySig is Governor {
    /// @notice Type of a signed proposal. The nonce is the proposer's next one, shared with its votes by signature.
    bytes32 public constant PROPOSAL_TYPEHASH = keccak256(
        "Proposal(address proposer,address[] targets,uint256[] values,bytes[] calldatas,string description,uint256 nonce,uint256 deadline)"
    );

    /// @notice The proposal was signed to be submitted until `deadline`, unix time.
    error GovernorExpiredSignature(uint256 deadline);

    /// @notice Submits a proposal that `proposer` signed. All conditions of `propose` apply to `proposer`.
    /// @param deadline Last second at which the signature may be used.
    /// @param signature 65 bytes r, s, v, or what the code of `proposer` accepts.
    function proposeBySig(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description,
        address proposer,
        uint256 deadline,
        bytes memory signature
    ) public returns (uint256 proposalId) {
        if (block.timestamp > deadline) revert GovernorExpiredSignature(deadline);
        bytes32 structHash = keccak256(
            abi.encode(
                PROPOSAL_TYPEHASH,
                proposer,
                keccak256(abi.encodePacked(targets)),
                keccak256(abi.encodePacked(values)),
                _hashAll(calldatas),
                keccak256(bytes(description)),
                _useNonce(proposer),
                deadline
            )
        );
        if (!SignatureChecker.isValidSignatureNow(proposer, _hashTypedDataV4(structHash), signature)) {
            revert GovernorInvalidSignature(proposer);
        }
        return _proposeAs(proposer, targets, values, calldatas, description);
    }

    /// @inheritdoc Governor
    function propose(
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) public virtual override returns (uint256) {
        return _proposeAs(_msgSender(), targets, values, calldatas, description);
    }

    /// @dev What `Governor.propose` does, for a proposer that need not be the caller.
    function _proposeAs(
        address proposer,
        address[] memory targets,
        uint256[] memory values,
        bytes[] memory calldatas,
        string memory description
    ) private returns (uint256) {
        if (!_isValidDescriptionForProposer(proposer, description)) {
            revert GovernorRestrictedProposer(proposer);
        }
        uint256 threshold = proposalThreshold();
        // As of the second before: tokens borrowed for a transaction do not count.
        uint256 votes = getVotes(proposer, clock() - 1);
        if (votes < threshold) revert GovernorInsufficientProposerVotes(proposer, votes, threshold);
        return _propose(targets, values, calldatas, description, proposer);
    }

    function _hashAll(bytes[] memory items) private pure returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](items.length);
        for (uint256 i = 0; i < items.length; ++i) {
            hashes[i] = keccak256(items[i]);
        }
        return keccak256(abi.encodePacked(hashes));
    }
}
