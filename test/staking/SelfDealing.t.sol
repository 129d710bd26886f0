// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeeShares} from "../../contracts/interfaces/IFeeRouter.sol";
import {RewardParameters} from "../../contracts/interfaces/IRewards.sol";
import {RewardsFixture} from "./support/RewardsFixture.sol";
import {SelfDealer} from "./support/SelfDealer.sol";

/// @notice Paying oneself loses (docs/rewards.md, "Paying oneself"): nobody who plays all parts at once gets back what he pays.
contract SelfDealingTest is RewardsFixture {
    SelfDealer private dealer;
    uint256 private burnBefore;

    /// The adversary is operator twice, delegator of his own pools, owner of the model and the verification pool.
    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _register(rival, 30_000 ether);
        _stake(op, bob, 5_000 ether);
        address honest = makeAddr("honest operator");
        _register(honest, 20_000 ether);
        address[] memory operators = new address[](2);
        (operators[0], operators[1]) = (op, rival);
        address[] memory accounts = new address[](5);
        (accounts[0], accounts[1], accounts[2], accounts[3], accounts[4]) = (op, rival, bob, modelOwner, verifiers);
        dealer = new SelfDealer(rewards, version, operators, accounts);
        for (uint256 i; i < accounts.length; ++i) {
            _give(accounts[i], 1_000_000 ether);
        }
        // Rewards wait to be earned, more than could ever be.
        _endEpoch();
        _endEpoch();
    }

    function testFuzz_PayingOneselfLoses(uint256 seed) public {
        _parametersThatFavourHim(seed);
        burnBefore = opg.totalSupply();
        uint256 before = dealer.worth();
        for (uint256 i; i < 24; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            if (r % 4 == 0) dealer.gather();
            else if (r % 4 == 1) _nextEpoch(r);
            else dealer.pay(r);
        }
        _finish();
        uint256 burned = burnBefore - opg.totalSupply();
        uint256 loss = before - dealer.worth();
        if (dealer.paid() == 0) return;
        assertGt(loss, 0, "he gained or came out even");
        // At least a tenth of what was burned, and at least a hundredth of a hundredth of what he paid.
        assertGe(loss * 10, burned);
        assertGe(loss * 1_000, dealer.paid());
    }

    /// In the end all fees are swept, the last epoch has ended and everything is settled.
    function _finish() private {
        dealer.gather();
        _nextEpoch(1);
        dealer.gather();
        _nextEpoch(1);
        dealer.settle();
    }

    function _nextEpoch(uint256 r) private {
        (, uint256 endsAt) = rewards.currentEpoch();
        vm.warp(endsAt + r % 3);
        rewards.endEpoch();
        if (r % 2 == 0) dealer.settle();
    }

    function _parametersThatFavourHim(uint256 seed) private {
        vm.startPrank(governance);
        router.setShares(FeeShares(uint16(bound(seed >> 100, 100, 3_000)), uint16(seed >> 120) % 2_001, verifiers));
        rewards.setParameters(RewardParameters(1 days, 2_000, 9_000));
        vm.stopPrank();
    }

    /// The inequality itself, for the smallest fees, where rounding weighs most.
    function test_PayingOneselfLoses_AtEveryTinyFee() public {
        address to = router.vaultOf(op, version);
        for (uint256 fee = 1; fee <= 200; ++fee) {
            uint256 before = dealer.worth();
            vm.prank(bob);
            opg.transfer(to, fee);
            dealer.gather();
            _nextEpoch(1);
            dealer.settle();
            assertLt(dealer.worth(), before);
        }
    }
}
