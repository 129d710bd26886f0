// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {StakeHistory} from "../../contracts/staking/StakeHistory.sol";

/// @notice The history against a list of everything that was ever set.
contract StakeHistoryTest is Test {
    using StakeHistory for StakeHistory.Trace;

    StakeHistory.Trace private trace;
    uint256[] private times;
    uint256[] private values;

    function setUp() public {
        vm.warp(1_800_000_000);
    }

    function testFuzz_History_AnswersForEverySecond(uint256 seed, uint8 length) public {
        uint256 start = vm.getBlockTimestamp();
        for (uint256 i; i < length; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            // Often several values in one second.
            vm.warp(vm.getBlockTimestamp() + r % 4);
            uint96 value = uint96(r >> 100);
            trace.set(value);
            times.push(vm.getBlockTimestamp() + 1);
            values.push(value);
        }
        uint256 end = vm.getBlockTimestamp() + 2;
        for (uint256 time = start; time <= end; ++time) {
            assertEq(trace.valueAt(uint64(time)), _expected(time));
        }
        if (length != 0) assertEq(trace.latest, values[length - 1]);
    }

    function test_History_IsZeroBeforeTheFirstValue() public {
        assertEq(trace.valueAt(0), 0);
        assertEq(trace.valueAt(type(uint64).max), 0);
        for (uint256 i = 1; i < 10; ++i) {
            trace.set(i);
            vm.warp(vm.getBlockTimestamp() + 5);
        }
        assertEq(trace.valueAt(0), 0);
        assertEq(trace.valueAt(1_800_000_000), 0);
        assertEq(trace.valueAt(1_800_000_001), 1);
        // Nine values: two in front at most, the others in pairs.
        assertEq(trace.past.length, 4);
    }

    function _expected(uint256 time) private view returns (uint256) {
        for (uint256 i = times.length; i > 0; --i) {
            if (times[i - 1] <= time) return values[i - 1];
        }
        return 0;
    }
}
