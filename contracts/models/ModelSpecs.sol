// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IModelRegistry, ModelSpec} from "../interfaces/IModelRegistry.sol";

/// @title What a specification of a model must satisfy to be published
/// @notice Only what on-chain rules or every reader rely on. Digests are claims that whoever serves or uses the model
/// checks against the files.
library ModelSpecs {
    /// The largest share of a fee that the owner of a model can take. An operator must keep at least half of what it
    /// signs for.
    uint16 internal constant MAX_ROYALTY_BPS = 5_000;
    /// Modes 0 (operator-signed), 1 (enclave-signed) and 2 (zero-knowledge).
    uint8 internal constant KNOWN_MODES = 7;
    uint8 internal constant ZERO_KNOWLEDGE = 4;
    uint256 internal constant MAX_LICENCE_LENGTH = 128;
    uint256 internal constant MAX_URI_LENGTH = 512;

    /// @notice Reverts with `InvalidModelSpec` naming the first field that is not acceptable.
    function validate(ModelSpec calldata spec) internal pure {
        require(_isName(spec.task), IModelRegistry.InvalidModelSpec("task"));
        require(spec.weightsDigest != 0, IModelRegistry.InvalidModelSpec("weightsDigest"));
        require(spec.engineProfile != 0, IModelRegistry.InvalidModelSpec("engineProfile"));
        require(spec.modes != 0 && spec.modes <= KNOWN_MODES, IModelRegistry.InvalidModelSpec("modes"));
        require(
            spec.modes & ZERO_KNOWLEDGE == 0 || spec.zkCommitment != 0, IModelRegistry.InvalidModelSpec("zkCommitment")
        );
        require(spec.royaltyBps <= MAX_ROYALTY_BPS, IModelRegistry.InvalidModelSpec("royaltyBps"));
        uint256 licenceLength = bytes(spec.licence).length;
        require(licenceLength != 0 && licenceLength <= MAX_LICENCE_LENGTH, IModelRegistry.InvalidModelSpec("licence"));
        require(bytes(spec.uri).length <= MAX_URI_LENGTH, IModelRegistry.InvalidModelSpec("uri"));
    }

    /// Whether `word` is one or more visible ASCII characters followed by zeros only: then equal names are equal words.
    function _isName(bytes32 word) private pure returns (bool) {
        uint256 length;
        while (length < 32 && word[length] > 0x20 && word[length] < 0x7f) ++length;
        // A shift by 256 bits yields zero: all 32 bytes are the name.
        return length != 0 && uint256(word) << (8 * length) == 0;
    }
}
