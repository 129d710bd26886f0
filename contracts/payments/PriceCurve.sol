// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FixedPointMathLib} from "solady/utils/FixedPointMathLib.sol";
import {MarketParameters} from "../interfaces/IFeeMarket.sol";

/// @title How a price moves
/// @notice The price is kept as its natural logarithm, with 18 decimals, so that a rise and a fall of the same utilisation
/// cancel out, and any number of empty epochs is one subtraction.
///
/// ASSUMPTIONS
/// Prices are from 1 wei to below 2^96, so logarithms are from 0 to below 67e18. Bounds of the parameters are those of
/// `FeeMarket`.
library PriceCurve {
    uint256 private constant BPS = 10_000;
    uint256 private constant WAD = 1e18;

    /// @notice Logarithm of a price.
    function logOf(uint256 price) internal pure returns (uint256) {
        // Not negative: the price is at least 1.
        return uint256(FixedPointMathLib.lnWad(int256(price * WAD)));
    }

    /// @notice The price of which `log` is the logarithm, to the nearest wei and within the bounds.
    function priceOf(uint256 log, MarketParameters memory p) internal pure returns (uint256 price) {
        price = (uint256(FixedPointMathLib.expWad(int256(log))) + WAD / 2) / WAD;
        return FixedPointMathLib.clamp(price, p.minPrice, p.maxPrice);
    }

    /// @notice The logarithm after an epoch in which `units` were counted of `capacityUnits`, and `empty` more in which
    /// none were.
    function next(uint256 log, uint256 units, uint256 capacityUnits, uint256 empty, MarketParameters memory p)
        internal
        pure
        returns (uint256)
    {
        (uint256 least, uint256 most) = (logOf(p.minPrice), logOf(p.maxPrice));
        uint256 step = uint256(FixedPointMathLib.lnWad(int256(WAD + p.maxChangeBps * WAD / BPS)));
        uint256 target = capacityUnits * p.targetBps / BPS;
        if (units >= target) {
            // Twice the target or more is the greatest step.
            log += step * FixedPointMathLib.min(units - target, target) / target;
            if (log > most) log = most;
        } else {
            log = _below(log, step * (target - units) / target, least);
        }
        // Cannot overflow: an epoch lasts minutes, and time is below 2^40.
        return _below(log, step * empty, least);
    }

    function _below(uint256 log, uint256 step, uint256 least) private pure returns (uint256) {
        return log > least + step ? log - step : least;
    }
}
