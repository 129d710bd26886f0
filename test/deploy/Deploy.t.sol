// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Deploy} from "../../script/Deploy.s.sol";
import {AddressBook} from "../../script/lib/AddressBook.sol";
import {Addresses, DeployAddresses} from "../../script/lib/DeployAddresses.sol";
import {DeployConfig, DeployConfigs} from "../../script/lib/DeployConfig.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {SlashRule} from "../../contracts/interfaces/IStakingCommon.sol";
import {ModelRegistry} from "../../contracts/models/ModelRegistry.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {DeployTestBase} from "./DeployTestBase.sol";

/// @notice What the deploy script does, run in-process.
contract DeployTest is DeployTestBase {
    /// @dev EIP-7825, as on Base.
    uint256 private constant TRANSACTION_GAS_CAP = 16_777_216;

    function test_deploysAndChecksTheDevnetWithItsCommittedConfig() public {
        Deploy.Outcome memory outcome = deployOn(DEVNET, harness.load(DEVNET));
        assertEq(outcome.deployed, 25);
        assertGt(outcome.system.askModel.code.length, 0);
        assertEq(outcome.firstBlock, block.number);
    }

    function test_deploysWithoutTheExampleOnBaseAndBaseSepolia() public {
        uint256 clean = vm.snapshotState();
        for (uint256 i = 0; i < 2; i++) {
            Deploy.Outcome memory outcome = deployOn(i == 0 ? BASE : BASE_SEPOLIA, goodConfig());
            assertEq(outcome.deployed, 24);
            assertEq(outcome.system.askModel, address(0));
            vm.revertToState(clean);
        }
    }

    function test_addressesAreThoseAnnouncedAndTheSameOnEveryChain() public {
        DeployConfig memory config = goodConfig();
        Addresses memory announced = DeployAddresses.all(config, DEVNET);
        uint256 clean = vm.snapshotState();
        uint256[3] memory chains = [DEVNET, BASE_SEPOLIA, BASE];
        for (uint256 i = 0; i < chains.length; i++) {
            Addresses memory system = deployOn(chains[i], config).system;
            assertGt(system.inferenceHub.code.length, 0);
            system.askModel = announced.askModel;
            assertEq(abi.encode(system), abi.encode(announced));
            vm.revertToState(clean);
        }
    }

    function test_addressesDependOnTheDeployerAndTheSalt() public {
        DeployConfig memory config = goodConfig();
        address opg = DeployAddresses.predict(config, "Opg");
        config.salt = "another";
        assertNotEq(DeployAddresses.predict(config, "Opg"), opg);
        config = goodConfig();
        config.deployer = makeAddr("another");
        assertNotEq(DeployAddresses.predict(config, "Opg"), opg);
    }

    function test_secondRunDeploysNothingAndKeepsTheBlockInTheBook() public {
        DeployConfig memory config = goodConfig();
        vm.roll(1000);
        Deploy.Outcome memory first = deployOn(BASE, config);
        string memory book = AddressBook.render(first.system, BASE, first.firstBlock);
        vm.roll(2000);
        Deploy.Outcome memory second = script.deploy(config, goodGenesis(), book);
        assertEq(second.deployed, 0);
        assertEq(second.firstBlock, 1000);
        assertEq(abi.encode(second.system), abi.encode(first.system));
    }

    function test_secondRunPassesAfterTokensMoved() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        vm.prank(system.airdrop);
        require(Opg(system.opg).transfer(makeAddr("user"), 2));
        vm.prank(makeAddr("user"));
        Opg(system.opg).burn(1);
        assertEq(script.deploy(config, goodGenesis(), "").deployed, 0);
    }

    function test_secondRunStartsTheBookAtZeroWhereTheBlockIsUnknown() public {
        DeployConfig memory config = goodConfig();
        vm.roll(1000);
        Deploy.Outcome memory first = deployOn(DEVNET, config);
        assertEq(script.deploy(config, goodGenesis(), "").firstBlock, 0, "no book");
        string memory future = AddressBook.render(first.system, DEVNET, 1001);
        assertEq(script.deploy(config, goodGenesis(), future).firstBlock, 0, "book of a chain that was longer");
        first.system.opg = address(1);
        string memory other = AddressBook.render(first.system, DEVNET, 1000);
        assertEq(script.deploy(config, goodGenesis(), other).firstBlock, 0, "book of another deployment");
    }

    function test_resumesAnInterruptedRun() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        // As if the last three transactions had not been sent.
        address[3] memory lost = [system.proofRegistry, system.inferenceHubImplementation, system.inferenceHub];
        string[3] memory names = ["ProofRegistry", "InferenceHub implementation", "InferenceHub"];
        for (uint256 i = 0; i < lost.length; i++) {
            vm.etch(lost[i], "");
            vm.resetNonce(lost[i]);
            bytes32 salt = keccak256(abi.encode(config.deployer, DeployAddresses.saltOf(config, names[i])));
            address proxy = vm.computeCreate2Address(
                salt,
                keccak256(hex"73365f5f37365f34f06012573d5f5f3e3d5ffd5b005f526014600cf3"),
                address(DeployAddresses.create3Deployer())
            );
            vm.etch(proxy, "");
            vm.resetNonce(proxy);
            // The storage of a contract that does not exist is empty.
            vm.store(lost[i], 0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00, 0);
        }
        assertEq(script.deploy(config, goodGenesis(), "").deployed, 3);
    }

    /// Stopped before the roles were distributed, or in the middle of it.
    function test_resumesARunThatWasInterruptedWhileItHandedOver() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        AccessManager manager = AccessManager(system.accessManager);
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = InferenceHub.setTurnParameters.selector;
        vm.startPrank(system.timelock);
        manager.grantRole(0, config.deployer, 0);
        vm.stopPrank();
        uint256 beforeRenouncing = vm.snapshotState();
        assertEq(script.deploy(config, goodGenesis(), "").deployed, 0);
        assertFalse(_isMember(manager, 0, config.deployer));
        vm.revertToState(beforeRenouncing);

        vm.startPrank(config.deployer);
        SlashRule memory none;
        IStaking(system.staking).setSlashRule(config.staking.slashTable[3].number, none);
        manager.setTargetFunctionRole(system.inferenceHub, selectors, 0);
        manager.revokeRole(2, config.governance.parameters.guardian);
        manager.revokeRole(1, system.timelock);
        manager.revokeRole(0, system.timelock);
        vm.stopPrank();
        assertEq(script.deploy(config, goodGenesis(), "").deployed, 0);
        assertFalse(_isMember(manager, 0, config.deployer));
        assertTrue(_isMember(manager, 0, system.timelock));
    }

    function _isMember(AccessManager manager, uint64 role, address account) private view returns (bool member) {
        (member,) = manager.hasRole(role, account);
    }

    function test_deployerKeepsNothing() public {
        DeployConfig memory config = goodConfig();
        Addresses memory system = deployOn(BASE, config).system;
        IAccessManager manager = IAccessManager(system.accessManager);
        (bool isAdmin,) = manager.hasRole(0, config.deployer);
        assertFalse(isAdmin);
        assertEq(Opg(system.opg).balanceOf(config.deployer), 0);

        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, config.deployer));
        vm.prank(config.deployer);
        InferenceHub(system.inferenceHub).setTurnParameters(1, 2);

        vm.prank(system.timelock);
        InferenceHub(system.inferenceHub).setTurnParameters(1, 2);
    }

    function test_nobodyCanInitialiseAgain() public {
        Addresses memory system = deployOn(BASE, goodConfig()).system;
        address[2] memory registries = [system.modelRegistry, system.modelRegistryImplementation];
        for (uint256 i = 0; i < registries.length; i++) {
            vm.expectRevert(Initializable.InvalidInitialization.selector);
            ModelRegistry(registries[i]).initialize(address(this));
        }
        address[2] memory hubs = [system.inferenceHub, system.inferenceHubImplementation];
        for (uint256 i = 0; i < hubs.length; i++) {
            vm.expectRevert(Initializable.InvalidInitialization.selector);
            InferenceHub(hubs[i]).initialize(address(this), 0, 0);
        }
    }

    function test_turnParametersAreThoseOfTheConfig() public {
        DeployConfig memory config = goodConfig();
        (config.turnWindow, config.turnCap) = (7, 70);
        (uint32 window, uint32 cap) = InferenceHub(deployOn(BASE, config).system.inferenceHub).turnParameters();
        assertEq(window, 7);
        assertEq(cap, 70);
    }

    function test_everyStepFitsInATransaction() public {
        DeployConfig memory config = goodConfig();
        // The whole run in one transaction would be above the cap, each contract alone is well under it.
        vm.chainId(DEVNET);
        Addresses memory system = DeployAddresses.all(config, DEVNET);
        script.deploy(config, goodGenesis(), "");
        bytes memory largest = system.inferenceHubImplementation.code;
        // 200 gas per byte of code, at most 16 per byte of creation code, and 10,000,000 to spare for the constructor.
        assertLt(largest.length * (200 + 2 * 16), TRANSACTION_GAS_CAP - 10_000_000);
    }

    function test_refusesARunByAnotherAccount() public {
        vm.chainId(DEVNET);
        address configured = harness.load(DEVNET).deployer;
        address other = makeAddr("other");
        vm.expectRevert(abi.encodeWithSelector(Deploy.WrongDeployer.selector, configured, other));
        vm.prank(other);
        script.run();
    }

    function test_refusesAChainWithoutConfig() public {
        vm.chainId(1);
        vm.expectRevert(abi.encodeWithSelector(DeployConfigs.ConfigNotFound.selector, 1, "script/config/1.json"));
        script.run();
    }

    function test_refusesAChainWithoutTheCanonicalDeployer() public {
        DeployConfig memory config = goodConfig();
        vm.etch(DeployAddresses.CREATE2_DEPLOYER, "");
        vm.expectRevert(
            abi.encodeWithSelector(Deploy.Create2DeployerMissing.selector, DeployAddresses.CREATE2_DEPLOYER)
        );
        script.deploy(config, goodGenesis(), "");
    }
}
