// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeeShares, IFeeRouter} from "../../contracts/interfaces/IFeeRouter.sol";
import {IRewards, RewardParameters} from "../../contracts/interfaces/IRewards.sol";
import {DocumentedTable} from "./support/DocumentedTable.sol";
import {RewardsFixture} from "./support/RewardsFixture.sol";

/// @notice The parameters of rewards and the shares of fees in docs/rewards.md, their defaults and their bounds, are those of the
/// contracts and of the deployment.
contract RewardParameterTableTest is RewardsFixture {
    using DocumentedTable for string;

    string private constant DOCUMENT = "docs/rewards.md";
    string private constant HEADER = "| Parameter | Set by | Default | Least | Most |";
    string private constant CONFIGURATION = "script/config/8453.json";

    function test_Document_SaysDefaultsAndBoundsOfRewards() public {
        string[][] memory rows = _rowsOf("Rewards.setParameters");
        string memory json = vm.readFile(CONFIGURATION);
        assertEq(rows.length, vm.parseJsonKeys(json, ".rewards").length);
        assertEq(rows.length, abi.encode(rewards.parameters()).length / 32);
        for (uint256 i; i < rows.length; ++i) {
            string memory name = rows[i][0];
            assertEq(rows[i][2].number(), vm.parseJsonUint(json, string.concat(".rewards.", name)), name);
            (uint256 least, uint256 most) = (rows[i][3].number(), rows[i][4].number());
            vm.startPrank(governance);
            rewards.setParameters(_with(i, least));
            rewards.setParameters(_with(i, most));
            if (least != 0) {
                _expectBound(IRewards.ParameterOutOfBounds.selector, name, least - 1, least, most);
                rewards.setParameters(_with(i, least - 1));
            }
            _expectBound(IRewards.ParameterOutOfBounds.selector, name, most + 1, least, most);
            rewards.setParameters(_with(i, most + 1));
            vm.stopPrank();
        }
    }

    function test_Document_SaysDefaultsAndBoundsOfFees() public {
        string[][] memory rows = _rowsOf("FeeRouter.setShares");
        string memory json = vm.readFile(CONFIGURATION);
        // Two numbers, and the pool, which is an address.
        assertEq(rows.length, abi.encode(router.shares()).length / 32);
        for (uint256 i; i < 2; ++i) {
            string memory name = rows[i][0];
            assertEq(rows[i][2].number(), vm.parseJsonUint(json, string.concat(".payments.", name)), name);
            (uint256 least, uint256 most) = (rows[i][3].number(), rows[i][4].number());
            vm.startPrank(governance);
            router.setShares(_sharesWith(i, least));
            router.setShares(_sharesWith(i, most));
            if (least != 0) {
                _expectBound(IFeeRouter.ShareOutOfBounds.selector, name, least - 1, least, most);
                router.setShares(_sharesWith(i, least - 1));
            }
            _expectBound(IFeeRouter.ShareOutOfBounds.selector, name, most + 1, least, most);
            router.setShares(_sharesWith(i, most + 1));
            vm.stopPrank();
        }
    }

    function _with(uint256 index, uint256 value) private pure returns (RewardParameters memory p) {
        p = _rewardParameters();
        if (index == 0) p.epochLength = uint32(value);
        if (index == 1) p.baseBps = uint16(value);
        if (index == 2) p.performanceBps = uint16(value);
    }

    function _sharesWith(uint256 index, uint256 value) private view returns (FeeShares memory shares) {
        shares = _shares();
        if (index == 0) shares.burnBps = uint16(value);
        else shares.verificationBps = uint16(value);
    }

    function _expectBound(bytes4 selector, string memory name, uint256 value, uint256 least, uint256 most) private {
        vm.expectRevert(abi.encodeWithSelector(selector, name, value, least, most));
    }

    /// The rows that `setter` sets.
    function _rowsOf(string memory setter) private view returns (string[][] memory found) {
        string[][] memory rows = DocumentedTable.rows(DOCUMENT, HEADER);
        found = new string[][](rows.length);
        uint256 n;
        for (uint256 i; i < rows.length; ++i) {
            if (rows[i][1].same(setter)) found[n++] = rows[i];
        }
        assembly ("memory-safe") {
            mstore(found, n)
        }
    }
}
