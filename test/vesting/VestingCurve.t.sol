// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Curve, PackedCurve, VestingCurve} from "../../contracts/vesting/VestingCurve.sol";

/// @notice The arithmetic beside a formula that counts from the end, for all widths of all inputs.
contract VestingCurveTest is Test {
    using VestingCurve for Curve;
    using VestingCurve for PackedCurve;

    function testFuzz_VestedAt_IsTheAmountLessWhatIsToCome(Curve memory curve, uint128 amount, uint128 tge, uint64 time)
        public
        pure
    {
        tge = uint128(bound(tge, 0, amount));
        uint256 linearStart = uint256(curve.start) + curve.cliff;
        uint256 last = linearStart + curve.duration;
        // Half of the times lie where something happens.
        uint256 t = time % 2 == 0 ? time : bound(time, curve.start, last);
        uint256 expected;
        if (t < curve.start) expected = 0;
        else if (t >= last) expected = amount;
        else if (t <= linearStart) expected = tge;
        else expected = amount - (uint256(amount - tge) * (last - t) + curve.duration - 1) / curve.duration;
        assertEq(curve.vestedAt(amount, tge, t), expected);
    }

    function testFuzz_VestedAt_NeverFallsAndSplitsTheAmount(
        Curve memory curve,
        uint128 amount,
        uint128 tge,
        uint256 t,
        uint256 later
    ) public pure {
        tge = uint128(bound(tge, 0, amount));
        (t, later) = t < later ? (t, later) : (later, t);
        uint256 vested = curve.vestedAt(amount, tge, t);
        assertLe(vested, curve.vestedAt(amount, tge, later));
        PackedCurve packed = VestingCurve.pack(curve.start, curve.cliff, curve.duration);
        assertEq(packed.vestedAt(amount, tge, t), vested);
        assertEq(packed.lockedAt(amount, tge, t), amount - vested);
    }

    function testFuzz_Pack_LosesNothing(Curve memory curve) public pure {
        Curve memory same = VestingCurve.pack(curve.start, curve.cliff, curve.duration).unpack();
        assertEq(abi.encode(same), abi.encode(curve));
    }

    function test_VestedAt_HasNoCatchUpAtTheCliff() public pure {
        Curve memory curve = Curve(1000, 100, 400);
        assertEq(curve.vestedAt(1100, 100, 999), 0);
        assertEq(curve.vestedAt(1100, 100, 1000), 100);
        assertEq(curve.vestedAt(1100, 100, 1100), 100);
        assertEq(curve.vestedAt(1100, 100, 1101), 102);
        assertEq(curve.vestedAt(1100, 100, 1300), 600);
        assertEq(curve.vestedAt(1100, 100, 1499), 1097);
        assertEq(curve.vestedAt(1100, 100, 1500), 1100);
    }

    function test_VestedAt_WithoutDurationAllVestsAtTheEndOfTheCliff() public pure {
        Curve memory curve = Curve(1000, 100, 0);
        assertEq(curve.vestedAt(1100, 100, 1099), 100);
        assertEq(curve.vestedAt(1100, 100, 1100), 1100);
    }
}
