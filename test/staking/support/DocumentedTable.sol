// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @title Tables of the documentation, as tests read them
library DocumentedTable {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice The rows of the table with `header` in `file`, each as its cells.
    function rows(string memory file, string memory header) internal view returns (string[][] memory list) {
        string[] memory lines = VM.split(VM.readFile(file), "\n");
        uint256 start;
        while (!same(lines[start], header)) {
            require(++start < lines.length, string.concat(file, " has no table ", header));
        }
        // After the line of dashes, up to an empty line.
        start += 2;
        uint256 end = start;
        while (bytes(lines[end]).length != 0) ++end;
        list = new string[][](end - start);
        for (uint256 i = start; i < end; ++i) {
            string[] memory parts = VM.split(lines[i], "|");
            list[i - start] = new string[](parts.length - 2);
            for (uint256 j = 1; j + 1 < parts.length; ++j) {
                list[i - start][j - 1] = VM.replace(VM.trim(parts[j]), "`", "");
            }
        }
    }

    /// @notice What a cell like "10,000 OPG", "21 days" or "2,000" says, in wei, seconds or as it is.
    function number(string memory cell) internal pure returns (uint256) {
        string[] memory words = VM.split(cell, " ");
        uint256 value = VM.parseUint(VM.replace(words[0], ",", ""));
        if (words.length == 1) return value;
        string memory unit = words[1];
        if (same(unit, "OPG")) return value * 1 ether;
        if (same(unit, "day") || same(unit, "days")) return value * 1 days;
        if (same(unit, "hour") || same(unit, "hours")) return value * 1 hours;
        revert(string.concat("unknown unit in the documentation: ", cell));
    }

    function same(string memory a, string memory b) internal pure returns (bool) {
        return keccak256(bytes(a)) == keccak256(bytes(b));
    }
}
