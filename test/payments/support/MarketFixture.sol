// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketParameters} from "../../../contracts/interfaces/IFeeMarket.sol";
import {RewardsFixture} from "../../staking/support/RewardsFixture.sol";

/// @notice Two operators of 20,000 OPG, who may declare 200,000 units per second each.
abstract contract MarketFixture is RewardsFixture {
    /// As many units per second as the floor.
    uint256 internal constant CAPACITY = 100_000;

    function setUp() public virtual override {
        super.setUp();
        _register(op, 20_000 ether);
        _register(rival, 20_000 ether);
        _pass(1 hours);
        // The hour was empty: back to the first price.
        _restorePrice();
    }

    function _with(uint256 minPrice, uint256 maxPrice) private pure returns (MarketParameters memory p) {
        p = _marketParameters();
        (p.minPrice, p.maxPrice) = (uint96(minPrice), uint96(maxPrice));
    }

    function _declare(address operator, uint256 capacity) internal {
        vm.prank(operator);
        market.declareCapacity(capacity);
    }

    function _declareAtAnEpochsBegin(address operator, uint256 capacity) internal {
        vm.warp(market.market().endsAt);
        _restorePrice();
        _declare(operator, capacity);
    }

    /// Pays as much as so many units cost now.
    function _payUnits(address operator, uint256 units) internal {
        _pay(operator, units * market.price());
    }

    /// An epoch, at the end of which so many units are paid for.
    function _epochWith(address operator, uint256 units) internal {
        vm.warp(market.market().endsAt - 1);
        _payUnits(operator, units);
        vm.warp(market.market().endsAt);
    }

    /// Makes the price the first one, in a new epoch.
    function _restorePrice() internal {
        vm.startPrank(governance);
        market.setParameters(_with(FIRST_PRICE, FIRST_PRICE));
        market.setParameters(_marketParameters());
        vm.stopPrank();
    }
}
