// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon, SlashRule} from "../../contracts/interfaces/IStakingCommon.sol";
import {DocumentedTable} from "./support/DocumentedTable.sol";
import {StakingFixture} from "./support/StakingFixture.sol";

/// @notice The parameters, their defaults and their bounds in docs/staking.md are those of the contract and of the deployment:
/// every field of the governed structs, with nothing missing and nothing more.
contract ParameterTableTest is StakingFixture {
    using DocumentedTable for string;

    string private constant DOCUMENT = "docs/staking.md";
    string private constant PARAMETERS = "| Parameter | Default | Least | Most |";
    string private constant OFFENCES = "| Offence | Cap | Challenger | Payer | Burned | Cool-down | Jail |";
    string private constant BOUNDS = "| Field of a row | Most |";
    string private constant CONFIGURATION = "script/config/8453.json";

    /// All within their bounds: what a test changes in turn.
    uint256[] private words;

    function setUp() public override {
        super.setUp();
        bytes memory encoded = abi.encode(staking.parameters());
        for (uint256 i; i < encoded.length / 32; ++i) {
            words.push(_word(encoded, i));
        }
    }

    function test_Document_ListsEveryParameterWithItsDefault() public view {
        string[][] memory rows = DocumentedTable.rows(DOCUMENT, PARAMETERS);
        string memory json = vm.readFile(CONFIGURATION);
        // The configuration has all fields and no others, which its own tests say, and the table of slashes.
        assertEq(rows.length, words.length);
        assertEq(rows.length, vm.parseJsonKeys(json, ".staking").length - 1);
        for (uint256 i; i < rows.length; ++i) {
            uint256 value = vm.parseJsonUint(json, string.concat(".staking.", rows[i][0]));
            assertEq(DocumentedTable.number(rows[i][1]), value, rows[i][0]);
        }
    }

    function test_Document_SaysTheBoundsOfTheContract() public {
        string[][] memory rows = DocumentedTable.rows(DOCUMENT, PARAMETERS);
        for (uint256 i; i < rows.length; ++i) {
            (uint256 least, uint256 most) = (_bound(rows[i][2]), _bound(rows[i][3]));
            _expect(i, least, true, rows[i][0]);
            _expect(i, most, true, rows[i][0]);
            if (least != 0) _expect(i, least - 1, false, rows[i][0]);
            _expect(i, most + 1, false, rows[i][0]);
        }
    }

    function test_Document_ListsTheSlashTableOfTheDeployment() public view {
        string[][] memory rows = DocumentedTable.rows(DOCUMENT, OFFENCES);
        string memory json = vm.readFile(CONFIGURATION);
        assertFalse(vm.keyExistsJson(json, _row(rows.length, "offence")));
        for (uint256 i; i < rows.length; ++i) {
            assertEq(vm.parseUint(vm.split(rows[i][0], ":")[0]), vm.parseJsonUint(json, _row(i, "offence")));
            assertEq(rows[i][1].number(), vm.parseJsonUint(json, _row(i, "capBps")));
            assertEq(rows[i][2].number(), vm.parseJsonUint(json, _row(i, "challengerBps")));
            assertEq(rows[i][3].number(), vm.parseJsonUint(json, _row(i, "payerBps")));
            assertEq(rows[i][2].number() + rows[i][3].number() + rows[i][4].number(), 10_000);
            assertEq(rows[i][5].number(), vm.parseJsonUint(json, _row(i, "coolDown")));
            assertEq(rows[i][6].number(), vm.parseJsonUint(json, _row(i, "jailPeriod")));
        }
    }

    function test_Document_SaysTheBoundsOfTheSlashTable() public {
        string[][] memory rows = DocumentedTable.rows(DOCUMENT, BOUNDS);
        // The two shares have one bound together.
        assertEq(rows.length, abi.encode(staking.slashRule(FATAL)).length / 32 - 1);
        string[4] memory names = ["capBps", "challengerBps + payerBps", "coolDown", "jailPeriod"];
        for (uint256 i; i < rows.length; ++i) {
            assertEq(rows[i][0], names[i]);
            uint256 most = rows[i][1].number();
            vm.startPrank(governance);
            staking.setSlashRule(9, _rule(i, most, 0));
            staking.setSlashRule(9, _rule(i, most, most));
            SlashRule memory beyond = _rule(i, most + 1, 1);
            vm.expectRevert(
                abi.encodeWithSelector(IStakingCommon.ParameterOutOfBounds.selector, names[i], most + 1, 0, most)
            );
            staking.setSlashRule(9, beyond);
            vm.stopPrank();
        }
    }

    /// A rule whose field `i` is `value`; of the two shares, `second` is the payer's.
    function _rule(uint256 i, uint256 value, uint256 second) private pure returns (SlashRule memory rule) {
        if (i == 0) rule.capBps = uint16(value);
        if (i == 1) (rule.challengerBps, rule.payerBps) = (uint16(value - second), uint16(second));
        if (i == 2) rule.coolDown = uint32(value);
        if (i == 3) rule.jailPeriod = uint32(value);
    }

    /// What a cell of a bound says, where need be by the other parameters as they are.
    function _bound(string memory cell) private view returns (uint256) {
        if (cell.same("more than receiptAge + challengeWindow")) return words[2] + words[3] + 1;
        if (cell.same("unbondingPeriod - challengeWindow - 1")) return words[1] - words[3] - 1;
        if (cell.same("unbondingPeriod - receiptAge - 1")) return words[1] - words[2] - 1;
        return cell.number();
    }

    function _expect(uint256 index, uint256 value, bool accepted, string memory name) private {
        bytes memory call = abi.encodePacked(staking.setParameters.selector);
        for (uint256 i; i < words.length; ++i) {
            call = abi.encodePacked(call, i == index ? value : words[i]);
        }
        uint256 snapshot = vm.snapshotState();
        vm.prank(governance);
        (bool done, bytes memory reason) = address(staking).call(call);
        string memory text = string.concat(name, " of ", vm.toString(value));
        assertEq(done, accepted, text);
        if (done) {
            assertEq(_word(abi.encode(staking.parameters()), index), value, text);
        } else {
            assertEq(bytes4(reason), IStakingCommon.ParameterOutOfBounds.selector, text);
        }
        vm.revertToStateAndDelete(snapshot);
    }

    function _word(bytes memory encoded, uint256 index) private pure returns (uint256 word) {
        assembly ("memory-safe") {
            word := mload(add(encoded, mul(32, add(index, 1))))
        }
    }

    function _row(uint256 index, string memory field) private pure returns (string memory) {
        return string.concat(".staking.slashTable[", vm.toString(index), "].", field);
    }
}
