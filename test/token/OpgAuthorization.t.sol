// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IERC3009, IERC3009Cancel} from "@openzeppelin/contracts/interfaces/draft-IERC3009.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {OpgFixture} from "./support/OpgFixture.sol";

/// @notice ERC-3009 in both signature forms. Fuzzed tests take the form as an argument, so that every property holds for
/// both.
contract OpgAuthorizationTest is OpgFixture {
    /// v, r, s or bytes.
    struct Form {
        bool asBytes;
    }

    function setUp() public override {
        super.setUp();
        _give(alice, 100 ether);
    }

    // Transfer

    function testFuzz_Transfer_MovesTokensOnceWithoutAllowance(Form memory form, uint256 value, bytes32 nonce) public {
        value = bound(value, 0, 100 ether);
        _delegate(alice, alice);
        Authorization memory a = _authorization(value, nonce);
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));

        assertFalse(opg.authorizationState(alice, nonce));
        vm.expectEmit(address(opg));
        emit IERC3009.AuthorizationUsed(alice, nonce);
        _transfer(opg, form, a, signature);

        assertTrue(opg.authorizationState(alice, nonce));
        assertEq(opg.balanceOf(bob), value);
        assertEq(opg.balanceOf(alice), 100 ether - value);
        assertEq(opg.getVotes(alice), 100 ether - value);
        assertEq(opg.nonces(alice), 0);
    }

    function testFuzz_RevertWhen_Replayed(Form memory first, Form memory second, bytes32 nonce) public {
        Authorization memory a = _authorization(1 ether, nonce);
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));
        _transfer(opg, first, a, signature);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, alice, nonce));
        _transfer(opg, second, a, signature);
        // The nonce is used up for receiving as well.
        signature = _sign(aliceKey, _receiveDigest(opg, a));
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, alice, nonce));
        _receive(opg, second, a, signature);
    }

    function testFuzz_RevertWhen_AnyValueIsAltered(Form memory form, uint8 field, uint256 delta) public {
        Authorization memory a = _authorization(1 ether, keccak256("nonce"));
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));
        delta = bound(delta, 1, type(uint128).max);
        field %= 6;
        if (field == 0) a.from = carol;
        if (field == 1) a.to = carol;
        if (field == 2) a.value += delta;
        if (field == 3) a.validAfter -= bound(delta, 1, a.validAfter);
        if (field == 4) a.validBefore += delta;
        if (field == 5) a.nonce = bytes32(uint256(a.nonce) ^ delta);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(opg, form, a, signature);
    }

    function testFuzz_RevertWhen_SignedByAnother(Form memory form, uint256 key) public {
        key = bound(key, 1, 1 << 128);
        vm.assume(key != aliceKey);
        Authorization memory a = _authorization(1 ether, keccak256("nonce"));
        bytes memory signature = _sign(key, _transferDigest(opg, a));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(opg, form, a, signature);
    }

    function testFuzz_RevertWhen_SignedForAnotherChain(Form memory form, uint32 chainId) public {
        vm.assume(chainId != chain && chainId != 0);
        uint256 here = chain;
        Authorization memory a = _authorization(1 ether, keccak256("nonce"));
        _switchChain(chainId);
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));
        // Valid there, as on a fork of the chain that changed its id…
        uint256 state = vm.snapshotState();
        _transfer(opg, form, a, signature);
        vm.revertToState(state);
        // …and not here.
        _switchChain(here);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(opg, form, a, signature);
    }

    function testFuzz_RevertWhen_SignedForAnotherToken(Form memory form) public {
        Opg other = new Opg(vault, treasury);
        Authorization memory a = _authorization(1 ether, keccak256("nonce"));
        bytes memory signature = _sign(aliceKey, _transferDigest(other, a));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(opg, form, a, signature);
    }

    function testFuzz_Window_IsOpenAtBothEnds(Form memory form, uint256 validAfter, uint256 validBefore, uint64 time)
        public
    {
        // Bounds near the time, or anywhere: with bit 47 set in both they would be block numbers to the base contract.
        if (validAfter % 2 == 0) validAfter = bound(validAfter, time < 2 ? 0 : time - 2, uint256(time) + 2);
        if (validBefore % 2 == 0) validBefore = bound(validBefore, time < 2 ? 0 : time - 2, uint256(time) + 2);
        vm.warp(time);
        vm.roll((1 << 40) + 1);
        Authorization memory a = _authorization(1 ether, keccak256("nonce"));
        a.validAfter = validAfter;
        a.validBefore = validBefore;
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));
        bool open = validAfter < time && time < validBefore;
        if (!open) {
            vm.expectRevert(
                abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, validAfter, validBefore)
            );
        }
        _transfer(opg, form, a, signature);
        assertEq(opg.balanceOf(bob), open ? 1 ether : 0);
    }

    function test_Window_IsNeverInBlockNumbers() public {
        uint256 flag = 1 << 47;
        Authorization memory a = _authorization(1 ether, keccak256("nonce"));
        (a.validAfter, a.validBefore) = (flag, flag | (block.number + 1));
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));
        vm.expectRevert(
            abi.encodeWithSelector(ERC3009.ERC3009InvalidAuthorizationTime.selector, a.validAfter, a.validBefore)
        );
        _transfer(opg, Form(true), a, signature);
    }

    function testFuzz_RevertWhen_PayerHasTooLittle(Form memory form) public {
        Authorization memory a = _authorization(101 ether, keccak256("nonce"));
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));
        vm.expectRevert(
            abi.encodeWithSelector(IERC20Errors.ERC20InsufficientBalance.selector, alice, 100 ether, 101 ether)
        );
        _transfer(opg, form, a, signature);
        assertFalse(opg.authorizationState(alice, a.nonce));
    }

    // Receive

    function testFuzz_Receive_OnlyByPayee(Form memory form, address frontRunner) public {
        vm.assume(frontRunner != bob);
        Authorization memory a = _authorization(1 ether, keccak256("nonce"));
        bytes memory signature = _sign(aliceKey, _receiveDigest(opg, a));
        vm.prank(frontRunner);
        vm.expectRevert(abi.encodeWithSelector(IERC20Errors.ERC20InvalidReceiver.selector, bob));
        _receive(opg, form, a, signature);

        vm.expectEmit(address(opg));
        emit IERC3009.AuthorizationUsed(alice, a.nonce);
        vm.prank(bob);
        _receive(opg, form, a, signature);
        assertEq(opg.balanceOf(bob), 1 ether);
    }

    /// Someone who sees a receive authorization in the mempool cannot use it as a transfer, nor the reverse.
    function testFuzz_RevertWhen_SignatureIsForTheOtherFunction(Form memory form) public {
        Authorization memory a = _authorization(1 ether, keccak256("nonce"));
        bytes memory toReceive = _sign(aliceKey, _receiveDigest(opg, a));
        bytes memory toTransfer = _sign(aliceKey, _transferDigest(opg, a));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(opg, form, a, toReceive);
        vm.prank(bob);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _receive(opg, form, a, toTransfer);
    }

    // Cancel

    function testFuzz_Cancel_StopsTransferAndReceive(Form memory form, bytes32 nonce) public {
        Authorization memory a = _authorization(1 ether, nonce);
        bytes memory cancellation = _sign(aliceKey, _cancelDigest(opg, alice, nonce));
        vm.expectEmit(address(opg));
        emit IERC3009Cancel.AuthorizationCanceled(alice, nonce);
        _cancel(opg, form, alice, nonce, cancellation);
        assertTrue(opg.authorizationState(alice, nonce));

        bytes memory refusal = abi.encodeWithSelector(ERC3009.ERC3009UsedAuthorization.selector, alice, nonce);
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));
        vm.expectRevert(refusal);
        _transfer(opg, form, a, signature);
        signature = _sign(aliceKey, _receiveDigest(opg, a));
        vm.prank(bob);
        vm.expectRevert(refusal);
        _receive(opg, form, a, signature);
        vm.expectRevert(refusal);
        _cancel(opg, form, alice, nonce, cancellation);
    }

    function testFuzz_RevertWhen_CancelledByAnother(Form memory form, uint256 key) public {
        key = bound(key, 1, 1 << 128);
        vm.assume(key != aliceKey);
        bytes32 nonce = keccak256("nonce");
        bytes memory signature = _sign(key, _cancelDigest(opg, alice, nonce));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _cancel(opg, form, alice, nonce, signature);
    }

    /// Nonces belong to their authorizer: cancelling one's own leaves another's alone.
    function testFuzz_Cancel_AffectsOwnNonceOnly(Form memory form, bytes32 nonce) public {
        (address dora, uint256 doraKey) = makeAddrAndKey("dora");
        _cancel(opg, form, dora, nonce, _sign(doraKey, _cancelDigest(opg, dora, nonce)));
        Authorization memory a = _authorization(1 ether, nonce);
        _transfer(opg, form, a, _sign(aliceKey, _transferDigest(opg, a)));
        assertEq(opg.balanceOf(bob), 1 ether);
    }

    // Malformed signatures

    function test_RevertWhen_SignatureIsMalleable() public {
        Authorization memory a = _authorization(1 ether, keccak256("nonce"));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(aliceKey, _transferDigest(opg, a));
        uint256 order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141;
        bytes32 highS = bytes32(order - uint256(s));
        uint8 otherV = v == 27 ? 28 : 27;
        vm.expectRevert(abi.encodeWithSelector(ECDSA.ECDSAInvalidSignatureS.selector, highS));
        opg.transferWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, otherV, r, highS);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(opg, Form(true), a, abi.encodePacked(r, highS, otherV));
    }

    function testFuzz_RevertWhen_SignatureIsNoSignature(bytes memory garbage) public {
        Authorization memory a = _authorization(1 ether, keccak256("nonce"));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(opg, Form(true), a, garbage);
    }

    function testFuzz_RevertWhen_PayerIsNobody(bytes memory garbage) public {
        // A failed recovery yields the zero address, which must not pass for a signer.
        Authorization memory a = _authorization(0, keccak256("nonce"));
        a.from = address(0);
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        _transfer(opg, Form(true), a, garbage);
    }

    function _authorization(uint256 value, bytes32 nonce) private view returns (Authorization memory) {
        return Authorization(alice, bob, value, START - 60, START + 60, nonce);
    }

    function _transfer(Opg token, Form memory form, Authorization memory a, bytes memory signature) private {
        if (form.asBytes) {
            token.transferWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, signature);
        } else {
            (uint8 v, bytes32 r, bytes32 s) = _split(signature);
            token.transferWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, v, r, s);
        }
    }

    function _receive(Opg token, Form memory form, Authorization memory a, bytes memory signature) private {
        if (form.asBytes) {
            token.receiveWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, signature);
        } else {
            (uint8 v, bytes32 r, bytes32 s) = _split(signature);
            token.receiveWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, v, r, s);
        }
    }

    function _cancel(Opg token, Form memory form, address authorizer, bytes32 nonce, bytes memory signature) private {
        if (form.asBytes) {
            token.cancelAuthorization(authorizer, nonce, signature);
        } else {
            (uint8 v, bytes32 r, bytes32 s) = _split(signature);
            token.cancelAuthorization(authorizer, nonce, v, r, s);
        }
    }
}
