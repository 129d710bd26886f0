// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @notice What a deployment is asked to be. One file per chain: `script/config/<chainId>.json`.
struct DeployConfig {
    /// Names the deployment: another salt gives other addresses.
    string salt;
    /// The account that deploys. The addresses depend on it; it keeps no power unless it is also `admin`.
    address deployer;
    /// Administrator of the AccessManager: governance, or a multisig until then.
    address admin;
    /// Receives the whole supply of OPG.
    address tokenRecipient;
    /// OPG wei that an operator locks up while it is registered.
    uint256 operatorBond;
    /// Seconds between retirement of an operator and the return of its bond.
    uint32 unbondingPeriod;
    /// Seconds over which turns are spread; zero switches turns off.
    uint32 turnWindow;
    /// Seconds after which anyone may fulfil a request.
    uint32 turnCap;
}

/// @title Reads and checks deployment configurations
/// @notice Every refusal names the field, so that whoever deploys knows what to edit.
library DeployConfigs {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 internal constant BASE = 8453;
    uint256 internal constant BASE_SEPOLIA = 84532;
    uint256 internal constant DEVNET = 31337;

    uint256 private constant SUPPLY = 1_000_000_000e18;
    /// A bond must stay slashable for as long as a receipt can still be presented.
    uint32 private constant MAX_RECEIPT_AGE = 1 hours;
    /// `InferenceHub.MAX_TURN_CAP`.
    uint32 private constant MAX_TURN_CAP = 1 hours;

    error ConfigNotFound(uint256 chainId, string path);
    error InvalidConfig(string field, string reason);

    /// @notice Reads and validates the configuration of the chain.
    function load(uint256 chainId) internal view returns (DeployConfig memory config) {
        string memory path = string.concat("script/config/", VM.toString(chainId), ".json");
        if (!VM.exists(path)) revert ConfigNotFound(chainId, path);
        config = parse(VM.readFile(path));
        validate(config, chainId);
    }

    /// @notice Reads a configuration. All fields are required, and no others are allowed.
    function parse(string memory json) internal view returns (DeployConfig memory config) {
        string[8] memory fields =
            ["salt", "deployer", "admin", "tokenRecipient", "operatorBond", "unbondingPeriod", "turnWindow", "turnCap"];
        string[] memory keys = VM.parseJsonKeys(json, "$");
        for (uint256 i = 0; i < keys.length; i++) {
            bool known = false;
            for (uint256 j = 0; j < fields.length && !known; j++) {
                known = _equal(keys[i], fields[j]);
            }
            if (!known) revert InvalidConfig(keys[i], "unknown field");
        }

        config.salt = _string(json, "salt");
        config.deployer = _address(json, "deployer");
        config.admin = _address(json, "admin");
        config.tokenRecipient = _address(json, "tokenRecipient");
        config.operatorBond = _uint(json, "operatorBond");
        config.unbondingPeriod = _uint32(json, "unbondingPeriod");
        config.turnWindow = _uint32(json, "turnWindow");
        config.turnCap = _uint32(json, "turnCap");
    }

    /// @notice Refuses values that could not make a working deployment on the chain.
    function validate(DeployConfig memory config, uint256 chainId) internal view {
        if (bytes(config.salt).length == 0) revert InvalidConfig("salt", "empty: name the deployment, e.g. opg-1");
        if (config.deployer == address(0)) revert InvalidConfig("deployer", "zero: enter the account that deploys");
        if (config.admin == address(0)) revert InvalidConfig("admin", "zero: enter the administrator of all roles");
        if (chainId == BASE && config.admin.code.length == 0) {
            revert InvalidConfig("admin", "has no code: on Base it must be a timelock or multisig");
        }
        if (config.tokenRecipient == address(0)) {
            revert InvalidConfig("tokenRecipient", "zero: enter who receives the supply");
        }
        if (config.operatorBond == 0) {
            revert InvalidConfig("operatorBond", "zero: operators must have something to lose");
        }
        if (config.operatorBond > SUPPLY) revert InvalidConfig("operatorBond", "more than the supply of OPG");
        if (chainId != DEVNET && config.unbondingPeriod <= MAX_RECEIPT_AGE) {
            revert InvalidConfig("unbondingPeriod", "must exceed the maximum age of a receipt, 3600 s");
        }
        if (config.turnCap > MAX_TURN_CAP) {
            revert InvalidConfig("turnCap", "exceeds 3600 s, the most that the hub takes");
        }
        if (config.turnWindow > config.turnCap) revert InvalidConfig("turnWindow", "must not exceed turnCap");
    }

    function _string(string memory json, string memory field) private view returns (string memory) {
        try VM.parseJsonString(json, _path(json, field)) returns (string memory value) {
            return value;
        } catch {
            revert InvalidConfig(field, "not a string");
        }
    }

    function _address(string memory json, string memory field) private view returns (address) {
        try VM.parseJsonAddress(json, _path(json, field)) returns (address value) {
            return value;
        } catch {
            revert InvalidConfig(field, "not an address");
        }
    }

    function _uint(string memory json, string memory field) private view returns (uint256) {
        try VM.parseJsonUint(json, _path(json, field)) returns (uint256 value) {
            return value;
        } catch {
            revert InvalidConfig(field, "not an unsigned integer (write large ones as a string)");
        }
    }

    function _uint32(string memory json, string memory field) private view returns (uint32) {
        uint256 value = _uint(json, field);
        if (value > type(uint32).max) revert InvalidConfig(field, "does not fit 32 bits");
        return uint32(value);
    }

    function _path(string memory json, string memory field) private view returns (string memory path) {
        path = string.concat("$.", field);
        if (!VM.keyExistsJson(json, path)) revert InvalidConfig(field, "missing");
    }

    function _equal(string memory a, string memory b) private pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }
}
