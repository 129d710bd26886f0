// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {AskModel} from "../../contracts/examples/AskModel.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {ProofRegistry} from "../../contracts/inference/ProofRegistry.sol";
import {ModelRegistry} from "../../contracts/models/ModelRegistry.sol";
import {BondedOperators} from "../../contracts/staking/BondedOperators.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {Create3Deployer} from "../../contracts/utils/Create3Deployer.sol";
import {DeployConfig, DeployConfigs} from "./DeployConfig.sol";

/// @notice Where everything is. `custodyVault` is reserved: its contract comes with staking.
struct Addresses {
    address accessManager;
    address opg;
    address custodyVault;
    address modelRegistry;
    address modelRegistryImplementation;
    address operators;
    address proofRegistry;
    address proofRegistryImplementation;
    address inferenceHub;
    address inferenceHubImplementation;
    /// Zero except on the devnet.
    address askModel;
}

/// @notice One contract to deploy.
struct Step {
    /// Name in messages, also the salt's.
    string name;
    address target;
    /// Artifact whose code `target` must have.
    string artifact;
    bytes initCode;
}

/// @title What is deployed, where and in which order
/// @notice Addresses follow from the deploying account and the salt alone, so they are known before anything exists
/// and contracts can name each other as immutables.
library DeployPlan {
    /// The canonical CREATE2 deployer, at this address on nearly every chain.
    address internal constant CREATE2_DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    /// @notice The CREATE3 deployer, wherever the canonical CREATE2 deployer puts it.
    function create3Deployer() internal pure returns (Create3Deployer) {
        return
            Create3Deployer(Create2.computeAddress(0, keccak256(type(Create3Deployer).creationCode), CREATE2_DEPLOYER));
    }

    /// @notice Salt that the deploying account passes to the CREATE3 deployer for the contract `name`.
    function saltOf(DeployConfig memory config, string memory name) internal pure returns (bytes32) {
        return keccak256(abi.encode(config.salt, name));
    }

    /// @notice Address that the contract `name` has or will have.
    function predict(DeployConfig memory config, string memory name) internal pure returns (address) {
        bytes32 boundSalt = keccak256(abi.encode(config.deployer, saltOf(config, name)));
        return Create3.computeAddress(boundSalt, address(create3Deployer()));
    }

    /// @notice All addresses of a deployment.
    function addresses(DeployConfig memory config, uint256 chainId) internal pure returns (Addresses memory system) {
        system.accessManager = predict(config, "AccessManager");
        system.opg = predict(config, "Opg");
        system.custodyVault = predict(config, "CustodyVault");
        system.modelRegistryImplementation = predict(config, "ModelRegistry implementation");
        system.modelRegistry = predict(config, "ModelRegistry");
        system.operators = predict(config, "BondedOperators");
        system.proofRegistryImplementation = predict(config, "ProofRegistry implementation");
        system.proofRegistry = predict(config, "ProofRegistry");
        system.inferenceHubImplementation = predict(config, "InferenceHub implementation");
        system.inferenceHub = predict(config, "InferenceHub");
        if (chainId == DeployConfigs.DEVNET) system.askModel = predict(config, "AskModel");
    }

    /// @notice Everything to deploy, in order: a proxy comes after its implementation.
    function steps(DeployConfig memory config, Addresses memory system) internal pure returns (Step[] memory list) {
        list = new Step[](system.askModel == address(0) ? 9 : 10);
        list[0] = Step(
            "AccessManager",
            system.accessManager,
            "AccessManager.sol:AccessManager",
            abi.encodePacked(type(AccessManager).creationCode, abi.encode(config.admin))
        );
        list[1] = Step(
            "Opg",
            system.opg,
            "Opg.sol:Opg",
            abi.encodePacked(type(Opg).creationCode, abi.encode(system.custodyVault, config.tokenRecipient))
        );
        list[2] = Step(
            "ModelRegistry implementation",
            system.modelRegistryImplementation,
            "ModelRegistry.sol:ModelRegistry",
            type(ModelRegistry).creationCode
        );
        list[3] = _proxy(
            "ModelRegistry",
            system.modelRegistry,
            system.modelRegistryImplementation,
            abi.encodeCall(ModelRegistry.initialize, (system.accessManager))
        );
        list[4] = Step(
            "BondedOperators",
            system.operators,
            "BondedOperators.sol:BondedOperators",
            abi.encodePacked(
                type(BondedOperators).creationCode, abi.encode(system.opg, config.operatorBond, config.unbondingPeriod)
            )
        );
        list[5] = Step(
            "ProofRegistry implementation",
            system.proofRegistryImplementation,
            "ProofRegistry.sol:ProofRegistry",
            abi.encodePacked(type(ProofRegistry).creationCode, abi.encode(system.operators, system.inferenceHub))
        );
        list[6] = _proxy(
            "ProofRegistry",
            system.proofRegistry,
            system.proofRegistryImplementation,
            abi.encodeCall(ProofRegistry.initialize, (system.accessManager))
        );
        list[7] = Step(
            "InferenceHub implementation",
            system.inferenceHubImplementation,
            "InferenceHub.sol:InferenceHub",
            abi.encodePacked(
                type(InferenceHub).creationCode,
                abi.encode(system.opg, system.modelRegistry, system.operators, system.proofRegistry)
            )
        );
        list[8] = _proxy(
            "InferenceHub",
            system.inferenceHub,
            system.inferenceHubImplementation,
            abi.encodeCall(InferenceHub.initialize, (system.accessManager, config.turnWindow, config.turnCap))
        );
        if (system.askModel != address(0)) {
            list[9] = Step(
                "AskModel",
                system.askModel,
                "AskModel.sol:AskModel",
                abi.encodePacked(type(AskModel).creationCode, abi.encode(system.inferenceHub, system.opg))
            );
        }
    }

    /// @dev A proxy is initialised in its constructor, so nobody can initialise it first.
    function _proxy(string memory name, address target, address implementation, bytes memory initialisation)
        private
        pure
        returns (Step memory)
    {
        return Step(
            name,
            target,
            "ERC1967Proxy.sol:ERC1967Proxy",
            abi.encodePacked(type(ERC1967Proxy).creationCode, abi.encode(implementation, initialisation))
        );
    }
}
