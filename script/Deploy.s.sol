// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Script, console} from "forge-std/Script.sol";
import {VmSafe} from "forge-std/Vm.sol";
import {IVestingVault, Schedule} from "../contracts/interfaces/IVestingVault.sol";
import {Create3Deployer} from "../contracts/utils/Create3Deployer.sol";
import {AddressBook} from "./lib/AddressBook.sol";
import {Addresses, DeployAddresses} from "./lib/DeployAddresses.sol";
import {DeployAssertions} from "./lib/DeployAssertions.sol";
import {DeployConfig, DeployConfigs} from "./lib/DeployConfig.sol";
import {DeployPlan} from "./lib/DeployPlan.sol";
import {Genesis, GenesisManifest} from "./lib/Genesis.sol";
import {GenesisAssertions} from "./lib/GenesisAssertions.sol";
import {GenesisPlan} from "./lib/GenesisPlan.sol";
import {GenesisRules} from "./lib/GenesisRules.sol";
import {GenesisTable} from "./lib/GenesisTable.sol";
import {GovernanceWiring} from "./lib/GovernanceWiring.sol";
import {PublicContracts} from "./lib/PublicContracts.sol";
import {StakingWiring} from "./lib/StakingWiring.sol";
import {Step} from "./lib/Steps.sol";

/// @title Deploys OPG on the chain that forge is connected to
/// @notice Reads `script/config/<chainId>.json` and the genesis, deploys what is not there yet, hands it to
/// governance, pays the airdrop if its time has come, checks everything, and writes `deployments/<chainId>.json` if forge broadcasts. Running it again
/// deploys nothing and checks again. Where several development chains run at once, OPG_ADDRESS_BOOK gives each its own
/// file and OPG_GENESIS its own genesis (anywhere below `deployments/`).
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

        Genesis memory genesis = GenesisManifest.load(GenesisManifest.folderOf(block.chainid));
        string memory path = vm.envOr("OPG_ADDRESS_BOOK", AddressBook.pathOf(block.chainid));
        Outcome memory outcome = deploy(config, genesis, vm.exists(path) ? vm.readFile(path) : "");
        string memory book = AddressBook.render(outcome.system, block.chainid, outcome.firstBlock);
        if (vm.isContext(VmSafe.ForgeContext.ScriptBroadcast) || vm.isContext(VmSafe.ForgeContext.ScriptResume)) {
            vm.writeFile(path, book);
            console.log("Wrote %s", path);
        } else {
            console.log("Not broadcast, so nothing is written. The address book would be:\n%s", book);
        }
    }

    /// @notice Deploys what is missing, hands it to governance, pays the airdrop if its time has come, and checks.
    /// @param genesis Who gets the supply; it must be the one of the first run.
    /// @param book Address book of an earlier run, or empty.
    function deploy(DeployConfig memory config, Genesis memory genesis, string memory book)
        public
        returns (Outcome memory outcome)
    {
        DeployConfigs.validate(config, block.chainid);
        GenesisRules.validate(genesis);
        outcome.system = DeployAddresses.all(config, block.chainid);
        GenesisTable.print(genesis, GenesisPlan.terms(genesis, outcome.system.airdrop, outcome.system.rewards));
        bool isNew = outcome.system.accessManager.code.length == 0;
        bool mintsNow = outcome.system.opg.code.length == 0;

        Step[] memory steps = DeployPlan.steps(config, genesis, outcome.system);
        vm.startBroadcast(config.deployer);
        outcome.deployed = _deployMissing(config, steps);
        _wire(config, outcome.system);
        _payAirdrop(genesis, outcome.system);
        vm.stopBroadcast();
        if (block.chainid == DeployConfigs.DEVNET) PublicContracts.place();

        DeployAssertions.check(config, genesis, outcome.system);
        if (mintsNow) GenesisAssertions.checkDistribution(config, genesis, outcome.system);
        outcome.firstBlock =
            isNew ? block.number : AddressBook.keptBlock(book, outcome.system, block.chainid, block.number);
        console.log("%s deployed, %s present, all checks passed", outcome.deployed, steps.length - outcome.deployed);
    }

    function _deployMissing(DeployConfig memory config, Step[] memory steps) private returns (uint256 deployed) {
        Create3Deployer factory = _ensureCreate3Deployer();
        for (uint256 i = 0; i < steps.length; i++) {
            if (steps[i].target.code.length > 0) {
                console.log("  present   %s  %s", steps[i].target, steps[i].name);
                continue;
            }
            address actual = factory.deploy(DeployAddresses.saltOf(config, steps[i].name), steps[i].initCode);
            if (actual != steps[i].target) revert UnexpectedAddress(steps[i].name, steps[i].target, actual);
            console.log("  deployed  %s  %s", actual, steps[i].name);
            deployed++;
        }
    }

    /// @dev What only an administrator can set, then the roles. As long as the deployer is administrator a run was not
    /// completed, and all of it is set again.
    function _wire(DeployConfig memory config, Addresses memory system) private {
        if (!GovernanceWiring.isAdministrator(system, config.deployer)) return;
        StakingWiring.wire(config.staking, system);
        GovernanceWiring.wire(config.governance, system, config.deployer);
        console.log("  governed by the timelock; the deployer has renounced");
    }

    /// @dev Anyone may do this; doing it here makes claims work from the first moment.
    function _payAirdrop(Genesis memory genesis, Addresses memory system) private {
        if (block.timestamp < genesis.tge) {
            console.log("  the airdrop is paid by whoever releases it after the TGE, for instance by another run");
            return;
        }
        Schedule memory schedule = GenesisPlan.airdropSchedule(genesis, system.airdrop);
        IVestingVault vault = IVestingVault(system.vestingVault);
        if (vault.releasable(schedule) == 0) return;
        console.log(
            "  released  %s OPG to the airdrop", GenesisTable.decimal(vault.release(schedule, new bytes32[](0)))
        );
    }

    function _ensureCreate3Deployer() private returns (Create3Deployer factory) {
        factory = DeployAddresses.create3Deployer();
        if (address(factory).code.length > 0) return factory;
        address create2 = DeployAddresses.CREATE2_DEPLOYER;
        if (create2.code.length == 0) revert Create2DeployerMissing(create2);
        // The canonical deployer takes the salt, here zero, followed by the creation code.
        (bool success,) = create2.call(abi.encodePacked(bytes32(0), type(Create3Deployer).creationCode));
        if (!success || address(factory).code.length == 0) {
            revert UnexpectedAddress("Create3Deployer", address(factory), address(0));
        }
    }
}
