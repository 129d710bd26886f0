// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeMarket, MarketParameters} from "../../contracts/interfaces/IFeeMarket.sol";
import {FeeCap, IFeeRouter} from "../../contracts/interfaces/IFeeRouter.sol";
import {ModelVersion} from "../../contracts/interfaces/ModelVersion.sol";
import {MarketFixture} from "./support/MarketFixture.sol";

/// @notice What somebody might try who wants another price or his fees at once (docs/security.md).
contract FeeAttacksTest is MarketFixture {
    uint256 private constant WINDOW = 8 days;

    /// As proposed for launch.
    function _feeCap() internal pure override returns (FeeCap memory) {
        return FeeCap({window: uint32(WINDOW), perStakeBps: 10_000, least: 1_000 ether});
    }

    /// Ten times its capacity moves the price as far as its capacity does: not at all, with a quarter of the network's.
    function test_Attack_PumpingTheOwnPrice() public {
        _declareAtAnEpochsBegin(rival, 2 * CAPACITY);
        _declare(op, CAPACITY);
        uint256 start = vm.snapshotState();
        uint256[2] memory prices;
        uint256[2] memory burned;
        for (uint256 run; run < 2; ++run) {
            uint256 supply = opg.totalSupply();
            for (uint256 i; i < 6; ++i) {
                _epochWith(op, CAPACITY * 3_600 * (run == 0 ? 1 : 8));
            }
            (prices[run], burned[run]) = (market.price(), supply - opg.totalSupply());
            vm.revertToState(start);
        }
        assertEq(prices[1], prices[0]);
        assertLt(prices[1], FIRST_PRICE);
        assertGt(burned[1], 7 * burned[0]);
    }

    /// It pays nothing in one epoch, and in the next all that it could in both.
    function test_Attack_SavedUpCapacityRaisesNothing() public {
        _declareAtAnEpochsBegin(op, CAPACITY);
        for (uint256 i; i < 3; ++i) {
            vm.warp(market.market().endsAt);
            _payUnits(op, CAPACITY * 3_600);
            _epochWith(op, CAPACITY * 3_600);
            assertLe(market.price(), FIRST_PRICE);
        }
        // Of what was never asked for in a year, one epoch is left to count.
        vm.warp(block.timestamp + 365 days);
        assertEq(market.capacityOf(op).countable, CAPACITY * 3_600);
    }

    function test_Attack_CapacityForAMomentCountsForAMoment() public {
        _declareAtAnEpochsBegin(op, CAPACITY);
        vm.warp(market.market().endsAt - 1);
        _declare(rival, 2 * CAPACITY);
        vm.warp(market.market().endsAt - 1);
        _payUnits(op, CAPACITY * 3_599);
        vm.warp(block.timestamp + 1);
        _declare(rival, 0);
        // A rise of all but a part in 900 of the greatest.
        assertApproxEqRel(market.price(), FIRST_PRICE * 1_125 / 1_000, 1e15);
        assertEq(market.market().capacity, CAPACITY);
    }

    function test_Attack_HollowCapacityIsBoundedByStake() public {
        uint256 most = 20_000 * uint256(_marketParameters().capacityPerOpg);
        vm.expectRevert(abi.encodeWithSelector(IFeeMarket.CapacityTooHigh.selector, most + 1, most));
        _declare(rival, most + 1);
        _declareAtAnEpochsBegin(rival, most);
        _declare(op, CAPACITY);
        for (uint256 i; i < 4; ++i) {
            _epochWith(op, CAPACITY * 3_600);
        }
        // A third of what is declared is used: it falls, by a part of the most.
        // 1.125 to the power of −1/3, four times.
        assertApproxEqRel(market.price(), FIRST_PRICE * 8_546 / 10_000, 2e15);
        vm.warp(block.timestamp + 365 days);
        assertEq(market.price(), _marketParameters().minPrice);
    }

    function test_Attack_CapacityDoesNotOutliveTheStake() public {
        _declare(op, 2 * CAPACITY);
        vm.prank(op);
        staking.retire();
        _pass(1);
        vm.prank(stranger);
        assertEq(market.cut(op), 0);
        assertEq(market.market().capacity, 0);
        assertEq(market.capacityOf(op).countable, 0);
    }

    function test_Attack_DustSweepsRoundNothingAway() public {
        _declareAtAnEpochsBegin(op, CAPACITY);
        vm.warp(market.market().endsAt - 1);
        uint256 fee = 100 * FIRST_PRICE + FIRST_PRICE / 2;
        for (uint256 i; i < 50; ++i) {
            _pay(op, fee);
        }
        // Half a unit is lost by each: 0.5 % here, and less of any fee that is worth its gas.
        assertEq(market.market().units, 50 * 100);
        // A wei counts for nothing, and is burned.
        _pay(op, 1);
        assertEq(market.market().units, 50 * 100);
    }

    function test_Attack_CapIsSharedByAllVaults() public {
        ModelVersion other = _publish("other weights", 0);
        _payTo(op, version, 15_000 ether);
        _payTo(op, other, 15_000 ether);
        assertEq(router.sweep(op, version), 15_000 ether);
        assertEq(router.sweep(op, other), 5_000 ether);
        _expectAtCap(20_000 ether);
        router.sweep(op, other);
        _payTo(op, version, 1 ether);
        _expectAtCap(20_000 ether);
        router.sweep(op, version);
        assertEq(opg.balanceOf(router.vaultOf(op, other)), 10_000 ether);
        // More stake is more room, at once.
        _give(op, 5_000 ether);
        _stake(op, op, 5_000 ether);
        assertEq(router.sweep(op, other), 5_000 ether);
        // When all can no longer be challenged, the rest leaves.
        vm.warp(block.timestamp + 2 * WINDOW);
        assertEq(router.sweep(op, other), 5_000 ether);
        assertEq(router.sweep(op, version), 1 ether);
    }

    /// Stake that is leaving still answers for old work, but not for new fees.
    function test_Attack_UnbondingStakeMakesNoRoom() public {
        _payTo(op, version, 20_000 ether);
        _payTo(rival, version, 20_000 ether);
        _unbond(rival, rival, _own(rival).shares / 2);
        assertEq(router.sweep(rival, version), 10_000 ether);
        // Above the cap that is left there is nothing more, and no underflow.
        assertEq(router.sweep(op, version), 20_000 ether);
        _unbond(op, op, _own(op).shares / 2);
        _payTo(op, version, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.UnsettledFeesAtCap.selector, op, 20_000 ether, 10_000 ether));
        router.sweep(op, version);
    }

    /// Without stake, what is left behind leaves at the least pace, and with it everybody's part.
    function test_Cap_WhoLeftIsPaidInTheEnd() public {
        address gone = makeAddr("operator that left");
        _payTo(gone, version, 2_500 ether);
        for (uint256 i; i < 2; ++i) {
            assertEq(router.sweep(gone, version), 1_000 ether);
            vm.warp(block.timestamp + 2 * WINDOW);
        }
        assertEq(router.sweep(gone, version), 500 ether);
        assertEq(router.owed(modelOwner), 250 ether);
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_Attack_NoWindowHoldsMoreThanTheCap(uint256 seed) public {
        uint256[] memory times = new uint256[](40);
        uint256[] memory amounts = new uint256[](40);
        _payTo(op, version, 1_000_000 ether);
        for (uint256 i; i < 40; ++i) {
            uint256 r = uint256(keccak256(abi.encode(seed, i)));
            vm.warp(block.timestamp + r % (r & 1 << 200 == 0 ? 2 hours : WINDOW));
            times[i] = block.timestamp;
            (uint256 unsettled, uint256 most) = router.unsettledOf(op);
            if (unsettled >= most) continue;
            amounts[i] = router.sweep(op, version);
            uint256 sum;
            for (uint256 j; j <= i; ++j) {
                if (times[j] + WINDOW >= block.timestamp) sum += amounts[j];
            }
            assertLe(sum, 20_000 ether);
            // The next sweep finds a random amount of room.
            _giveBack(r);
        }
    }

    function test_Attack_FillingSomebodysCapPaysIt() public {
        _payTo(op, version, 20_500 ether);
        assertEq(router.sweep(op, version), 20_000 ether);
        _expectAtCap(20_000 ether);
        router.sweep(op, version);
        // That cost the attacker 20,000 OPG, and the operator has its part of them.
        assertEq(router.owed(op), 16_400 ether);
        vm.warp(block.timestamp + 2 * WINDOW);
        assertEq(router.sweep(op, version), 500 ether);
    }

    /// M5: a market that refuses a fee would keep it from being divided.
    function testFuzz_Attack_NoFeeIsEverRefused(uint256 fee, uint256 pause, uint256 capacity, bool cheap) public {
        MarketParameters memory p = _marketParameters();
        if (cheap) (p.minPrice, p.maxPrice) = (1, 1);
        else p.maxPrice = type(uint96).max;
        vm.startPrank(governance);
        market.setParameters(p);
        router.setCap(FeeCap({window: uint32(WINDOW), perStakeBps: 10_000, least: type(uint96).max}));
        vm.stopPrank();
        _declare(op, bound(capacity, 0, 2 * CAPACITY));
        vm.warp(block.timestamp + bound(pause, 0, 1_000 * 365 days));
        fee = bound(fee, 1, opg.balanceOf(treasury) / 2);
        _pay(op, fee);
        _pay(op, fee);
        assertGe(market.price(), p.minPrice);
        assertLe(market.capacityOf(op).countable, 2 * CAPACITY * 3_600);
    }

    /// Governance lowers the cap: what is unsettled stays divided, and nothing more is until there is room.
    function test_Cap_LoweredBelowWhatIsUnsettled() public {
        _payTo(op, version, 20_000 ether);
        router.sweep(op, version);
        vm.prank(governance);
        router.setCap(FeeCap({window: uint32(WINDOW), perStakeBps: 1_000, least: 1 ether}));
        _payTo(op, version, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.UnsettledFeesAtCap.selector, op, 20_000 ether, 2_000 ether));
        router.sweep(op, version);
    }

    function _giveBack(uint256 r) private {
        uint256 least = 1_000 + r % 9_001;
        vm.prank(governance);
        router.setCap(FeeCap({window: uint32(WINDOW), perStakeBps: uint32(least), least: 1 ether}));
    }

    function _expectAtCap(uint256 most) private {
        (uint256 unsettled,) = router.unsettledOf(op);
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.UnsettledFeesAtCap.selector, op, unsettled, most));
    }
}
