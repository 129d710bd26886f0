// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC3009} from "@openzeppelin/contracts/token/ERC20/extensions/draft-ERC3009.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {OpgFixture} from "./support/OpgFixture.sol";
import {OwnedWallet, RefusingWallet, SilentContract} from "./support/Wallets.sol";

/// @notice What holders with code can sign: ERC-1271 wallets, and accounts with delegated code (EIP-7702).
contract OpgWalletsTest is OpgFixture {
    address private wallet;
    address private sibling;

    function setUp() public override {
        super.setUp();
        // Two wallets of one owner: neither binds a signature to itself.
        wallet = address(new OwnedWallet(alice));
        sibling = address(new OwnedWallet(alice));
        _give(wallet, 100 ether);
        _give(sibling, 100 ether);
    }

    function test_Wallet_TransfersReceivesAndCancelsByAuthorization() public {
        Authorization memory a = Authorization(wallet, bob, 1 ether, 0, START + 1, keccak256("1"));
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));
        opg.transferWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, signature);

        a.nonce = keccak256("2");
        signature = _sign(aliceKey, _receiveDigest(opg, a));
        vm.prank(bob);
        opg.receiveWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, signature);
        assertEq(opg.balanceOf(bob), 2 ether);

        opg.cancelAuthorization(wallet, keccak256("3"), _sign(aliceKey, _cancelDigest(opg, wallet, keccak256("3"))));
        assertTrue(opg.authorizationState(wallet, keccak256("3")));
    }

    function test_Wallet_PermitsAndStakes() public {
        bytes memory signature = _sign(aliceKey, _permitDigest(opg, wallet, vault, 40 ether, 0, START));
        opg.permit(wallet, vault, 40 ether, START, signature);
        vm.prank(vault);
        opg.custodyIn(wallet, wallet, 40 ether);
        assertEq(opg.custodied(wallet), 40 ether);
    }

    function test_Wallet_DelegatesBySignature() public {
        bytes memory signature = _sign(aliceKey, _delegationFromDigest(opg, wallet, carol, 0, START));
        opg.delegateBySig(wallet, carol, 0, START, signature);
        assertEq(opg.getVotes(carol), 100 ether);
    }

    /// The v, r, s forms know keys only.
    function test_RevertWhen_WalletUsesTheFormForKeys() public {
        Authorization memory a = Authorization(wallet, bob, 1 ether, 0, START + 1, keccak256("1"));
        (uint8 v, bytes32 r, bytes32 s) = _split(_sign(aliceKey, _transferDigest(opg, a)));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        opg.transferWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, v, r, s);
    }

    /// Every signed type names the account, so what one wallet signed does not bind another wallet of the same owner,
    /// nor the owner's own account.
    function test_RevertWhen_SignatureOfOneWalletIsUsedForItsSibling() public {
        bytes memory permit = _sign(aliceKey, _permitDigest(opg, wallet, bob, 1 ether, 0, START));
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidSignature.selector, sibling));
        opg.permit(sibling, bob, 1 ether, START, permit);

        bytes memory delegation = _sign(aliceKey, _delegationFromDigest(opg, wallet, carol, 0, START));
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidSignature.selector, sibling));
        opg.delegateBySig(sibling, carol, 0, START, delegation);
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidSignature.selector, alice));
        opg.delegateBySig(alice, carol, 0, START, delegation);

        // The type of ERC-5805 does not name the account, so the form for wallets refuses it.
        delegation = _sign(aliceKey, _delegationDigest(opg, carol, 0, START));
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidSignature.selector, wallet));
        opg.delegateBySig(wallet, carol, 0, START, delegation);

        bytes memory cancellation = _sign(aliceKey, _cancelDigest(opg, wallet, keccak256("1")));
        vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
        opg.cancelAuthorization(sibling, keccak256("1"), cancellation);
    }

    function test_RevertWhen_ContractDoesNotSayTheMagicValue() public {
        address[3] memory contracts = [address(new RefusingWallet()), address(new SilentContract()), address(opg)];
        for (uint256 i; i < contracts.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidSignature.selector, contracts[i]));
            opg.permit(contracts[i], bob, 1 ether, START, "");
            vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidSignature.selector, contracts[i]));
            opg.delegateBySig(contracts[i], bob, 0, START, "");
            vm.expectRevert(ERC3009.ERC3009InvalidSignature.selector);
            opg.transferWithAuthorization(contracts[i], bob, 0, 0, START + 1, keccak256("1"), "");
        }
    }

    function test_DelegatedCode_LeavesBothForms() public {
        // Alice's account runs the code of a wallet that trusts Dora's key.
        (address dora, uint256 doraKey) = makeAddrAndKey("dora");
        vm.signAndAttachDelegation(address(new OwnedWallet(dora)), aliceKey);
        opg.totalSupply(); // The delegation takes effect with the next call.
        assertGt(alice.code.length, 0);

        bytes32 digest = _permitDigest(opg, alice, bob, 1 ether, 0, START);
        opg.permit(alice, bob, 1 ether, START, _sign(doraKey, digest));
        digest = _permitDigest(opg, alice, bob, 2 ether, 1, START);
        (uint8 v, bytes32 r, bytes32 s) = _split(_sign(aliceKey, digest));
        opg.permit(alice, bob, 2 ether, START, v, r, s);
        assertEq(opg.allowance(alice, bob), 2 ether);

        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidSignature.selector, alice));
        opg.permit(alice, bob, 3 ether, START, _sign(aliceKey, _permitDigest(opg, alice, bob, 3 ether, 2, START)));
    }
}
