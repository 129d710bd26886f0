// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Script, console} from "forge-std/Script.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {Create3Deployer} from "../contracts/utils/Create3Deployer.sol";
import {AddressBook} from "./lib/AddressBook.sol";
import {DeployAssertions} from "./lib/DeployAssertions.sol";
import {DeployConfig, DeployConfigs} from "./lib/DeployConfig.sol";
import {Addresses, DeployPlan, Step} from "./lib/DeployPlan.sol";

/// @title Deploys OPG on the chain that forge is connected to
/// @notice Reads `script/config/<chainId>.json`, deploys what is not there yet, checks everything, and writes
/// `deployments/<chainId>.json` if forge broadcasts. Running it again deploys nothing and checks again. Where several
/// development chains run at once, OPG_ADDRESS_BOOK gives each its own file (anywhere below `deployments/`).
contract Deploy is Script {
    /// @notice What a run did.
    struct Outcome {
        Addresses system;
        /// Contracts deployed by this run, the CREATE3 deployer not counted.
        uint256 deployed;
        /// First block that can hold events of the deployment, zero if unknown.
        uint256 firstBlock;
    }

    error Create2DeployerMissing(address expected);
    error WrongDeployer(address configured, address broadcaster);
    error UnexpectedAddress(string contractName, address expected, address actual);

    function run() external {
        DeployConfig memory config = DeployConfigs.load(block.chainid);
        if (msg.sender != config.deployer) revert WrongDeployer(config.deployer, msg.sender);

        string memory path = vm.envOr("OPG_ADDRESS_BOOK", AddressBook.pathOf(block.chainid));
        Outcome memory outcome = deploy(config, vm.exists(path) ? vm.readFile(path) : "");
        string memory book = AddressBook.render(outcome.system, block.chainid, outcome.firstBlock);
        if (vm.isContext(VmSafe.ForgeContext.ScriptBroadcast) || vm.isContext(VmSafe.ForgeContext.ScriptResume)) {
            vm.writeFile(path, book);
            console.log("Wrote %s", path);
        } else {
            console.log("Not broadcast, so nothing is written. The address book would be:\n%s", book);
        }
    }

    /// @notice Deploys what is missing and checks the result.
    /// @param book Address book of an earlier run, or empty.
    function deploy(DeployConfig memory config, string memory book) public returns (Outcome memory outcome) {
        DeployConfigs.validate(config, block.chainid);
        outcome.system = DeployPlan.addresses(config, block.chainid);
        Step[] memory steps = DeployPlan.steps(config, outcome.system);
        bool isNew = steps[0].target.code.length == 0;
        bool mintsNow = outcome.system.opg.code.length == 0;

        vm.startBroadcast(config.deployer);
        Create3Deployer factory = _ensureCreate3Deployer();
        for (uint256 i = 0; i < steps.length; i++) {
            if (steps[i].target.code.length > 0) {
                console.log("  present   %s  %s", steps[i].target, steps[i].name);
                continue;
            }
            address actual = factory.deploy(DeployPlan.saltOf(config, steps[i].name), steps[i].initCode);
            if (actual != steps[i].target) revert UnexpectedAddress(steps[i].name, steps[i].target, actual);
            console.log("  deployed  %s  %s", actual, steps[i].name);
            outcome.deployed++;
        }
        vm.stopBroadcast();

        DeployAssertions.check(config, outcome.system);
        if (mintsNow) DeployAssertions.checkDistribution(config, outcome.system);
        outcome.firstBlock =
            isNew ? block.number : AddressBook.keptBlock(book, outcome.system, block.chainid, block.number);
        console.log("%s deployed, %s present, all checks passed", outcome.deployed, steps.length - outcome.deployed);
    }

    function _ensureCreate3Deployer() private returns (Create3Deployer factory) {
        factory = DeployPlan.create3Deployer();
        if (address(factory).code.length > 0) return factory;
        address create2 = DeployPlan.CREATE2_DEPLOYER;
        if (create2.code.length == 0) revert Create2DeployerMissing(create2);
        // The canonical deployer takes the salt, here zero, followed by the creation code.
        (bool success,) = create2.call(abi.encodePacked(bytes32(0), type(Create3Deployer).creationCode));
        if (!success || address(factory).code.length == 0) {
            revert UnexpectedAddress("Create3Deployer", address(factory), address(0));
        }
    }
}
