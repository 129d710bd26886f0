// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {RewardEpoch} from "../../contracts/interfaces/IRewards.sol";
import {RewardsFixture} from "./support/RewardsFixture.sol";
import {RewardsHandler} from "./support/RewardsHandler.sol";
import {RewardsModel} from "./support/RewardsModel.sol";
import {StakingHandler} from "./support/StakingHandler.sol";

/// @notice What holds of rewards and fees after any sequence of actions (docs/invariants.md, section Rewards), and that a naive
/// model which visits everybody at every moment comes to the same amounts. More of it than the tests have time for:
/// `FOUNDRY_PROFILE=unit FOUNDRY_FUZZ_RUNS=2000 forge test --match-test testFuzz_Model --match-path test/staking/RewardsInvariants.t.sol`
/// runs 120,000 actions.
/// forge-config: default.invariant.runs = 8
/// forge-config: default.fuzz.runs = 32
contract RewardsInvariantsTest is RewardsFixture {
    RewardsHandler private handler;
    RewardsModel private model;
    address[] private accounts;
    address[] private operators;

    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _register(rival, 50_000 ether);
        operators = [op, rival];
        accounts = [bob, carol, dave, op, rival];
        for (uint256 i; i < accounts.length; ++i) {
            _give(accounts[i], 100_000 ether);
        }
        _pass(1 days);
        StakingHandler inner = new StakingHandler(staking, operators, accounts, [disputes, governance]);
        handler = new RewardsHandler(rewards, version, _schedule().schedule, inner, operators, accounts);
        model = handler.model();
        targetContract(address(handler));
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = RewardsHandler.act.selector;
        targetSelector(FuzzSelector(address(handler), selectors));
    }

    function testFuzz_Model_AgreesAfterAnySequence(uint256 seed) public {
        for (uint256 i; i < 60; ++i) {
            handler.act(uint256(keccak256(abi.encode(seed, i))));
        }
        _checkAll();
    }

    /// A long sequence, which also shows that sequences come to all kinds of ends.
    function test_Model_AgreesAfterALongSequence() public {
        for (uint256 i; i < 2_000; ++i) {
            handler.act(i);
            if (i % 500 == 499) _checkAll();
        }
        assertGt(handler.epochs(), 20, "epochs");
        assertGt(handler.claims(), 50, "claims");
        assertGt(handler.compounded(), 5, "compounded");
        assertGt(handler.performance(), 0, "performance");
        assertGt(handler.forfeited(), 0, "forfeited");
        assertGt(handler.raises(), 50, "commissions");
        assertGt(handler.inner().executed(), 10, "slashes");
    }

    function _checkAll() private view {
        assertEq(handler.broken(), 0);
        assertEq(handler.inner().broken(), 0);
        assertEq(handler.inner().blockedExits(), 0);
        invariant_RW1_PaidIsAtMostWhatCameIn();
        invariant_RW2_PerformanceIsAtMostNineTenthsOfWhatWasBurned();
        invariant_RW3_EverythingOwedIsThere();
        invariant_RW4_PartsAreTheWhole();
        invariant_RW5_RouterHoldsWhatItOwes();
        invariant_RW6_EveryoneEarnsWhatTheModelSays();
    }

    /// RW1
    function invariant_RW1_PaidIsAtMostWhatCameIn() public view {
        assertLe(handler.claimed(), _cameIn());
        assertEq(opg.balanceOf(address(rewards)), _cameIn() - handler.claimed());
    }

    /// RW2
    function invariant_RW2_PerformanceIsAtMostNineTenthsOfWhatWasBurned() public view {
        uint256 epochs = router.epoch();
        uint256 counted;
        for (uint256 e; e < epochs; ++e) {
            RewardEpoch memory ended = rewards.epochOf(e);
            (uint256 fees, uint256 burned) = router.feesIn(e);
            assertEq(ended.burned, burned);
            assertLe(uint256(ended.reserved) * 10, burned * 9);
            assertGe(fees, burned);
            counted += burned;
        }
        assertLe(counted, handler.burned());
        assertLe((handler.performance() + handler.forfeited()) * 10, counted * 9);
    }

    /// RW3
    function invariant_RW3_EverythingOwedIsThere() public view {
        assertGe(opg.balanceOf(address(rewards)), _owed() + _setAside());
    }

    /// RW4: up to what rounding leaves, what is there is owed, set aside, or still to flow.
    function invariant_RW4_PartsAreTheWhole() public view {
        uint256 parts = _owed() + _setAside();
        // At most a wei per second of an epoch waits for the next stream.
        assertApproxEqAbs(opg.balanceOf(address(rewards)), parts, _rounding() + EPOCH);
    }

    /// RW5
    function invariant_RW5_RouterHoldsWhatItOwes() public view {
        uint256 owed = router.owed(modelOwner) + router.owed(verifiers);
        for (uint256 i; i < accounts.length; ++i) {
            owed += router.owed(accounts[i]);
        }
        assertEq(opg.balanceOf(address(router)), owed);
        assertEq(handler.fees(), owed + handler.collected() + handler.burned());
    }

    /// RW6
    function invariant_RW6_EveryoneEarnsWhatTheModelSays() public view {
        uint256 rounding = _rounding();
        for (uint256 i; i < operators.length; ++i) {
            for (uint256 a; a < accounts.length; ++a) {
                (address operator, address account) = (operators[i], accounts[a]);
                uint256 earned = handler.claimedBase(operator, account) + staking.rewardsOf(operator, account);
                uint256 expected = model.earned(operator, account) / model.ONE();
                assertApproxEqAbs(earned, expected, rounding);
                // Who delegates never gets too much; what rounding leaves in a pool is its operator's.
                if (account != operator) assertLe(earned, expected + handler.actions());
            }
        }
    }

    function _cameIn() private view returns (uint256) {
        return vesting.stateOf(rewards.schedule()).released;
    }

    function _owed() private view returns (uint256 owed) {
        for (uint256 i; i < operators.length; ++i) {
            for (uint256 a; a < accounts.length; ++a) {
                owed += rewards.claimable(operators[i], accounts[a]);
            }
        }
    }

    /// What still flows, what is left for performance or waits to be settled, and what has not been divided.
    function _setAside() private view returns (uint256 sum) {
        sum = model.streamLeft() + rewards.carried() + rewards.undivided();
        uint256 epochs = router.epoch();
        for (uint256 e; e < epochs; ++e) {
            sum += _unsettled(e);
        }
    }

    function _unsettled(uint256 epoch) private view returns (uint256 sum) {
        RewardEpoch memory ended = rewards.epochOf(epoch);
        for (uint256 i; i < operators.length; ++i) {
            (, uint256 burned) = router.feesOf(epoch, operators[i]);
            if (burned == 0 || rewards.isSettled(operators[i], epoch)) continue;
            sum += ended.reserved * burned / ended.burned;
        }
    }

    /// Stakes here stay below 2^84 wei. One action settles a few times, each for less than 2^-64 of that.
    function _rounding() private view returns (uint256) {
        return (handler.actions() + 1) << 22;
    }
}
