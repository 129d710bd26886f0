// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {BatchHandler} from "./support/BatchHandler.sol";

/// @notice What holds of batches after every sequence of posts, demands, answers and proofs.
/// forge-config: default.invariant.fail-on-revert = true
/// forge-config: default.invariant.runs = 16
contract BatchInvariantsTest is Test {
    BatchHandler private handler;

    function setUp() public {
        handler = new BatchHandler();
        handler.setUp();
        bytes4[] memory actions = new bytes4[](7);
        actions[0] = handler.post.selector;
        actions[1] = handler.demand.selector;
        actions[2] = handler.answer.selector;
        actions[3] = handler.end.selector;
        actions[4] = handler.prove.selector;
        actions[5] = handler.passTime.selector;
        actions[6] = handler.comeBack.selector;
        targetSelector(FuzzSelector(address(handler), actions));
        targetContract(address(handler));
    }

    /// B7: every bond is here while its demand is open, and then with whom it belongs to.
    function invariant_B7_BondsAreThereOrWhereTheyBelong() public view {
        handler.checkMoney();
    }

    /// B4: a batch ends when its window and its demands say, and not later than two answer periods after the window.
    function invariant_B4_BatchesEndInTime() public view {
        handler.checkTimes();
    }

    /// B9: demands end once, and a batch has at most eight open ones. The handler also checks that no good leaf is punished.
    function invariant_B9_DemandsAreCounted() public view {
        handler.checkDemands();
    }
}
