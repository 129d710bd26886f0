// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Checks} from "../../script/lib/Checks.sol";
import {Addresses} from "../../script/lib/DeployAddresses.sol";
import {FeeCap, FeeShares} from "../../contracts/interfaces/IFeeRouter.sol";
import {FeeRouter} from "../../contracts/payments/FeeRouter.sol";
import {Rewards} from "../../contracts/staking/Rewards.sol";
import {DeployConfig} from "../../script/lib/DeployConfig.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {IStakingSlashes} from "../../contracts/interfaces/IStakingSlashes.sol";
import {SlashRule} from "../../contracts/interfaces/IStakingCommon.sol";
import {IVestingVault} from "../../contracts/interfaces/IVestingVault.sol";
import {PublicContracts} from "../../script/lib/PublicContracts.sol";
import {Offence} from "../../script/lib/StakingConfig.sol";
import {DeployTestBase} from "./DeployTestBase.sol";

/// @notice Whatever is wrong with a deployment is found. Each test breaks one thing in a good one.
contract DeployAssertionsTest is DeployTestBase {
    bytes32 private constant INITIALIZABLE_SLOT = 0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00;

    Addresses private system;

    function setUp() public override {
        super.setUp();
        system = deployOn(DEVNET, goodConfig()).system;
    }

    function test_acceptsAGoodDeployment() public {
        harness.check(goodConfig(), goodGenesis(), system);
    }

    function test_findsMissingCode() public {
        vm.etch(system.stakingOperators, "");
        _expect("StakingOperators", "has no code");
    }

    function test_findsForeignCode() public {
        bytes memory code = system.opg.code;
        code[0] = ~code[0];
        vm.etch(system.opg, code);
        _expect("Opg", "is not the code of this checkout: use the checkout of the deployment or another salt");
    }

    function test_findsAnImplementationWithOtherWiring() public {
        address otherStaking = makeAddr("other staking");
        FeeRouter router = FeeRouter(system.feeRouter);
        address otherRouter = address(
            new FeeRouter(
                router.opg(),
                router.models(),
                router.operators(),
                router.market(),
                router.rewards(),
                system.accessManager,
                router.shares(),
                router.cap()
            )
        );
        uint256 good = vm.snapshotState();
        string[2] memory reasons = ["asks another staking contract", "pays by another fee router"];
        for (uint256 i = 0; i < 2; i++) {
            address other = deployCode(
                "InferenceHub.sol:InferenceHub",
                abi.encode(
                    system.opg,
                    system.modelRegistry,
                    i == 0 ? otherStaking : system.staking,
                    system.proofRegistry,
                    i == 1 ? otherRouter : system.feeRouter
                )
            );
            vm.etch(system.inferenceHubImplementation, other.code);
            _expect("InferenceHub", reasons[i]);
            vm.revertToState(good);
        }
    }

    function test_findsAStakingContractWithOtherWiring() public {
        uint256 good = vm.snapshotState();
        address other = makeAddr("another contract");
        // The token names whoever asks, for this moment.
        address vaultAt = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.mockCall(system.opg, abi.encodeCall(IOpg.custodyVault, ()), abi.encode(vaultAt));
        _replace(system.custodyVault, "CustodyVault", abi.encode(system.opg, other));
        vm.clearMockedCalls();
        _expect("CustodyVault", "obeys another staking contract");
        vm.revertToState(good);
        bytes memory arguments = abi.encode(other, system.custodyVault, system.stakingOperators);
        _replace(system.stakingSlashes, "StakingSlashes", arguments);
        _expect("StakingSlashes", "takes another token");
        vm.revertToState(good);
        arguments = abi.encode(system.opg, other, system.stakingOperators);
        _replace(system.stakingSlashes, "StakingSlashes", arguments);
        _expect("StakingSlashes", "uses another custody vault");
        vm.revertToState(good);
        arguments = abi.encode(system.opg, system.custodyVault, other);
        _replace(system.stakingSlashes, "StakingSlashes", arguments);
        _expect("StakingSlashes", "continues in another contract");
    }

    function test_findsRewardsWithOtherWiring() public {
        uint256 good = vm.snapshotState();
        address other = makeAddr("another contract");
        DeployConfig memory config = goodConfig();
        vm.mockCall(other, abi.encodeWithSignature("custodyVault()"), abi.encode(system.custodyVault));
        bytes32 schedule = Rewards(system.rewards).schedule();
        string[5] memory reasons = [
            "pays another token",
            "asks another staking contract",
            "asks another vesting vault",
            "counts another schedule",
            "asks another fee router"
        ];
        for (uint256 i = 0; i < 5; i++) {
            bytes memory arguments = abi.encode(
                i == 0 ? other : system.opg,
                i == 1 ? other : system.staking,
                i == 2 ? other : system.vestingVault,
                i == 3 ? bytes32(0) : schedule,
                i == 4 ? other : system.feeRouter,
                system.accessManager,
                config.rewards.parameters
            );
            _replace(system.rewards, "Rewards", arguments);
            _expect("Rewards", reasons[i]);
            vm.revertToState(good);
        }
        config.rewards.parameters.baseBps++;
        _expectUnder(config, "Rewards", "parameters differ from the configuration");
        config.rewards.parameters.baseBps--;
        config.rewards.burnBps++;
        _expectUnder(config, "FeeRouter", "shares differ from the configuration");
        bytes memory code = abi.encode(system.opg, system.custodyVault, system.stakingSlashes, other);
        _replace(system.stakingImplementation, "Staking", code);
        _expect("Staking", "obeys another rewards contract");
    }

    function test_findsAFeeRouterWithOtherWiring() public {
        uint256 good = vm.snapshotState();
        address other = makeAddr("another contract");
        FeeShares memory shares = FeeRouter(system.feeRouter).shares();
        FeeCap memory cap = FeeRouter(system.feeRouter).cap();
        string[5] memory reasons = [
            "takes another token",
            "asks another model registry",
            "asks another staking contract",
            "reports to another market",
            "counts for another rewards contract"
        ];
        for (uint256 i = 0; i < 5; i++) {
            bytes memory arguments = abi.encode(
                i == 0 ? other : system.opg,
                i == 1 ? other : system.modelRegistry,
                i == 2 ? other : system.staking,
                i == 3 ? other : system.feeMarket,
                i == 4 ? other : system.rewards,
                system.accessManager,
                shares,
                cap
            );
            _replace(system.feeRouter, "FeeRouter", arguments);
            _expect("FeeRouter", reasons[i]);
            vm.revertToState(good);
        }
    }

    function test_findsAFeeMarketWithOtherWiring() public {
        uint256 good = vm.snapshotState();
        DeployConfig memory config = goodConfig();
        address other = makeAddr("another contract");
        string[2] memory reasons = ["asks another staking contract", "counts for another fee router"];
        for (uint256 i = 0; i < 2; i++) {
            bytes memory arguments = abi.encode(
                i == 0 ? other : system.staking,
                i == 1 ? other : system.feeRouter,
                system.accessManager,
                config.market.parameters,
                config.market.firstPrice
            );
            _replace(system.feeMarket, "FeeMarket", arguments);
            _expect("FeeMarket", reasons[i]);
            vm.revertToState(good);
        }
        config.market.parameters.targetBps++;
        _expectUnder(config, "FeeMarket", "parameters differ from the configuration");
        config.market.parameters.targetBps--;
        config.rewards.cap.least++;
        _expectUnder(config, "FeeRouter", "cap differs from the configuration");
    }

    function test_findsBatchesWithOtherWiring() public {
        uint256 good = vm.snapshotState();
        DeployConfig memory config = goodConfig();
        address other = makeAddr("another contract");
        bytes memory times = abi.encode(config.staking.parameters);
        vm.mockCall(other, abi.encodeWithSignature("parameters()"), times);
        string[3] memory reasons =
            ["takes another token", "asks another proof registry", "slashes in another staking contract"];
        for (uint256 i = 0; i < 3; i++) {
            bytes memory arguments = abi.encode(
                i == 0 ? other : system.opg,
                i == 1 ? other : system.proofRegistry,
                i == 2 ? other : system.staking,
                system.accessManager,
                config.batches
            );
            _replace(system.receiptBatches, "ReceiptBatches", arguments);
            _expect("ReceiptBatches", reasons[i]);
            vm.revertToState(good);
        }
        config.batches.demandPenalty++;
        _expectUnder(config, "ReceiptBatches", "parameters differ from the configuration");
    }

    function test_findsBatchesWithOldTimes() public {
        DeployConfig memory config = goodConfig();
        config.staking.parameters.challengeWindow--;
        vm.prank(system.timelock);
        IStakingSlashes(system.staking).setParameters(config.staking.parameters);
        _expectUnder(config, "ReceiptBatches", "has other times than staking: call adoptTimes");
    }

    function test_findsBatchesWhoseOffencesHaveNoRule() public {
        DeployConfig memory config = goodConfig();
        SlashRule memory none;
        vm.prank(system.timelock);
        IStakingSlashes(system.staking).setSlashRule(4, none);
        Offence[] memory table = new Offence[](4);
        for (uint256 i = 0; i < 4; ++i) {
            table[i] = config.staking.slashTable[i < 3 ? i : 4];
        }
        config.staking.slashTable = table;
        _expectUnder(config, "ReceiptBatches", "an offence is not in the slash table");
    }

    function test_findsPaymentChannelsThatAreNotWhereClientsExpectThem() public {
        address[3] memory targets =
            [PublicContracts.BATCH_SETTLEMENT, PublicContracts.ERC3009_DEPOSIT_COLLECTOR, PublicContracts.MULTICALL3];
        string[3] memory names = ["BatchSettlement", "Erc3009DepositCollector", "Multicall3"];
        for (uint256 i = 0; i < 3; i++) {
            bytes memory code = targets[i].code;
            vm.etch(targets[i], "");
            _expect(names[i], "is not where x402 clients expect it");
            vm.etch(targets[i], code);
        }
    }

    function test_findsBatchesThatCannotSlash() public {
        vm.prank(system.timelock);
        AccessManager(system.accessManager).revokeRole(3, system.receiptBatches);
        _expect("AccessManager", "the batches of receipts cannot slash, or have other roles");
    }

    function test_findsOtherStakingParameters() public {
        DeployConfig memory config = goodConfig();
        config.staking.parameters.vetoWindow++;
        _expectUnder(config, "Staking", "parameters differ from the configuration");
        config.staking.parameters.vetoWindow--;
        config.staking.slashTable[2].rule.capBps++;
        _expectUnder(config, "Staking", "the slash table differs from the configuration");
        config.staking.slashTable[2].rule.capBps--;
        config.staking.slashTable[2].number = 77;
        _expectUnder(config, "Staking", "the slash table differs from the configuration");
    }

    function test_findsAnotherImplementationBehindAProxy() public {
        vm.store(
            system.inferenceHub,
            ERC1967Utils.IMPLEMENTATION_SLOT,
            bytes32(uint256(uint160(system.modelRegistryImplementation)))
        );
        _expect("InferenceHub", "proxy has another implementation");
    }

    function test_findsAProxyThatCanBeInitialised() public {
        vm.store(system.modelRegistry, INITIALIZABLE_SLOT, 0);
        _expect("ModelRegistry", "proxy is not initialised exactly once");
    }

    function test_findsAnImplementationThatCanBeInitialised() public {
        vm.store(system.proofRegistryImplementation, INITIALIZABLE_SLOT, 0);
        _expect("ProofRegistry", "implementation can still be initialised");
    }

    function test_findsAnotherAuthority() public {
        address other = deployCode("AccessManager.sol:AccessManager", abi.encode(address(this)));
        vm.prank(system.accessManager);
        InferenceHub(system.inferenceHub).setAuthority(other);
        _expect("InferenceHub", "obeys another authority");
    }

    function test_findsADeployerWithPower() public {
        address deployer = goodConfig().deployer;
        vm.prank(system.timelock);
        AccessManager(system.accessManager).grantRole(0, deployer, 0);
        _expect("AccessManager", "the deployer has a role");
    }

    function test_findsATimelockWithoutPower() public {
        vm.prank(system.timelock);
        AccessManager(system.accessManager).renounceRole(0, system.timelock);
        _expect("AccessManager", "the timelock lacks a role, or waits here as well");
    }

    function test_findsWhoeverMaySlash() public {
        uint256 good = vm.snapshotState();
        address[2] memory accounts = [system.timelock, goodConfig().governance.parameters.guardian];
        string[2] memory reasons = ["the timelock may slash", "the guardian has other roles than its own"];
        for (uint256 i = 0; i < 2; ++i) {
            vm.prank(system.timelock);
            AccessManager(system.accessManager).grantRole(3, accounts[i], 0);
            _expect("AccessManager", reasons[i]);
            vm.revertToState(good);
        }
        bytes4[] memory rule = new bytes4[](1);
        rule[0] = IStakingSlashes.setSlashRule.selector;
        vm.prank(system.timelock);
        AccessManager(system.accessManager).setTargetFunctionRole(system.staking, rule, 1);
        _expect("Staking", "grants a restricted function to a role");
    }

    function test_findsAnotherTreasury() public {
        bytes memory question = abi.encodeCall(IVestingVault.treasury, ());
        vm.mockCall(system.vestingVault, question, abi.encode(makeAddr("another")));
        _expect("VestingVault", "pays another treasury");
        vm.clearMockedCalls();
        vm.mockCall(system.airdrop, question, abi.encode(makeAddr("another")));
        _expect("Airdrop", "sweeps to another treasury");
    }

    function test_findsAGovernorWithOtherParameters() public {
        DeployConfig memory config = goodConfig();
        config.governance.parameters.votingPeriod++;
        _expectUnder(config, "OpgGovernor", "votingPeriod differs");
    }

    function test_findsARestrictedFunctionOpenToARole() public {
        bytes4[] memory upgrade = new bytes4[](1);
        upgrade[0] = UUPSUpgradeable.upgradeToAndCall.selector;
        vm.prank(system.timelock);
        AccessManager(system.accessManager).setTargetFunctionRole(system.proofRegistry, upgrade, type(uint64).max);
        _expect("ProofRegistry", "grants a restricted function to a role");
    }

    function test_findsAClosedContract() public {
        vm.prank(system.timelock);
        AccessManager(system.accessManager).setTargetClosed(system.inferenceHub, true);
        _expect("InferenceHub", "is closed");
    }

    /// Puts the code of a contract with other immutables where another one is.
    function _replace(address target, string memory name, bytes memory arguments) private {
        vm.etch(target, deployCode(string.concat(name, ".sol:", name), arguments).code);
    }

    function _expect(string memory contractName, string memory reason) private {
        _expectUnder(goodConfig(), contractName, reason);
    }

    function _expectUnder(DeployConfig memory config, string memory contractName, string memory reason) private {
        vm.expectRevert(abi.encodeWithSelector(Checks.DeploymentBroken.selector, contractName, reason));
        harness.check(config, goodGenesis(), system);
    }
}
