// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @notice A JSON document.
struct Json {
    /// What it is called in messages.
    string name;
    string text;
}

/// @title Reads fields of a JSON document
/// @notice Every refusal names the document and the field, so that whoever deploys knows what to edit. A field is
/// given as in `categories[2].name`.
library JsonFields {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    error InvalidField(string document, string field, string reason);

    /// @notice Refuses an object with other fields than `fields`.
    /// @param object The object, or empty for the whole document.
    function requireOnly(Json memory json, string memory object, string[] memory fields) internal pure {
        string memory path = bytes(object).length == 0 ? "$" : string.concat("$.", object);
        string[] memory keys;
        try VM.parseJsonKeys(json.text, path) returns (string[] memory found) {
            keys = found;
        } catch {
            revert InvalidField(json.name, object, "not an object");
        }
        for (uint256 i = 0; i < keys.length; i++) {
            bool known = false;
            for (uint256 j = 0; j < fields.length && !known; j++) {
                known = equal(keys[i], fields[j]);
            }
            if (!known) revert InvalidField(json.name, join(object, keys[i]), "unknown field");
        }
    }

    function exists(Json memory json, string memory field) internal view returns (bool) {
        return VM.keyExistsJson(json.text, string.concat("$.", field));
    }

    function stringAt(Json memory json, string memory field) internal view returns (string memory) {
        try VM.parseJsonString(json.text, _path(json, field)) returns (string memory value) {
            return value;
        } catch {
            revert InvalidField(json.name, field, "not a string");
        }
    }

    function addressAt(Json memory json, string memory field) internal view returns (address) {
        try VM.parseJsonAddress(json.text, _path(json, field)) returns (address value) {
            return value;
        } catch {
            revert InvalidField(json.name, field, "not an address");
        }
    }

    function bytes32At(Json memory json, string memory field) internal view returns (bytes32) {
        try VM.parseJsonBytes32(json.text, _path(json, field)) returns (bytes32 value) {
            return value;
        } catch {
            revert InvalidField(json.name, field, "not a hash of 32 bytes");
        }
    }

    /// @notice A number of at most `bits` bits.
    function uintAt(Json memory json, string memory field, uint256 bits) internal view returns (uint256) {
        try VM.parseJsonUint(json.text, _path(json, field)) returns (uint256 value) {
            if (bits < 256 && value >> bits != 0) {
                revert InvalidField(json.name, field, string.concat("does not fit ", VM.toString(bits), " bits"));
            }
            return value;
        } catch {
            revert InvalidField(json.name, field, "not an unsigned integer (write large ones as a string)");
        }
    }

    /// @notice Name of a field of an object.
    function join(string memory object, string memory field) internal pure returns (string memory) {
        return bytes(object).length == 0 ? field : string.concat(object, ".", field);
    }

    /// @notice Name of an element of a list.
    function element(string memory list, uint256 index) internal pure returns (string memory) {
        return string.concat(list, "[", VM.toString(index), "]");
    }

    function equal(string memory a, string memory b) internal pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }

    function _path(Json memory json, string memory field) private view returns (string memory) {
        if (!exists(json, field)) revert InvalidField(json.name, field, "missing");
        return string.concat("$.", field);
    }
}
