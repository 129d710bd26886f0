// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChannelConfig, VoucherClaim} from "../../../contracts/interfaces/IBatchSettlement.sol";
import {ChannelFixture} from "./ChannelFixture.sol";

/// @notice Drives three channels of two payers at random, beside a ledger of its own. Every action must do exactly what the
/// ledger says.
contract ChannelHandler is ChannelFixture {
    uint256 private constant CHANNELS = 3;

    struct Ledger {
        uint256 deposited;
        uint256 returned;
        uint256 claimed;
        uint256 pending;
        uint256 pendingSince;
    }

    Ledger[CHANNELS] private _ledgers;
    ChannelConfig[CHANNELS] private _configs;
    uint256[CHANNELS] private _keys;
    uint256 public settled;
    uint256 public receiverBefore;

    function setUp() public override {
        super.setUp();
        (address second, uint256 secondKey) = makeAddrAndKey("second payer");
        _fund(second, 10_000 ether);
        for (uint256 i; i < CHANNELS; ++i) {
            _configs[i] = _config(i == 2 ? second : payer, bytes32(i));
            _keys[i] = i == 2 ? secondKey : payerKey;
        }
    }

    function deposit(uint256 which, uint256 amount) external {
        which = which % CHANNELS;
        amount = bound(amount, 1, 50 ether);
        if (opg.balanceOf(_configs[which].payer) < amount) return;
        _deposit(_configs[which], _keys[which], uint128(amount));
        _ledgers[which].deposited += amount;
    }

    /// Two rows, in any order, of whatever the ledger allows or not.
    function claim(uint256 first, uint256 second, uint256 a, uint256 b, bool bySignature) external {
        (first, second) = (first % CHANNELS, second % CHANNELS);
        (uint128 totalA, uint128 totalB) = (_some(first, a), _some(second, b));
        VoucherClaim[] memory rows = new VoucherClaim[](2);
        rows[0] = _row(_configs[first], _keys[first], totalA, totalA);
        rows[1] = _row(_configs[second], _keys[second], totalB + 1, totalB);
        uint256 before = first == second ? totalA : _ledgers[second].claimed;
        bool may =
            totalA > _ledgers[first].claimed && totalA <= _held(first) && totalB > before && totalB <= _held(second);
        bytes memory signature = _signed(authorizerKey, settlement.getClaimBatchDigest(rows));
        if (!may) vm.expectRevert();
        vm.prank(bySignature ? relayer : authorizer);
        if (bySignature) settlement.claimWithSignature(rows, signature);
        else settlement.claim(rows);
        if (!may) return;
        _ledgers[first].claimed = totalA;
        _ledgers[second].claimed = totalB;
    }

    function settle() external {
        settlement.settle(receiver, address(opg));
        uint256 total;
        for (uint256 i; i < CHANNELS; ++i) {
            total += _ledgers[i].claimed;
        }
        settled = total;
    }

    function refund(uint256 which, uint256 amount) external {
        which = which % CHANNELS;
        amount = bound(amount, 1, 60 ether);
        vm.prank(receiver);
        settlement.refund(_configs[which], uint128(amount));
        Ledger storage ledger = _ledgers[which];
        uint256 most = _held(which) - ledger.claimed;
        if (amount > most) amount = most;
        ledger.returned += amount;
        ledger.pending = ledger.pending > amount ? ledger.pending - amount : 0;
    }

    function initiate(uint256 which, uint256 amount) external {
        which = which % CHANNELS;
        amount = bound(amount, 0, 60 ether);
        Ledger storage ledger = _ledgers[which];
        bool may = amount != 0 && amount <= _held(which) - ledger.claimed;
        if (!may) vm.expectRevert();
        vm.prank(_configs[which].payer);
        settlement.initiateWithdraw(_configs[which], uint128(amount));
        if (may) (ledger.pending, ledger.pendingSince) = (amount, vm.getBlockTimestamp());
    }

    function finalize(uint256 which) external {
        which = which % CHANNELS;
        Ledger storage ledger = _ledgers[which];
        bool may = ledger.pending != 0 && vm.getBlockTimestamp() >= ledger.pendingSince + DELAY;
        if (!may) vm.expectRevert();
        vm.prank(_configs[which].payer);
        settlement.finalizeWithdraw(_configs[which]);
        if (!may) return;
        uint256 most = _held(which) - ledger.claimed;
        ledger.returned += ledger.pending < most ? ledger.pending : most;
        ledger.pending = 0;
    }

    function passTime(uint16 time) external {
        vm.warp(vm.getBlockTimestamp() + uint256(time) % 2 hours);
    }

    function checkMoney() external view {
        uint256 held;
        uint256 claimed;
        for (uint256 i; i < CHANNELS; ++i) {
            held += _held(i);
            claimed += _ledgers[i].claimed;
        }
        assertEq(opg.balanceOf(SETTLEMENT), held - settled, "holds what is in channels and not settled");
        assertEq(opg.balanceOf(receiver), settled, "paid what was claimed");
        (uint128 total, uint128 paid) = settlement.receivers(receiver, address(opg));
        assertEq(total, claimed, "claimed of the receiver");
        assertEq(paid, settled, "settled of the receiver");
    }

    function checkChannels() external view {
        for (uint256 i; i < CHANNELS; ++i) {
            _assertChannel(_configs[i], _held(i), _ledgers[i].claimed);
            assertLe(_ledgers[i].claimed, _held(i), "claimed more than there is");
            (uint128 pending,) = settlement.pendingWithdrawals(_idOf(_configs[i]));
            assertEq(pending, _ledgers[i].pending, "withdrawal");
        }
    }

    function _held(uint256 which) private view returns (uint256) {
        return _ledgers[which].deposited - _ledgers[which].returned;
    }

    /// Mostly what can be claimed, sometimes more or nothing.
    function _some(uint256 which, uint256 seed) private view returns (uint128) {
        return uint128(bound(seed, _ledgers[which].claimed, _held(which) + 1 ether / 100));
    }
}
