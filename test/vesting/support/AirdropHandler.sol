// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {SignedClaim, SignedDelegation} from "../../../contracts/interfaces/IAirdrop.sol";
import {AirdropFixture} from "./AirdropFixture.sol";

/// @notice Claims, delegates, sweeps and lets time pass at random, and keeps books of its own. What the books do not
/// allow must fail.
contract AirdropHandler is AirdropFixture {
    uint256 private constant CLAIMANTS = 12;

    mapping(uint256 index => uint256 times) private _claims;
    uint256 private _claimed;
    uint256 private _swept;
    /// Tokens that somebody sent to the airdrop by mistake.
    uint256 private _donated;
    /// Actions that succeeded against the rules, or failed although in order.
    uint256 private _breaches;
    bytes32[][] private _proofs;
    mapping(address account => uint256 key) private _keys;

    function setUp() public override {
        super.setUp();
        delete entitlements;
        for (uint256 i; i < CLAIMANTS; ++i) {
            (address account, uint256 key) = makeAddrAndKey(vm.toString(i));
            _keys[account] = key;
            entitlements.push(Entitlement(account, (i + 1) * 1 ether));
        }
        _deploy();
        for (uint256 i; i < CLAIMANTS; ++i) {
            _proofs.push(_proof(i));
        }
    }

    function claimSelf(uint256 index) external {
        index %= CLAIMANTS;
        Entitlement memory e = entitlements[index];
        bytes32[] memory proof = _proofs[index];
        vm.prank(e.account);
        try airdrop.claim(index, e.amount, proof) {
            _book(index);
        } catch {
            _expectRefusal(index);
        }
    }

    function claimBySig(uint256 index, bool byAnotherKey) external {
        index %= CLAIMANTS;
        Entitlement memory e = entitlements[index];
        uint256 key = byAnotherKey ? _keys[entitlements[(index + 1) % CLAIMANTS].account] : _keys[e.account];
        bytes memory signature = _sign(key, _claimDigest(index, e.account, type(uint256).max));
        try airdrop.claimBySig(index, e.account, e.amount, _proofs[index], e.account, type(uint256).max, signature) {
            if (byAnotherKey) ++_breaches;
            _book(index);
        } catch {
            if (!byAnotherKey) _expectRefusal(index);
        }
    }

    /// Three rows, one of them perhaps signed by another key, perhaps the same one twice.
    function claimMany(uint256[3] calldata indices, uint256 forged) external {
        forged %= 4;
        SignedClaim[] memory rows = new SignedClaim[](3);
        uint256 due;
        for (uint256 i; i < rows.length; ++i) {
            uint256 index = indices[i] % CLAIMANTS;
            uint256 signer = i == forged ? (index + 1) % CLAIMANTS : index;
            rows[i] = _signedClaim(index, _keys[entitlements[signer].account]);
            if (i == forged || _claims[index] != 0 || vm.getBlockTimestamp() > DEADLINE) continue;
            _book(index);
            ++due;
        }
        try airdrop.claimMany(rows) returns (uint256 claimed) {
            if (claimed != due) ++_breaches;
        } catch {
            if (due != 0) ++_breaches;
        }
    }

    function claimAndDelegate(uint256 index, uint256 delegatee, bool frontRun, bool bySig) external {
        index %= CLAIMANTS;
        Entitlement memory e = entitlements[index];
        address to = entitlements[delegatee % CLAIMANTS].account;
        SignedDelegation memory delegation = _delegation(e.account, _keys[e.account], to);
        bytes memory signature = _sign(_keys[e.account], _claimDigest(index, e.account, type(uint256).max));
        bytes32[] memory proof = _proofs[index];
        delegation.expiry = type(uint256).max;
        delegation.signature =
            _sign(_keys[e.account], _delegationFromDigest(opg, e.account, to, delegation.nonce, delegation.expiry));
        if (frontRun) _submit(e.account, delegation);
        if (!bySig) vm.prank(e.account);
        (bool done,) = address(airdrop)
            .call(
                bySig
                    ? abi.encodeCall(
                        airdrop.claimAndDelegateBySig,
                        (index, e.account, e.amount, proof, type(uint256).max, signature, delegation)
                    )
                    : abi.encodeCall(airdrop.claimAndDelegate, (index, e.amount, proof, delegation))
            );
        if (!done) return _expectRefusal(index);
        _book(index);
        if (opg.delegates(e.account) != to) ++_breaches;
    }

    /// With a proof of somebody else, or another amount.
    function claimWrongly(uint256 index, uint256 other, uint256 amount) external {
        index %= CLAIMANTS;
        other %= CLAIMANTS;
        Entitlement memory e = entitlements[index];
        if (other == index && amount == e.amount) return;
        bytes32[] memory proof = _proofs[other];
        vm.prank(e.account);
        try airdrop.claim(other, amount, proof) {
            ++_breaches;
        } catch {}
    }

    function sweep() external {
        uint256 held = opg.balanceOf(address(airdrop));
        try airdrop.sweep() returns (uint256 amount) {
            if (vm.getBlockTimestamp() <= SWEEPABLE_AT || amount != held) ++_breaches;
            _swept += amount;
        } catch {
            if (vm.getBlockTimestamp() > SWEEPABLE_AT && held != 0) ++_breaches;
        }
    }

    function donate(uint256 amount) external {
        amount = bound(amount, 0, 10 ether);
        _give(address(airdrop), amount);
        _donated += amount;
    }

    /// Mostly hours, often as far as the end of claims and of the grace period.
    function pass(uint256 time, uint256 leap) external {
        time = bound(time, 1, leap % 3 == 0 ? 60 days : 12 hours);
        vm.warp(vm.getBlockTimestamp() + time);
    }

    function checkPayments() external view {
        for (uint256 i; i < CLAIMANTS; ++i) {
            Entitlement memory e = entitlements[i];
            assertLe(_claims[i], 1);
            assertEq(airdrop.isClaimed(i), _claims[i] == 1);
            assertEq(opg.balanceOf(e.account), _claims[i] * e.amount);
        }
    }

    function checkBalance() external view {
        assertEq(opg.balanceOf(address(airdrop)), total + _donated - _claimed - _swept);
    }

    function checkClaims() external view {
        assertLe(_claimed, total);
    }

    function checkBreaches() external view {
        assertEq(_breaches, 0);
    }

    function _book(uint256 index) private {
        if (vm.getBlockTimestamp() > DEADLINE) ++_breaches;
        ++_claims[index];
        _claimed += entitlements[index].amount;
    }

    /// A claim that is in order may fail for two reasons only.
    function _expectRefusal(uint256 index) private {
        if (_claims[index] == 0 && vm.getBlockTimestamp() <= DEADLINE) ++_breaches;
    }
}
