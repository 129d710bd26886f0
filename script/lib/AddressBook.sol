// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {Addresses} from "./DeployAddresses.sol";

/// @title `deployments/<chainId>.json`, where the keeper and others find the contracts
library AddressBook {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Where the book of a chain is kept.
    function pathOf(uint256 chainId) internal pure returns (string memory) {
        return string.concat("deployments/", VM.toString(chainId), ".json");
    }

    /// @notice The book as text, in a fixed order so that a change shows as a change.
    function render(Addresses memory system, uint256 chainId, uint256 deploymentBlock)
        internal
        pure
        returns (string memory json)
    {
        json = string.concat('{\n  "chainId": ', VM.toString(chainId));
        json = string.concat(json, ',\n  "deploymentBlock": ', VM.toString(deploymentBlock));
        json = _entry(json, "accessManager", system.accessManager);
        json = _entry(json, "opg", system.opg);
        json = _entry(json, "custodyVault", system.custodyVault);
        json = _entry(json, "vestingVault", system.vestingVault);
        json = _entry(json, "timelock", system.timelock);
        json = _entry(json, "governor", system.governor);
        json = _entry(json, "sentinel", system.sentinel);
        json = _entry(json, "airdrop", system.airdrop);
        json = _entry(json, "rewards", system.rewards);
        json = _entry(json, "modelRegistry", system.modelRegistry);
        json = _entry(json, "staking", system.staking);
        json = _entry(json, "feeMarket", system.feeMarket);
        json = _entry(json, "feeRouter", system.feeRouter);
        json = _entry(json, "groth16Verifier", system.groth16Verifier);
        json = _entry(json, "verifyingKeys", system.verifyingKeys);
        json = _entry(json, "proofRegistry", system.proofRegistry);
        json = _entry(json, "inferenceHub", system.inferenceHub);
        json = _entry(json, "receiptBatches", system.receiptBatches);
        json = _entry(json, "measurementRegistry", system.measurementRegistry);
        if (system.askModel != address(0)) json = _entry(json, "askModel", system.askModel);
        json = string.concat(json, "\n}\n");
    }

    /// @notice The block that a later run keeps in the book: the recorded one if `book` describes this deployment and
    /// can be of this chain, else zero, from which a reader finds everything, only later.
    function keptBlock(string memory book, Addresses memory system, uint256 chainId, uint256 head)
        internal
        pure
        returns (uint256)
    {
        if (bytes(book).length == 0) return 0;
        uint256 recorded = VM.parseJsonUint(book, "$.deploymentBlock");
        bool same = keccak256(bytes(render(system, chainId, recorded))) == keccak256(bytes(book));
        return same && recorded <= head ? recorded : 0;
    }

    function _entry(string memory json, string memory name, address value) private pure returns (string memory) {
        return string.concat(json, ',\n  "', name, '": "', VM.toString(value), '"');
    }
}
