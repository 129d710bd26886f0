// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Test} from "forge-std/Test.sol";
import {MarketParameters} from "../../contracts/interfaces/IFeeMarket.sol";
import {PriceCurve} from "../../contracts/payments/PriceCurve.sol";
import {ExactExp} from "./support/ExactExp.sol";

/// @notice The price that the contract computes, beside one of exact arithmetic.
contract PriceCurveTest is Test {
    uint256 private constant BPS = 10_000;

    /// The series themselves: e^ln(1 + c) = 1 + c, and a few known digits.
    function test_ExactExp_IsExact() public pure {
        assertApproxEqAbs(ExactExp.ln1p(1, 1), 0.693147180559945309417232121458176568e36, 1e6);
        assertApproxEqAbs(ExactExp.ln1p(1_250, BPS), 0.117783035656383454538794109470521705e36, 1e6);
        assertApproxEqRel(ExactExp.times(1e36, 1e36), 2.718281828459045235360287471352662497e36, 10);
        assertApproxEqRel(ExactExp.over(1e36, 1e36), 0.367879441171442321595523770161460867e36, 10);
    }

    function testFuzz_Price_SurvivesItsLogarithm(uint256 price) public pure {
        // To the wei as far as 18 decimals of a logarithm reach, and to a part in 10^17 beyond.
        price = bound(price, 1, 1e17);
        assertEq(PriceCurve.priceOf(PriceCurve.logOf(price), _anyPrice()), price);
        price = price * 7e11;
        assertApproxEqRel(PriceCurve.priceOf(PriceCurve.logOf(price), _anyPrice()), price, 10);
    }

    /// M2: price · (1 + maxChange)^(utilisation / target − 1), the exponent from −1 to 1, and by (1 + maxChange)^-1 for each
    /// epoch without a fee.
    function testFuzz_Next_IsTheExactPower(
        uint256 price,
        uint256 units,
        uint256 capacity,
        uint256 empty,
        uint256 targetBps,
        uint256 changeBps
    ) public pure {
        MarketParameters memory p = _parameters(targetBps, changeBps);
        price = bound(price, p.minPrice, p.maxPrice);
        capacity = bound(capacity, 600, 1e26);
        units = bound(units, 0, 3 * capacity);
        empty = empty % 4 == 0 ? bound(empty, 0, type(uint40).max / 600) : bound(empty, 0, 40);
        uint256 log = PriceCurve.next(PriceCurve.logOf(price), units, capacity, empty, p);
        uint256 got = PriceCurve.priceOf(log, p);
        uint256 exact = _exact(price, units, capacity, empty, p);
        // A rounding of 10^-18 in the step, once for each empty epoch until the floor is reached, and one of the price.
        assertApproxEqAbs(got, exact, 1 + exact / 1e13, "price");
        assertGe(got, p.minPrice);
        assertLe(got, p.maxPrice);
    }

    /// A rise and a fall by the same distance from the target cancel out to the last digit.
    function testFuzz_Next_RiseAndFallCancel(uint256 price, uint256 distance, uint256 changeBps) public pure {
        MarketParameters memory p = _parameters(5_000, changeBps);
        price = bound(price, p.minPrice * 4, p.maxPrice / 4);
        distance = bound(distance, 0, 5e9);
        uint256 log = PriceCurve.logOf(price);
        uint256 up = PriceCurve.next(log, 5e9 + distance, 1e10, 0, p);
        assertEq(PriceCurve.next(up, 5e9 - distance, 1e10, 0, p), log);
    }

    /// Whether somebody looked after each epoch or after all of them changes nothing.
    function testFuzz_Next_EmptyEpochsAddUp(uint256 price, uint256 empty, uint256 changeBps) public pure {
        MarketParameters memory p = _parameters(5_000, changeBps);
        uint256 log = PriceCurve.logOf(bound(price, p.minPrice, p.maxPrice));
        empty = bound(empty, 0, 200);
        uint256 at_once = PriceCurve.next(log, 0, 1e10, empty, p);
        for (uint256 i; i <= empty; ++i) {
            log = PriceCurve.next(log, 0, 1e10, 0, p);
        }
        assertEq(at_once, log);
    }

    /// Nothing within the widest bounds overflows: the market must take every fee at any time.
    function testFuzz_Next_NeverReverts(uint256 log, uint128 units, uint256 capacity, uint256 empty, uint256 changeBps)
        public
        pure
    {
        MarketParameters memory p = _parameters(1_000, changeBps);
        (p.minPrice, p.maxPrice) = (1, type(uint96).max);
        log = bound(log, 0, PriceCurve.logOf(type(uint96).max));
        capacity = bound(capacity, 600, type(uint128).max);
        log = PriceCurve.next(log, units, capacity, bound(empty, 0, type(uint40).max), p);
        assertLe(log, type(uint72).max);
        assertGe(PriceCurve.priceOf(log, p), 1);
    }

    function _exact(uint256 price, uint256 units, uint256 capacity, uint256 empty, MarketParameters memory p)
        private
        pure
        returns (uint256)
    {
        uint256 target = capacity * p.targetBps / BPS;
        uint256 step = ExactExp.ln1p(p.maxChangeBps, BPS);
        uint256 exact = price * 1e36;
        if (units >= target) {
            exact = ExactExp.times(exact, Math.mulDiv(step, Math.min(units - target, target), target));
        } else {
            exact = ExactExp.over(exact, Math.mulDiv(step, target - units, target));
        }
        exact = Math.min(Math.max(exact, uint256(p.minPrice) * 1e36), uint256(p.maxPrice) * 1e36);
        uint256 fall = empty * step;
        // e^-100 of the greatest price is below the least.
        exact = fall > 100e36 ? 0 : ExactExp.over(exact, fall);
        return Math.max((exact + 5e35) / 1e36, p.minPrice);
    }

    function _parameters(uint256 targetBps, uint256 changeBps) private pure returns (MarketParameters memory) {
        return MarketParameters({
            epochLength: 1 hours,
            targetBps: uint16(bound(targetBps, 1_000, 9_000)),
            maxChangeBps: uint16(bound(changeBps, 10, 2_500)),
            capacityPerOpg: 10,
            capacityFloor: 100_000,
            minPrice: 1e9,
            maxPrice: 1e16
        });
    }

    function _anyPrice() private pure returns (MarketParameters memory p) {
        (p.minPrice, p.maxPrice) = (1, type(uint96).max);
    }
}
