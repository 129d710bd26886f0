// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {ChannelHandler} from "./support/ChannelHandler.sol";

/// @notice What holds of payment channels after every sequence of actions.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 32
contract ChannelInvariantsTest is Test {
    ChannelHandler private handler;

    function setUp() public {
        handler = new ChannelHandler();
        handler.setUp();
        bytes4[] memory actions = new bytes4[](7);
        actions[0] = handler.deposit.selector;
        actions[1] = handler.claim.selector;
        actions[2] = handler.settle.selector;
        actions[3] = handler.refund.selector;
        actions[4] = handler.initiate.selector;
        actions[5] = handler.finalize.selector;
        actions[6] = handler.passTime.selector;
        targetSelector(FuzzSelector(address(handler), actions));
        targetContract(address(handler));
    }

    function invariant_X1_HoldsWhatIsInChannelsAndNotSettled() public view {
        handler.checkMoney();
    }

    function invariant_X3_ChannelsAreAsTheLedgerSays() public view {
        handler.checkChannels();
    }
}
