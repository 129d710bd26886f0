// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Vm} from "forge-std/Vm.sol";
import {AskModel} from "../../contracts/examples/AskModel.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {ProofRegistry} from "../../contracts/inference/ProofRegistry.sol";
import {BondedOperators} from "../../contracts/staking/BondedOperators.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {DeployConfig} from "./DeployConfig.sol";
import {Addresses, DeployPlan, Step} from "./DeployPlan.sol";

/// @title Checks that a deployment is what its configuration says
/// @notice Reads the chain only, so it may run at any time after a deployment as well as right after it. The first
/// thing found wrong is reported with the contract and the reason.
library DeployAssertions {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 private constant SUPPLY = 1_000_000_000e18;
    uint64 private constant ADMIN_ROLE = 0;
    /// ERC-7201 slot of "openzeppelin.storage.Initializable"; its lowest 64 bits are the version.
    bytes32 private constant INITIALIZABLE_SLOT = 0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00;

    error DeploymentBroken(string contractName, string reason);

    /// @notice Reverts with `DeploymentBroken` unless everything holds.
    function check(DeployConfig memory config, Addresses memory system) internal view {
        _checkCode(DeployPlan.steps(config, system));
        _checkProxy("ModelRegistry", system.modelRegistry, system.modelRegistryImplementation, system.accessManager);
        _checkProxy("ProofRegistry", system.proofRegistry, system.proofRegistryImplementation, system.accessManager);
        _checkProxy("InferenceHub", system.inferenceHub, system.inferenceHubImplementation, system.accessManager);
        _checkWiring(config, system);
        _checkRoles(config, system);
    }

    /// @notice Reverts unless the recipient holds the whole supply. Holds only until the first transfer.
    function checkDistribution(DeployConfig memory config, Addresses memory system) internal view {
        _require(
            Opg(system.opg).balanceOf(config.tokenRecipient) == SUPPLY, "Opg", "tokenRecipient does not hold the supply"
        );
    }

    function _checkCode(Step[] memory steps) private view {
        _require(
            _matches(
                address(DeployPlan.create3Deployer()).code, VM.getDeployedCode("Create3Deployer.sol:Create3Deployer")
            ),
            "Create3Deployer",
            "missing or not the code of this checkout"
        );
        for (uint256 i = 0; i < steps.length; i++) {
            bytes memory code = steps[i].target.code;
            _require(code.length > 0, steps[i].name, "has no code");
            _require(
                _matches(code, VM.getDeployedCode(steps[i].artifact)),
                steps[i].name,
                "is not the code of this checkout: use the checkout of the deployment or another salt"
            );
        }
    }

    function _checkProxy(string memory name, address proxy, address implementation, address authority) private view {
        bytes32 slot = VM.load(proxy, ERC1967Utils.IMPLEMENTATION_SLOT);
        _require(slot == bytes32(uint256(uint160(implementation))), name, "proxy has another implementation");
        _require(VM.load(proxy, ERC1967Utils.ADMIN_SLOT) == 0, name, "proxy has an ERC-1967 admin");
        _require(_initializedVersion(proxy) == 1, name, "proxy is not initialised exactly once");
        _require(
            _initializedVersion(implementation) == type(uint64).max, name, "implementation can still be initialised"
        );
        _require(IAccessManaged(proxy).authority() == authority, name, "obeys another authority");
    }

    function _checkWiring(DeployConfig memory config, Addresses memory system) private view {
        Opg opg = Opg(system.opg);
        _require(opg.custodyVault() == system.custodyVault, "Opg", "names another custody vault");
        _require(opg.totalSupply() <= SUPPLY, "Opg", "supply exceeds 1,000,000,000 OPG");

        BondedOperators operators = BondedOperators(system.operators);
        _require(address(operators.opg()) == system.opg, "BondedOperators", "takes another token");
        _require(operators.bond() == config.operatorBond, "BondedOperators", "bond differs from operatorBond");
        _require(
            operators.unbondingPeriod() == config.unbondingPeriod,
            "BondedOperators",
            "unbonding period differs from unbondingPeriod"
        );

        ProofRegistry proofs = ProofRegistry(system.proofRegistry);
        _require(address(proofs.operators()) == system.operators, "ProofRegistry", "asks another operator registry");
        _require(proofs.inferenceHub() == system.inferenceHub, "ProofRegistry", "records for another hub");

        InferenceHub hub = InferenceHub(system.inferenceHub);
        _require(address(hub.opg()) == system.opg, "InferenceHub", "takes another token");
        _require(address(hub.models()) == system.modelRegistry, "InferenceHub", "asks another model registry");
        _require(address(hub.operators()) == system.operators, "InferenceHub", "asks another operator registry");
        _require(address(hub.proofs()) == system.proofRegistry, "InferenceHub", "records in another proof registry");

        if (system.askModel != address(0)) {
            AskModel ask = AskModel(system.askModel);
            _require(address(ask.hub()) == system.inferenceHub, "AskModel", "asks another hub");
            _require(address(ask.opg()) == system.opg, "AskModel", "pays in another token");
        }
    }

    function _checkRoles(DeployConfig memory config, Addresses memory system) private view {
        IAccessManager manager = IAccessManager(system.accessManager);
        (bool isAdmin, uint32 delay) = manager.hasRole(ADMIN_ROLE, config.admin);
        _require(isAdmin && delay == 0, "AccessManager", "admin does not hold the admin role");
        if (config.deployer != config.admin) {
            (bool deployerIsAdmin,) = manager.hasRole(ADMIN_ROLE, config.deployer);
            _require(!deployerIsAdmin, "AccessManager", "deployer holds the admin role");
        }

        bytes4 upgrade = UUPSUpgradeable.upgradeToAndCall.selector;
        _checkRestricted(manager, "ModelRegistry", system.modelRegistry, upgrade);
        _checkRestricted(manager, "ProofRegistry", system.proofRegistry, upgrade);
        _checkRestricted(manager, "InferenceHub", system.inferenceHub, upgrade);
        _checkRestricted(manager, "InferenceHub", system.inferenceHub, InferenceHub.setTurnParameters.selector);
    }

    function _checkRestricted(IAccessManager manager, string memory name, address target, bytes4 selector)
        private
        view
    {
        _require(!manager.isTargetClosed(target), name, "is closed");
        _require(
            manager.getTargetFunctionRole(target, selector) == ADMIN_ROLE,
            name,
            "grants a restricted function to a role"
        );
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

    function _require(bool holds, string memory contractName, string memory reason) private pure {
        if (!holds) revert DeploymentBroken(contractName, reason);
    }
}
