// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IFeeMarket, MarketView} from "../../contracts/interfaces/IFeeMarket.sol";
import {IFeeRouter} from "../../contracts/interfaces/IFeeRouter.sol";
import {FeeHandler} from "./support/FeeHandler.sol";

/// @notice What holds of price and cap after any sequence of actions (docs/invariants.md, section Price and cap of fees).
/// forge-config: default.invariant.runs = 12
/// forge-config: default.invariant.depth = 100
/// forge-config: default.invariant.fail-on-revert = true
contract FeeInvariantsTest is Test {
    FeeHandler private handler;
    IFeeMarket private market;
    IFeeRouter private router;
    IERC20 private opg;

    function setUp() public {
        handler = new FeeHandler();
        handler.setUp();
        (address market_, address router_, address opg_) = handler.contracts();
        (market, router, opg) = (IFeeMarket(market_), IFeeRouter(router_), IERC20(opg_));
        bytes4[] memory actions = new bytes4[](14);
        actions[0] = FeeHandler.pass.selector;
        actions[1] = FeeHandler.payFor.selector;
        actions[2] = FeeHandler.sweep.selector;
        actions[3] = FeeHandler.collect.selector;
        actions[4] = FeeHandler.declare.selector;
        actions[5] = FeeHandler.cut.selector;
        actions[6] = FeeHandler.stake.selector;
        actions[7] = FeeHandler.unbond.selector;
        actions[8] = FeeHandler.jail.selector;
        actions[9] = FeeHandler.unjail.selector;
        actions[10] = FeeHandler.restart.selector;
        actions[11] = FeeHandler.advance.selector;
        // Most of what happens is that somebody pays and somebody sweeps.
        actions[12] = FeeHandler.payFor.selector;
        actions[13] = FeeHandler.sweep.selector;
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
        targetContract(address(handler));
    }

    function invariant_M1_CountedIsAtMostOffered() public view {
        for (uint256 i; i < 2; ++i) {
            address operator = handler.operators(i);
            (uint256 capacity, uint256 bucket, uint256 offered, uint256 counted) = handler.declared(operator);
            assertLe(counted, offered);
            assertEq(market.capacityOf(operator).capacity, capacity);
            assertEq(market.capacityOf(operator).countable, bucket);
        }
    }

    function invariant_M2_PriceIsTheExactPower() public view {
        uint256 exact = handler.exactPrice() / 1e36;
        assertApproxEqAbs(market.price(), exact, 1 + exact / 1e12);
        assertGe(market.price(), market.parameters().minPrice);
        assertLe(market.price(), market.parameters().maxPrice);
    }

    function invariant_M3_CapacitiesAddUp() public view {
        (uint256 first,,,) = handler.declared(handler.operators(0));
        (uint256 second,,,) = handler.declared(handler.operators(1));
        MarketView memory view_ = market.market();
        assertEq(view_.capacity, first + second);
        assertEq(view_.capacityUnits, handler.offered());
        assertEq(view_.units, handler.units());
    }

    function invariant_M4_ReadingIsWriting() public {
        MarketView memory before = market.market();
        market.advance();
        assertEq(keccak256(abi.encode(market.market())), keccak256(abi.encode(before)));
    }

    function invariant_U1_NoWindowHoldsMoreThanTheCap() public view {
        assertEq(handler.excess(), 0);
    }

    function invariant_U2_UnsettledIsWithinItsBounds() public view {
        for (uint256 i; i < 2; ++i) {
            address operator = handler.operators(i);
            (uint256 unsettled,) = router.unsettledOf(operator);
            assertGe(unsettled, handler.within(operator, 8 days));
            assertLe(unsettled, handler.within(operator, 16 days));
        }
    }

    function invariant_U3_NoFeeIsLost() public view {
        assertEq(handler.paid(), handler.divided() + handler.inVaults());
        assertEq(handler.divided(), handler.owed() + handler.collected() + handler.burned());
        assertEq(opg.balanceOf(address(router)), handler.owed());
    }
}
