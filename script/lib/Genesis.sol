// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {Json, JsonFields} from "./JsonFields.sol";

/// @notice Who is in a category.
/// Schedules: whoever is in its file; the root is in the manifest. The others are contracts that get the whole
/// category in one schedule, whose root follows from their address.
enum Beneficiaries {
    Schedules,
    Airdrop,
    Rewards
}

/// @notice A category of the genesis. The numbers are those of `NewCategory`.
struct GenesisCategory {
    string name;
    /// Zero where `beneficiaries` is a contract.
    bytes32 root;
    uint32 count;
    uint128 total;
    uint128 tgeTotal;
    uint40 start;
    uint32 cliff;
    uint32 duration;
    Beneficiaries beneficiaries;
}

/// @notice Who gets the supply, and when: what `opg genesis build` wrote to `manifest.json`.
struct Genesis {
    uint256 supply;
    uint40 tge;
    GenesisCategory[] categories;
    bytes32 airdropRoot;
    uint32 airdropCount;
    uint128 airdropTotal;
}

/// @title Reads genesis manifests
library GenesisManifest {
    using JsonFields for Json;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    string private constant CATEGORY_FIELDS = "id,name,root,count,total,tgeTotal,start,cliff,duration,beneficiaries";

    error GenesisNotFound(string path, string remedy);

    /// @notice Folder of a chain's genesis. OPG_GENESIS names another one, which must lie below `deployments/` for
    /// forge to read it.
    function folderOf(uint256 chainId) internal view returns (string memory) {
        return VM.envOr("OPG_GENESIS", string.concat("deployments/genesis/", VM.toString(chainId)));
    }

    /// @notice Reads the manifest in `folder`.
    function load(string memory folder) internal view returns (Genesis memory) {
        string memory path = string.concat(folder, "/manifest.json");
        if (!VM.exists(path)) {
            revert GenesisNotFound(path, "write it with `opg genesis build`, or name its folder in OPG_GENESIS");
        }
        return parse(VM.readFile(path));
    }

    /// @notice Reads a manifest. All fields are required, except for the roots that follow from
    /// the addresses of contracts, and no others are allowed.
    function parse(string memory text) internal view returns (Genesis memory genesis) {
        Json memory json = Json("genesis", text);
        json.requireOnly("", VM.split("version,supply,tge,categories,airdrop", ","));
        if (json.uintAt("version", 256) != 1) {
            revert JsonFields.InvalidField("genesis", "version", "not 1: build it with the `opg` of this checkout");
        }
        genesis.supply = json.uintAt("supply", 128);
        genesis.tge = uint40(json.uintAt("tge", 40));
        genesis.categories = new GenesisCategory[](_count(json, "categories"));
        for (uint256 i = 0; i < genesis.categories.length; i++) {
            _parse(json, i, genesis.categories[i]);
        }
        json.requireOnly("airdrop", VM.split("root,count,total", ","));
        genesis.airdropRoot = json.bytes32At("airdrop.root");
        genesis.airdropCount = uint32(json.uintAt("airdrop.count", 32));
        genesis.airdropTotal = uint128(json.uintAt("airdrop.total", 128));
    }

    function _parse(Json memory json, uint256 index, GenesisCategory memory category) private view {
        string memory object = JsonFields.element("categories", index);
        json.requireOnly(object, VM.split(CATEGORY_FIELDS, ","));
        string memory field = JsonFields.join(object, "id");
        if (json.uintAt(field, 256) != index) {
            revert JsonFields.InvalidField(json.name, field, "not the position in the list: the vault numbers from 0");
        }
        category.name = json.stringAt(JsonFields.join(object, "name"));
        category.count = uint32(json.uintAt(JsonFields.join(object, "count"), 32));
        category.total = uint128(json.uintAt(JsonFields.join(object, "total"), 128));
        category.tgeTotal = uint128(json.uintAt(JsonFields.join(object, "tgeTotal"), 128));
        category.start = uint40(json.uintAt(JsonFields.join(object, "start"), 40));
        category.cliff = uint32(json.uintAt(JsonFields.join(object, "cliff"), 32));
        category.duration = uint32(json.uintAt(JsonFields.join(object, "duration"), 32));
        category.beneficiaries = _beneficiaries(json, JsonFields.join(object, "beneficiaries"));

        field = JsonFields.join(object, "root");
        if (category.beneficiaries == Beneficiaries.Schedules) {
            category.root = json.bytes32At(field);
        } else if (json.exists(field)) {
            revert JsonFields.InvalidField(json.name, field, "given, but it follows from the contract's address");
        }
    }

    function _beneficiaries(Json memory json, string memory field) private view returns (Beneficiaries) {
        string memory value = json.stringAt(field);
        if (JsonFields.equal(value, "schedules")) return Beneficiaries.Schedules;
        if (JsonFields.equal(value, "airdrop")) return Beneficiaries.Airdrop;
        if (JsonFields.equal(value, "rewards")) return Beneficiaries.Rewards;
        revert JsonFields.InvalidField(json.name, field, "none of schedules, airdrop, rewards");
    }

    /// @dev Length of a list of objects.
    function _count(Json memory json, string memory list) private view returns (uint256 count) {
        while (json.exists(JsonFields.element(list, count))) count++;
        if (count == 0) revert JsonFields.InvalidField(json.name, list, "no list, or empty");
    }
}
