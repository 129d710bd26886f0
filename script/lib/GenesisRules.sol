// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {Beneficiaries, Genesis, GenesisCategory} from "./Genesis.sol";
import {Json, JsonFields} from "./JsonFields.sol";

/// @title What a genesis must be
/// @notice Roots do not commit to curves, so a manifest with a shortened cliff proves nothing wrong by itself. Each
/// category is therefore compared with the committed allocation, `script/config/allocation.json`.
library GenesisRules {
    using JsonFields for Json;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant SUPPLY = 1_000_000_000e18;
    /// What can circulate at the TGE, up to the wei that a fraction of a row rounds down to.
    uint256 internal constant FLOAT_AT_TGE = 190_000_000e18;
    /// Seconds of the allocation's months.
    uint256 private constant MONTH = 2_629_800;
    string internal constant ALLOCATION_PATH = "script/config/allocation.json";

    /// @notice Refuses a genesis that is not the committed allocation, or that contradicts itself.
    function validate(Genesis memory genesis) internal view {
        validate(genesis, VM.readFile(ALLOCATION_PATH));
    }

    /// @notice The same for an allocation given as text.
    function validate(Genesis memory genesis, string memory allocation) internal view {
        if (genesis.supply != SUPPLY) _refuse("supply", "not 1,000,000,000 OPG in wei");
        if (genesis.tge == 0) _refuse("tge", "zero");
        Json memory json = Json("allocation", allocation);
        uint256 sum = 0;
        uint256 rounding = 0;
        uint256[3] memory ofKind;
        for (uint256 i = 0; i < genesis.categories.length; i++) {
            GenesisCategory memory category = genesis.categories[i];
            string memory object = JsonFields.element("categories", i);
            _validateForm(genesis, category, object);
            rounding += _validateTerms(category, object, json);
            sum += category.total;
            ofKind[uint256(category.beneficiaries)]++;
        }
        if (json.exists(JsonFields.element("categories", genesis.categories.length))) {
            _refuse("categories", "fewer than the allocation has");
        }
        if (sum != SUPPLY) _refuse("categories", "their totals are not the supply");
        if (ofKind[uint256(Beneficiaries.Airdrop)] != 1) _refuse("categories", "not exactly one is the airdrop");
        if (ofKind[uint256(Beneficiaries.Rewards)] != 1) _refuse("categories", "not exactly one is the rewards");
        _validateFloat(genesis, rounding);
    }

    /// @notice OPG wei that can circulate at the TGE.
    function float(Genesis memory genesis) internal pure returns (uint256 amount) {
        for (uint256 i = 0; i < genesis.categories.length; i++) {
            amount += genesis.categories[i].tgeTotal;
        }
    }

    /// @dev What holds of a category whatever the allocation is.
    function _validateForm(Genesis memory genesis, GenesisCategory memory category, string memory object) private pure {
        if (category.start != genesis.tge) _refuse(JsonFields.join(object, "start"), "not the tge");
        if (category.beneficiaries == Beneficiaries.Schedules) {
            if (category.root == 0) _refuse(JsonFields.join(object, "root"), "zero");
            if (category.count == 0) _refuse(JsonFields.join(object, "count"), "zero: nobody would get the tokens");
            return;
        }
        if (category.root != 0) _refuse(JsonFields.join(object, "root"), "set, but it follows from the contract");
        if (category.count != 1) _refuse(JsonFields.join(object, "count"), "not 1: the contract gets one schedule");
        if (category.beneficiaries != Beneficiaries.Airdrop) return;
        if (category.tgeTotal != category.total) {
            _refuse(JsonFields.join(object, "tgeTotal"), "not the total: early claims would find the airdrop empty");
        }
        if (genesis.airdropRoot == 0) _refuse("airdrop.root", "zero");
        if (genesis.airdropCount == 0) _refuse("airdrop.count", "zero: nobody could claim");
        if (genesis.airdropTotal != category.total) _refuse("airdrop.total", "not the total of its category");
    }

    /// @dev What the allocation says of a category. Returns the most wei that its rows lose at the TGE: each rounds
    /// down, and loses less than one.
    function _validateTerms(GenesisCategory memory category, string memory object, Json memory json)
        private
        view
        returns (uint256 rounding)
    {
        if (!json.exists(object)) _refuse(object, "not in the allocation");
        string memory name = json.stringAt(JsonFields.join(object, "name"));
        if (!JsonFields.equal(category.name, name)) {
            _refuse(JsonFields.join(object, "name"), string.concat("the allocation has ", name, " here"));
        }
        uint256 total = SUPPLY * json.uintAt(JsonFields.join(object, "percent"), 8) / 100;
        if (category.total != total) _refuse(JsonFields.join(object, "total"), "not the percentage in the allocation");
        if (category.cliff != MONTH * json.uintAt(JsonFields.join(object, "cliffMonths"), 16)) {
            _refuse(JsonFields.join(object, "cliff"), "not the months in the allocation");
        }
        if (category.duration != MONTH * json.uintAt(JsonFields.join(object, "linearMonths"), 16)) {
            _refuse(JsonFields.join(object, "duration"), "not the months in the allocation");
        }
        (uint256 numerator, uint256 denominator) = _tgeShare(json, object);
        uint256 tgeTotal = total * numerator / denominator;
        rounding = tgeTotal == 0 || tgeTotal == total ? 0 : category.count;
        if (category.tgeTotal > tgeTotal || category.tgeTotal + rounding < tgeTotal) {
            _refuse(JsonFields.join(object, "tgeTotal"), "not the share in the allocation, a wei per row aside");
        }
    }

    /// @dev `tgeBps` of 10,000, or `tgeFraction` like "1/3".
    function _tgeShare(Json memory json, string memory object) private view returns (uint256, uint256) {
        string memory field = JsonFields.join(object, "tgeFraction");
        if (!json.exists(field)) return (json.uintAt(JsonFields.join(object, "tgeBps"), 16), 10_000);
        string[] memory parts = VM.split(json.stringAt(field), "/");
        if (parts.length != 2) revert JsonFields.InvalidField(json.name, field, "not a fraction like 1/3");
        return (VM.parseUint(parts[0]), VM.parseUint(parts[1]));
    }

    /// @param rounding Most wei that the rows lose.
    function _validateFloat(Genesis memory genesis, uint256 rounding) private pure {
        uint256 amount = float(genesis);
        if (amount > FLOAT_AT_TGE || amount + rounding < FLOAT_AT_TGE) {
            _refuse("categories", "the float at the tge is not 190,000,000 OPG, a wei per row aside");
        }
    }

    function _refuse(string memory field, string memory reason) private pure {
        revert JsonFields.InvalidField("genesis", field, reason);
    }
}
