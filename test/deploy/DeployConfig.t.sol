// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeployConfig} from "../../script/lib/DeployConfig.sol";
import {JsonFields} from "../../script/lib/JsonFields.sol";
import {DeployTestBase} from "./DeployTestBase.sol";

/// @notice A wrong configuration is refused, and the refusal names the field.
contract DeployConfigTest is DeployTestBase {
    string private constant GOOD = '{"salt":"s","deployer":"0x0000000000000000000000000000000000000001",'
        '"admin":"0x0000000000000000000000000000000000000002",'
        '"treasury":"0x0000000000000000000000000000000000000003","airdropClaimPeriod":2592000,'
        '"airdropGracePeriod":604800,"operatorBond":"1000000000000000000",'
        '"unbondingPeriod":7200,"turnWindow":4,"turnCap":60}';

    function test_readsEveryField() public view {
        DeployConfig memory config = harness.parse(GOOD);
        assertEq(config.salt, "s");
        assertEq(config.deployer, address(1));
        assertEq(config.admin, address(2));
        assertEq(config.treasury, address(3));
        assertEq(config.airdropClaimPeriod, 30 days);
        assertEq(config.airdropGracePeriod, 7 days);
        assertEq(config.operatorBond, 1e18);
        assertEq(config.unbondingPeriod, 7200);
        assertEq(config.turnWindow, 4);
        assertEq(config.turnCap, 60);
        harness.validate(config, BASE_SEPOLIA);
    }

    function test_committedConfigsAreCompleteUpToTheAccounts() public {
        harness.load(DEVNET);
        uint256[2] memory chains = [BASE, BASE_SEPOLIA];
        for (uint256 i = 0; i < chains.length; i++) {
            string memory path = string.concat("script/config/", vm.toString(chains[i]), ".json");
            DeployConfig memory config = harness.parse(vm.readFile(path));
            DeployConfig memory filledIn = goodConfig();
            if (config.deployer == address(0)) config.deployer = filledIn.deployer;
            if (config.admin == address(0)) config.admin = filledIn.admin;
            if (config.treasury == address(0)) config.treasury = filledIn.treasury;
            harness.validate(config, chains[i]);
        }
    }

    function test_refusesUnknownAndMissingFields() public {
        _expect("turncap", "unknown field");
        harness.parse(vm.replace(GOOD, "turnCap", "turncap"));
        _expect("turnCap", "missing");
        harness.parse(vm.replace(GOOD, ',"turnCap":60', ""));
        _expect("admin", "missing");
        harness.parse(vm.replace(GOOD, '"admin":"0x0000000000000000000000000000000000000002",', ""));
    }

    function test_refusesValuesOfTheWrongKind() public {
        _expect("admin", "not an address");
        harness.parse(vm.replace(GOOD, "0x0000000000000000000000000000000000000002", "0x02"));
        _expect("operatorBond", "not an unsigned integer (write large ones as a string)");
        harness.parse(vm.replace(GOOD, "1000000000000000000", "one"));
        _expect("turnWindow", "not an unsigned integer (write large ones as a string)");
        harness.parse(vm.replace(GOOD, '"turnWindow":4', '"turnWindow":-4'));
        _expect("unbondingPeriod", "does not fit 32 bits");
        harness.parse(vm.replace(GOOD, "7200", "4294967296"));
        _expect("salt", "not a string");
        harness.parse(vm.replace(GOOD, '"s"', '["s","t"]'));
    }

    function test_refusesZeroAccounts() public {
        DeployConfig memory config = goodConfig();
        config.deployer = address(0);
        _refuse(config, BASE, "deployer", "zero: enter the account that deploys");
        config = goodConfig();
        config.admin = address(0);
        _refuse(config, BASE, "admin", "zero: enter the administrator of all roles");
        config = goodConfig();
        config.treasury = address(0);
        _refuse(config, BASE, "treasury", "zero: enter who receives revoked and unclaimed tokens");
    }

    function test_refusesATreasuryWithoutCodeOnBaseOnly() public {
        DeployConfig memory config = goodConfig();
        config.treasury = makeAddr("a person's key");
        _refuse(config, BASE, "treasury", "has no code: on Base it must be a timelock or multisig");
        harness.validate(config, BASE_SEPOLIA);
        harness.validate(config, DEVNET);
    }

    function test_refusesAirdropTimesThatNobodyCouldUse() public {
        DeployConfig memory config = goodConfig();
        config.airdropClaimPeriod = 30 days - 1;
        _refuse(config, BASE, "airdropClaimPeriod", "below 30 days, 2592000 s");
        harness.validate(config, DEVNET);
        config.airdropClaimPeriod = 0;
        _refuse(config, DEVNET, "airdropClaimPeriod", "zero: nobody could claim");
        config = goodConfig();
        config.airdropGracePeriod = 7 days - 1;
        _refuse(config, BASE_SEPOLIA, "airdropGracePeriod", "below 7 days, 604800 s");
        harness.validate(config, DEVNET);
        config.airdropGracePeriod = 0;
        _refuse(config, DEVNET, "airdropGracePeriod", "zero: the sweep must come after the deadline");
    }

    function test_refusesAnAdminWithoutCodeOnBaseOnly() public {
        DeployConfig memory config = goodConfig();
        config.admin = makeAddr("a person's key");
        _refuse(config, BASE, "admin", "has no code: on Base it must be a timelock or multisig");
        harness.validate(config, BASE_SEPOLIA);
        harness.validate(config, DEVNET);
    }

    function test_refusesParametersOutOfRange() public {
        DeployConfig memory config = goodConfig();
        config.salt = "";
        _refuse(config, BASE, "salt", "empty: name the deployment, e.g. opg-1");
        config = goodConfig();
        config.operatorBond = 0;
        _refuse(config, BASE, "operatorBond", "zero: operators must have something to lose");
        config.operatorBond = 1_000_000_000e18 + 1;
        _refuse(config, BASE, "operatorBond", "more than the supply of OPG");
        config = goodConfig();
        config.unbondingPeriod = 1 hours;
        _refuse(config, BASE, "unbondingPeriod", "must exceed the maximum age of a receipt, 3600 s");
        harness.validate(config, DEVNET);
        config = goodConfig();
        config.turnWindow = config.turnCap + 1;
        _refuse(config, BASE, "turnWindow", "must not exceed turnCap");
        config.turnCap = 1 hours + 1;
        _refuse(config, BASE, "turnCap", "exceeds 3600 s, the most that the hub takes");
    }

    function test_theScriptDoesNotDeployWithABadConfig() public {
        DeployConfig memory config = goodConfig();
        config.operatorBond = 0;
        vm.chainId(BASE);
        _expect("operatorBond", "zero: operators must have something to lose");
        script.deploy(config, goodGenesis(), "");
    }

    function _refuse(DeployConfig memory config, uint256 chainId, string memory field, string memory reason) private {
        _expect(field, reason);
        harness.validate(config, chainId);
    }

    function _expect(string memory field, string memory reason) private {
        vm.expectRevert(abi.encodeWithSelector(JsonFields.InvalidField.selector, "config", field, reason));
    }
}
