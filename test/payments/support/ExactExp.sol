// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice Exponential and logarithm by their series, with 36 decimals and 256-bit integers: slow, and nothing in common with
/// the rational approximations of the library that the contracts use.
library ExactExp {
    uint256 internal constant ONE = 1e36;
    uint256 private constant STEPS = 256;

    /// @notice ln(1 + n / d) for n ≤ d: 2·artanh(z) with z = n / (2d + n) ≤ 1/3.
    function ln1p(uint256 n, uint256 d) internal pure returns (uint256 sum) {
        uint256 z = Math.mulDiv(n, ONE, 2 * d + n);
        uint256 square = Math.mulDiv(z, z, ONE);
        uint256 power = z;
        for (uint256 k = 1; power != 0; k += 2) {
            sum += power / k;
            power = Math.mulDiv(power, square, ONE);
        }
        return 2 * sum;
    }

    /// @notice value · e^x, x with 36 decimals and at most 100.
    function times(uint256 value, uint256 x) internal pure returns (uint256) {
        uint256 root = _root(x);
        // Integer part and fraction grow together: with 36 decimals e^100 is 2^264, so they are applied one by one.
        for (uint256 i; i < STEPS; ++i) {
            value = Math.mulDiv(value, root, ONE);
        }
        return value;
    }

    /// @notice value · e^-x.
    function over(uint256 value, uint256 x) internal pure returns (uint256) {
        uint256 root = _root(x);
        for (uint256 i; i < STEPS; ++i) {
            value = Math.mulDiv(value, ONE, root);
        }
        return value;
    }

    /// @dev e^(x / STEPS), whose power STEPS is e^x.
    function _root(uint256 x) private pure returns (uint256 sum) {
        sum = ONE;
        uint256 term = ONE;
        for (uint256 k = 1; term != 0; ++k) {
            term = Math.mulDiv(term, x / STEPS, ONE) / k;
            sum += term;
        }
    }
}
