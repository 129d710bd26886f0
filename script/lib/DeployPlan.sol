// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

// Only deployed: imported so that forge compiles them along.
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {MeasurementRegistry} from "../../contracts/enclaves/MeasurementRegistry.sol";
import {AskModel} from "../../contracts/examples/AskModel.sol";
import {OpgGovernor} from "../../contracts/governance/OpgGovernor.sol";
import {Timelock} from "../../contracts/governance/Timelock.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {ProofRegistry} from "../../contracts/inference/ProofRegistry.sol";
import {ReceiptBatches} from "../../contracts/inference/ReceiptBatches.sol";
import {ModelRegistry} from "../../contracts/models/ModelRegistry.sol";
import {FeeMarket} from "../../contracts/payments/FeeMarket.sol";
import {FeeRouter} from "../../contracts/payments/FeeRouter.sol";
import {CustodyVault} from "../../contracts/staking/CustodyVault.sol";
import {Rewards} from "../../contracts/staking/Rewards.sol";
import {Staking} from "../../contracts/staking/Staking.sol";
import {StakingOperators} from "../../contracts/staking/StakingOperators.sol";
import {StakingSlashes} from "../../contracts/staking/StakingSlashes.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {Airdrop} from "../../contracts/vesting/Airdrop.sol";
import {VestingVault} from "../../contracts/vesting/VestingVault.sol";
import {Groth16Verifier} from "../../contracts/zk/Groth16Verifier.sol";
import {VerifyingKeys} from "../../contracts/zk/VerifyingKeys.sol";
import {Addresses} from "./DeployAddresses.sol";
import {DeployConfig} from "./DeployConfig.sol";
import {Genesis} from "./Genesis.sol";
import {GenesisPlan} from "./GenesisPlan.sol";
import {GovernanceWiring} from "./GovernanceWiring.sol";
import {RewardsConfig, RewardsConfigs} from "./RewardsConfig.sol";
import {Step, StepList, Steps} from "./Steps.sol";

