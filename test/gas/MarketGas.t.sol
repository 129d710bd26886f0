// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {MarketFixture} from "../payments/support/MarketFixture.sol";

/// @notice Gas of whole transactions with the fee market, kept in snapshots/Market.json: each call is a transaction of its own,
/// in an epoch that has begun.
/// forge-config: default.isolate = true
contract MarketGasTest is MarketFixture {
    string private constant GROUP = "Market";

    function test_Gas_Size() public {
        vm.snapshotValue(GROUP, "runtime size in bytes, FeeMarket", address(market).code.length);
    }

    function test_Gas_DeclareCapacity() public {
        _pass(1 hours);
        market.advance();
        vm.startPrank(op);
        market.declareCapacity(CAPACITY);
        vm.snapshotGasLastCall(GROUP, "declareCapacity, first of all");
        _pass(1 minutes);
        market.declareCapacity(CAPACITY / 2);
        vm.snapshotGasLastCall(GROUP, "declareCapacity, another");
        _pass(1 hours);
        market.declareCapacity(CAPACITY);
        vm.snapshotGasLastCall(GROUP, "declareCapacity, ends an epoch");
        vm.stopPrank();
    }

    function test_Gas_Advance() public {
        _declare(op, CAPACITY);
        _pass(1 hours);
        market.advance();
        vm.snapshotGasLastCall(GROUP, "advance, ends an epoch");
        _pass(30 days);
        market.advance();
        vm.snapshotGasLastCall(GROUP, "advance, after 720 epochs");
    }

    /// Fees of an operator that declared capacity move the price: dividing them writes the market too.
    function test_Gas_SweepThatCounts() public {
        _declare(op, CAPACITY);
        _payTo(op, version, 100 ether);
        router.sweep(op, version);
        _pass(1 minutes);
        _payTo(op, version, 100 ether);
        router.sweep(op, version);
        vm.snapshotGasLastCall(GROUP, "sweep, counted by the market, later in an epoch");
    }
}
