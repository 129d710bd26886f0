// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {MarketParameters} from "../../contracts/interfaces/IFeeMarket.sol";
import {Json, JsonFields} from "./JsonFields.sol";

/// @notice What the price of a compute unit is asked to be.
struct MarketConfig {
    MarketParameters parameters;
    /// OPG wei per compute unit to begin with.
    uint96 firstPrice;
}

/// @title Reads and checks the field `market` of a configuration
/// @notice The bounds are those of the contract, which has the last word.
library MarketConfigs {
    using JsonFields for Json;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    string private constant BLOCK = "market";
    string private constant FIELDS =
        "epochLength,targetBps,maxChangeBps,capacityPerOpg,capacityFloor,minPrice,maxPrice,firstPrice";

    /// @notice Reads it. All fields are required, and no others are allowed.
    function parse(Json memory json) internal view returns (MarketConfig memory config) {
        json.requireOnly(BLOCK, VM.split(FIELDS, ","));
        config.parameters.epochLength = uint32(json.uintAt("market.epochLength", 32));
        config.parameters.targetBps = uint16(json.uintAt("market.targetBps", 16));
        config.parameters.maxChangeBps = uint16(json.uintAt("market.maxChangeBps", 16));
        config.parameters.capacityPerOpg = uint64(json.uintAt("market.capacityPerOpg", 64));
        config.parameters.capacityFloor = uint96(json.uintAt("market.capacityFloor", 96));
        config.parameters.minPrice = uint96(json.uintAt("market.minPrice", 96));
        config.parameters.maxPrice = uint96(json.uintAt("market.maxPrice", 96));
        config.firstPrice = uint96(json.uintAt("market.firstPrice", 96));
    }

    /// @notice Refuses what the contract would refuse.
    function validate(MarketConfig memory config) internal pure {
        MarketParameters memory p = config.parameters;
        _within("market.epochLength", p.epochLength, 10 minutes, 7 days, "10 minutes to 7 days");
        _within("market.targetBps", p.targetBps, 1_000, 9_000, "1,000 to 9,000");
        _within("market.maxChangeBps", p.maxChangeBps, 10, 2_500, "10 to 2,500");
        _within("market.capacityPerOpg", p.capacityPerOpg, 1, 1e12, "1 to 10^12");
        _within("market.capacityFloor", p.capacityFloor, 1, 1e21, "1 to 10^21");
        _within("market.minPrice", p.minPrice, 1, p.maxPrice, "1 to market.maxPrice");
        _within("market.firstPrice", config.firstPrice, p.minPrice, p.maxPrice, "market.minPrice to market.maxPrice");
    }

    function _within(string memory field, uint256 value, uint256 minimum, uint256 maximum, string memory accepted)
        private
        pure
    {
        if (value >= minimum && value <= maximum) return;
        revert JsonFields.InvalidField("config", field, string.concat("must be ", accepted));
    }
}
