// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {OpgFixture} from "../token/support/OpgFixture.sol";

/// @notice What each function costs as a transaction of its own: every call is isolated, so the figures include the
/// base cost of a transaction, its calldata and cold storage. The figures are committed in snapshots/Opg.json.
/// forge-config: default.isolate = true
contract TokenGasTest is OpgFixture {
    function setUp() public override {
        super.setUp();
        _give(alice, 100 ether);
        _give(bob, 100 ether);
        vm.warp(START + 1 days);
    }

    function test_Gas_Deployment() public {
        vm.snapshotValue("Opg", "runtime size in bytes", address(opg).code.length);
    }

    function test_Gas_Transfer() public {
        vm.prank(alice);
        opg.transfer(bob, 1 ether);
        vm.snapshotGasLastCall("Opg", "transfer, nobody delegates");
        _delegate(alice, alice);
        _delegate(bob, bob);
        vm.warp(START + 2 days);
        vm.prank(alice);
        opg.transfer(bob, 1 ether);
        vm.snapshotGasLastCall("Opg", "transfer, both delegate");
    }

    function test_Gas_Delegate() public {
        vm.prank(alice);
        opg.delegate(alice);
        vm.snapshotGasLastCall("Opg", "delegate, first time");
        _delegate(bob, bob);
        vm.warp(START + 2 days);
        vm.prank(alice);
        opg.delegate(bob);
        vm.snapshotGasLastCall("Opg", "delegate, to another delegate");
    }

    function test_Gas_TransferWithAuthorization() public {
        Authorization memory a = Authorization(alice, bob, 1 ether, 0, type(uint64).max, keccak256("1"));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(aliceKey, _transferDigest(opg, a));
        opg.transferWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, v, r, s);
        vm.snapshotGasLastCall("Opg", "transferWithAuthorization, v r s");
        a.nonce = keccak256("2");
        bytes memory signature = _sign(aliceKey, _transferDigest(opg, a));
        opg.transferWithAuthorization(a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce, signature);
        vm.snapshotGasLastCall("Opg", "transferWithAuthorization, bytes");
    }

    function test_Gas_Permit() public {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(aliceKey, _permitDigest(opg, alice, bob, 1, 0, type(uint64).max));
        opg.permit(alice, bob, 1, type(uint64).max, v, r, s);
        vm.snapshotGasLastCall("Opg", "permit");
    }

    function test_Gas_Custody() public {
        // The vault holds something already, as it does for all but the first staker; both delegate.
        _stake(bob, bob, 1 ether);
        _delegate(bob, bob);
        _delegate(alice, alice);
        vm.prank(alice);
        opg.approve(vault, 100 ether);
        vm.startPrank(vault);
        opg.custodyIn(alice, alice, 50 ether);
        vm.snapshotGasLastCall("Opg", "custodyIn, for oneself");
        opg.custodyOut(alice, alice, 10 ether);
        vm.snapshotGasLastCall("Opg", "custodyOut, to oneself");
        vm.warp(START + 2 days);
        opg.reassign(alice, bob, 10 ether);
        vm.snapshotGasLastCall("Opg", "reassign");
        opg.burnUnits(alice, 1 ether);
        vm.warp(START + 3 days);
        opg.burnUnits(alice, 1 ether);
        vm.snapshotGasLastCall("Opg", "burnUnits");
    }
}
