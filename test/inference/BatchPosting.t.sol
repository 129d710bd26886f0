// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {StakingParameters} from "../../contracts/interfaces/IStakingCommon.sol";
import {Batch, BatchParameters, BatchState, IReceiptBatches} from "../../contracts/interfaces/IReceiptBatches.sol";
import {BatchFixture} from "./support/BatchFixture.sol";

/// @notice Who posts batches, of which receipts, when they are final, and when they are void.
contract BatchPostingTest is BatchFixture {
    address private key;

    function setUp() public override {
        super.setUp();
        key = vm.addr(operatorKey);
    }

    function test_PostBatch_AnnouncesEverythingAndKeepsOneSlot() public {
        Batch memory batch = _batchOf(_good(5));
        bytes32 batchId = batches.batchIdOf(batch);
        vm.expectEmit(address(batches));
        emit IReceiptBatches.BatchPosted(batchId, operator, key, batch, URI, _now() + WINDOW);
        _post(batch);
        BatchState memory state = batches.stateOf(batchId);
        assertEq(state.poster, key);
        assertEq(state.postedAt, _now());
        assertEq(state.window, WINDOW);
        assertEq(batches.finalAt(batchId), _now() + WINDOW);
    }

    function test_Status_IsPendingForTheWindowThenFinal() public {
        Batch memory batch = _batchOf(_good(3));
        _assertStatus(batch, IReceiptBatches.Status.Unknown);
        _post(batch);
        _assertStatus(batch, IReceiptBatches.Status.Pending);
        _skip(WINDOW - 1);
        _assertStatus(batch, IReceiptBatches.Status.Pending);
        _skip(1);
        _assertStatus(batch, IReceiptBatches.Status.Final);
    }

    /// B1: another value in any field is another batch, which nobody posted.
    function testFuzz_Status_AlteredBatchesAreUnknown(uint256 field, uint256 bit) public {
        Batch memory batch = _batchOf(_good(3));
        _post(batch);
        field = bound(field, 0, 5);
        if (field == 0) batch.operator = address(uint160(batch.operator) ^ uint160(1 << (bit % 160)));
        if (field == 1) batch.root ^= bytes32(1 << (bit % 256));
        if (field == 2) batch.count ^= uint32(1 << (bit % 32));
        if (field == 3) batch.from ^= uint64(1 << (bit % 64));
        if (field == 4) batch.to ^= uint64(1 << (bit % 64));
        if (field == 5) batch.dataHash ^= bytes32(1 << (bit % 256));
        _assertStatus(batch, IReceiptBatches.Status.Unknown);
    }

    function test_RevertWhen_PostedTwice() public {
        Batch memory batch = _batchOf(_good(3));
        bytes32 batchId = _post(batch);
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.BatchAlreadyPosted.selector, batchId));
        vm.prank(operator);
        batches.postBatch(operator, batch.root, batch.count, batch.from, batch.to, batch.dataHash, "elsewhere");
    }

    /// B2: a receipt counts only if it is posted within an hour.
    function testFuzz_PostBatch_TakesTimesOfTheLastHourOnly(int256 from, int256 to) public {
        uint64 time = _now();
        from = bound(from, -2 hours, 2);
        to = bound(to, -2 hours, 2);
        Batch memory b = _batchOf(_good(1));
        (b.from, b.to) = (uint64(int64(time) + int64(from)), uint64(int64(time) + int64(to)));
        bool may = from >= -int256(uint256(RECEIPT_AGE)) && from <= to && to <= 0;
        if (!may) {
            vm.expectRevert(
                abi.encodeWithSelector(IReceiptBatches.TimesOutOfRange.selector, b.from, b.to, time - RECEIPT_AGE, time)
            );
        }
        vm.prank(key);
        batches.postBatch(operator, b.root, b.count, b.from, b.to, b.dataHash, URI);
    }

    function test_RevertWhen_CountOrUriIsOutOfRange() public {
        Batch memory b = _batchOf(_good(1));
        vm.startPrank(key);
        for (uint256 i; i < 2; ++i) {
            uint32 count = i == 0 ? 0 : (1 << 20) + 1;
            vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.CountOutOfRange.selector, count, 1 << 20));
            batches.postBatch(operator, b.root, count, b.from, b.to, b.dataHash, URI);
        }
        string memory long = string(_text(257));
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.UriTooLong.selector, 257, 256));
        batches.postBatch(operator, b.root, 1, b.from, b.to, b.dataHash, long);
        batches.postBatch(operator, b.root, 1 << 20, b.from, b.to, b.dataHash, string(_text(256)));
    }

    function testFuzz_RevertWhen_AStrangerPosts(address stranger) public {
        vm.assume(stranger != operator && stranger != key && stranger != address(0));
        Batch memory b = _batchOf(_good(1));
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.NotThePoster.selector, stranger, operator));
        vm.prank(stranger);
        batches.postBatch(operator, b.root, b.count, b.from, b.to, b.dataHash, URI);
    }

    function test_PostBatch_OperatorPostsWithItsColdKeyToo() public {
        Batch memory batch = _batchOf(_good(2));
        _postAs(operator, batch);
        _assertStatus(batch, IReceiptBatches.Status.Pending);
    }

    /// B3: a stolen key that the operator has replaced posts nothing that counts, though the contract still knows it.
    function test_Attack_ReplacedKeyPostsVoidBatches() public {
        _postGood(1);
        address next = makeAddr("next key");
        vm.prank(operator);
        staking.setSigner(next);
        _skip(10);
        Batch memory stolen = _batchOf(_good(2));
        stolen.from -= 30;
        _postAs(key, stolen);
        _assertStatus(stolen, IReceiptBatches.Status.Void);
        vm.expectRevert(
            abi.encodeWithSelector(
                IReceiptBatches.WrongBatchStatus.selector, batches.batchIdOf(stolen), IReceiptBatches.Status.Void
            )
        );
        vm.prank(challenger);
        batches.demandLeaf(stolen, 0);
        // The new key takes the place of the old one.
        _postAs(next, _batchOf(_good(3)));
        Batch memory b = _batchOf(_good(4));
        vm.expectRevert(abi.encodeWithSelector(IReceiptBatches.NotThePoster.selector, key, operator));
        vm.prank(key);
        batches.postBatch(operator, b.root, b.count, b.from, b.to, b.dataHash, URI);
    }

    /// What was issued before the operator left is still posted, and counts.
    function test_PostBatch_RetiredOperatorPostsWhatItOwes() public {
        _postGood(1);
        Batch memory batch = _batchOf(_good(2));
        vm.prank(operator);
        staking.retire();
        _skip(60);
        _post(batch);
        _assertStatus(batch, IReceiptBatches.Status.Pending);
        // Of later times nothing counts, not even by the operator itself.
        Batch memory late = _batchOf(_good(3));
        _postAs(operator, late);
        _assertStatus(late, IReceiptBatches.Status.Void);
    }

    function test_PostBatch_OfNobodyIsVoid() public {
        Batch memory batch = _batchOf(_good(1));
        batch.operator = makeAddr("never registered");
        _postAs(batch.operator, batch);
        _assertStatus(batch, IReceiptBatches.Status.Void);
    }

    // Parameters

    /// B8: the stake of a receipt's time outlasts its batch, whatever is set.
    function testFuzz_SetParameters_AreBounded(uint32 answerPeriod, uint80 bond, uint80 penalty) public {
        StakingParameters memory p = staking.parameters();
        bool may = answerPeriod != 0 && uint256(RECEIPT_AGE) + WINDOW + 2 * uint256(answerPeriod) < p.unbondingPeriod
            && bond >= 0.01 ether && bond <= 10_000 ether && penalty >= 1 ether && penalty <= 100_000 ether;
        BatchParameters memory parameters = BatchParameters(answerPeriod, bond, penalty);
        vm.prank(governance);
        (bool success,) = address(batches).call(abi.encodeCall(batches.setParameters, (parameters)));
        assertEq(success, may);
        if (success) assertEq(abi.encode(batches.parameters()), abi.encode(parameters));
    }

    function testFuzz_RevertWhen_CallerLacksTheRole(address stranger) public {
        vm.assume(stranger != governance);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        batches.setParameters(BatchParameters(1 days, 1 ether, 1 ether));
    }

    function test_AdoptTimes_TakesWhatGovernanceSetInStaking() public {
        StakingParameters memory p = staking.parameters();
        (p.receiptAge, p.challengeWindow) = (30 minutes, 3 days);
        vm.prank(governance);
        staking.setParameters(p);
        Batch memory before = _batchOf(_good(1));
        _post(before);
        batches.adoptTimes();
        (uint32 receiptAge, uint32 challengeWindow) = batches.times();
        assertEq(receiptAge, 30 minutes);
        assertEq(challengeWindow, 3 days);
        Batch memory afterwards = _batchOf(_good(2));
        _post(afterwards);
        // What is posted keeps its window.
        assertEq(batches.finalAt(batches.batchIdOf(before)), _now() + WINDOW);
        assertEq(batches.finalAt(batches.batchIdOf(afterwards)), _now() + 3 days);
    }

    function test_RevertWhen_AdoptedTimesWouldOutlastTheStake() public {
        StakingParameters memory p = staking.parameters();
        p.challengeWindow = 20 days;
        vm.prank(governance);
        staking.setParameters(p);
        vm.expectRevert(
            abi.encodeWithSelector(IReceiptBatches.ParameterOutOfBounds.selector, "answerPeriod", ANSWER, 1, 41_399)
        );
        batches.adoptTimes();
    }
}
