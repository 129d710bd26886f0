// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {HubHandler} from "./support/HubHandler.sol";

/// @notice What holds after any sequence of actions of payers, operators, senders and a moody consumer.
/// forge-config: default.invariant.fail-on-revert = true
contract HubInvariantsTest is Test {
    HubHandler private handler;

    function setUp() public {
        handler = new HubHandler();
        handler.setUp();
        bytes4[] memory actions = new bytes4[](9);
        actions[0] = HubHandler.requestSomething.selector;
        actions[1] = HubHandler.fulfilOne.selector;
        actions[2] = HubHandler.fulfilMany.selector;
        actions[3] = HubHandler.expireOne.selector;
        actions[4] = HubHandler.retryOne.selector;
        actions[5] = HubHandler.withdrawSome.selector;
        actions[6] = HubHandler.changeConsumer.selector;
        actions[7] = HubHandler.passTime.selector;
        actions[8] = HubHandler.routeSome.selector;
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
        targetContract(address(handler));
    }

    /// H1: the hub's balance is the escrow of open requests plus all credits.
    function invariant_BalanceIsEscrowPlusCredits() public view {
        handler.checkBalance();
    }

    /// H3: credits come from fulfilments and expiries alone.
    function invariant_CreditsComeFromSettlements() public view {
        handler.checkCredits();
    }

    /// H10: every fee that leaves the hub is divided by the router and counts for its operator.
    function invariant_FeesLeaveThroughTheRouter() public view {
        handler.checkRouted();
    }

    /// H2, H4: each request is settled at most once, and is fulfilled exactly when its result is known.
    function invariant_StatusesFollowTheResults() public view {
        handler.checkStatuses();
    }
}
