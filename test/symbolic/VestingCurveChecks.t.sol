// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Curve, PackedCurve, VestingCurve} from "../../contracts/vesting/VestingCurve.sol";

/// @notice The vesting arithmetic for all inputs at full width: halmos runs the compiled code with symbols for them.
/// `make symbolic` runs these; `forge test` does not know the prefix and only compiles them.
///
/// LEMMAS
/// A product divided by a duration is opaque to the checks marked L1 and L2: they assume, of these very terms, what
/// lemmas.smt2 proves over the integers. A solver does not come to an end with the division itself, not even for 16 bits
/// within the 256. The other checks need no lemma.
contract VestingCurveChecks is Test {
    using VestingCurve for Curve;
    using VestingCurve for PackedCurve;

    function check_NothingBeforeTheStart(Curve memory curve, uint128 amount, uint128 tge, uint256 t) external pure {
        vm.assume(tge <= amount);
        vm.assume(t < curve.start);
        assertEq(curve.vestedAt(amount, tge, t), 0);
    }

    function check_OnlyTgeUntilTheCliffEnds(Curve memory curve, uint128 amount, uint128 tge, uint256 t) external pure {
        vm.assume(tge <= amount);
        vm.assume(t >= curve.start && t < _linearStart(curve));
        assertEq(curve.vestedAt(amount, tge, t), tge);
    }

    function check_ExactAtTheEnd(Curve memory curve, uint128 amount, uint128 tge, uint256 t) external pure {
        vm.assume(tge <= amount);
        vm.assume(t >= _linearStart(curve) + curve.duration);
        assertEq(curve.vestedAt(amount, tge, t), amount);
    }

    function check_LinearPart_IsTheFormula(Curve memory curve, uint128 amount, uint128 tge, uint256 t) external pure {
        vm.assume(tge <= amount);
        vm.assume(_isLinear(curve, t));
        unchecked {
            assertEq(curve.vestedAt(amount, tge, t), tge + _linearPart(curve, amount, tge, t));
        }
    }

    /// L0, L1. The contract computes unchecked. No difference underflows, the factors are small enough for their product,
    /// and the sum is at most the amount. Here the compiler checks; a panic would be a counterexample.
    function check_LinearPart_NeverOverflows(Curve memory curve, uint128 amount, uint128 tge, uint256 t) external pure {
        vm.assume(tge <= amount);
        vm.assume(_isLinear(curve, t));
        assertLe(uint256(amount) - tge, type(uint128).max);
        assertLe(t - _linearStart(curve), type(uint32).max);
        _assumeL1(curve, amount, tge, t);
        assertLe(tge + _linearPart(curve, amount, tge, t), amount);
    }

    /// The vault keeps a curve in one word: no field loses a bit, and what vests is the same.
    function check_Packed_IsTheSameCurve(Curve memory curve, uint128 amount, uint128 tge, uint256 t) external pure {
        vm.assume(tge <= amount);
        PackedCurve packed = VestingCurve.pack(curve.start, curve.cliff, curve.duration);
        Curve memory unpacked = packed.unpack();
        assertEq(unpacked.start, curve.start);
        assertEq(unpacked.cliff, curve.cliff);
        assertEq(unpacked.duration, curve.duration);
        assertEq(packed.vestedAt(amount, tge, t), curve.vestedAt(amount, tge, t));
    }

    /// L1
    function check_AtMostTheAmount(Curve memory curve, uint128 amount, uint128 tge, uint256 t) external pure {
        vm.assume(tge <= amount);
        _assumeL1(curve, amount, tge, t);
        assertLe(curve.vestedAt(amount, tge, t), amount);
    }

    /// L1, L2
    function check_NeverFalls(Curve memory curve, uint128 amount, uint128 tge, uint256 t, uint256 later) external pure {
        vm.assume(tge <= amount);
        vm.assume(t <= later);
        _assumeL1(curve, amount, tge, t);
        _assumeL1(curve, amount, tge, later);
        if (_isLinear(curve, t) && _isLinear(curve, later)) {
            vm.assume(_linearPart(curve, amount, tge, t) <= _linearPart(curve, amount, tge, later));
        }
        assertLe(curve.vestedAt(amount, tge, t), curve.vestedAt(amount, tge, later));
    }

    function _linearStart(Curve memory curve) private pure returns (uint256) {
        return uint256(curve.start) + curve.cliff;
    }

    function _isLinear(Curve memory curve, uint256 t) private pure returns (bool) {
        return t > _linearStart(curve) && t < _linearStart(curve) + curve.duration;
    }

    /// `amount` without the part for TGE, times the seconds since the cliff's end, over the duration. Unchecked: that
    /// the contract's own product does not overflow is another check.
    function _linearPart(Curve memory curve, uint128 amount, uint128 tge, uint256 t) private pure returns (uint256) {
        unchecked {
            return (uint256(amount) - tge) * (t - _linearStart(curve)) / curve.duration;
        }
    }

    function _assumeL1(Curve memory curve, uint128 amount, uint128 tge, uint256 t) private pure {
        unchecked {
            if (_isLinear(curve, t)) vm.assume(_linearPart(curve, amount, tge, t) <= uint256(amount) - tge);
        }
    }
}
