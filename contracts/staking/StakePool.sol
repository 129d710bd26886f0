// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice Stake that is slashed as one: an operator's own, or that of its delegators.
struct StakePool {
    /// OPG wei that all shares are worth.
    uint96 assets;
    uint112 shares;
    /// How often the pool began anew. Shares of an earlier generation are worth nothing.
    uint16 generation;
    /// Of the delegators' pool: pairs in the history of the operator's stake, which changes when this slot does.
    uint32 weightPairs;
    /// Shares that are unbonding: slashed like the others, without weight.
    uint112 unbondingShares;
    /// Wei that one bonded share has earned since the beginning, times 2^64. Unused for own stake.
    uint96 rewardIndex;
    /// Whether `escrowed` is not zero: withdrawals then need not read it.
    bool hasEscrow;
    /// Time until which disputes may keep stake: withdrawals later than that need not ask which.
    uint32 frozenUntil;
    /// OPG wei that slashes took and a veto may return to `shares`. Unused for own stake: whoever owns all shares has no
    /// need to know its part.
    uint96 escrowed;
}

/// @title Shares and assets of a pool
/// @notice A share is worth assets / shares: 1 at first, less after slashes, never more (beyond rounding), since nothing
/// adds assets without shares. Every rounding favours the pool.
///
/// ASSUMPTIONS
/// Amounts are at most the supply of OPG, below 2^90. Deposits are refused below a price of 2^-22, so shares stay below
/// 2^112, and no product of the two overflows. While a slash is open its pool takes no deposits, so shares only leave.
library StakePools {
    /// Most shares per wei of assets at which a pool takes deposits, as a shift.
    uint256 private constant MAX_DILUTION_SHIFT = 22;

    /// @notice Whether shares have been diluted by slashes so much that deposits have to be refused.
    function isDiluted(StakePool storage self) internal view returns (bool) {
        uint256 assets = self.assets;
        return assets != 0 && self.shares > assets << MAX_DILUTION_SHIFT;
    }

    /// @notice Adds `amount`. A pool that a slash emptied begins anew.
    function deposit(StakePool storage self, uint256 amount) internal returns (uint256 minted) {
        (uint256 assets, uint256 shares) = (self.assets, self.shares);
        if (assets == 0) {
            if (shares != 0) {
                ++self.generation;
                self.unbondingShares = 0;
                _setEscrow(self, 0);
                shares = 0;
            }
            minted = amount;
        } else {
            minted = amount * shares / assets;
        }
        (self.assets, self.shares) = (uint96(assets + amount), uint112(shares + minted));
    }

    /// @notice What `shares` of the present generation are worth, rounded down.
    function worth(StakePool storage self, uint256 shares) internal view returns (uint256) {
        return shares == 0 ? 0 : shares * self.assets / self.shares;
    }

    /// @notice What `shares` would be worth if all open slashes were vetoed, rounded up.
    function worthWithEscrow(StakePool storage self, uint256 shares) internal view returns (uint256) {
        if (shares == 0) return 0;
        uint256 escrowed = self.hasEscrow ? self.escrowed : 0;
        return Math.ceilDiv(shares * (self.assets + escrowed), self.shares);
    }

    /// @notice What the shares that are not unbonding are worth.
    function bonded(StakePool storage self) internal view returns (uint256) {
        return worth(self, self.shares - self.unbondingShares);
    }

    /// @notice Takes unbonding shares out, and at most `most` of assets for them.
    /// @param keepEscrow Whether the escrow stays whole although shares leave: where all shares have one owner.
    function redeem(StakePool storage self, uint256 shares, uint256 most, bool keepEscrow)
        internal
        returns (uint256 amount)
    {
        uint256 left = self.shares - shares;
        amount = Math.min(worth(self, shares), most);
        if (!keepEscrow && self.hasEscrow) _setEscrow(self, self.escrowed * left / self.shares);
        self.unbondingShares -= uint112(shares);
        // Without shares nobody owns what rounding left behind.
        self.assets = left == 0 ? 0 : self.assets - uint96(amount);
        self.shares = uint112(left);
    }

    /// @notice Moves `amount` of assets into escrow.
    function slash(StakePool storage self, uint256 amount) internal {
        self.assets -= uint96(amount);
        _setEscrow(self, self.escrowed + amount);
    }

    /// @notice Takes out of escrow what is left there of a slash that took `amount` from `sharesThen`.
    /// @param last Whether no other slash is open: then nothing stays in escrow.
    function release(StakePool storage self, uint256 amount, uint256 sharesThen, bool last)
        internal
        returns (uint256 released)
    {
        if (!self.hasEscrow) return 0;
        uint256 escrowed = self.escrowed;
        if (amount != 0) released = Math.min(amount * self.shares / sharesThen, escrowed);
        _setEscrow(self, last ? 0 : escrowed - released);
    }

    function _setEscrow(StakePool storage self, uint256 amount) private {
        (self.escrowed, self.hasEscrow) = (uint96(amount), amount != 0);
    }
}
