// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    Batch,
    BatchState,
    Demand,
    IReceiptBatches,
    SignedReceipt
} from "../../../contracts/interfaces/IReceiptBatches.sol";
import {BatchFixture} from "./BatchFixture.sol";

/// @notice Posts batches of eleven at random, every third with a bad leaf, and demands, answers and proves. Every action must do
/// exactly what the ledger kept here says.
contract BatchHandler is BatchFixture {
    uint256 private constant SIZE = 11;
    uint256 private constant BAD = 4;

    struct Entry {
        Batch batch;
        SignedReceipt[] leaves;
        uint256 postedAt;
        /// Greatest end that a demand asked for.
        uint256 extendedTo;
        bool hasBadLeaf;
    }

    struct Asked {
        uint256 entry;
        uint256 index;
        uint256 deadline;
        IReceiptBatches.DemandStatus status;
    }

    Entry[] private _entries;
    Asked[] private _asked;
    mapping(bytes32 => bool) private _wasAsked;
    mapping(uint256 entry => uint256 open) private _open;
    uint256 public bondsPaidToOperator;
    uint256 public bondsReturned;
    uint256 public bondsTaken;
    uint256 public operatorBefore;

    function setUp() public override {
        super.setUp();
        _skip(2 hours);
        operatorBefore = opg.balanceOf(operator);
    }

    function post(bool coldKey) external {
        if (_entries.length >= 6 || staking.stakeAt(operator, _now()) == 0) return;
        Entry storage entry = _entries.push();
        uint256 number = _entries.length;
        entry.hasBadLeaf = number % 3 == 0;
        SignedReceipt[] memory list = new SignedReceipt[](SIZE);
        for (uint256 i; i < SIZE; ++i) {
            uint256 key = entry.hasBadLeaf && i == BAD ? rivalKey : operatorKey;
            list[i] = _signedWith(_receiptNumber(number * SIZE + i), key);
            entry.leaves.push(list[i]);
        }
        entry.batch = _batchOf(list);
        entry.postedAt = _now();
        _postAs(coldKey ? operator : vm.addr(operatorKey), entry.batch);
    }

    function demand(uint256 which, uint256 index) external {
        if (_entries.length == 0) return;
        which = which % _entries.length;
        index = bound(index, 0, SIZE);
        Entry storage entry = _entries[which];
        bytes32 id = keccak256(abi.encode(which, index));
        bool may = index < SIZE && !_wasAsked[id] && _open[which] < 8 && _now() < entry.postedAt + WINDOW;
        if (!may) vm.expectRevert();
        vm.prank(challenger);
        batches.demandLeaf(entry.batch, index);
        if (!may) return;
        _wasAsked[id] = true;
        ++_open[which];
        bondsTaken += BOND;
        _asked.push(Asked(which, index, _now() + ANSWER, IReceiptBatches.DemandStatus.Open));
        uint256 end = _now() + 2 * ANSWER;
        if (end > entry.extendedTo) entry.extendedTo = end;
    }

    function answer(uint256 which, uint256 wrong) external {
        if (_asked.length == 0) return;
        Asked storage asked = _asked[which % _asked.length];
        SignedReceipt[] memory list = _entries[asked.entry].leaves;
        bytes32[] memory proof = _proof(list, asked.index);
        uint256 shown = wrong % 4 == 0 ? (asked.index + 1) % SIZE : asked.index;
        bool may = asked.status == IReceiptBatches.DemandStatus.Open && _now() <= asked.deadline && shown == asked.index;
        if (!may) vm.expectRevert();
        batches.answerLeaf(_entries[asked.entry].batch, asked.index, list[shown], proof);
        if (!may) return;
        asked.status = IReceiptBatches.DemandStatus.Answered;
        --_open[asked.entry];
        bondsPaidToOperator += BOND;
    }

    function end(uint256 which) external {
        if (_asked.length == 0) return;
        Asked storage asked = _asked[which % _asked.length];
        bool may = asked.status == IReceiptBatches.DemandStatus.Open && _now() > asked.deadline;
        if (!may) vm.expectRevert();
        batches.endDemand(_entries[asked.entry].batch, asked.index);
        if (!may) return;
        asked.status = IReceiptBatches.DemandStatus.Unanswered;
        --_open[asked.entry];
        bondsReturned += BOND;
    }

    /// Good leaves can never be proved bad; bad ones at most once, while the batch is pending.
    function prove(uint256 which, uint256 index) external {
        if (_entries.length == 0) return;
        Entry storage entry = _entries[which % _entries.length];
        SignedReceipt[] memory list = entry.leaves;
        index = bound(index, 0, SIZE - 1);
        bytes32[] memory proof = _proof(list, index);
        try batches.proveBadLeaf(entry.batch, index, list[index], proof) {
            assertTrue(entry.hasBadLeaf && index == BAD, "a good leaf was punished");
            assertLt(_now(), _endOf(entry), "a final batch was punished");
        } catch {}
    }

    function comeBack() external {
        _skip(7 days);
        vm.prank(operator);
        try staking.unjail() {} catch {}
    }

    function passTime(uint32 time) external {
        _skip(uint256(time) % 2 days);
    }

    function checkMoney() external view {
        uint256 open;
        for (uint256 i; i < _asked.length; ++i) {
            if (_asked[i].status == IReceiptBatches.DemandStatus.Open) open += BOND;
        }
        assertEq(opg.balanceOf(address(batches)), open, "bonds held");
        assertEq(bondsTaken, open + bondsPaidToOperator + bondsReturned, "bonds");
        assertEq(opg.balanceOf(operator), operatorBefore + bondsPaidToOperator, "bonds of the operator");
    }

    function checkTimes() external view {
        for (uint256 i; i < _entries.length; ++i) {
            Entry storage entry = _entries[i];
            uint256 finalAt = batches.finalAt(batches.batchIdOf(entry.batch));
            assertEq(finalAt, _endOf(entry), "end");
            assertLe(finalAt, entry.postedAt + WINDOW + 2 * ANSWER, "endless");
        }
    }

    function checkDemands() external view {
        for (uint256 i; i < _entries.length; ++i) {
            BatchState memory state = batches.stateOf(batches.batchIdOf(_entries[i].batch));
            assertEq(state.openDemands, _open[i], "open demands");
            assertLe(state.openDemands, 8, "more than eight");
        }
        for (uint256 i; i < _asked.length; ++i) {
            bytes32 batchId = batches.batchIdOf(_entries[_asked[i].entry].batch);
            Demand memory kept = batches.demandOf(batchId, _asked[i].index);
            assertEq(uint8(kept.status), uint8(_asked[i].status), "status of a demand");
        }
    }

    function _endOf(Entry storage entry) private view returns (uint256) {
        uint256 windowEnd = entry.postedAt + WINDOW;
        return entry.extendedTo > windowEnd ? entry.extendedTo : windowEnd;
    }
}
