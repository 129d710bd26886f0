// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {PoolView, PositionView, UnbondView} from "../../contracts/interfaces/IStakingCommon.sol";
import {StakingFixture} from "./support/StakingFixture.sol";
import {StakingHandler} from "./support/StakingHandler.sol";
import {StakingModel} from "./support/StakingModel.sol";

/// @notice What holds after any sequence of actions (docs/invariants.md, section Staking), and that a naive model which
/// visits everybody at every slash comes to the same amounts.
contract StakingInvariantsTest is StakingFixture {
    StakingHandler private handler;
    StakingModel private model;
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
        handler = new StakingHandler(staking, operators, accounts, [disputes, governance]);
        model = handler.model();
        targetContract(address(handler));
    }

    function testFuzz_Model_AgreesAfterAnySequence(uint256 seed) public {
        for (uint256 i; i < 60; ++i) {
            handler.act(uint256(keccak256(abi.encode(seed, i))));
        }
        _checkAll();
    }

    /// A long sequence, which also shows that sequences come to all kinds of ends.
    function test_Model_AgreesAfterALongSequence() public {
        for (uint256 i; i < 3_000; ++i) {
            handler.act(i);
            if (i % 500 == 499) _checkAll();
        }
        assertGt(handler.exits(), 50, "exits");
        assertGt(handler.executed(), 10, "executed");
        assertGt(handler.vetoed(), 10, "vetoed");
    }

    function _checkAll() private view {
        assertEq(handler.broken(), 0);
        invariant_S1_VaultCoversAllClaims();
        invariant_S2_CustodyIsWhatIsBooked();
        invariant_S3_NobodyLosesStakeButBySlashes();
        invariant_S4_NoExitIsBlocked();
        invariant_S5_VotesExceedStakeBySlashesOnly();
        invariant_S6_TotalStakeIsTheSumAndInactiveOperatorsHaveNone();
        invariant_S7_ThePastNeverChanges();
        invariant_S13_NothingLeavesThatDisputesMayNeed();
    }

    /// S1
    function invariant_S1_VaultCoversAllClaims() public view {
        uint256 claims = handler.ownInEscrow();
        for (uint256 i; i < operators.length; ++i) {
            (PoolView memory own, PoolView memory pool) = staking.poolsOf(operators[i]);
            claims += own.assets + pool.assets + pool.escrowed;
            assertLe(pool.unbondingShares, pool.shares);
            assertLe(own.unbondingShares, own.shares);
        }
        // Rounding may leave the pools a wei for each action more than is booked for their members.
        assertGe(opg.balanceOf(address(vault)) + handler.actions(), claims);
        assertEq(opg.balanceOf(address(staking)), 0);
    }

    /// S2
    function invariant_S2_CustodyIsWhatIsBooked() public view {
        for (uint256 a; a < accounts.length; ++a) {
            address account = accounts[a];
            uint256 booked;
            for (uint256 i; i < operators.length; ++i) {
                booked += _bookedAt(operators[i], account);
            }
            assertEq(opg.custodied(account), booked);
            assertEq(opg.unitsOf(account), opg.balanceOf(account) + booked);
        }
    }

    /// S3
    function invariant_S3_NobodyLosesStakeButBySlashes() public view {
        uint256 rounding = handler.actions() + 1;
        uint256 length = model.count();
        for (uint256 i; i < length; ++i) {
            (address operator, address account, uint256 id, uint256 value) = model.entries(i);
            uint256 amount =
                id == 0 ? staking.positionOf(operator, account).amount : staking.unbondOf(operator, account, id).amount;
            assertApproxEqAbs(amount, value / model.ONE(), rounding);
        }
        assertEq(handler.overpaid(), 0);
    }

    /// S4
    function invariant_S4_NoExitIsBlocked() public view {
        assertEq(handler.blockedExits(), 0);
    }

    /// S13
    function invariant_S13_NothingLeavesThatDisputesMayNeed() public view {
        assertEq(handler.escaped(), 0);
    }

    /// S5
    function invariant_S5_VotesExceedStakeBySlashesOnly() public view {
        uint256 excess;
        for (uint256 a; a < accounts.length; ++a) {
            uint256 votes;
            for (uint256 b; b < accounts.length; ++b) {
                if (opg.delegates(accounts[b]) == accounts[a]) votes += opg.unitsOf(accounts[b]);
            }
            assertEq(opg.getVotes(accounts[a]), votes);
            excess += opg.custodied(accounts[a]);
            for (uint256 i; i < operators.length; ++i) {
                excess -= _worthAt(operators[i], accounts[a]);
            }
        }
        assertLe(excess, handler.slashed() + handler.actions());
    }

    /// S6
    function invariant_S6_TotalStakeIsTheSumAndInactiveOperatorsHaveNone() public view {
        uint256 total;
        for (uint256 i; i < operators.length; ++i) {
            uint256 stake = _weight(operators[i]);
            total += stake;
            bool active = uint8(staking.operatorOf(operators[i]).status) == 1;
            assertEq(stake != 0, active);
            assertEq(staking.signerAt(operators[i], _now() + 1) != address(0), active);
            if (active) {
                (PoolView memory own, PoolView memory pool) = staking.poolsOf(operators[i]);
                assertApproxEqAbs(stake, _bonded(own) + _bonded(pool), handler.actions());
            }
        }
        assertEq(staking.totalStakeAt(_now() + 1), total);
    }

    /// S7
    function invariant_S7_ThePastNeverChanges() public view {
        uint256 length = handler.memoryCount();
        for (uint256 i; i < length; ++i) {
            (address operator, uint64 time, uint256 stake, uint256 total, address signer) = handler.memories(i);
            assertEq(staking.stakeAt(operator, time), stake);
            assertEq(staking.totalStakeAt(time), total);
            assertEq(staking.signerAt(operator, time), signer);
        }
    }

    function _bookedAt(address operator, address account) private view returns (uint256 booked) {
        if (operator == account) return _own(operator).assets + handler.ownEscrowOf(operator);
        PositionView memory position = staking.positionOf(operator, account);
        booked = position.booked;
        for (uint256 id = 1; id <= position.lastId; ++id) {
            booked += staking.unbondOf(operator, account, id).booked;
        }
    }

    function _worthAt(address operator, address account) private view returns (uint256 worth) {
        PositionView memory position = staking.positionOf(operator, account);
        worth = position.amount;
        for (uint256 id = 1; id <= position.lastId; ++id) {
            UnbondView memory open = staking.unbondOf(operator, account, id);
            worth += open.amount;
        }
    }

    function _bonded(PoolView memory pool) private pure returns (uint256) {
        return pool.shares == 0 ? 0 : pool.assets * (pool.shares - pool.unbondingShares) / pool.shares;
    }
}
