// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChannelConfig, IBatchSettlement, VoucherClaim} from "../../contracts/interfaces/IBatchSettlement.sol";
import {ChannelFixture} from "./support/ChannelFixture.sol";

/// @notice The life of a payment channel: deposits, claims, settlement, withdrawals and refunds.
contract ChannelsTest is ChannelFixture {
    function test_Hashes_AreThoseOfTheTypes() public view {
        ChannelConfig memory c = _config(payer, keccak256("salt"));
        assertEq(settlement.getChannelId(c), _idOf(c));
        assertEq(settlement.getVoucherDigest(_idOf(c), 7), _voucherDigest(c, 7));
        bytes32 typeHash = keccak256("Refund(bytes32 channelId,uint256 nonce,uint128 amount)");
        bytes32 refund = _digest(keccak256(abi.encode(typeHash, _idOf(c), uint256(3), uint128(9))));
        assertEq(settlement.getRefundDigest(_idOf(c), 3, 9), refund);
        assertEq(settlement.getClaimBatchDigest(_two(c)), _claimBatchDigest(_two(c)));
    }

    function test_Deposit_ByAuthorizationCreatesTheChannel() public {
        ChannelConfig memory c = _config();
        bytes memory data = _depositData(c, payerKey, 5 ether);
        vm.expectEmit(SETTLEMENT);
        emit IBatchSettlement.ChannelCreated(_idOf(c), c);
        vm.expectEmit(SETTLEMENT);
        emit IBatchSettlement.Deposited(_idOf(c), relayer, 5 ether, 5 ether);
        vm.prank(relayer);
        settlement.deposit(c, 5 ether, COLLECTOR, data);
        _deposit(2 ether);
        _assertChannel(c, 7 ether, 0);
        assertEq(opg.balanceOf(SETTLEMENT), 7 ether);
        assertEq(opg.balanceOf(payer), 10_000 ether - 7 ether);
    }

    function test_RevertWhen_ChannelCannotWork() public {
        string[6] memory fields = ["payer", "receiver", "receiverAuthorizer", "token", "withdrawDelay", "withdrawDelay"];
        for (uint256 i; i < 6; ++i) {
            ChannelConfig memory c = _config();
            if (i == 0) c.payer = address(0);
            if (i == 1) c.receiver = address(0);
            if (i == 2) c.receiverAuthorizer = address(0);
            if (i == 3) c.token = address(0);
            if (i == 4) c.withdrawDelay = 15 minutes - 1;
            if (i == 5) c.withdrawDelay = 30 days + 1;
            vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.InvalidChannel.selector, fields[i]));
            settlement.deposit(c, 1, COLLECTOR, "");
        }
        vm.expectRevert(IBatchSettlement.AmountZero.selector);
        settlement.deposit(_config(), 0, COLLECTOR, "");
    }

    /// X2: vouchers are cumulative; what is claimed is the difference, and moves by `settle` alone.
    function test_Claim_IsCumulativeAndSettleTransfersOnce() public {
        ChannelConfig memory c = _deposit(10 ether);
        _claim(3 ether, 2 ether);
        _claim(6 ether, 6 ether);
        _assertChannel(c, 10 ether, 6 ether);
        assertEq(opg.balanceOf(receiver), 0);
        vm.expectEmit(SETTLEMENT);
        emit IBatchSettlement.Settled(receiver, address(opg), relayer, 6 ether);
        vm.prank(relayer);
        settlement.settle(receiver, address(opg));
        assertEq(opg.balanceOf(receiver), 6 ether);
        settlement.settle(receiver, address(opg));
        assertEq(opg.balanceOf(receiver), 6 ether);
    }

    function testFuzz_Claim_TakesWhatVoucherAndBalanceAllow(
        uint128 balance,
        uint128 first,
        uint128 maximum,
        uint128 total
    ) public {
        balance = uint128(bound(balance, 1, 1_000 ether));
        first = uint128(bound(first, 1, balance));
        maximum = uint128(bound(maximum, 0, 1_100 ether));
        total = uint128(bound(total, 0, 1_100 ether));
        ChannelConfig memory c = _deposit(balance);
        _claim(first, first);
        bool may = total > first && total <= maximum && total <= balance;
        VoucherClaim[] memory rows = _one(_row(maximum, total));
        if (!may) vm.expectRevert();
        vm.prank(receiver);
        settlement.claim(rows);
        _assertChannel(c, balance, may ? total : first);
        (uint128 claimed,) = settlement.receivers(receiver, address(opg));
        assertEq(claimed, may ? total : first);
    }

    function test_ClaimWithSignature_AnyoneRelaysManyRows() public {
        ChannelConfig memory c = _config(payer, "second");
        _deposit(10 ether);
        _deposit(c, payerKey, 10 ether);
        VoucherClaim[] memory rows = _two(c);
        bytes memory signature = _signed(authorizerKey, _claimBatchDigest(rows));
        vm.prank(relayer);
        settlement.claimWithSignature(rows, signature);
        _assertChannel(_config(), 10 ether, 4 ether);
        _assertChannel(c, 10 ether, 7 ether);
        (uint128 claimed, uint128 settled) = settlement.receivers(receiver, address(opg));
        assertEq(claimed, 11 ether);
        assertEq(settled, 0);
    }

    function test_Withdraw_WaitsAndLeavesWhatWasClaimed() public {
        ChannelConfig memory c = _deposit(10 ether);
        vm.startPrank(payer);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.NoWithdrawal.selector, _idOf(c)));
        settlement.finalizeWithdraw(c);
        settlement.initiateWithdraw(c, 10 ether);
        vm.warp(vm.getBlockTimestamp() + DELAY - 1);
        vm.expectRevert(
            abi.encodeWithSelector(IBatchSettlement.WithdrawalPending.selector, _idOf(c), vm.getBlockTimestamp() + 1)
        );
        settlement.finalizeWithdraw(c);
        vm.stopPrank();
        // The receiver still claims in the last second.
        _claim(4 ether, 4 ether);
        vm.warp(vm.getBlockTimestamp() + 1);
        vm.prank(payer);
        settlement.finalizeWithdraw(c);
        _assertChannel(c, 4 ether, 4 ether);
        assertEq(opg.balanceOf(payer), 10_000 ether - 4 ether);
        settlement.settle(receiver, address(opg));
        assertEq(opg.balanceOf(SETTLEMENT), 0);
    }

    function test_Withdraw_AfterAllIsClaimedEndsQuietly() public {
        ChannelConfig memory c = _deposit(10 ether);
        vm.prank(payer);
        settlement.initiateWithdraw(c, 1 ether);
        _claim(10 ether, 10 ether);
        vm.warp(vm.getBlockTimestamp() + DELAY);
        vm.startPrank(payer);
        settlement.finalizeWithdraw(c);
        (uint128 amount,) = settlement.pendingWithdrawals(_idOf(c));
        assertEq(amount, 0);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.WithdrawalAboveBalance.selector, _idOf(c), 1, 0));
        settlement.initiateWithdraw(c, 1);
    }

    function test_Refund_ReturnsWhatIsNotClaimedAndLowersTheWithdrawal() public {
        ChannelConfig memory c = _deposit(10 ether);
        _claim(3 ether, 3 ether);
        vm.prank(payer);
        settlement.initiateWithdraw(c, 5 ether);
        vm.prank(authorizer);
        settlement.refund(c, 2 ether);
        (uint128 amount,) = settlement.pendingWithdrawals(_idOf(c));
        assertEq(amount, 3 ether);
        _assertChannel(c, 8 ether, 3 ether);
        // By signature, and more than there is: the rest. The withdrawal is over.
        bytes32 digest = settlement.getRefundDigest(_idOf(c), 1, 100 ether);
        settlement.refundWithSignature(c, 100 ether, 1, _signed(authorizerKey, digest));
        _assertChannel(c, 3 ether, 3 ether);
        (amount,) = settlement.pendingWithdrawals(_idOf(c));
        assertEq(amount, 0);
        assertEq(opg.balanceOf(payer), 10_000 ether - 3 ether);
        assertEq(settlement.refundNonce(_idOf(c)), 2);
    }

    function test_Refund_OfEverythingClosesTheChannelAndItOpensAgain() public {
        ChannelConfig memory c = _deposit(10 ether);
        vm.expectEmit(SETTLEMENT);
        emit IBatchSettlement.ChannelClosed(_idOf(c), c);
        vm.prank(receiver);
        settlement.refund(c, 10 ether);
        assertEq(opg.balanceOf(payer), 10_000 ether);
        _deposit(1 ether);
        _assertChannel(c, 1 ether, 0);
    }

    function test_Multicall_ClaimsAndSettlesInOneTransaction() public {
        _deposit(10 ether);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IBatchSettlement.claim, (_one(_row(4 ether, 4 ether))));
        calls[1] = abi.encodeCall(IBatchSettlement.settle, (receiver, address(opg)));
        vm.prank(authorizer);
        settlement.multicall(calls);
        assertEq(opg.balanceOf(receiver), 4 ether);
    }

    function _two(ChannelConfig memory c) private view returns (VoucherClaim[] memory rows) {
        rows = new VoucherClaim[](2);
        rows[0] = _row(4 ether, 4 ether);
        rows[1] = _row(c, payerKey, 9 ether, 7 ether);
    }

    function _claimBatchDigest(VoucherClaim[] memory rows) private view returns (bytes32) {
        string memory entry = "ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)";
        bytes memory entries;
        for (uint256 i; i < rows.length; ++i) {
            bytes memory encoded = abi.encode(
                keccak256(bytes(entry)),
                _idOf(rows[i].voucher.channel),
                rows[i].voucher.maxClaimableAmount,
                rows[i].totalClaimed
            );
            entries = bytes.concat(entries, keccak256(encoded));
        }
        bytes32 typeHash = keccak256(bytes(string.concat("ClaimBatch(ClaimEntry[] claims)", entry)));
        return _digest(keccak256(abi.encode(typeHash, keccak256(entries))));
    }
}
