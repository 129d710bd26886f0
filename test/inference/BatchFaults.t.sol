// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {InferenceReceipt} from "../../contracts/interfaces/IProofRegistry.sol";
import {Batch, IReceiptBatches, SignedReceipt} from "../../contracts/interfaces/IReceiptBatches.sol";
import {IStakingCommon, Slash} from "../../contracts/interfaces/IStakingCommon.sol";
import {ModelVersion} from "../../contracts/interfaces/ModelVersion.sol";
import {BatchFixture} from "./support/BatchFixture.sol";
import {Receipts} from "./support/Receipts.sol";

/// @notice Objective faults: what is one, what is none, and that each costs its operator what the slash table says, once.
contract BatchFaultsTest is BatchFixture {
    bytes32[] private _noProof;

    /// A batch of five of which the third is `bad`.
    function _postWith(SignedReceipt memory bad) private returns (Batch memory batch, SignedReceipt[] memory list) {
        list = _good(5);
        list[2] = bad;
        batch = _batchOf(list);
        _post(batch);
    }

    function _proveBad(SignedReceipt memory bad, IReceiptBatches.LeafFault fault) private {
        uint256 clean = vm.snapshotState();
        (Batch memory batch, SignedReceipt[] memory list) = _postWith(bad);
        bytes32[] memory proof = _proof(list, 2);
        assertEq(uint8(batches.checkLeaf(batch, 2, bad, proof)), uint8(fault), "fault");
        vm.prank(challenger);
        bytes32 slashId = batches.proveBadLeaf(batch, 2, bad, proof);
        assertNotEq(slashId, 0);
        assertEq(_ownStake(operator), SELF_STAKE - SELF_STAKE / 10, "a tenth");
        assertEq(uint8(staking.operatorOf(operator).status), uint8(IStakingCommon.OperatorStatus.Jailed));
        // The same fault is not punished again, however much later.
        _skip(2 days);
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceiptBatches.AlreadyProved.selector, keccak256(abi.encode(batches.batchIdOf(batch), uint256(2)))
            )
        );
        batches.proveBadLeaf(batch, 2, bad, proof);
        vm.revertToState(clean);
    }

    function test_BadLeaf_EveryKind() public {
        _registerRival();
        InferenceReceipt memory receipt = _receiptNumber(2);
        // Another key's signature, a mirrored one, half a one, none.
        _proveBad(_signedWith(receipt, rivalKey), IReceiptBatches.LeafFault.Invalid);
        SignedReceipt memory bad = _signed(receipt);
        bad.evidence = _mirrored(bad.evidence);
        _proveBad(bad, IReceiptBatches.LeafFault.Invalid);
        bad.evidence = hex"1234";
        _proveBad(bad, IReceiptBatches.LeafFault.Invalid);
        bad.evidence = "";
        _proveBad(bad, IReceiptBatches.LeafFault.Invalid);
        // A signature of another receipt.
        bad = _signed(_receiptNumber(3));
        bad.receipt.outputHash = 0;
        _proveBad(bad, IReceiptBatches.LeafFault.Invalid);
        // A mode for which there is no verifier.
        receipt.mode = 1;
        _proveBad(_signed(receipt), IReceiptBatches.LeafFault.Invalid);
        // Somebody else's receipt, though valid.
        receipt = _receiptNumber(2);
        receipt.operator = rival;
        _proveBad(_signedWith(receipt, rivalKey), IReceiptBatches.LeafFault.OtherOperator);
        // Times that the batch does not claim.
        receipt = _receiptNumber(2);
        receipt.issuedAt -= 1;
        _proveBad(_signed(receipt), IReceiptBatches.LeafFault.OutsideTimes);
        receipt.issuedAt += 2;
        _proveBad(_signed(receipt), IReceiptBatches.LeafFault.OutsideTimes);
    }

    /// A key that was not registered yet, or not any more, when the receipt says it was signed.
    function test_BadLeaf_KeyOfAnotherTime() public {
        uint256 nextKey = uint256(keccak256("next key"));
        InferenceReceipt memory early = _receiptNumber(2);
        _skip(10);
        vm.prank(operator);
        staking.setSigner(vm.addr(nextKey));
        _skip(10);
        InferenceReceipt memory late = _receiptNumber(3);
        SignedReceipt[] memory list = new SignedReceipt[](4);
        list[0] = _signedWith(early, nextKey);
        list[1] = _signedWith(late, operatorKey);
        list[2] = _signedWith(early, operatorKey);
        list[3] = _signedWith(late, nextKey);
        Batch memory batch = _batchOf(list);
        batch.from = early.issuedAt;
        _postAs(operator, batch);
        for (uint256 i; i < 4; ++i) {
            IReceiptBatches.LeafFault expected =
                i < 2 ? IReceiptBatches.LeafFault.Invalid : IReceiptBatches.LeafFault.None;
            assertEq(uint8(batches.checkLeaf(batch, i, list[i], _proof(list, i))), uint8(expected));
        }
    }

    /// F1: no good leaf of any batch can be proved bad.
    function testFuzz_RevertWhen_TheLeafIsGood(uint256 count, uint256 index) public {
        count = bound(count, 1, 24);
        index = bound(index, 0, count - 1);
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(count);
        bytes32[] memory proof = _proof(list, index);
        _expectNoFault(batch, index, IReceiptBatches.LeafFault.None);
        batches.proveBadLeaf(batch, index, list[index], proof);
        // Nor by taking it for another, by another proof, or with other evidence.
        if (count > 1) {
            uint256 other = (index + 1) % count;
            _expectNoFault(batch, other, IReceiptBatches.LeafFault.NotInBatch);
            batches.proveBadLeaf(batch, other, list[index], proof);
            _expectNoFault(batch, index, IReceiptBatches.LeafFault.NotInBatch);
            batches.proveBadLeaf(batch, index, list[index], _noProof);
        }
        SignedReceipt memory altered = SignedReceipt(list[index].receipt, _mirrored(list[index].evidence));
        _expectNoFault(batch, index, IReceiptBatches.LeafFault.NotInBatch);
        batches.proveBadLeaf(batch, index, altered, proof);
    }

    function test_RevertWhen_TheBatchIsFinalOrNobodyPostedIt() public {
        SignedReceipt memory bad = _signedWith(_receiptNumber(2), rivalKey);
        SignedReceipt[] memory list = _good(3);
        list[2] = bad;
        Batch memory batch = _batchOf(list);
        bytes32[] memory proof = _proof(list, 2);
        _expectStatus(batch, IReceiptBatches.Status.Unknown);
        batches.proveBadLeaf(batch, 2, bad, proof);
        _post(batch);
        _skip(WINDOW);
        _expectStatus(batch, IReceiptBatches.Status.Final);
        batches.proveBadLeaf(batch, 2, bad, proof);
    }

    /// Who answers with a bad leaf in the last moment is still caught.
    function test_BadLeaf_ShownInTheLastMomentIsPunished() public {
        (Batch memory batch, SignedReceipt[] memory list) = _postWith(_signedWith(_receiptNumber(2), rivalKey));
        bytes32[] memory proof = _proof(list, 2);
        _skip(WINDOW - 1);
        _demand(batch, 2);
        _skip(ANSWER);
        batches.answerLeaf(batch, 2, list[2], proof);
        _skip(ANSWER - 1);
        assertNotEq(batches.proveBadLeaf(batch, 2, list[2], proof), 0);
    }

    /// F2: leaving right after posting saves nobody.
    function test_Attack_RetiringDoesNotSaveTheOperator() public {
        (Batch memory batch, SignedReceipt[] memory list) = _postWith(_signedWith(_receiptNumber(2), rivalKey));
        vm.prank(operator);
        staking.retire();
        _skip(WINDOW - 1);
        batches.proveBadLeaf(batch, 2, list[2], _proof(list, 2));
        assertEq(staking.operatorOf(operator).openSlashes, 1);
    }

    // Conflicts

    function test_Conflict_TakesEverythingAndPaysChallengerAndPayer() public {
        InferenceReceipt memory other = _receiptNumber(1);
        other.outputHash = keccak256("something else");
        SignedReceipt memory first = _signed(_receiptNumber(1));
        SignedReceipt memory second = _signed(other);
        vm.recordLogs();
        vm.prank(challenger);
        bytes32 slashId = batches.proveConflict(first, second);
        assertEq(_ownStake(operator), 0);
        Slash memory opened = _slashOpened();
        assertEq(slashId, keccak256(abi.encode(opened)));
        assertEq(opened.challenger, challenger);
        assertEq(opened.payer, payer);
        _skip(3 days);
        uint256 before = opg.balanceOf(payer);
        staking.executeSlash(opened);
        assertEq(opg.balanceOf(payer) - before, SELF_STAKE / 5);
        // In the other order it is the same fault.
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceiptBatches.AlreadyProved.selector, keccak256(abi.encode(operator, other.requestId))
            )
        );
        batches.proveConflict(second, first);
    }

    /// F3: any field but the time makes a conflict.
    function testFuzz_Conflict_IsAnyDifferenceButTheTime(uint256 field, uint256 seed) public {
        _skip(200);
        InferenceReceipt memory a = _receiptNumber(1);
        InferenceReceipt memory b = _receiptNumber(1);
        field = bound(field, 0, 9);
        bytes32 word = keccak256(abi.encode(seed));
        if (field == 0) b.payer = address(uint160(uint256(word)));
        if (field == 1) b.inputHash = word;
        if (field == 2) b.outputHash = word;
        if (field == 3) b.traceHash = word;
        if (field == 4) b.inputUnits = uint64(uint256(word));
        if (field == 5) b.outputUnits = uint64(uint256(word));
        if (field == 6) b.unitPrice = uint128(uint256(word));
        if (field == 7) b.fee = uint128(uint256(word));
        if (field == 8) b.modelVersion = ModelVersion.wrap(word);
        if (field == 9) b.issuedAt -= uint64(bound(seed, 0, 100));
        bool conflict = field != 9;
        bytes32 digestA = proofs.digestOf(a);
        bytes32 digestB = proofs.digestOf(b);
        if (!conflict) {
            vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.NoConflict.selector, digestA, digestB));
        }
        batches.proveConflict(_signed(a), _signed(b));
    }

    function test_RevertWhen_ReceiptsDoNotConflict() public {
        _registerRival();
        SignedReceipt memory a = _signed(_receiptNumber(1));
        InferenceReceipt memory other = _receiptNumber(1);
        other.fee = 0;
        // Another request, another operator, a forgery, a receipt of the future.
        _expectNoConflict(a, _signed(_receiptNumber(2)));
        other.operator = rival;
        _expectNoConflict(a, _signedWith(other, rivalKey));
        other.operator = operator;
        _expectNoConflict(a, _signedWith(other, rivalKey));
        _expectNoConflict(_signedWith(other, rivalKey), a);
        other.issuedAt += 1;
        _expectNoConflict(a, _signed(other));
    }

    /// F4: an operator that names a payer whom nobody can pay, or two of them, gets no mercy and no refund.
    function test_Attack_PayersThatCannotBePaidDoNotStopTheSlash() public {
        InferenceReceipt memory a = _receiptNumber(1);
        InferenceReceipt memory b = _receiptNumber(1);
        b.fee = 0;
        (a.payer, b.payer) = (address(custodyVault), address(custodyVault));
        uint256 clean = vm.snapshotState();
        batches.proveConflict(_signed(a), _signed(b));
        assertEq(_ownStake(operator), 0);
        vm.revertToState(clean);
        (a.payer, b.payer) = (payer, operator);
        vm.recordLogs();
        batches.proveConflict(_signed(a), _signed(b));
        assertEq(_slashOpened().payer, address(0));
    }

    /// Receipts of another chain or registry are no evidence here.
    function test_Attack_ReceiptsOfAnotherDomain() public {
        InferenceReceipt memory b = _receiptNumber(1);
        b.fee = 0;
        SignedReceipt memory foreign = SignedReceipt(b, Receipts.sign(vm, operatorKey, address(hub), b));
        _expectNoConflict(_signed(_receiptNumber(1)), foreign);
        vm.chainId(8453);
        foreign = _signed(b);
        vm.chainId(31337);
        _expectNoConflict(_signed(_receiptNumber(1)), foreign);
    }

    /// The slash that was opened since logs are recorded.
    function _slashOpened() private returns (Slash memory opened) {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != IStakingCommon.SlashOpened.selector) continue;
            (opened,) = abi.decode(logs[i].data, (Slash, uint64));
        }
        assertNotEq(opened.operator, address(0), "no slash");
    }

    /// The other signature of the same key and digest.
    function _mirrored(bytes memory signature) private pure returns (bytes memory) {
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        (bytes32 r, uint256 s) = abi.decode(bytes.concat(signature, new bytes(31)), (bytes32, uint256));
        return bytes.concat(r, bytes32(order - s), bytes1(signature[64] == 0x1b ? 0x1c : 0x1b));
    }

    function _expectNoConflict(SignedReceipt memory a, SignedReceipt memory b) private {
        bytes32 digestA = proofs.digestOf(a.receipt);
        bytes32 digestB = proofs.digestOf(b.receipt);
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.NoConflict.selector, digestA, digestB));
        batches.proveConflict(a, b);
    }

    function _expectNoFault(Batch memory batch, uint256 index, IReceiptBatches.LeafFault fault) private {
        bytes32 batchId = batches.batchIdOf(batch);
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.NoFault.selector, batchId, index, fault));
    }

    function _expectStatus(Batch memory batch, IReceiptBatches.Status status) private {
        bytes32 batchId = batches.batchIdOf(batch);
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.WrongBatchStatus.selector, batchId, status));
    }
}
