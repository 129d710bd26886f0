// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChannelConfig, IBatchSettlement, Voucher, VoucherClaim} from "../../contracts/interfaces/IBatchSettlement.sol";
import {BatchSettlement} from "../../contracts/payments/BatchSettlement.sol";
import {Erc3009DepositCollector} from "../../contracts/payments/Erc3009DepositCollector.sol";
import {ChannelFixture} from "./support/ChannelFixture.sol";
import {FickleWallet, HostileCollector, TaxedToken} from "./support/HostileCollector.sol";

/// @notice What must not work with payment channels, whoever tries it.
contract ChannelAttacksTest is ChannelFixture {
    address private thief = makeAddr("thief");

    // Vouchers

    function test_Attack_VoucherReplayed() public {
        ChannelConfig memory c = _deposit(10 ether);
        _claim(4 ether, 4 ether);
        VoucherClaim[] memory rows = _one(_row(4 ether, 4 ether));
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.NothingToClaim.selector, _idOf(c), 4 ether, 4 ether));
        vm.prank(authorizer);
        settlement.claim(rows);
    }

    function test_Attack_DecreasingVoucher() public {
        ChannelConfig memory c = _deposit(10 ether);
        _claim(4 ether, 4 ether);
        VoucherClaim[] memory rows = _one(_row(3 ether, 3 ether));
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.NothingToClaim.selector, _idOf(c), 4 ether, 3 ether));
        vm.prank(authorizer);
        settlement.claim(rows);
    }

    function test_Attack_VoucherOfAnotherChainContractOrChannel() public {
        _deposit(10 ether);
        ChannelConfig memory c = _config();
        uint256 chain = block.chainid;
        vm.chainId(8453);
        bytes memory foreign = _signed(payerKey, _voucherDigest(c, 4 ether));
        vm.chainId(chain);
        _expectRefused(VoucherClaim(Voucher(c, 4 ether), foreign, 4 ether));
        BatchSettlement other = new BatchSettlement();
        foreign = _signed(payerKey, other.getVoucherDigest(_idOf(c), 4 ether));
        _expectRefused(VoucherClaim(Voucher(c, 4 ether), foreign, 4 ether));
        ChannelConfig memory second = _config(payer, "second");
        _deposit(second, payerKey, 10 ether);
        foreign = _signed(payerKey, _voucherDigest(second, 4 ether));
        _expectRefused(VoucherClaim(Voucher(c, 4 ether), foreign, 4 ether));
        // Nor with another amount.
        _expectRefused(VoucherClaim(Voucher(c, 5 ether), _signed(payerKey, _voucherDigest(c, 4 ether)), 4 ether));
    }

    function test_Attack_MalleableSignature() public {
        ChannelConfig memory c = _deposit(10 ether);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(payerKey, _voucherDigest(c, 4 ether));
        uint256 order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;
        bytes memory mirrored = abi.encodePacked(r, bytes32(order - uint256(s)), v == 27 ? uint8(28) : uint8(27));
        _expectRefused(VoucherClaim(Voucher(c, 4 ether), mirrored, 4 ether));
        _expectRefused(VoucherClaim(Voucher(c, 4 ether), "", 4 ether));
    }

    /// A channel without a key for vouchers is the payer's wallet's to sign for. One that changes its mind spoils its own row, and
    /// with it the claim: whoever claims simulates first, and drops the row.
    function test_Attack_WalletThatChangesItsMind() public {
        FickleWallet wallet = new FickleWallet();
        _fund(address(wallet), 10 ether);
        ChannelConfig memory c = _config(address(wallet), 0);
        c.payerAuthorizer = address(0);
        _deposit(c, payerKey, 10 ether);
        _deposit(5 ether);
        VoucherClaim[] memory rows = new VoucherClaim[](2);
        rows[0] = _row(5 ether, 5 ether);
        rows[1] = VoucherClaim(Voucher(c, 4 ether), "by the wallet", 4 ether);
        wallet.setDenies(true);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.InvalidSignature.selector, address(wallet)));
        vm.prank(authorizer);
        settlement.claim(rows);
        vm.prank(authorizer);
        settlement.claim(_one(rows[0]));
        wallet.setDenies(false);
        vm.prank(authorizer);
        settlement.claim(_one(rows[1]));
        _assertChannel(c, 10 ether, 4 ether);
    }

    /// With a key for vouchers, the payer's own signature is none: nobody has to ask the wallet.
    function test_Attack_PayerSignsInPlaceOfTheAuthorizer() public {
        (address voucherSigner, uint256 key) = makeAddrAndKey("voucher signer");
        ChannelConfig memory c = _config();
        c.payerAuthorizer = voucherSigner;
        _deposit(c, payerKey, 10 ether);
        _expectRefused(_row(c, payerKey, 4 ether, 4 ether));
        VoucherClaim[] memory rows = _one(_row(c, key, 4 ether, 4 ether));
        vm.prank(authorizer);
        settlement.claim(rows);
    }

    // Claims, refunds and withdrawals by others

    function testFuzz_Attack_StrangersClaimRefundOrWithdraw(address stranger) public {
        vm.assume(stranger != payer && stranger != receiver && stranger != authorizer);
        ChannelConfig memory c = _deposit(10 ether);
        VoucherClaim[] memory rows = _one(_row(4 ether, 4 ether));
        vm.startPrank(stranger);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.NotReceiver.selector, _idOf(c), stranger));
        settlement.claim(rows);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.NotReceiver.selector, _idOf(c), stranger));
        settlement.refund(c, 1);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.NotPayer.selector, _idOf(c), stranger));
        settlement.initiateWithdraw(c, 1);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.NotPayer.selector, _idOf(c), stranger));
        settlement.finalizeWithdraw(c);
    }

    /// A claim that was signed can be neither altered nor mixed with rows of another authorizer.
    function test_Attack_AlteredSignedClaim() public {
        _deposit(10 ether);
        VoucherClaim[] memory rows = _one(_row(8 ether, 4 ether));
        bytes memory signature = _signed(authorizerKey, settlement.getClaimBatchDigest(rows));
        rows[0].totalClaimed = 5 ether;
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.InvalidSignature.selector, authorizer));
        settlement.claimWithSignature(rows, signature);
        VoucherClaim[] memory mixed = new VoucherClaim[](2);
        mixed[0] = _row(8 ether, 4 ether);
        mixed[1] = _row(8 ether, 4 ether);
        mixed[1].voucher.channel.receiverAuthorizer = thief;
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.AuthorizersDiffer.selector, authorizer, thief));
        settlement.claimWithSignature(mixed, signature);
        vm.expectRevert(IBatchSettlement.EmptyBatch.selector);
        settlement.claimWithSignature(new VoucherClaim[](0), signature);
    }

    /// One channel twice in a claim is claimed in steps, never twice.
    function test_Attack_SameChannelTwiceInAClaim() public {
        ChannelConfig memory c = _deposit(10 ether);
        VoucherClaim[] memory rows = new VoucherClaim[](2);
        rows[0] = _row(4 ether, 4 ether);
        rows[1] = _row(4 ether, 4 ether);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.NothingToClaim.selector, _idOf(c), 4 ether, 4 ether));
        vm.prank(authorizer);
        settlement.claim(rows);
    }

    function test_Attack_RefundSignatureReplayed() public {
        ChannelConfig memory c = _deposit(10 ether);
        bytes memory signature = _signed(authorizerKey, settlement.getRefundDigest(_idOf(c), 0, 1 ether));
        settlement.refundWithSignature(c, 1 ether, 0, signature);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.WrongRefundNonce.selector, _idOf(c), 1, 0));
        settlement.refundWithSignature(c, 1 ether, 0, signature);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.InvalidSignature.selector, authorizer));
        settlement.refundWithSignature(c, 1 ether, 1, signature);
        // A refund without signature makes void what was signed before, even where nothing is left to refund.
        bytes memory next = _signed(authorizerKey, settlement.getRefundDigest(_idOf(c), 1, 1 ether));
        _claim(9 ether, 9 ether);
        vm.prank(authorizer);
        settlement.refund(c, 1);
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.WrongRefundNonce.selector, _idOf(c), 2, 1));
        settlement.refundWithSignature(c, 1 ether, 1, next);
    }

    /// Asking again starts the delay again: no withdrawal is prepared in advance for a later deposit.
    function test_Attack_WithdrawalOfALaterDeposit() public {
        ChannelConfig memory c = _deposit(1 ether);
        vm.prank(payer);
        settlement.initiateWithdraw(c, 1 ether);
        vm.warp(vm.getBlockTimestamp() + DELAY);
        _deposit(9 ether);
        vm.startPrank(payer);
        vm.expectRevert();
        settlement.initiateWithdraw(c, 11 ether);
        settlement.initiateWithdraw(c, 10 ether);
        vm.expectRevert();
        settlement.finalizeWithdraw(c);
    }

    // Deposits

    /// The payer signed for one channel and one amount.
    function test_Attack_AuthorizationForAnotherChannel() public {
        ChannelConfig memory c = _config();
        bytes memory data = _depositData(c, payerKey, 5 ether);
        ChannelConfig memory other = _config();
        other.receiver = thief;
        vm.startPrank(thief);
        vm.expectRevert();
        settlement.deposit(other, 5 ether, COLLECTOR, data);
        vm.expectRevert();
        settlement.deposit(c, 6 ether, COLLECTOR, data);
        settlement.deposit(c, 5 ether, COLLECTOR, data);
        vm.expectRevert();
        settlement.deposit(c, 5 ether, COLLECTOR, data);
        vm.expectRevert(abi.encodeWithSelector(Erc3009DepositCollector.NotSettlement.selector, thief));
        Erc3009DepositCollector(COLLECTOR).collect(payer, address(opg), 5 ether, _idOf(c), thief, data);
    }

    /// A collector that brings nothing, or another amount, or deposits again meanwhile, books nothing.
    function test_Attack_HostileCollector() public {
        HostileCollector hostile = new HostileCollector();
        _fund(address(hostile), 100 ether);
        _deposit(50 ether);
        ChannelConfig memory c = _config(thief, 0);
        uint256[3] memory brought = [uint256(0), 4 ether, 6 ether];
        for (uint256 i; i < 3; ++i) {
            hostile.set(brought[i], "");
            vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.DepositMismatch.selector, 5 ether, brought[i]));
            settlement.deposit(c, 5 ether, address(hostile), "");
        }
        bytes[3] memory calls = [
            abi.encodeCall(IBatchSettlement.deposit, (c, 5 ether, address(hostile), "")),
            abi.encodeCall(IBatchSettlement.settle, (receiver, address(opg))),
            abi.encodeCall(IBatchSettlement.refund, (_config(), 1 ether))
        ];
        for (uint256 i; i < 3; ++i) {
            hostile.set(5 ether, calls[i]);
            settlement.deposit(c, 5 ether, address(hostile), "");
            assertFalse(hostile.called(), "entered again");
        }
        _assertChannel(c, 15 ether, 0);
        assertEq(opg.balanceOf(SETTLEMENT), 65 ether);
    }

    /// A token that keeps a part cannot make the others pay for it.
    function test_Attack_TokenThatKeepsAPart() public {
        HostileCollector collector = new HostileCollector();
        TaxedToken taxed = new TaxedToken(address(collector));
        ChannelConfig memory c = _config();
        c.token = address(taxed);
        collector.set(10 ether, "");
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.DepositMismatch.selector, 10 ether, 9 ether));
        settlement.deposit(c, 10 ether, address(collector), "");
    }

    function _expectRefused(VoucherClaim memory row) private {
        VoucherClaim[] memory rows = _one(row);
        address signer = row.voucher.channel.payerAuthorizer;
        vm.expectRevert(abi.encodeWithSelector(IBatchSettlement.InvalidSignature.selector, signer));
        vm.prank(authorizer);
        settlement.claim(rows);
    }
}
