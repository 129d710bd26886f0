// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {Checks} from "../../script/lib/Checks.sol";
import {DeployConfig} from "../../script/lib/DeployConfig.sol";
import {Addresses} from "../../script/lib/DeployPlan.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {DeployTestBase} from "./DeployTestBase.sol";

/// @notice Whatever is wrong with a deployment is found. Each test breaks one thing in a good one.
contract DeployAssertionsTest is DeployTestBase {
    bytes32 private constant INITIALIZABLE_SLOT = 0xf0c57e16840df040f15088dc2f81fe391c3923bec73e23a9662efc9c229c6a00;

    DeployConfig private config;
    Addresses private system;

    function setUp() public override {
        super.setUp();
        config = goodConfig();
        system = deployOn(DEVNET, config).system;
    }

    function test_acceptsAGoodDeployment() public view {
        harness.check(config, goodGenesis(), system);
    }

    function test_findsMissingCode() public {
        vm.etch(system.operators, "");
        _expect("BondedOperators", "has no code");
    }

    function test_findsForeignCode() public {
        bytes memory code = system.opg.code;
        code[0] = ~code[0];
        vm.etch(system.opg, code);
        _expect("Opg", "is not the code of this checkout: use the checkout of the deployment or another salt");
    }

    function test_findsAnImplementationWithOtherWiring() public {
        address other = deployCode(
            "InferenceHub.sol:InferenceHub",
            abi.encode(system.opg, system.modelRegistry, makeAddr("other operators"), system.proofRegistry)
        );
        vm.etch(system.inferenceHubImplementation, other.code);
        _expect("InferenceHub", "asks another operator registry");
    }

    function test_findsOtherParameters() public {
        _replaceOperators(config.operatorBond + 1, config.unbondingPeriod);
        _expect("BondedOperators", "bond differs from operatorBond");
        _replaceOperators(config.operatorBond, config.unbondingPeriod + 1);
        _expect("BondedOperators", "unbonding period differs from unbondingPeriod");
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
        vm.prank(config.admin);
        AccessManager(system.accessManager).grantRole(0, config.deployer, 0);
        _expect("AccessManager", "deployer holds the admin role");
    }

    function test_findsAnAdminWithoutPower() public {
        vm.prank(config.admin);
        AccessManager(system.accessManager).renounceRole(0, config.admin);
        _expect("AccessManager", "admin does not hold the admin role");
    }

    function test_findsARestrictedFunctionOpenToARole() public {
        bytes4[] memory upgrade = new bytes4[](1);
        upgrade[0] = UUPSUpgradeable.upgradeToAndCall.selector;
        vm.prank(config.admin);
        AccessManager(system.accessManager).setTargetFunctionRole(system.proofRegistry, upgrade, type(uint64).max);
        _expect("ProofRegistry", "grants a restricted function to a role");
    }

    function test_findsAClosedContract() public {
        vm.prank(config.admin);
        AccessManager(system.accessManager).setTargetClosed(system.inferenceHub, true);
        _expect("InferenceHub", "is closed");
    }

    function _replaceOperators(uint256 bond, uint32 unbondingPeriod) private {
        address other = deployCode("BondedOperators.sol:BondedOperators", abi.encode(system.opg, bond, unbondingPeriod));
        vm.etch(system.operators, other.code);
    }

    function _expect(string memory contractName, string memory reason) private {
        vm.expectRevert(abi.encodeWithSelector(Checks.DeploymentBroken.selector, contractName, reason));
        harness.check(config, goodGenesis(), system);
    }
}
