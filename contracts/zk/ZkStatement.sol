// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice What a proof of execution is bound to beside its input and output, so that it serves nothing else.
struct ZkContext {
    /// The model version that ran.
    bytes32 modelVersion;
    /// The request that is answered.
    bytes32 requestId;
    /// Who answers and is paid. Otherwise whoever saw a proof on its way to the chain could be paid for it.
    address operator;
    /// Position in a batch, from 0.
    uint32 batchIndex;
    /// How many are in the batch.
    uint32 batchSize;
}

/// @title The statement of a proof of execution
library ZkStatement {
    bytes32 private constant DOMAIN = keccak256("OPG zkML statement v1");

    /// @notice The hash of the context with the real input and output, for this chain and the calling contract.
    function digest(ZkContext memory context, bytes calldata input, bytes calldata output)
        internal
        view
        returns (bytes32)
    {
        return keccak256(
            abi.encode(
                DOMAIN,
                block.chainid,
                address(this),
                context.modelVersion,
                context.requestId,
                context.operator,
                keccak256(input),
                keccak256(output),
                context.batchIndex,
                context.batchSize
            )
        );
    }
}
