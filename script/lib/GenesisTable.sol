// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {console} from "forge-std/Script.sol";
import {Vm} from "forge-std/Vm.sol";
import {NewCategory} from "../../contracts/interfaces/IVestingVault.sol";
import {Genesis} from "./Genesis.sol";
import {GenesisRules} from "./GenesisRules.sol";

/// @title Prints who gets the supply, and when
/// @notice What to compare with the published allocation before a broadcast.
library GenesisTable {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @param terms The categories as the vault gets them.
    function print(Genesis memory genesis, NewCategory[] memory terms) internal pure {
        console.log(render(genesis, terms));
    }

    /// @notice The table as text. Amounts are in OPG, times in seconds.
    function render(Genesis memory genesis, NewCategory[] memory terms) internal pure returns (string memory text) {
        text = string.concat("Genesis, TGE at ", VM.toString(uint256(genesis.tge)), "\n");
        text = string.concat(
            text, _line("category", "total OPG", "at TGE", _pair("cliff s", "duration s"), "root of its schedules")
        );
        for (uint256 i = 0; i < terms.length; i++) {
            NewCategory memory category = terms[i];
            text = string.concat(
                text,
                _line(
                    category.name,
                    decimal(category.total),
                    decimal(category.tgeTotal),
                    _pair(VM.toString(uint256(category.cliff)), VM.toString(uint256(category.duration))),
                    VM.toString(category.root)
                )
            );
        }
        text = string.concat(
            text,
            "supply ",
            decimal(genesis.supply),
            " OPG, float at TGE ",
            decimal(GenesisRules.float(genesis)),
            " OPG\n"
        );
        text = string.concat(
            text,
            "airdrop of ",
            decimal(genesis.airdropTotal),
            " OPG to ",
            VM.toString(uint256(genesis.airdropCount)),
            " accounts, root ",
            VM.toString(genesis.airdropRoot)
        );
    }

    /// @notice An amount in wei as OPG, without trailing zeros.
    function decimal(uint256 amount) internal pure returns (string memory) {
        string memory whole = VM.toString(amount / 1e18);
        uint256 fraction = amount % 1e18;
        if (fraction == 0) return whole;
        uint256 digits = 18;
        while (fraction % 10 == 0) (fraction, digits) = (fraction / 10, digits - 1);
        string memory text = VM.toString(fraction);
        while (bytes(text).length < digits) text = string.concat("0", text);
        return string.concat(whole, ".", text);
    }

    function _line(string memory a, string memory b, string memory c, string memory d, string memory e)
        private
        pure
        returns (string memory)
    {
        return string.concat(_left(a, 19), _right(b, 12), _right(c, 31), d, "  ", e, "\n");
    }

    function _pair(string memory a, string memory b) private pure returns (string memory) {
        return string.concat(_right(a, 10), _right(b, 12));
    }

    function _left(string memory text, uint256 width) private pure returns (string memory) {
        while (bytes(text).length < width) text = string.concat(text, " ");
        return text;
    }

    function _right(string memory text, uint256 width) private pure returns (string memory) {
        while (bytes(text).length < width) text = string.concat(" ", text);
        return text;
    }
}