/// @title What is deployed, and in which order
/// @notice The order matters where a constructor looks at another contract: the supply is minted to the vault, which
/// finds it when it is deployed; the timelock delegates its votes, the custody vault asks the token for its name, the
/// governor asks token and timelock, the hub asks the fee router; a proxy comes after its implementation.
library DeployPlan {
    using RewardsConfigs for RewardsConfig;
    using Steps for StepList;

    /// @notice Everything to deploy, in order.
    function steps(DeployConfig memory config, Genesis memory genesis, Addresses memory system)
        internal
        view
        returns (Step[] memory)
    {
        StepList memory plan;
        _token(plan, config, genesis, system);
        _governance(plan, config, system);
        _staking(plan, config, system);
        _payments(plan, config, system);
        _inference(plan, config, system);
        _rewards(plan, config, genesis, system);
        return plan.done();
    }

    function _token(StepList memory plan, DeployConfig memory config, Genesis memory genesis, Addresses memory system)
        private
        view
    {
        // The deployer administers until `GovernanceWiring.wire` has run.
        plan.add("AccessManager", system.accessManager, abi.encode(config.deployer));
        plan.add("Opg", system.opg, abi.encode(system.custodyVault, system.vestingVault));
        plan.add(
            "VestingVault",
            system.vestingVault,
            abi.encode(
                system.opg,
                system.accessManager,
                system.timelock,
                GenesisPlan.terms(genesis, system.airdrop, system.rewards)
            )
        );
        (uint256 deadline, uint256 sweepableAt) = GenesisPlan.airdropTimes(config, genesis);
        plan.add(
            "Airdrop",
            system.airdrop,
            abi.encode(system.opg, genesis.airdropRoot, deadline, sweepableAt, system.timelock)
        );
    }

    function _governance(StepList memory plan, DeployConfig memory config, Addresses memory system) private view {
        plan.add("Timelock", system.timelock, GovernanceWiring.timelockArguments(config.governance, system));
        plan.add("OpgGovernor", system.governor, GovernanceWiring.governorArguments(config.governance, system));
    }

    /// @dev The custody vault obeys the proxy, which runs three parts of code.
    function _staking(StepList memory plan, DeployConfig memory config, Addresses memory system) private view {
        plan.add("CustodyVault", system.custodyVault, abi.encode(system.opg, system.staking));
        plan.add("StakingOperators", system.stakingOperators, abi.encode(system.opg, system.custodyVault));
        plan.add(
            "StakingSlashes",
            system.stakingSlashes,
            abi.encode(system.opg, system.custodyVault, system.stakingOperators)
        );
        plan.add(
            "Staking implementation",
            system.stakingImplementation,
            "Staking",
            abi.encode(system.opg, system.custodyVault, system.stakingSlashes, system.rewards)
        );
        plan.addProxy(
            "Staking",
            system.staking,
            system.stakingImplementation,
            abi.encodeCall(StakingSlashes.initialize, (system.accessManager, config.staking.parameters))
        );
    }

    /// @dev The hub asks the router when it is deployed.
    function _payments(StepList memory plan, DeployConfig memory config, Addresses memory system) private view {
        plan.add(
            "FeeMarket",
            system.feeMarket,
            abi.encode(
                system.staking,
                system.feeRouter,
                system.accessManager,
                config.market.parameters,
                config.market.firstPrice
            )
        );
        plan.add(
            "FeeRouter",
            system.feeRouter,
            abi.encode(
                system.opg,
                system.modelRegistry,
                system.staking,
                system.feeMarket,
                system.rewards,
                system.accessManager,
                config.rewards.shares(system.timelock),
                config.rewards.cap
            )
        );
    }

    function _inference(StepList memory plan, DeployConfig memory config, Addresses memory system) private view {
        plan.add("ModelRegistry implementation", system.modelRegistryImplementation, "ModelRegistry", "");
        plan.addProxy(
            "ModelRegistry",
            system.modelRegistry,
            system.modelRegistryImplementation,
            abi.encodeCall(ModelRegistry.initialize, (system.accessManager))
        );
        plan.add("Groth16Verifier", system.groth16Verifier, "");
        plan.add("VerifyingKeys", system.verifyingKeys, abi.encode(system.groth16Verifier));
        plan.add(
            "ProofRegistry implementation",
            system.proofRegistryImplementation,
            "ProofRegistry",
            abi.encode(system.staking, system.inferenceHub, system.modelRegistry, system.verifyingKeys)
        );
        plan.addProxy(
            "ProofRegistry",
            system.proofRegistry,
            system.proofRegistryImplementation,
            abi.encodeCall(ProofRegistry.initialize, (system.accessManager))
        );
        plan.add(
            "InferenceHub implementation",
            system.inferenceHubImplementation,
            "InferenceHub",
            abi.encode(system.opg, system.modelRegistry, system.staking, system.proofRegistry, system.feeRouter)
        );
        plan.addProxy(
            "InferenceHub",
            system.inferenceHub,
            system.inferenceHubImplementation,
            abi.encodeCall(InferenceHub.initialize, (system.accessManager, config.turnWindow, config.turnCap))
        );
        plan.add(
            "ReceiptBatches",
            system.receiptBatches,
            abi.encode(system.opg, system.proofRegistry, system.staking, system.accessManager, config.batches)
        );
        plan.add("MeasurementRegistry", system.measurementRegistry, abi.encode(system.accessManager));
        if (system.askModel != address(0)) {
            plan.add("AskModel", system.askModel, abi.encode(system.inferenceHub, system.opg));
        }
    }

    function _rewards(StepList memory plan, DeployConfig memory config, Genesis memory genesis, Addresses memory system)
        private
        view
    {
        plan.add(
            "Rewards",
            system.rewards,
            abi.encode(
                system.opg,
                system.staking,
                system.vestingVault,
                GenesisPlan.leafOf(GenesisPlan.rewardsSchedule(genesis, system.rewards)),
                system.feeRouter,
                system.accessManager,
                config.rewards.parameters
            )
        );
    }
}
