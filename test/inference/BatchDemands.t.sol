// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    Batch,
    BatchParameters,
    Demand,
    IReceiptBatches,
    SignedReceipt
} from "../../contracts/interfaces/IReceiptBatches.sol";
import {BatchFixture} from "./support/BatchFixture.sol";

/// @notice Leaves that are demanded on-chain: bonds, answers, and what silence costs.
contract BatchDemandsTest is BatchFixture {
    function test_DemandLeaf_TakesTheBondAndExtendsTheBatch() public {
        (Batch memory batch,) = _postGood(5);
        bytes32 batchId = batches.batchIdOf(batch);
        _skip(WINDOW - 1);
        uint64 end = _now() + 2 * ANSWER;
        vm.expectEmit(address(batches));
        emit IReceiptBatches.LeafDemanded(batchId, 3, challenger, _now() + ANSWER, end);
        _demand(batch, 3);
        assertEq(opg.balanceOf(address(batches)), BOND);
        assertEq(batches.finalAt(batchId), end);
        Demand memory demand = batches.demandOf(batchId, 3);
        assertEq(demand.challenger, challenger);
        assertEq(demand.bond, BOND);
    }

    function test_DemandLeaf_EarlyDoesNotShortenTheBatch() public {
        (Batch memory batch,) = _postGood(5);
        _demand(batch, 0);
        assertEq(batches.finalAt(batches.batchIdOf(batch)), _now() + WINDOW);
    }

    /// B4: whoever demands when, the end comes within two answer periods of the window.
    function test_DemandLeaf_NeverExtendsForEver() public {
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(5);
        bytes32 batchId = batches.batchIdOf(batch);
        _skip(WINDOW - 1);
        _demand(batch, 0);
        batches.answerLeaf(batch, 0, list[0], _proof(list, 0));
        _skip(1);
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.WindowOver.selector, batchId, _now()));
        vm.prank(challenger);
        batches.demandLeaf(batch, 1);
        _skip(2 * ANSWER - 2);
        _assertStatus(batch, IReceiptBatches.Status.Pending);
        _skip(1);
        _assertStatus(batch, IReceiptBatches.Status.Final);
    }

    function test_RevertWhen_DemandedTwiceOrOutOfRangeOrTooMany() public {
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(12);
        bytes32 batchId = batches.batchIdOf(batch);
        vm.startPrank(challenger);
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.IndexOutOfRange.selector, 12, 12));
        batches.demandLeaf(batch, 12);
        for (uint256 i; i < 8; ++i) {
            batches.demandLeaf(batch, i);
        }
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.TooManyDemands.selector, batchId, 8));
        batches.demandLeaf(batch, 8);
        batches.answerLeaf(batch, 0, list[0], _proof(list, 0));
        batches.demandLeaf(batch, 8);
        // What was shown once is public.
        batches.answerLeaf(batch, 1, list[1], _proof(list, 1));
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceiptBatches.WrongDemandStatus.selector, batchId, 0, IReceiptBatches.DemandStatus.Answered
            )
        );
        batches.demandLeaf(batch, 0);
        vm.stopPrank();
        assertEq(batches.stateOf(batchId).openDemands, 7 + 1 - 1);
        assertEq(opg.balanceOf(address(batches)), 7 * uint256(BOND));
    }

    /// Every leaf can be answered by anyone, and the bond is the operator's.
    function testFuzz_AnswerLeaf_PaysTheOperator(uint256 count, uint256 index) public {
        count = bound(count, 1, 20);
        index = bound(index, 0, count - 1);
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(count);
        bytes32 batchId = batches.batchIdOf(batch);
        _demand(batch, index);
        _skip(ANSWER);
        uint256 before = opg.balanceOf(operator);
        bytes32[] memory proof = _proof(list, index);
        vm.expectEmit(address(batches));
        emit IReceiptBatches.LeafAnswered(batchId, index, list[index]);
        vm.prank(relayer);
        batches.answerLeaf(batch, index, list[index], proof);
        assertEq(opg.balanceOf(operator) - before, BOND);
        assertEq(opg.balanceOf(address(batches)), 0);
    }

    /// B5: nothing but the leaf at the index answers.
    function test_RevertWhen_AnsweredWithAnotherLeaf() public {
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(7);
        bytes32 batchId = batches.batchIdOf(batch);
        _demand(batch, 2);
        bytes memory refusal = abi.encodeWithSelector(IReceiptBatches.NotALeaf.selector, batchId, 2);
        bytes32[] memory proof = _proof(list, 2);
        bytes32[] memory proofOf3 = _proof(list, 3);
        vm.expectRevert(refusal);
        batches.answerLeaf(batch, 2, list[3], proofOf3);
        vm.expectRevert(refusal);
        batches.answerLeaf(batch, 2, list[3], proof);
        SignedReceipt memory altered = list[2];
        altered.evidence = bytes.concat(altered.evidence, hex"00");
        vm.expectRevert(refusal);
        batches.answerLeaf(batch, 2, altered, proof);
        altered = _signed(_receiptNumber(2));
        altered.receipt.fee += 1;
        vm.expectRevert(refusal);
        batches.answerLeaf(batch, 2, altered, proof);
        batches.answerLeaf(batch, 2, _signed(_receiptNumber(2)), proof);
    }

    function test_RevertWhen_AnsweredTooLateOrTwice() public {
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(3);
        bytes32 batchId = batches.batchIdOf(batch);
        bytes32[] memory proof = _proof(list, 1);
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceiptBatches.WrongDemandStatus.selector, batchId, 1, IReceiptBatches.DemandStatus.None
            )
        );
        batches.answerLeaf(batch, 1, list[1], proof);
        _demand(batch, 1);
        uint64 deadline = _now() + ANSWER;
        _skip(ANSWER + 1);
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.DeadlineOver.selector, deadline));
        batches.answerLeaf(batch, 1, list[1], proof);
    }

    function test_EndDemand_ReturnsTheBondAndSlashesAFixedAmount() public {
        (Batch memory batch,) = _postGood(3);
        _demand(batch, 1);
        _skip(ANSWER);
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.DeadlineNotOver.selector, _now()));
        batches.endDemand(batch, 1);
        _skip(1);
        uint256 before = opg.balanceOf(challenger);
        vm.prank(relayer);
        bytes32 slashId = batches.endDemand(batch, 1);
        assertNotEq(slashId, 0);
        assertEq(opg.balanceOf(challenger) - before, BOND);
        assertEq(_ownStake(operator), SELF_STAKE - PENALTY);
        assertEq(opg.balanceOf(address(batches)), 0);
        vm.expectRevert();
        batches.endDemand(batch, 1);
    }

    /// B6: a bond is never stuck, not even when nothing is left to slash or nobody may slash any more.
    function test_EndDemand_ReturnsTheBondWhateverStakingSays() public {
        (Batch memory batch,) = _postGood(4);
        bytes32 batchId = batches.batchIdOf(batch);
        for (uint256 i; i < 4; ++i) {
            _demand(batch, i);
        }
        _skip(ANSWER + 1);
        uint256 before = opg.balanceOf(challenger);
        // The cap of the offence, 10 OPG, is used up by the second.
        batches.endDemand(batch, 0);
        batches.endDemand(batch, 1);
        assertEq(_ownStake(operator), SELF_STAKE - SELF_STAKE / 100);
        vm.expectEmit(address(batches));
        emit IReceiptBatches.LeafUnanswered(batchId, 2, challenger, 0);
        assertEq(batches.endDemand(batch, 2), 0);
        vm.prank(governance);
        manager.revokeRole(SLASHER, address(batches));
        assertEq(batches.endDemand(batch, 3), 0);
        assertEq(opg.balanceOf(challenger) - before, 4 * uint256(BOND));
        assertEq(batches.stateOf(batchId).openDemands, 0);
    }

    /// The operator cannot end the demand itself with so little gas that the slash fails.
    function testFuzz_Attack_NoGasMakesTheSlashFail(uint256 gasSent) public {
        (Batch memory batch,) = _postGood(3);
        _demand(batch, 1);
        _skip(ANSWER + 1);
        gasSent = bound(gasSent, 30_000, 1_500_000);
        vm.prank(operator);
        try batches.endDemand{gas: gasSent}(batch, 1) returns (bytes32 slashId) {
            assertNotEq(slashId, 0);
        } catch {
            assertEq(uint8(batches.demandOf(batches.batchIdOf(batch), 1).status), 1);
        }
    }

    function test_DemandLeaf_KeepsTheTermsOfItsTime() public {
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(3);
        _demand(batch, 0);
        _demand(batch, 1);
        vm.prank(governance);
        batches.setParameters(BatchParameters(2 days, 2 ether, 9 ether));
        bytes32[] memory proof = _proof(list, 0);
        uint256 before = opg.balanceOf(operator);
        batches.answerLeaf(batch, 0, list[0], proof);
        assertEq(opg.balanceOf(operator) - before, BOND);
        _skip(ANSWER + 1);
        batches.endDemand(batch, 1);
        assertEq(_ownStake(operator), SELF_STAKE - PENALTY);
    }
}
