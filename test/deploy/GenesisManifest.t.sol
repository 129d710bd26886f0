// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Beneficiaries, Genesis, GenesisManifest} from "../../script/lib/Genesis.sol";
import {JsonFields} from "../../script/lib/JsonFields.sol";
import {DeployTestBase} from "./DeployTestBase.sol";

/// @notice A manifest that is not what `opg genesis build` writes is refused, and the refusal names the field.
contract GenesisManifestTest is DeployTestBase {
    string private constant GOOD = '{"version":1,"supply":"1000000000000000000000000000","tge":1800000000,"categories":['
        '{"id":0,"name":"team","root":"0x00000000000000000000000000000000000000000000000000000000000000aa","count":7,'
        '"total":"960000000000000000000000000","tgeTotal":"10000000000000000001","start":1800000000,"cliff":31557600,'
        '"duration":94672800,"beneficiaries":"schedules"},'
        '{"id":1,"name":"drop","count":1,"total":"40000000000000000000000000","tgeTotal":"40000000000000000000000000",'
        '"start":1800000000,"cliff":0,"duration":0,"beneficiaries":"airdrop"}],'
        '"airdrop":{"root":"0x00000000000000000000000000000000000000000000000000000000000000bb","count":9,'
        '"total":"40000000000000000000000000"}}';

    function test_readsEveryField() public view {
        Genesis memory genesis = harness.parseGenesis(GOOD);
        assertEq(genesis.supply, 1_000_000_000e18);
        assertEq(genesis.tge, 1_800_000_000);
        assertEq(genesis.airdropRoot, bytes32(uint256(0xbb)));
        assertEq(genesis.airdropCount, 9);
        assertEq(genesis.airdropTotal, 40_000_000e18);
        assertEq(genesis.categories.length, 2);
        assertEq(genesis.categories[0].name, "team");
        assertEq(genesis.categories[0].root, bytes32(uint256(0xaa)));
        assertEq(genesis.categories[0].count, 7);
        assertEq(genesis.categories[0].total, 960_000_000e18);
        assertEq(genesis.categories[0].tgeTotal, 10e18 + 1);
        assertEq(genesis.categories[0].start, 1_800_000_000);
        assertEq(genesis.categories[0].cliff, 31_557_600);
        assertEq(genesis.categories[0].duration, 94_672_800);
        assertTrue(genesis.categories[0].beneficiaries == Beneficiaries.Schedules);
        assertTrue(genesis.categories[1].beneficiaries == Beneficiaries.Airdrop);
        assertEq(genesis.categories[1].root, 0);
    }

    function test_refusesUnknownAndMissingFields() public {
        _refuse('"tge"', '"TGE"', "TGE", "unknown field");
        _refuse('"tge":1800000000,', "", "tge", "missing");
        _refuse('"name":"drop"', '"nome":"drop"', "categories[1].nome", "unknown field");
        _refuse('"cliff":0,', "", "categories[1].cliff", "missing");
        _refuse('"count":9,', "", "airdrop.count", "missing");
        _refuse('"count":9', '"count":9,"more":1', "airdrop.more", "unknown field");
    }

    function test_refusesAnotherVersion() public {
        _refuse('"version":1', '"version":2', "version", "not 1: build it with the `opg` of this checkout");
    }

    function test_refusesValuesOfTheWrongKind() public {
        string memory number = "not an unsigned integer (write large ones as a string)";
        _refuse('"tge":1800000000', '"tge":"soon"', "tge", number);
        _refuse('"total":"96', '"total":"-96', "categories[0].total", number);
        _refuse('"cliff":31557600', '"cliff":4294967296', "categories[0].cliff", "does not fit 32 bits");
        _refuse('"start":1800000000', '"start":1099511627776', "categories[0].start", "does not fit 40 bits");
        _refuse('00aa"', '0"', "categories[0].root", "not a hash of 32 bytes");
        _refuse('"categories":[', '"categories":[],"x":[', "x", "unknown field");
    }

    function test_refusesCategoriesOutOfOrder() public {
        _refuse('"id":1', '"id":2', "categories[1].id", "not the position in the list: the vault numbers from 0");
    }

    function test_refusesAListThatIsEmpty() public {
        string memory empty = '{"version":1,"supply":"1","tge":1,"categories":[],"airdrop":{}}';
        vm.expectRevert(
            abi.encodeWithSelector(JsonFields.InvalidField.selector, "genesis", "categories", "no list, or empty")
        );
        harness.parseGenesis(empty);
    }

    function test_refusesBeneficiariesThatItDoesNotKnow() public {
        _refuse('"schedules"', '"friends"', "categories[0].beneficiaries", "none of schedules, airdrop, rewards");
    }

    function test_refusesARootForAContract() public {
        _refuse('"schedules"', '"rewards"', "categories[0].root", "given, but it follows from the contract's address");
        _refuse('"beneficiaries":"airdrop"', '"beneficiaries":"schedules"', "categories[1].root", "missing");
    }

    function test_saysWhereItLooked() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                GenesisManifest.GenesisNotFound.selector,
                "deployments/nowhere/manifest.json",
                "write it with `opg genesis build`, or name its folder in OPG_GENESIS"
            )
        );
        harness.loadGenesis("deployments/nowhere");
    }

    function _refuse(string memory from, string memory to, string memory field, string memory reason) private {
        string memory bad = vm.replace(GOOD, from, to);
        assertNotEq(bad, GOOD, "the test changes nothing");
        vm.expectRevert(abi.encodeWithSelector(JsonFields.InvalidField.selector, "genesis", field, reason));
        harness.parseGenesis(bad);
    }
}
