// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {Vm} from "forge-std/Vm.sol";
import {AskModel} from "../../contracts/examples/AskModel.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {ProofRegistry} from "../../contracts/inference/ProofRegistry.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {BatchesAssertions} from "./BatchesAssertions.sol";
import {Checks} from "./Checks.sol";
import {Addresses, DeployAddresses} from "./DeployAddresses.sol";
import {DeployConfig, DeployConfigs} from "./DeployConfig.sol";
import {DeployPlan} from "./DeployPlan.sol";
import {Genesis} from "./Genesis.sol";
import {GenesisAssertions} from "./GenesisAssertions.sol";
import {GovernanceAssertions} from "./GovernanceAssertions.sol";
import {GovernanceRoles, ManagedContract} from "./GovernanceRoles.sol";
import {MarketAssertions} from "./MarketAssertions.sol";
import {PublicContracts} from "./PublicContracts.sol";
import {RewardsAssertions} from "./RewardsAssertions.sol";
import {StakingAssertions} from "./StakingAssertions.sol";
import {Step} from "./Steps.sol";

/// @title Checks that a deployment is what its configuration says
/// @notice Reads the chain only, so it may run at any time after a deployment as well as right after it. The first
/// thing found wrong is reported with the contract and the reason.
library DeployAssertions {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 private constant SUPPLY = 1_000_000_000e18;
    /// ERC-7201 slot of "openzeppelin.storage.Initializable"; its lowest 64 bits are the version.
    bytes32 private constant INITIALIZABLE_SLOT = 0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00;

    /// @notice Reverts with `Checks.DeploymentBroken` unless everything holds.
    function check(DeployConfig memory config, Genesis memory genesis, Addresses memory system) internal view {
        _checkCode(DeployPlan.steps(config, genesis, system));
        (ManagedContract[] memory list, uint256 upgradeable) = GovernanceRoles.managed(system);
        for (uint256 i = 0; i < upgradeable; i++) {
            _checkProxy(list[i].name, list[i].target, list[i].implementation);
        }
        _checkWiring(system);
        StakingAssertions.check(config.staking, system);
        RewardsAssertions.check(config.rewards, genesis, system);
        MarketAssertions.check(config.market, system);
        BatchesAssertions.check(config.batches, system);
        if (block.chainid == DeployConfigs.DEVNET) PublicContracts.check();
        GovernanceAssertions.check(
            config.governance, system, config.deployer, config.staking.parameters.unbondingPeriod
        );
        GenesisAssertions.check(config, genesis, system);
    }

    function _checkCode(Step[] memory steps) private view {
        Checks.that(
            _matches(
                address(DeployAddresses.create3Deployer()).code,
                VM.getDeployedCode("Create3Deployer.sol:Create3Deployer")
            ),
            "Create3Deployer",
            "missing or not the code of this checkout"
        );
        for (uint256 i = 0; i < steps.length; i++) {
            bytes memory code = steps[i].target.code;
            Checks.that(code.length > 0, steps[i].name, "has no code");
            Checks.that(
                _matches(code, VM.getDeployedCode(steps[i].artifact)),
                steps[i].name,
                "is not the code of this checkout: use the checkout of the deployment or another salt"
            );
        }
    }

    function _checkProxy(string memory name, address proxy, address implementation) private view {
        bytes32 slot = VM.load(proxy, ERC1967Utils.IMPLEMENTATION_SLOT);
        Checks.that(slot == bytes32(uint256(uint160(implementation))), name, "proxy has another implementation");
        Checks.that(VM.load(proxy, ERC1967Utils.ADMIN_SLOT) == 0, name, "proxy has an ERC-1967 admin");
        Checks.that(_initializedVersion(proxy) == 1, name, "proxy is not initialised exactly once");
        Checks.that(
            _initializedVersion(implementation) == type(uint64).max, name, "implementation can still be initialised"
        );
    }

    function _checkWiring(Addresses memory system) private view {
        Opg opg = Opg(system.opg);
        Checks.that(opg.custodyVault() == system.custodyVault, "Opg", "names another custody vault");
        Checks.that(opg.totalSupply() <= SUPPLY, "Opg", "supply exceeds 1,000,000,000 OPG");

        ProofRegistry proofs = ProofRegistry(system.proofRegistry);
        Checks.that(address(proofs.operators()) == system.staking, "ProofRegistry", "asks another staking contract");
        Checks.that(proofs.inferenceHub() == system.inferenceHub, "ProofRegistry", "records for another hub");

        InferenceHub hub = InferenceHub(system.inferenceHub);
        Checks.that(address(hub.opg()) == system.opg, "InferenceHub", "takes another token");
        Checks.that(address(hub.models()) == system.modelRegistry, "InferenceHub", "asks another model registry");
        Checks.that(address(hub.operators()) == system.staking, "InferenceHub", "asks another staking contract");
        Checks.that(address(hub.proofs()) == system.proofRegistry, "InferenceHub", "records in another proof registry");
        Checks.that(address(hub.feeRouter()) == system.feeRouter, "InferenceHub", "pays by another fee router");

        if (system.askModel != address(0)) {
            AskModel ask = AskModel(system.askModel);
            Checks.that(address(ask.hub()) == system.inferenceHub, "AskModel", "asks another hub");
            Checks.that(address(ask.opg()) == system.opg, "AskModel", "pays in another token");
        }
    }

    function _initializedVersion(address target) private view returns (uint64) {
        return uint64(uint256(VM.load(target, INITIALIZABLE_SLOT)));
    }

    /// @dev Artifacts hold zeros where the constructor writes immutables, so only such bytes may differ.
    function _matches(bytes memory code, bytes memory artifact) private pure returns (bool) {
        if (code.length != artifact.length) return false;
        for (uint256 i = 0; i < code.length; i += 32) {
            bytes32 found = _wordAt(code, i);
            bytes32 expected = _wordAt(artifact, i);
            if (found == expected) continue;
            for (uint256 j = 0; j < 32; j++) {
                if (expected[j] != 0 && expected[j] != found[j]) return false;
            }
        }
        return true;
    }

    /// @dev The word at `offset`; past the end of `data`, zeros.
    function _wordAt(bytes memory data, uint256 offset) private pure returns (bytes32 word) {
        assembly ("memory-safe") {
            word := mload(add(add(data, 32), offset))
        }
        uint256 left = data.length - offset;
        if (left < 32) word &= ~bytes32(type(uint256).max >> (8 * left));
    }
}
