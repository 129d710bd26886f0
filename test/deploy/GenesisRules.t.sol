// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeployConfig} from "../../script/lib/DeployConfig.sol";
import {Beneficiaries, Genesis, GenesisCategory} from "../../script/lib/Genesis.sol";
import {GenesisRules} from "../../script/lib/GenesisRules.sol";
import {JsonFields} from "../../script/lib/JsonFields.sol";
import {DeployTestBase} from "./DeployTestBase.sol";

/// @notice Only the committed allocation passes. Each test tampers with one number.
contract GenesisRulesTest is DeployTestBase {
    function test_acceptsTheCommittedAllocation() public view {
        Genesis memory genesis = goodGenesis();
        harness.validateGenesis(genesis);
        assertEq(GenesisRules.float(genesis), 190_000_000e18);
    }

    function test_acceptsUpToAWeiPerRowOfRounding() public {
        Genesis memory genesis = goodGenesis();
        genesis.categories[1].tgeTotal -= genesis.categories[1].count;
        harness.validateGenesis(genesis);
        genesis.categories[1].tgeTotal--;
        _refuse(genesis, "categories[1].tgeTotal", "not the share in the allocation, a wei per row aside");
    }

    function test_acceptsNoRoundingWhereAllOrNothingVestsAtTheTge() public {
        Genesis memory genesis = goodGenesis();
        genesis.categories[5].tgeTotal--;
        _refuse(genesis, "categories[5].tgeTotal", "not the share in the allocation, a wei per row aside");
        genesis = goodGenesis();
        genesis.categories[2].tgeTotal++;
        _refuse(genesis, "categories[2].tgeTotal", "not the share in the allocation, a wei per row aside");
    }

    function test_refusesAnotherSupply() public {
        Genesis memory genesis = goodGenesis();
        genesis.supply++;
        _refuse(genesis, "supply", "not 1,000,000,000 OPG in wei");
    }

    function test_refusesTimesThatDiffer() public {
        Genesis memory genesis = goodGenesis();
        genesis.categories[3].start++;
        _refuse(genesis, "categories[3].start", "not the tge");
        genesis.tge = 0;
        _refuse(genesis, "tge", "zero");
    }

    function test_refusesOtherTermsThanTheAllocation() public {
        Genesis memory genesis = goodGenesis();
        genesis.categories[2].cliff--;
        _refuse(genesis, "categories[2].cliff", "not the months in the allocation");
        genesis = goodGenesis();
        genesis.categories[4].duration--;
        _refuse(genesis, "categories[4].duration", "not the months in the allocation");
        genesis = goodGenesis();
        genesis.categories[0].total++;
        _refuse(genesis, "categories[0].total", "not the percentage in the allocation");
        genesis = goodGenesis();
        genesis.categories[0].tgeTotal++;
        _refuse(genesis, "categories[0].tgeTotal", "not the share in the allocation, a wei per row aside");
        genesis = goodGenesis();
        genesis.categories[0].name = "insiders";
        _refuse(genesis, "categories[0].name", "the allocation has ecosystem here");
    }

    function test_refusesOtherCategoriesThanTheAllocation() public {
        Genesis memory genesis = goodGenesis();
        GenesisCategory[] memory categories = new GenesisCategory[](8);
        for (uint256 i = 0; i < 7; i++) {
            categories[i] = genesis.categories[i];
        }
        categories[7] = genesis.categories[0];
        genesis.categories = categories;
        _refuse(genesis, "categories[7]", "not in the allocation");
        assembly ("memory-safe") {
            mstore(categories, 6)
        }
        _refuse(genesis, "categories", "fewer than the allocation has");
    }

    function test_refusesWhatNobodyCouldReleaseOrClaim() public {
        Genesis memory genesis = goodGenesis();
        genesis.categories[0].root = 0;
        _refuse(genesis, "categories[0].root", "zero");
        genesis = goodGenesis();
        genesis.categories[0].count = 0;
        _refuse(genesis, "categories[0].count", "zero: nobody would get the tokens");
        genesis = goodGenesis();
        genesis.airdropRoot = 0;
        _refuse(genesis, "airdrop.root", "zero");
        genesis = goodGenesis();
        genesis.airdropCount = 0;
        _refuse(genesis, "airdrop.count", "zero: nobody could claim");
        genesis = goodGenesis();
        genesis.airdropTotal--;
        _refuse(genesis, "airdrop.total", "not the total of its category");
    }

    function test_refusesContractsWithAnotherForm() public {
        Genesis memory genesis = goodGenesis();
        genesis.categories[4].root = "a root";
        _refuse(genesis, "categories[4].root", "set, but it follows from the contract");
        genesis = goodGenesis();
        genesis.categories[4].count = 2;
        _refuse(genesis, "categories[4].count", "not 1: the contract gets one schedule");
        genesis = goodGenesis();
        genesis.categories[6].tgeTotal--;
        _refuse(genesis, "categories[6].tgeTotal", "not the total: early claims would find the airdrop empty");
    }

    function test_refusesMoreOrLessThanOneOfEachContract() public {
        Genesis memory genesis = goodGenesis();
        (genesis.categories[4].beneficiaries, genesis.categories[4].root) = (Beneficiaries.Schedules, "a root");
        _refuse(genesis, "categories", "not exactly one is the rewards");
        genesis = goodGenesis();
        (genesis.categories[6].beneficiaries, genesis.categories[6].root) = (Beneficiaries.Schedules, "a root");
        _refuse(genesis, "categories", "not exactly one is the airdrop");
    }

    function test_refusesAnAllocationThatIsNotTheSupplyOrTheFloat() public {
        string memory allocation = vm.readFile(GenesisRules.ALLOCATION_PATH);
        Genesis memory genesis = goodGenesis();
        (genesis.categories[2].total, allocation) =
        (140_000_000e18, _first(allocation, '"percent": 15, "tgeBps"', '"percent": 14, "tgeBps"'));
        _expect("genesis", "categories", "their totals are not the supply");
        harness.validateGenesis(genesis, allocation);

        allocation = vm.replace(vm.readFile(GenesisRules.ALLOCATION_PATH), '"tgeBps": 1000,', '"tgeBps": 1001,');
        genesis = goodGenesis();
        genesis.categories[0].tgeTotal = 40_040_000e18;
        _expect("genesis", "categories", "the float at the tge is not 190,000,000 OPG, a wei per row aside");
        harness.validateGenesis(genesis, allocation);
    }

    function test_refusesAnAllocationWithoutAFraction() public {
        string memory allocation = vm.replace(vm.readFile(GenesisRules.ALLOCATION_PATH), '"1/3"', '"a third"');
        _expect("allocation", "categories[1].tgeFraction", "not a fraction like 1/3");
        harness.validateGenesis(goodGenesis(), allocation);
    }

    function test_theScriptDoesNotDeployABadGenesis() public {
        Genesis memory genesis = goodGenesis();
        genesis.categories[3].cliff = 0;
        DeployConfig memory config = goodConfig();
        vm.chainId(BASE);
        _expect("genesis", "categories[3].cliff", "not the months in the allocation");
        script.deploy(config, genesis, "");
    }

    function _first(string memory text, string memory from, string memory to) private pure returns (string memory) {
        string memory changed = vm.replace(text, from, to);
        assertNotEq(changed, text, "the test changes nothing");
        return changed;
    }

    function _refuse(Genesis memory genesis, string memory field, string memory reason) private {
        _expect("genesis", field, reason);
        harness.validateGenesis(genesis);
    }

    function _expect(string memory document, string memory field, string memory reason) private {
        vm.expectRevert(abi.encodeWithSelector(JsonFields.InvalidField.selector, document, field, reason));
    }
}
