// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {StakeHistory} from "../../contracts/staking/StakeHistory.sol";

/// @notice The history against a list of everything that was ever set.
contract StakeHistoryTest is Test {
    using StakeHistory for StakeHistory.Trace;

    uint256 private constant NO_BOUND = type(uint256).max;

    StakeHistory.Trace private trace;
    uint256 private pairs;
    uint256[] private times;
    uint256[] private values;

    function setUp() public {
        vm.warp(1_800_000_000);
    }

    function testFuzz_History_AnswersForEverySecond(uint256 seed, uint8 length) public {
        uint256 start = vm.getBlockTimestamp();
        _fill(seed, length, NO_BOUND);
        for (uint256 time = start; time <= vm.getBlockTimestamp() + 2; ++time) {
            assertEq(_valueAt(time, NO_BOUND), _expected(time));
        }
        if (length != 0) assertEq(trace.latest, values[length - 1]);
    }

    /// With room for `room` pairs, two seconds for each are answered exactly, now among them, however often the value changes; for
    /// what is older, a value that was true once.
    function testFuzz_History_WithBoundedRoomKnowsTheLastSeconds(uint256 seed, uint8 length, uint8 room) public {
        room = uint8(bound(room, 1, 20));
        uint256 start = vm.getBlockTimestamp();
        _fill(seed, length % 64, room);
        uint256 end = vm.getBlockTimestamp();
        for (uint256 time = start; time <= end + 2; ++time) {
            if (pairs <= room || time + 2 * uint256(room) > end) assertEq(_valueAt(time, room), _expected(time));
            else assertTrue(_wasEver(_valueAt(time, room)));
        }
        // Slots are used again: no more than there is room for.
        (uint32 first,,,) = _pair(room);
        assertEq(first, 0);
    }

    function test_History_IsZeroBeforeTheFirstValue() public {
        assertEq(_valueAt(0, NO_BOUND), 0);
        assertEq(_valueAt(type(uint64).max, NO_BOUND), 0);
        for (uint256 i = 1; i < 10; ++i) {
            _set(i, NO_BOUND);
            vm.warp(vm.getBlockTimestamp() + 5);
        }
        assertEq(_valueAt(0, NO_BOUND), 0);
        assertEq(_valueAt(1_800_000_000, NO_BOUND), 0);
        assertEq(_valueAt(1_800_000_001, NO_BOUND), 1);
        // Nine values: two in front at most, the others in pairs.
        assertEq(pairs, 4);
    }

    function _fill(uint256 seed, uint256 length, uint256 room) private {
        for (uint256 i; i < length; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            // Often several values in one second.
            vm.warp(vm.getBlockTimestamp() + r % 4);
            uint96 value = uint96(r >> 100);
            _set(value, room);
            times.push(vm.getBlockTimestamp() + 1);
            values.push(value);
        }
    }

    function _set(uint256 value, uint256 room) private {
        uint256 pair = trace.set(value);
        if (pair != 0) trace.keep(pair, pairs++, room);
    }

    function _valueAt(uint256 time, uint256 room) private view returns (uint256) {
        (bool known, uint256 value) = trace.recentAt(uint64(time));
        return known ? value : trace.pastAt(uint64(time), pairs, room);
    }

    function _pair(uint256 index) private view returns (uint32, uint96, uint32, uint96) {
        StakeHistory.Pair storage pair = trace.past[index];
        return (pair.firstFrom, pair.first, pair.secondFrom, pair.second);
    }

    function _wasEver(uint256 value) private view returns (bool) {
        for (uint256 i; i < values.length; ++i) {
            if (values[i] == value) return true;
        }
        return false;
    }

    function _expected(uint256 time) private view returns (uint256) {
        for (uint256 i = times.length; i > 0; --i) {
            if (times[i - 1] <= time) return values[i - 1];
        }
        return 0;
    }
}
