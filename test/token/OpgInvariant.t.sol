// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OpgFixture} from "./support/OpgFixture.sol";
import {OpgHandler} from "./support/OpgHandler.sol";

/// @notice The numbered invariants of docs/token.md, after every call of random sequences of everything the token does.
/// forge-config: default.invariant.runs = 32
/// forge-config: default.invariant.depth = 96
contract OpgInvariantTest is OpgFixture {
    OpgHandler private handler;
    address[] private actors;

    function setUp() public override {
        super.setUp();
        uint256[] memory keys = new uint256[](4);
        for (uint256 i; i < keys.length; ++i) {
            address actor;
            (actor, keys[i]) = makeAddrAndKey(vm.toString(i));
            actors.push(actor);
            _give(actor, SUPPLY / keys.length);
        }
        handler = new OpgHandler(opg, actors, keys);
        targetContract(address(handler));
    }

    function invariant_T1_SupplyIsWhatWasMintedLessWhatWasBurned() public view {
        uint256 sum = opg.balanceOf(vault);
        for (uint256 i; i < actors.length; ++i) {
            sum += opg.balanceOf(actors[i]);
        }
        assertEq(opg.totalSupply(), SUPPLY - handler.burned());
        assertEq(sum, opg.totalSupply());
    }

    function invariant_T2_UnitsAreHeldPlusCustodied() public view {
        for (uint256 i; i < actors.length; ++i) {
            assertEq(opg.unitsOf(actors[i]), opg.balanceOf(actors[i]) + opg.custodied(actors[i]));
        }
        assertEq(opg.unitsOf(vault), 0);
        assertEq(opg.unitsOf(address(0)), 0);
    }

    function invariant_T3_VaultHoldsExactlyWhatIsCustodiedAndOwnerless() public view {
        uint256 sum;
        for (uint256 i; i < actors.length; ++i) {
            sum += opg.custodied(actors[i]);
        }
        assertLe(sum, opg.balanceOf(vault));
        assertEq(sum + opg.custodied(address(0)), opg.balanceOf(vault));
        assertEq(opg.custodied(vault), 0);
    }

    function invariant_T4_VotesAreTheUnitsOfThoseWhoDelegated() public view {
        uint256 votes;
        uint256 delegated;
        for (uint256 i; i < actors.length; ++i) {
            votes += opg.getVotes(actors[i]);
            uint256 expected;
            for (uint256 j; j < actors.length; ++j) {
                if (opg.delegates(actors[j]) == actors[i]) expected += opg.unitsOf(actors[j]);
            }
            assertEq(opg.getVotes(actors[i]), expected);
            if (opg.delegates(actors[i]) != address(0)) delegated += opg.unitsOf(actors[i]);
        }
        assertEq(votes, delegated);
    }

    function invariant_T5_PastVotesNeverChange() public view {
        for (uint256 i; i < handler.memoryCount(); ++i) {
            (address account, uint256 time, uint256 votes, uint256 total) = handler.memories(i);
            assertEq(opg.getPastVotes(account, time), votes);
            assertEq(opg.getPastTotalSupply(time), total);
        }
    }

    function invariant_T6_TotalOfUnitsIsSupplyLessOwnerlessTokens() public {
        uint256 units;
        for (uint256 i; i < actors.length; ++i) {
            units += opg.unitsOf(actors[i]);
        }
        assertEq(units, opg.totalSupply() - opg.custodied(address(0)));
        uint256 time = vm.getBlockTimestamp();
        vm.warp(time + 1);
        assertEq(opg.getPastTotalSupply(time), units);
        vm.warp(time);
    }

    function invariant_T7_NothingEntersCustodyWithoutAllowance() public view {
        assertEq(handler.takenWithoutAllowance(), 0);
    }

    function invariant_T8_NoOtherWayIntoOrOutOfTheVault() public view {
        assertEq(handler.breaches(), 0);
    }
}
