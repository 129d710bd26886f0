// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";
import {Slash} from "../../contracts/interfaces/IStakingCommon.sol";
import {StakingFixture} from "../staking/support/StakingFixture.sol";

/// @notice The least that transactions of staking cost with the storage, accounts and events that they have: what the
/// operations cost that touch them, as the protocol prices them, without any calculation. Kept in snapshots/Staking.json
/// beside what the transactions do cost.
contract StakingFloorTest is StakingFixture {
    string private constant GROUP = "Staking";

    uint256 private constant TRANSACTION = 21_000;
    uint256 private constant COLD_ACCOUNT = 2_600;
    uint256 private constant COLD_READ = 2_100;
    uint256 private constant CHANGED_SLOT = 5_000;
    uint256 private constant NEW_SLOT = 22_100;
    uint256 private constant REFUND_OF_A_CLEARED_SLOT = 4_800;

    /// What is known of a slot in the transaction that is being looked at.
    struct Seen {
        bool known;
        bool written;
        bytes32 before;
        bytes32 afterwards;
    }

    struct Floor {
        uint256 accounts;
        uint256 read;
        uint256 changed;
        uint256 created;
        uint256 cleared;
        uint256 gasOfEvents;
        uint256 gasOfCalldata;
    }

    uint256 private round;
    mapping(uint256 round => mapping(address account => bool)) private met;
    mapping(uint256 round => mapping(address account => mapping(bytes32 slot => Seen))) private seen;
    address[] private slotAccounts;
    bytes32[] private slots;

    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _pass(1 days);
        _register(rival, 20_000 ether);
        _pass(1 days);
        _stake(op, dave, 100 ether);
        _give(bob, 1_000 ether);
        _give(challenger, 1);
        _give(payer, 1);
        _pass(1 days);
        vm.startPrank(bob);
        staking.delegate(op, 100 ether, 0);
        _pass(1 days);
        staking.unbond(op, bob, 10 ether, 0);
        vm.stopPrank();
        _pass(1 days);
    }

    /// The least of four: a change elsewhere brings the histories in step, so that one of them writes no pair in either.
    function test_Gas_Floors() public {
        uint256 least = type(uint256).max;
        uint256 leastUnbond = type(uint256).max;
        for (uint256 i; i < 4; ++i) {
            if (i == 2) {
                _stake(rival, carol, 1 ether);
                _pass(1 days);
            }
            least = _min(least, _floorOf(bob, abi.encodeCall(staking.delegate, (op, 100 ether, 100 ether))));
            _pass(1 days);
        }
        for (uint256 i; i < 4; ++i) {
            if (i == 2) {
                _stake(rival, carol, 1 ether);
                _pass(1 days);
            }
            leastUnbond = _min(leastUnbond, _floorOf(bob, abi.encodeCall(staking.unbond, (op, bob, 10 ether, 0))));
            _pass(1 days);
        }
        vm.snapshotValue(GROUP, "floor: delegate, later, neither history writes a pair", least);
        vm.snapshotValue(GROUP, "floor: unbond, later, neither history writes a pair", leastUnbond);
        // Beyond the goals of 85,000 and 100,000 with what any calculation costs, or with a new pair.
        assertGt(least, 80_000);
        assertGt(leastUnbond + NEW_SLOT, 100_000);
    }

    function test_Gas_FloorOfASlash() public {
        (uint256 opened, uint256 executed) = (type(uint256).max, type(uint256).max);
        // The least of four: in one of them neither history writes a pair.
        for (uint256 i; i < 4; ++i) {
            uint256 snapshot = vm.snapshotState();
            if (i & 1 != 0) _stake(op, carol, 1 ether);
            if (i & 1 != 0) _pass(1 days);
            if (i & 2 != 0) _stake(rival, carol, 1 ether);
            (uint256 first, uint256 second) = _floorsOfASlash();
            vm.revertToState(snapshot);
            (opened, executed) = (_min(opened, first), _min(executed, second));
        }
        vm.snapshotValue(GROUP, "floor: slash, own and pool", opened);
        vm.snapshotValue(GROUP, "floor: executeSlash, two paid, rest burned", executed);
        // Two steps cannot meet the goal.
        assertGt(opened + executed, 190_000);
    }

    function _floorsOfASlash() private returns (uint256 opened, uint256 executed) {
        uint256 snapshot = vm.snapshotState();
        (, Slash memory s) = _slash(FATAL, op, 20_050 ether);
        vm.revertToState(snapshot);
        _pass(1);
        bytes memory call = abi.encodeCall(staking.slash, (op, FATAL, 20_050 ether, _now(), challenger, payer));
        opened = _floorOf(disputes, call);
        _pass(VETO);
        executed = _floorOf(bob, abi.encodeCall(staking.executeSlash, (s)));
    }

    function _floorOf(address from, bytes memory call) private returns (uint256) {
        vm.startStateDiffRecording();
        vm.recordLogs();
        vm.prank(from);
        (bool done,) = address(staking).call(call);
        assertTrue(done);
        Floor memory floor = _count(vm.stopAndReturnStateDiff());
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            floor.gasOfEvents += 375 * (1 + logs[i].topics.length) + 8 * logs[i].data.length;
        }
        for (uint256 i; i < call.length; ++i) {
            floor.gasOfCalldata += call[i] == 0 ? 4 : 16;
        }
        uint256 spent = TRANSACTION + floor.gasOfCalldata + floor.gasOfEvents + COLD_ACCOUNT * floor.accounts
            + COLD_READ * floor.read + CHANGED_SLOT * floor.changed + NEW_SLOT * floor.created;
        return spent - _min(REFUND_OF_A_CLEARED_SLOT * floor.cleared, spent / 5);
    }

    /// What was touched, each thing once.
    function _count(Vm.AccountAccess[] memory accesses) private returns (Floor memory floor) {
        ++round;
        delete slots;
        delete slotAccounts;
        // The proxy is warm: the transaction is sent to it.
        met[round][address(staking)] = true;
        for (uint256 i; i < accesses.length; ++i) {
            address account = accesses[i].account;
            if (account > address(0xffff) && account != address(vm) && !met[round][account]) {
                met[round][account] = true;
                ++floor.accounts;
            }
            for (uint256 j; j < accesses[i].storageAccesses.length; ++j) {
                _see(accesses[i].storageAccesses[j]);
            }
        }
        for (uint256 i; i < slots.length; ++i) {
            Seen storage slot = seen[round][slotAccounts[i]][slots[i]];
            if (!slot.written || slot.before == slot.afterwards) ++floor.read;
            else if (slot.before == 0) ++floor.created;
            else ++floor.changed;
            if (slot.before != 0 && slot.afterwards == 0) ++floor.cleared;
        }
    }

    function _see(Vm.StorageAccess memory access) private {
        Seen storage slot = seen[round][access.account][access.slot];
        if (!slot.known) {
            (slot.known, slot.before, slot.afterwards) = (true, access.previousValue, access.previousValue);
            slots.push(access.slot);
            slotAccounts.push(access.account);
        }
        if (access.isWrite) (slot.written, slot.afterwards) = (true, access.newValue);
    }

    function _min(uint256 a, uint256 b) private pure returns (uint256) {
        return a < b ? a : b;
    }
}
