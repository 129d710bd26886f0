// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {AirdropHandler} from "./support/AirdropHandler.sol";

/// @notice What holds after any sequence of claims, mistakes, sweeps and time.
/// forge-config: default.invariant.runs = 32
/// forge-config: default.invariant.fail-on-revert = true
contract AirdropInvariantsTest is Test {
    AirdropHandler private handler;

    function setUp() public {
        handler = new AirdropHandler();
        handler.setUp();
        bytes4[] memory actions = new bytes4[](8);
        actions[0] = AirdropHandler.claimSelf.selector;
        actions[1] = AirdropHandler.claimBySig.selector;
        actions[2] = AirdropHandler.claimAndDelegate.selector;
        actions[3] = AirdropHandler.claimWrongly.selector;
        actions[4] = AirdropHandler.sweep.selector;
        actions[5] = AirdropHandler.donate.selector;
        actions[6] = AirdropHandler.pass.selector;
        actions[7] = AirdropHandler.claimMany.selector;
        targetSelector(FuzzSelector({addr: address(handler), selectors: actions}));
        targetContract(address(handler));
    }

    /// AD1: each entitlement is paid once, in full, to its account; never in part.
    function invariant_EachIsPaidOnce() public view {
        handler.checkPayments();
    }

    /// AD2: the airdrop holds what it was given, less claims and sweeps.
    function invariant_HoldsTheTotalLessClaimsUntilSwept() public view {
        handler.checkBalance();
    }

    /// AD3: claims never exceed what the tree promises.
    function invariant_ClaimsAreAtMostTheTotal() public view {
        handler.checkClaims();
    }

    /// AD4, AD5: nothing succeeds against the rules, and no claim or sweep that is in order fails.
    function invariant_OnlyWhatTheRulesAllowSucceeds() public view {
        handler.checkBreaches();
    }
}
