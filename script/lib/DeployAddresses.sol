// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";
import {Sentinel} from "../../contracts/governance/Sentinel.sol";
import {Create3Deployer} from "../../contracts/utils/Create3Deployer.sol";
import {DeployConfig, DeployConfigs} from "./DeployConfig.sol";

/// @notice Where everything is.
struct Addresses {
    address accessManager;
    address opg;
    address custodyVault;
    address vestingVault;
    address timelock;
    address governor;
    /// Not a contract: the account whose votes nobody casts.
    address sentinel;
    address airdrop;
    address rewards;
    address modelRegistry;
    address modelRegistryImplementation;
    address staking;
    address stakingImplementation;
    address stakingSlashes;
    address stakingOperators;
    address feeMarket;
    address feeRouter;
    address groth16Verifier;
    address verifyingKeys;
    address proofRegistry;
    address proofRegistryImplementation;
    address inferenceHub;
    address inferenceHubImplementation;
    address receiptBatches;
    address measurementRegistry;
    /// Zero except on the devnet.
    address askModel;
}

/// @title Addresses of a deployment
/// @notice They follow from the deploying account and the salt alone, so they are known before anything exists and
/// contracts can name each other as immutables.
library DeployAddresses {
    /// The canonical CREATE2 deployer, at this address on nearly every chain.
    address internal constant CREATE2_DEPLOYER = 0x4e59b44847b379578588920cA78FbF26c0B4956C;

    /// @notice All addresses of a deployment.
    function all(DeployConfig memory config, uint256 chainId) internal pure returns (Addresses memory system) {
        system.accessManager = predict(config, "AccessManager");
        system.opg = predict(config, "Opg");
        system.custodyVault = predict(config, "CustodyVault");
        system.vestingVault = predict(config, "VestingVault");
        system.timelock = predict(config, "Timelock");
        system.governor = predict(config, "OpgGovernor");
        system.sentinel = Sentinel.ACCOUNT;
        system.airdrop = predict(config, "Airdrop");
        system.rewards = predict(config, "Rewards");
        system.modelRegistryImplementation = predict(config, "ModelRegistry implementation");
        system.modelRegistry = predict(config, "ModelRegistry");
        system.stakingOperators = predict(config, "StakingOperators");
        system.stakingSlashes = predict(config, "StakingSlashes");
        system.stakingImplementation = predict(config, "Staking implementation");
        system.staking = predict(config, "Staking");
        system.feeMarket = predict(config, "FeeMarket");
        system.feeRouter = predict(config, "FeeRouter");
        system.groth16Verifier = predict(config, "Groth16Verifier");
        system.verifyingKeys = predict(config, "VerifyingKeys");
        system.proofRegistryImplementation = predict(config, "ProofRegistry implementation");
        system.proofRegistry = predict(config, "ProofRegistry");
        system.inferenceHubImplementation = predict(config, "InferenceHub implementation");
        system.inferenceHub = predict(config, "InferenceHub");
        system.receiptBatches = predict(config, "ReceiptBatches");
        system.measurementRegistry = predict(config, "MeasurementRegistry");
        if (chainId == DeployConfigs.DEVNET) system.askModel = predict(config, "AskModel");
    }

    /// @notice Address that the contract `name` has or will have.
    function predict(DeployConfig memory config, string memory name) internal pure returns (address) {
        bytes32 boundSalt = keccak256(abi.encode(config.deployer, saltOf(config, name)));
        return Create3.computeAddress(boundSalt, address(create3Deployer()));
    }

    /// @notice Salt that the deploying account passes to the CREATE3 deployer for the contract `name`.
    function saltOf(DeployConfig memory config, string memory name) internal pure returns (bytes32) {
        return keccak256(abi.encode(config.salt, name));
    }

    /// @notice The CREATE3 deployer, wherever the canonical CREATE2 deployer puts it.
    function create3Deployer() internal pure returns (Create3Deployer) {
        return
            Create3Deployer(Create2.computeAddress(0, keccak256(type(Create3Deployer).creationCode), CREATE2_DEPLOYER));
    }
}
