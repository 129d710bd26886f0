// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ModelVersion} from "../../contracts/interfaces/ModelVersion.sol";
import {RewardsFixture} from "../staking/support/RewardsFixture.sol";

/// @notice Gas of whole transactions with rewards and fees, kept in snapshots/Rewards.json: each call is a transaction of its
/// own. The stream flows, time has passed since the last settlement, and whoever is paid held tokens before.
/// forge-config: default.isolate = true
contract RewardsGasTest is RewardsFixture {
    string private constant GROUP = "Rewards";

    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _pass(1 days);
        _register(rival, 20_000 ether);
        _stake(op, dave, 100 ether);
        _endEpoch();
        _give(bob, 1_000 ether);
        _give(carol, 1_000 ether);
        _give(op, 1_000 ether);
        _pass(1 days);
        _stake(op, bob, 100 ether);
        _give(bob, 1_000 ether);
        _pass(1 days);
    }

    function _keep(string memory name) private returns (uint256) {
        vm.snapshotGasLastCall(GROUP, name);
        return vm.lastCallGas().gasTotalUsed;
    }

    function test_Gas_Sizes() public {
        vm.snapshotValue(GROUP, "runtime size in bytes, Rewards", address(rewards).code.length);
        vm.snapshotValue(GROUP, "runtime size in bytes, FeeRouter", address(router).code.length);
    }

    function test_Gas_Claim() public {
        vm.prank(bob);
        rewards.claim(op, bob, bob);
        assertLe(_keep("claim, delegator, first time"), 75_000);
        _pass(1 days);
        vm.prank(bob);
        rewards.claim(op, bob, bob);
        assertLe(_keep("claim, delegator"), 75_000);
        _pass(1 days);
        vm.prank(bob);
        rewards.compound(op, bob, 0);
        _keep("compound, delegator");
        vm.prank(op);
        rewards.claim(op, op, op);
        assertLe(_keep("claim, operator"), 75_000);
        _pass(1 days);
        staking.settle(op);
        _keep("settle");
    }

    function test_Gas_DelegateWithRewards() public {
        vm.prank(carol);
        staking.delegate(op, 100 ether, 0);
        _keep("delegate while rewards flow, first time");
        _pass(1 days);
        vm.prank(carol);
        staking.delegate(op, 100 ether, 0);
        _keep("delegate while rewards flow, later");
        _pass(1 days);
        vm.prank(carol);
        staking.unbond(op, carol, 100 ether, 0);
        _keep("unbond while rewards flow, first time");
    }

    function test_Gas_Epochs() public {
        _pay(op, 100 ether);
        _pay(rival, 100 ether);
        _endEpoch();
        _keep("endEpoch");
        rewards.settlePerformance(op, 1);
        _keep("settlePerformance, first time");
        _pay(op, 100 ether);
        _endEpoch();
        rewards.settlePerformance(op, 2);
        _keep("settlePerformance, later");
    }

    function test_Gas_Sweep() public {
        _payTo(op, version, 100 ether);
        router.sweep(op, version);
        _keep("sweep, creates the vault and the ledger");
        _payTo(op, version, 100 ether);
        router.sweep(op, version);
        _keep("sweep, later in an epoch");
        ModelVersion other = _publish("other", 0);
        _payTo(op, other, 100 ether);
        router.sweep(op, other);
        _keep("sweep, creates the vault");
        router.collect(op, op);
        _keep("collect");
    }
}
