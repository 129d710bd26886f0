// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Batch, Demand, SignedReceipt} from "../../contracts/interfaces/IReceiptBatches.sol";
import {BatchFixture} from "./support/BatchFixture.sol";

/// @notice A demand keeps the stake that it can cost the operator, until it is decided.
contract BatchFreezesTest is BatchFixture {
    function _frozen() private view returns (uint256 amount) {
        (amount,) = staking.freezeOf(operator);
    }

    function test_Demand_FreezesThePenaltyUntilItIsAnswered() public {
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(3);
        _demand(batch, 1);
        _demand(batch, 2);
        assertEq(_frozen(), 2 * uint256(PENALTY));
        batches.answerLeaf(batch, 1, list[1], _proof(list, 1));
        assertEq(_frozen(), PENALTY);
        _skip(ANSWER + 1);
        batches.endDemand(batch, 2);
        assertEq(_frozen(), 0);
        assertEq(_ownStake(operator), SELF_STAKE - PENALTY);
    }

    function test_Demand_FreezesForOneMorePeriodThanTheAnswerHas() public {
        (Batch memory batch,) = _postGood(3);
        _demand(batch, 1);
        (, uint64 until) = staking.freezeOf(operator);
        assertEq(until, _now() + 2 * ANSWER);
        _skip(2 * ANSWER);
        assertEq(_frozen(), 0);
        // Ended late, it is slashed all the same, and there is nothing to free.
        assertNotEq(batches.endDemand(batch, 1), 0);
    }

    /// Without a rule, or without the role, leaves can still be demanded, answered and given up.
    function test_Demand_WorksWhereStakingRefusesToFreeze() public {
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(4);
        _demand(batch, 0);
        vm.prank(governance);
        manager.revokeRole(SLASHER, address(batches));
        _demand(batch, 1);
        bytes32 batchId = batches.batchIdOf(batch);
        Demand memory demand = batches.demandOf(batchId, 1);
        assertEq(demand.frozen, 0);
        uint256 before = opg.balanceOf(operator);
        batches.answerLeaf(batch, 0, list[0], _proof(list, 0));
        batches.answerLeaf(batch, 1, list[1], _proof(list, 1));
        assertEq(opg.balanceOf(operator) - before, 2 * uint256(BOND));
        // What nobody may free any more expires.
        assertEq(_frozen(), PENALTY);
        _skip(2 * ANSWER);
        assertEq(_frozen(), 0);
    }

    /// Nobody answers with so little gas that the operator's stake stays frozen.
    function testFuzz_Attack_NoGasLeavesTheStakeFrozen(uint256 gasSent) public {
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(3);
        _demand(batch, 1);
        bytes32[] memory proof = _proof(list, 1);
        gasSent = bound(gasSent, 60_000, 500_000);
        vm.prank(challenger);
        try batches.answerLeaf{gas: gasSent}(batch, 1, list[1], proof) {
            assertEq(_frozen(), 0);
        } catch {
            assertEq(_frozen(), PENALTY);
        }
    }
}
