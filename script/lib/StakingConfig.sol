// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {SlashRule, StakingParameters} from "../../contracts/interfaces/IStakingCommon.sol";
import {Json, JsonFields} from "./JsonFields.sol";

/// @notice A row of the slash table.
struct Offence {
    /// Number that the dispute contracts use.
    uint8 number;
    SlashRule rule;
}

/// @notice What staking is asked to be.
struct StakingConfig {
    StakingParameters parameters;
    Offence[] slashTable;
}

/// @title Reads and checks the field `staking` of a configuration
/// @notice The bounds are those of the contract, which has the last word. A run that it refused would only say that a
/// constructor failed.
library StakingConfigs {
    using JsonFields for Json;

    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    string private constant BLOCK = "staking";
    string private constant TABLE = "staking.slashTable";
    string private constant FIELDS =
        "minSelfStake,unbondingPeriod,receiptAge,challengeWindow,vetoWindow,commissionNotice,maxCommissionBps,slashTable";
    string private constant ROW_FIELDS = "offence,capBps,challengerBps,payerBps,coolDown,jailPeriod";

    /// @notice Reads it. All fields are required, and no others are allowed.
    function parse(Json memory json) internal view returns (StakingConfig memory config) {
        json.requireOnly(BLOCK, VM.split(FIELDS, ","));
        StakingParameters memory parameters = config.parameters;
        parameters.minSelfStake = uint80(_uint(json, BLOCK, "minSelfStake", 80));
        parameters.unbondingPeriod = uint32(_uint(json, BLOCK, "unbondingPeriod", 32));
        parameters.receiptAge = uint32(_uint(json, BLOCK, "receiptAge", 32));
        parameters.challengeWindow = uint32(_uint(json, BLOCK, "challengeWindow", 32));
        parameters.vetoWindow = uint32(_uint(json, BLOCK, "vetoWindow", 32));
        parameters.commissionNotice = uint32(_uint(json, BLOCK, "commissionNotice", 32));
        parameters.maxCommissionBps = uint16(_uint(json, BLOCK, "maxCommissionBps", 16));

        uint256 count = 0;
        while (json.exists(JsonFields.element(TABLE, count))) count++;
        config.slashTable = new Offence[](count);
        for (uint256 i = 0; i < count; i++) {
            string memory row = JsonFields.element(TABLE, i);
            json.requireOnly(row, VM.split(ROW_FIELDS, ","));
            config.slashTable[i].number = uint8(_uint(json, row, "offence", 8));
            SlashRule memory rule = config.slashTable[i].rule;
            rule.capBps = uint16(_uint(json, row, "capBps", 16));
            rule.challengerBps = uint16(_uint(json, row, "challengerBps", 16));
            rule.payerBps = uint16(_uint(json, row, "payerBps", 16));
            rule.coolDown = uint32(_uint(json, row, "coolDown", 32));
            rule.jailPeriod = uint32(_uint(json, row, "jailPeriod", 32));
        }
    }

    /// @notice Refuses what the contract would refuse.
    function validate(StakingConfig memory config) internal pure {
        StakingParameters memory parameters = config.parameters;
        _within("minSelfStake", parameters.minSelfStake, 1e18, 1_000_000e18, "1 to 1,000,000 OPG in wei");
        uint256 provable = uint256(parameters.receiptAge) + parameters.challengeWindow;
        _within(
            "unbondingPeriod",
            parameters.unbondingPeriod,
            provable + 1,
            60 days,
            "above receiptAge + challengeWindow, at most 60 days"
        );
        _within("vetoWindow", parameters.vetoWindow, 1 hours, 14 days, "1 hour to 14 days");
        _within("commissionNotice", parameters.commissionNotice, 1 days, 60 days, "1 to 60 days");
        _within("maxCommissionBps", parameters.maxCommissionBps, 0, 5_000, "at most 5,000");
        for (uint256 i = 0; i < config.slashTable.length; i++) {
            _validateRow(config, i);
        }
    }

    function _validateRow(StakingConfig memory config, uint256 index) private pure {
        Offence memory row = config.slashTable[index];
        string memory name = string.concat("slashTable[", VM.toString(index), "].");
        if (row.number == 0) _refuse(string.concat(name, "offence"), "zero: offences count from 1");
        for (uint256 i = 0; i < index; i++) {
            if (config.slashTable[i].number == row.number) _refuse(string.concat(name, "offence"), "listed twice");
        }
        SlashRule memory rule = row.rule;
        _within(string.concat(name, "capBps"), rule.capBps, 1, 10_000, "1 to 10,000");
        _within(
            string.concat(name, "challengerBps"),
            uint256(rule.challengerBps) + rule.payerBps,
            0,
            8_000,
            "with payerBps at most 8,000: a fifth is burned"
        );
        _within(string.concat(name, "coolDown"), rule.coolDown, 0, 30 days, "at most 30 days");
        _within(string.concat(name, "jailPeriod"), rule.jailPeriod, 0, 365 days, "at most 365 days");
    }

    function _uint(Json memory json, string memory object, string memory field, uint256 bits)
        private
        view
        returns (uint256)
    {
        return json.uintAt(JsonFields.join(object, field), bits);
    }

    function _within(string memory field, uint256 value, uint256 minimum, uint256 maximum, string memory accepted)
        private
        pure
    {
        if (value < minimum || value > maximum) _refuse(field, string.concat("must be ", accepted));
    }

    function _refuse(string memory field, string memory reason) private pure {
        revert JsonFields.InvalidField("config", JsonFields.join(BLOCK, field), reason);
    }
}
