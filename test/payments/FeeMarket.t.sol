// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IFeeMarket, MarketParameters, MarketView} from "../../contracts/interfaces/IFeeMarket.sol";
import {FeeMarket} from "../../contracts/payments/FeeMarket.sol";
import {MarketFixture} from "./support/MarketFixture.sol";

/// @notice What operators declare, what counts, and how the price follows.
contract FeeMarketTest is MarketFixture {
    function test_Price_BeginsAsDeployedAndStaysWithinAnEpoch() public {
        _declare(op, CAPACITY);
        assertEq(market.price(), FIRST_PRICE);
        MarketView memory view_ = market.market();
        assertEq(view_.endsAt - view_.beganAt, 1 hours);
        vm.warp(view_.endsAt - 1);
        _payUnits(op, CAPACITY * 3_599);
        assertEq(market.price(), FIRST_PRICE);
        assertEq(market.market().units, CAPACITY * 3_599);
    }

    function test_Price_StaysAtTheTarget() public {
        _declareAtAnEpochsBegin(op, CAPACITY);
        for (uint256 i; i < 5; ++i) {
            _epochWith(op, CAPACITY * 1_800);
            assertEq(market.price(), FIRST_PRICE);
        }
    }

    function test_Price_RisesByTheMostAtTwiceTheTarget() public {
        _declareAtAnEpochsBegin(op, CAPACITY);
        vm.warp(market.market().endsAt - 1);
        _payUnits(op, CAPACITY * 3_599);
        vm.warp(market.market().endsAt);
        uint256 price = market.price();
        // All but what was offered in the last second was paid for.
        vm.expectEmit(address(market));
        emit IFeeMarket.EpochEnded(CAPACITY * 3_599, CAPACITY * 3_600, block.timestamp, price);
        market.advance();
        assertApproxEqRel(price, FIRST_PRICE * 1_125 / 1_000, 1e14);
    }

    function test_Price_FallsByTheMostWithoutFees() public {
        _declareAtAnEpochsBegin(op, CAPACITY);
        vm.warp(market.market().endsAt);
        assertApproxEqAbs(market.price(), FIRST_PRICE * 1_000 / 1_125, 1);
        vm.warp(block.timestamp + 2 hours);
        assertApproxEqAbs(market.price(), FIRST_PRICE * 1e9 / 1_423_828_125, 1);
    }

    function test_Price_StopsAtItsBounds() public {
        vm.warp(block.timestamp + 100 * 365 days);
        assertEq(market.price(), _marketParameters().minPrice);
        _declareAtAnEpochsBegin(op, CAPACITY);
        MarketParameters memory p = _marketParameters();
        p.maxPrice = p.minPrice + 5;
        vm.prank(governance);
        market.setParameters(p);
        for (uint256 i; i < 3; ++i) {
            vm.warp(market.market().endsAt - 1);
            _payUnits(op, CAPACITY * 3_600);
        }
        vm.warp(market.market().endsAt);
        assertEq(market.price(), p.maxPrice);
    }

    /// Below the floor a little demand is not taken for a crowd.
    function test_Price_MeasuresSmallCapacityAgainstTheFloor() public {
        uint256 small = _marketParameters().capacityFloor / 10;
        _declareAtAnEpochsBegin(op, small);
        vm.warp(market.market().endsAt - 1);
        _payUnits(op, small * 3_600);
        vm.warp(market.market().endsAt);
        assertLt(market.price(), FIRST_PRICE);
    }

    function test_Declare_AsMuchAsTheStakeAllows() public {
        assertEq(market.mostCapacityOf(op), 20_000 * 10);
        vm.expectEmit(address(market));
        emit IFeeMarket.CapacityDeclared(op, 200_000, 200_000);
        _declare(op, 200_000);
        assertEq(market.capacityOf(op).capacity, 200_000);
        assertEq(market.market().capacity, 200_000);
        vm.expectRevert(abi.encodeWithSelector(IFeeMarket.CapacityTooHigh.selector, 200_001, 200_000));
        vm.prank(op);
        market.declareCapacity(200_001);
    }

    /// Delegated stake is others': it would be cheap to attract for the sake of a declaration.
    function test_Declare_DelegatedStakeDoesNotCount() public {
        _give(bob, 1_000_000 ether);
        _stake(op, bob, 1_000_000 ether);
        _pass(1);
        assertEq(market.mostCapacityOf(op), 200_000);
    }

    function test_RevertWhen_DeclaredByWhoIsNotActive() public {
        vm.expectRevert(abi.encodeWithSelector(IFeeMarket.OperatorInactive.selector, stranger));
        vm.prank(stranger);
        market.declareCapacity(1);
        vm.prank(guardian);
        staking.jail(op, 1 days);
        _pass(1);
        vm.expectRevert(abi.encodeWithSelector(IFeeMarket.OperatorInactive.selector, op));
        vm.prank(op);
        market.declareCapacity(1);
        // To take a declaration back one need not be.
        vm.prank(op);
        market.declareCapacity(0);
    }

    function test_Cut_BringsADeclarationDownToTheStake() public {
        _declare(op, 200_000);
        vm.expectRevert(abi.encodeWithSelector(IFeeMarket.NothingToCut.selector, op, 200_000, 200_000));
        market.cut(op);
        _unbond(op, op, _own(op).shares / 4);
        vm.prank(stranger);
        assertEq(market.cut(op), 150_000);
        assertEq(market.market().capacity, 150_000);
    }

    function test_Count_OnlyWhatWasOffered() public {
        _declareAtAnEpochsBegin(op, CAPACITY);
        vm.warp(block.timestamp + 100);
        uint256 units = 1_000 * CAPACITY;
        _payTo(op, version, units * FIRST_PRICE);
        vm.expectEmit(address(market));
        emit IFeeMarket.UnitsCounted(op, units, 100 * CAPACITY);
        router.sweep(op, version);
        assertEq(market.market().units, 100 * CAPACITY);
        assertEq(market.capacityOf(op).countable, 0);
    }

    function test_Count_CutsTheDeclarationOfWhoLeft() public {
        _declare(op, CAPACITY);
        vm.warp(block.timestamp + 100);
        vm.prank(guardian);
        staking.jail(op, 1 days);
        _pass(1);
        // The fee is divided as always; what was offered counts.
        _pay(op, 1 ether);
        assertEq(market.capacityOf(op).capacity, 0);
        assertEq(market.market().capacity, 0);
    }

    function test_RevertWhen_AnyoneElseCounts() public {
        vm.expectRevert(abi.encodeWithSelector(IFeeMarket.NotFeeRouter.selector, op));
        vm.prank(op);
        market.count(op, 1 ether, 1 ether);
    }

    function test_SetParameters_BeginsANewEpochAndKeepsThePrice() public {
        _declareAtAnEpochsBegin(op, CAPACITY);
        vm.warp(block.timestamp + 1_000);
        _payUnits(op, CAPACITY * 500);
        MarketParameters memory p = _marketParameters();
        p.epochLength = 30 minutes;
        vm.expectEmit(address(market));
        emit IFeeMarket.ParametersSet(p);
        vm.prank(governance);
        market.setParameters(p);
        MarketView memory view_ = market.market();
        assertEq(view_.beganAt, block.timestamp);
        assertEq(view_.endsAt, block.timestamp + 30 minutes);
        assertEq(view_.units, 0);
        assertEq(view_.capacityUnits, 0);
        assertEq(view_.price, FIRST_PRICE);
    }

    function test_SetParameters_BringsThePriceWithinNewBounds() public {
        MarketParameters memory p = _marketParameters();
        p.minPrice = uint96(3 * FIRST_PRICE);
        vm.startPrank(governance);
        market.setParameters(p);
        assertEq(market.price(), 3 * FIRST_PRICE);
        (p.minPrice, p.maxPrice) = (1e10, uint96(2 * FIRST_PRICE));
        market.setParameters(p);
        assertEq(market.price(), 2 * FIRST_PRICE);
    }

    function test_RevertWhen_AnyoneElseSetsParameters() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, op));
        vm.prank(op);
        market.setParameters(_marketParameters());
    }

    function test_RevertWhen_TheFirstPriceIsOutOfBounds() public {
        MarketParameters memory p = _marketParameters();
        bytes4 selector = IFeeMarket.ParameterOutOfBounds.selector;
        vm.expectRevert(abi.encodeWithSelector(selector, "firstPrice", p.minPrice - 1, p.minPrice, p.maxPrice));
        new FeeMarket(staking, address(router), address(manager), p, p.minPrice - 1);
        (p.minPrice, p.maxPrice) = (2, 1);
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(selector, "minPrice", 2, 1, 1));
        market.setParameters(p);
    }
}
