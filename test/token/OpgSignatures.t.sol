// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {IVotes} from "@openzeppelin/contracts/governance/utils/IVotes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {OpgFixture} from "./support/OpgFixture.sol";

/// @notice Permits and delegation by signature, in both forms, of accounts without code.
contract OpgSignaturesTest is OpgFixture {
    // Permit

    function testFuzz_Permit_SetsAllowanceOnce(bool asBytes, uint256 value) public {
        bytes memory signature = _sign(aliceKey, _permitDigest(opg, alice, bob, value, 0, START));
        vm.expectEmit(address(opg));
        emit IERC20.Approval(alice, bob, value);
        _permit(opg, asBytes, value, START, signature);
        assertEq(opg.allowance(alice, bob), value);
        assertEq(opg.nonces(alice), 1);

        _expectBadPermit(asBytes, _permitDigest(opg, alice, bob, value, 1, START), signature);
        _permit(opg, asBytes, value, START, signature);
    }

    function testFuzz_RevertWhen_PermitExpired(bool asBytes, uint256 deadline) public {
        deadline = bound(deadline, 0, START - 1);
        bytes memory signature = _sign(aliceKey, _permitDigest(opg, alice, bob, 1, 0, deadline));
        vm.expectRevert(abi.encodeWithSelector(ERC20Permit.ERC2612ExpiredSignature.selector, deadline));
        _permit(opg, asBytes, 1, deadline, signature);
    }

    function testFuzz_RevertWhen_PermitIsForAnotherChainOrToken(bool asBytes, uint32 chainId) public {
        vm.assume(chainId != chain && chainId != 0);
        uint256 here = chain;
        _switchChain(chainId);
        bytes memory signature = _sign(aliceKey, _permitDigest(opg, alice, bob, 1, 0, START));
        _switchChain(here);
        _expectBadPermit(asBytes, _permitDigest(opg, alice, bob, 1, 0, START), signature);
        _permit(opg, asBytes, 1, START, signature);

        signature = _sign(aliceKey, _permitDigest(new Opg(vault, treasury), alice, bob, 1, 0, START));
        _expectBadPermit(asBytes, _permitDigest(opg, alice, bob, 1, 0, START), signature);
        _permit(opg, asBytes, 1, START, signature);
    }

    /// Someone else may submit a permit first. That only does what the signer asked for: a caller that goes on when its
    /// own permit fails still finds the allowance.
    function testFuzz_Permit_FrontRunLeavesTheAllowance(bool asBytes, address frontRunner) public {
        _give(alice, 5 ether);
        bytes memory signature = _sign(aliceKey, _permitDigest(opg, alice, bob, 5 ether, 0, START));
        vm.prank(frontRunner);
        _permit(opg, asBytes, 5 ether, START, signature);

        vm.startPrank(bob);
        (uint8 v, bytes32 r, bytes32 s) = _split(signature);
        bool refused;
        try opg.permit(alice, bob, 5 ether, START, v, r, s) {}
        catch {
            refused = true;
        }
        assertTrue(refused);
        opg.transferFrom(alice, bob, 5 ether);
        assertEq(opg.balanceOf(bob), 5 ether);
    }

    // Delegation

    function testFuzz_DelegateBySig_MovesVotesOnce(bool asBytes) public {
        _give(alice, 10 ether);
        vm.expectEmit(address(opg));
        emit IVotes.DelegateChanged(alice, address(0), carol);
        _delegateBySig(asBytes, aliceKey, 0, START);
        assertEq(opg.delegates(alice), carol);
        assertEq(opg.getVotes(carol), 10 ether);
        assertEq(opg.nonces(alice), 1);

        vm.expectRevert(abi.encodeWithSelector(Nonces.InvalidAccountNonce.selector, alice, 1));
        this.delegateBySigExternal(asBytes, aliceKey, 0, START);
    }

    function testFuzz_RevertWhen_DelegationExpired(bool asBytes, uint256 expiry) public {
        expiry = bound(expiry, 0, START - 1);
        vm.expectRevert(abi.encodeWithSelector(IVotes.VotesExpiredSignature.selector, expiry));
        this.delegateBySigExternal(asBytes, aliceKey, 0, expiry);
    }

    function testFuzz_RevertWhen_DelegationSignedByAnother(uint256 key) public {
        key = bound(key, 1, 1 << 128);
        vm.assume(key != aliceKey);
        bytes memory signature = _sign(key, _delegationFromDigest(opg, alice, carol, 0, START));
        vm.expectRevert(abi.encodeWithSelector(IOpg.InvalidSignature.selector, alice));
        opg.delegateBySig(alice, carol, 0, START, signature);
        assertEq(opg.nonces(alice), 0);
    }

    /// Permits and delegations share one nonce, as in OpenZeppelin's tokens.
    function test_Nonce_IsSharedByPermitAndDelegation() public {
        bytes memory signature = _sign(aliceKey, _permitDigest(opg, alice, bob, 1, 0, START));
        _permit(opg, true, 1, START, signature);
        _delegateBySig(true, aliceKey, 1, START);
        assertEq(opg.nonces(alice), 2);
    }

    function delegateBySigExternal(bool asBytes, uint256 key, uint256 nonce, uint256 expiry) external {
        _delegateBySig(asBytes, key, nonce, expiry);
    }

    function _delegateBySig(bool asBytes, uint256 key, uint256 nonce, uint256 expiry) private {
        if (asBytes) {
            bytes32 digest = _delegationFromDigest(opg, vm.addr(key), carol, nonce, expiry);
            opg.delegateBySig(vm.addr(key), carol, nonce, expiry, _sign(key, digest));
        } else {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, _delegationDigest(opg, carol, nonce, expiry));
            opg.delegateBySig(carol, nonce, expiry, v, r, s);
        }
    }

    function _permit(Opg token, bool asBytes, uint256 value, uint256 deadline, bytes memory signature) private {
        if (asBytes) {
            token.permit(alice, bob, value, deadline, signature);
        } else {
            (uint8 v, bytes32 r, bytes32 s) = _split(signature);
            token.permit(alice, bob, value, deadline, v, r, s);
        }
    }

    /// The v, r, s form names the key that the signature belongs to instead, which the contract's own digest decides.
    function _expectBadPermit(bool asBytes, bytes32 digest, bytes memory signature) private {
        (uint8 v, bytes32 r, bytes32 s) = _split(signature);
        vm.expectRevert(
            asBytes
                ? abi.encodeWithSelector(IOpg.InvalidSignature.selector, alice)
                : abi.encodeWithSelector(ERC20Permit.ERC2612InvalidSigner.selector, ecrecover(digest, v, r, s), alice)
        );
    }
}
