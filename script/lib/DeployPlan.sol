// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";
import {Vm} from "forge-std/Vm.sol";
// Only deployed: imported so that forge compiles them along.
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {AskModel} from "../../contracts/examples/AskModel.sol";
import {BondedOperators} from "../../contracts/staking/BondedOperators.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {ProofRegistry} from "../../contracts/inference/ProofRegistry.sol";
import {ModelRegistry} from "../../contracts/models/ModelRegistry.sol";
import {Create3Deployer} from "../../contracts/utils/Create3Deployer.sol";
import {Airdrop} from "../../contracts/vesting/Airdrop.sol";
import {VestingVault} from "../../contracts/vesting/VestingVault.sol";
import {DeployConfig, DeployConfigs} from "./DeployConfig.sol";
import {Genesis} from "./Genesis.sol";
import {GenesisPlan} from "./GenesisPlan.sol";

/// @notice Where everything is. `custodyVault` and `rewards` are reserved: their contracts come with staking.
struct Addresses {
    address accessManager;
    address opg;
    address custodyVault;
    address vestingVault;
    address airdrop;
    address rewards;
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
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

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
        system.vestingVault = predict(config, "VestingVault");
        system.airdrop = predict(config, "Airdrop");
        system.rewards = predict(config, "Rewards");
        system.modelRegistryImplementation = predict(config, "ModelRegistry implementation");
        system.modelRegistry = predict(config, "ModelRegistry");
        system.operators = predict(config, "BondedOperators");
        system.proofRegistryImplementation = predict(config, "ProofRegistry implementation");
        system.proofRegistry = predict(config, "ProofRegistry");
        system.inferenceHubImplementation = predict(config, "InferenceHub implementation");
        system.inferenceHub = predict(config, "InferenceHub");
        if (chainId == DeployConfigs.DEVNET) system.askModel = predict(config, "AskModel");
    }

    /// @notice Everything to deploy, in order: the supply is minted to the vault, which finds it when it is deployed;
    /// a proxy comes after its implementation.
    function steps(DeployConfig memory config, Genesis memory genesis, Addresses memory system)
        internal
        view
        returns (Step[] memory list)
    {
        list = new Step[](system.askModel == address(0) ? 11 : 12);
        list[0] = _step("AccessManager", system.accessManager, "AccessManager", abi.encode(config.admin));
        list[1] = _step("Opg", system.opg, "Opg", abi.encode(system.custodyVault, system.vestingVault));
        list[2] = _step(
            "VestingVault",
            system.vestingVault,
            "VestingVault",
            abi.encode(
                system.opg,
                system.accessManager,
                config.treasury,
                GenesisPlan.terms(genesis, system.airdrop, system.rewards)
            )
        );
        (uint256 deadline, uint256 sweepableAt) = GenesisPlan.airdropTimes(config, genesis);
        list[3] = _step(
            "Airdrop",
            system.airdrop,
            "Airdrop",
            abi.encode(system.opg, genesis.airdropRoot, deadline, sweepableAt, config.treasury)
        );
        list[4] = _step("ModelRegistry implementation", system.modelRegistryImplementation, "ModelRegistry", "");
        list[5] = _proxy(
            "ModelRegistry",
            system.modelRegistry,
            system.modelRegistryImplementation,
            abi.encodeCall(ModelRegistry.initialize, (system.accessManager))
        );
        list[6] = _step(
            "BondedOperators",
            system.operators,
            "BondedOperators",
            abi.encode(system.opg, config.operatorBond, config.unbondingPeriod)
        );
        _inference(list, config, system);
    }

    /// @dev The steps from the seventh on.
    function _inference(Step[] memory list, DeployConfig memory config, Addresses memory system) private view {
        list[7] = _step(
            "ProofRegistry implementation",
            system.proofRegistryImplementation,
            "ProofRegistry",
            abi.encode(system.operators, system.inferenceHub)
        );
        list[8] = _proxy(
            "ProofRegistry",
            system.proofRegistry,
            system.proofRegistryImplementation,
            abi.encodeCall(ProofRegistry.initialize, (system.accessManager))
        );
        list[9] = _step(
            "InferenceHub implementation",
            system.inferenceHubImplementation,
            "InferenceHub",
            abi.encode(system.opg, system.modelRegistry, system.operators, system.proofRegistry)
        );
        list[10] = _proxy(
            "InferenceHub",
            system.inferenceHub,
            system.inferenceHubImplementation,
            abi.encodeCall(InferenceHub.initialize, (system.accessManager, config.turnWindow, config.turnCap))
        );
        if (system.askModel != address(0)) {
            list[11] = _step("AskModel", system.askModel, "AskModel", abi.encode(system.inferenceHub, system.opg));
        }
    }

    /// @dev A proxy is initialised in its constructor, so nobody can initialise it first.
    function _proxy(string memory name, address target, address implementation, bytes memory initialisation)
        private
        view
        returns (Step memory)
    {
        return _step(name, target, "ERC1967Proxy", abi.encode(implementation, initialisation));
    }

    /// @dev Takes the creation code from forge's output. Embedded in the script, every contract would be compiled
    /// again for each script and test that deploys, which takes minutes.
    function _step(string memory name, address target, string memory contractName, bytes memory arguments)
        private
        view
        returns (Step memory)
    {
        string memory artifact = string.concat(contractName, ".sol:", contractName);
        return Step(name, target, artifact, abi.encodePacked(VM.getCode(artifact), arguments));
    }
}
