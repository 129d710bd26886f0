// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {InferenceHub} from "../../../contracts/inference/InferenceHub.sol";
import {Fulfilment, IInferenceHub, Request} from "../../../contracts/interfaces/IInferenceHub.sol";
import {FailingConsumer} from "./Consumers.sol";
import {InferenceFixture} from "./InferenceFixture.sol";

/// @notice Drives the hub at random and keeps a ledger of its own. Every action must do exactly what the ledger says.
contract HubHandler is InferenceFixture {
    struct Entry {
        Request req;
        /// The accepted answer, if any.
        Fulfilment answer;
        bool answered;
        bool expired;
        bool callbackFailed;
    }

    Entry[] private _entries;
    FailingConsumer public consumer;
    address[] public accounts;
    /// What each account must have as credit.
    mapping(address account => uint256 amount) public expectedCredit;
    uint256 public openEscrow;
    uint256 public routed;

    function setUp() public override {
        super.setUp();
        _registerRival();
        _mine(1);
        consumer = new FailingConsumer(hub, opg);
        _fund(address(consumer), 1_000_000 ether);
        _fund(payer, 1_000_000 ether);
        accounts = [payer, address(consumer), router.vaultOf(operator, version), router.vaultOf(rival, version)];
    }

    function requestSomething(uint256 maxFee, bool toConsumer, uint32 patience) external {
        uint128 fee = uint128(bound(maxFee, 0, 10 ether));
        address account = toConsumer ? address(consumer) : payer;
        Request memory req =
            _requestWith(account, INPUT, 0, fee, toConsumer ? 300_000 : 0, _now() + uint64(bound(patience, 30, 600)));
        Entry storage entry = _entries.push();
        entry.req = req;
        openEscrow += fee;
    }

    function fulfilOne(uint256 index, uint256 fee, bool byRival) external {
        if (_entries.length == 0) return;
        Entry storage entry = _entries[index % _entries.length];
        Request memory req = entry.req;
        Fulfilment memory f = _someAnswer(req, fee, byRival);
        IInferenceHub.Refusal refusal = hub.check(req, f);
        assertEq(refusal == IInferenceHub.Refusal.NotOpen, entry.answered || entry.expired);
        if (refusal != IInferenceHub.Refusal.None) {
            vm.expectRevert(abi.encodeWithSelector(IInferenceHub.FulfilmentRejected.selector, _idOf(req), refusal));
        }
        _fulfil(req, f);
        if (refusal == IInferenceHub.Refusal.None) _settle(entry, f);
    }

    /// Good rows, rows with a wrong signature, and whatever is already settled, possibly twice.
    function fulfilMany(uint256 seed) external {
        if (_entries.length == 0) return;
        Request[] memory reqs = new Request[](4);
        Fulfilment[] memory fs = new Fulfilment[](4);
        uint256[] memory indices = new uint256[](4);
        for (uint256 i = 0; i < 4; ++i) {
            uint256 word = uint256(keccak256(abi.encode(seed, i)));
            indices[i] = word % _entries.length;
            reqs[i] = _entries[indices[i]].req;
            fs[i] = _someAnswer(reqs[i], word >> 64, word & (1 << 200) != 0);
            if (word & (3 << 201) == 0) fs[i].evidence[7] ^= 0x10;
        }
        vm.recordLogs();
        uint256 fulfilled = hub.fulfilBatch(reqs, fs);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 announced;
        for (uint256 i = 0; i < logs.length; ++i) {
            if (logs[i].topics[0] == IInferenceHub.InferenceFulfilled.selector) ++announced;
        }
        assertEq(fulfilled, announced);
        uint256 settled;
        for (uint256 i = 0; i < 4; ++i) {
            Entry storage entry = _entries[indices[i]];
            // The registry tells which of the rows was taken.
            if (entry.answered || proofs.resultOf(_idOf(reqs[i])) != _digest(reqs[i], fs[i])) continue;
            _settle(entry, fs[i]);
            ++settled;
        }
        assertEq(settled, fulfilled);
    }

    function expireOne(uint256 index) external {
        if (_entries.length == 0) return;
        Entry storage entry = _entries[index % _entries.length];
        bool may = !entry.answered && !entry.expired && _now() > entry.req.deadline;
        if (!may) vm.expectRevert();
        hub.expire(entry.req);
        if (!may) return;
        entry.expired = true;
        openEscrow -= entry.req.maxFee;
        expectedCredit[entry.req.payer] += entry.req.maxFee;
    }

    function retryOne(uint256 index) external {
        if (_entries.length == 0) return;
        Entry storage entry = _entries[index % _entries.length];
        if (!entry.callbackFailed) vm.expectRevert();
        hub.retryCallback(entry.req, entry.answer);
        if (entry.callbackFailed) entry.callbackFailed = _consumerFails();
    }

    /// What leaves arrives at the router to the wei, whoever sends it there.
    function routeSome(bool ofRival) external {
        address by = ofRival ? rival : operator;
        address vault = router.vaultOf(by, version);
        uint256 amount = expectedCredit[vault];
        if (amount == 0) vm.expectRevert(abi.encodeWithSelector(IInferenceHub.NoFees.selector, by, version));
        vm.prank(relayer);
        hub.routeFees(by, version);
        expectedCredit[vault] = 0;
        routed += amount;
    }

    function checkRouted() external view {
        (uint256 fees, uint256 burned) = router.feesIn(0);
        assertEq(fees, routed, "routed");
        assertEq(opg.balanceOf(address(router)), routed - burned, "held by the router");
    }

    function withdrawSome(uint256 who, uint256 amount) external {
        // Of payers: the vaults have no key.
        address account = accounts[who % 2];
        amount = bound(amount, 0, expectedCredit[account] + 1);
        bool may = amount <= expectedCredit[account];
        if (!may) vm.expectRevert();
        vm.prank(account);
        hub.withdraw(treasury, amount);
        if (may) expectedCredit[account] -= amount;
    }

    function changeConsumer(uint8 failure) external {
        consumer.setFailure(FailingConsumer.Failure(failure % 4));
    }

    function passTime(uint8 blocks) external {
        _mine(uint256(blocks) % 40);
    }

    function theHub() external view returns (InferenceHub) {
        return hub;
    }

    function count() external view returns (uint256) {
        return _entries.length;
    }

    function checkBalance() external view {
        uint256 credits;
        for (uint256 i = 0; i < accounts.length; ++i) {
            credits += hub.creditOf(accounts[i]);
        }
        assertEq(opg.balanceOf(address(hub)), openEscrow + credits, "balance is not escrow plus credits");
    }

    function checkCredits() external view {
        for (uint256 i = 0; i < accounts.length; ++i) {
            assertEq(hub.creditOf(accounts[i]), expectedCredit[accounts[i]], "credit from nowhere");
        }
    }

    function checkStatuses() external view {
        for (uint256 i = 0; i < _entries.length; ++i) {
            Entry storage entry = _entries[i];
            IInferenceHub.Status status = IInferenceHub.Status.Open;
            if (entry.expired) status = IInferenceHub.Status.Expired;
            if (entry.answered) status = IInferenceHub.Status.Fulfilled;
            if (entry.callbackFailed) status = IInferenceHub.Status.CallbackFailed;
            _assertStatus(entry.req, status);
            bytes32 expected = entry.answered ? _digest(entry.req, entry.answer) : bytes32(0);
            assertEq(proofs.resultOf(_idOf(entry.req)), expected, "result");
            assertFalse(entry.answered && entry.expired, "settled twice");
        }
    }

    function _someAnswer(Request memory req, uint256 fee, bool byRival) private view returns (Fulfilment memory f) {
        f = byRival ? _answerBy(req, rival, rivalKey) : _answer(req);
        (f.fee, f.unitPrice) = (uint128(bound(fee, 0, uint256(req.maxFee) * 9 / 8)), 1 ether);
        _sign(f, req, byRival ? rivalKey : operatorKey);
    }

    function _settle(Entry storage entry, Fulfilment memory f) private {
        assertFalse(entry.answered || entry.expired, "settled twice");
        entry.answered = true;
        entry.answer = f;
        entry.callbackFailed = entry.req.callbackGas != 0 && _consumerFails();
        openEscrow -= entry.req.maxFee;
        expectedCredit[router.vaultOf(f.operator, version)] += f.fee;
        expectedCredit[entry.req.payer] += entry.req.maxFee - f.fee;
    }

    /// The return bomb is a success whose data nobody reads; it needs more gas than these requests promise, though.
    function _consumerFails() private view returns (bool) {
        return consumer.failure() != FailingConsumer.Failure.None;
    }
}
