// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {InferenceReceipt} from "../../../contracts/interfaces/IProofRegistry.sol";

/// @notice The receipt's EIP-712 digest written out field by field, independently of the contract.
library Receipts {
    function domainSeparator(uint256 chainId, address proofs) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("OPG Inference"),
                keccak256("1"),
                chainId,
                proofs
            )
        );
    }

    function structHash(InferenceReceipt memory receipt) internal pure returns (bytes32) {
        bytes32 typeHash = keccak256(
            "InferenceReceipt(bytes32 requestId,address payer,address operator,bytes32 modelVersion,bytes32 inputHash,"
            "bytes32 outputHash,bytes32 traceHash,uint64 inputUnits,uint64 outputUnits,uint128 unitPrice,uint128 fee,"
            "uint8 mode,uint64 issuedAt)"
        );
        return keccak256(
            bytes.concat(
                abi.encode(typeHash, receipt.requestId, receipt.payer, receipt.operator, receipt.modelVersion),
                abi.encode(receipt.inputHash, receipt.outputHash, receipt.traceHash),
                abi.encode(receipt.inputUnits, receipt.outputUnits, receipt.unitPrice, receipt.fee),
                abi.encode(receipt.mode, receipt.issuedAt)
            )
        );
    }

    function digest(uint256 chainId, address proofs, InferenceReceipt memory receipt) internal pure returns (bytes32) {
        return keccak256(bytes.concat(hex"1901", domainSeparator(chainId, proofs), structHash(receipt)));
    }

    function digest(address proofs, InferenceReceipt memory receipt) internal view returns (bytes32) {
        return digest(block.chainid, proofs, receipt);
    }

    function sign(Vm vm, uint256 key, address proofs, InferenceReceipt memory receipt)
        internal
        view
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest(proofs, receipt));
        return bytes.concat(r, s, bytes1(v));
    }
}
