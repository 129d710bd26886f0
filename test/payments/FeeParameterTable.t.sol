// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeMarket, MarketParameters} from "../../contracts/interfaces/IFeeMarket.sol";
import {FeeCap, IFeeRouter} from "../../contracts/interfaces/IFeeRouter.sol";
import {DocumentedTable} from "../staking/support/DocumentedTable.sol";
import {RewardsFixture} from "../staking/support/RewardsFixture.sol";

/// @notice The parameters of the cap on unsettled fees and of the fee market in docs/rewards.md, their defaults and their bounds,
/// are those of the contracts and of the deployment.
contract FeeParameterTableTest is RewardsFixture {
    using DocumentedTable for string;

    string private constant DOCUMENT = "docs/rewards.md";
    string private constant HEADER = "| Parameter | Set by | Default | Least | Most |";
    string private constant CONFIGURATION = "script/config/8453.json";

    function test_Document_SaysDefaultsAndBoundsOfTheCap() public {
        string[3] memory fields = [".payments.capWindow", ".payments.capPerStakeBps", ".payments.capLeast"];
        string[][] memory rows = _rowsOf("FeeRouter.setCap", 3);
        assertEq(abi.encode(router.cap()).length / 32, 3);
        for (uint256 i; i < 3; ++i) {
            string memory name = rows[i][0];
            _assertDefault(rows[i], fields[i]);
            uint256 least = rows[i][3].number();
            // The last has no bound but its width.
            uint256 most = i == 2 ? type(uint96).max : rows[i][4].number();
            vm.startPrank(governance);
            router.setCap(_capWith(i, least));
            router.setCap(_capWith(i, most));
            _expectBound(IFeeRouter.ShareOutOfBounds.selector, name, least - 1, least, most);
            router.setCap(_capWith(i, least - 1));
            if (i != 2) {
                _expectBound(IFeeRouter.ShareOutOfBounds.selector, name, most + 1, least, most);
                router.setCap(_capWith(i, most + 1));
            }
            vm.stopPrank();
        }
    }

    function test_Document_SaysDefaultsAndBoundsOfTheMarket() public {
        string[][] memory rows = _rowsOf("FeeMarket.setParameters", 7);
        assertEq(abi.encode(market.parameters()).length / 32, 7);
        for (uint256 i; i < 7; ++i) {
            string memory name = rows[i][0];
            _assertDefault(rows[i], string.concat(".market.", name));
            // The bounds of the prices are each other.
            if (i > 4) continue;
            (uint256 least, uint256 most) = (rows[i][3].number(), rows[i][4].number());
            vm.startPrank(governance);
            market.setParameters(_with(i, least));
            market.setParameters(_with(i, most));
            _expectBound(IFeeMarket.ParameterOutOfBounds.selector, name, least - 1, least, most);
            market.setParameters(_with(i, least - 1));
            _expectBound(IFeeMarket.ParameterOutOfBounds.selector, name, most + 1, least, most);
            market.setParameters(_with(i, most + 1));
            vm.stopPrank();
        }
    }

    function _assertDefault(string[] memory row, string memory field) private view {
        assertEq(row[2].number(), vm.parseJsonUint(vm.readFile(CONFIGURATION), field), field);
    }

    function _capWith(uint256 index, uint256 value) private pure returns (FeeCap memory cap) {
        cap = _noCap();
        if (index == 0) cap.window = uint32(value);
        if (index == 1) cap.perStakeBps = uint32(value);
        if (index == 2) cap.least = uint96(value);
    }

    function _with(uint256 index, uint256 value) private pure returns (MarketParameters memory p) {
        p = _marketParameters();
        if (index == 0) p.epochLength = uint32(value);
        if (index == 1) p.targetBps = uint16(value);
        if (index == 2) p.maxChangeBps = uint16(value);
        if (index == 3) p.capacityPerOpg = uint64(value);
        if (index == 4) p.capacityFloor = uint96(value);
    }

    function _expectBound(bytes4 selector, string memory name, uint256 value, uint256 least, uint256 most) private {
        vm.expectRevert(abi.encodeWithSelector(selector, name, value, least, most));
    }

    /// The rows that `setter` sets.
    function _rowsOf(string memory setter, uint256 count) private view returns (string[][] memory found) {
        string[][] memory rows = DocumentedTable.rows(DOCUMENT, HEADER);
        found = new string[][](count);
        uint256 n;
        for (uint256 i; i < rows.length; ++i) {
            if (rows[i][1].same(setter)) found[n++] = rows[i];
        }
        assertEq(n, count, setter);
    }
}
