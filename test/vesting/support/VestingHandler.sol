// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {NewCategory, Schedule} from "../../../contracts/interfaces/IVestingVault.sol";
import {VestingFixture} from "./VestingFixture.sol";

/// @notice Uses the vault as beneficiaries, keepers and governance would, keeps a ledger of its own, and counts each call
/// that did not do exactly what the ledger says.
contract VestingHandler is VestingFixture {
    struct Entry {
        Schedule schedule;
        bytes32[] proof;
        address owner;
        uint256 released;
        uint256 settled;
        bool revoked;
        bool manual;
    }

    /// What the vault said about a second when it was just over.
    struct Memory {
        uint256 time;
        uint256 locked;
    }

    Entry[] private _entries;
    Memory[] public memories;
    address[] public accounts;
    mapping(address account => uint256 amount) public expectedBalance;

    uint256 public mismatches;
    uint256 public returned;
    uint256 public released;

    function setUp() public override {
        super.setUp();
        fund(10_000_000 ether);
        for (uint32 category = 0; category < 3; ++category) {
            for (uint32 row = 0; row < (category == FLOAT ? 2 : ROWS); ++row) {
                _enter(schedule(category, row), proof(category, row));
            }
        }
        for (uint256 row = 0; row < ROWS; ++row) {
            accounts.push(beneficiary(row));
        }
        accounts.push(makeAddr("heir"));
        accounts.push(makeAddr("elsewhere"));
        for (uint256 i = 0; i < accounts.length; ++i) {
            expectedBalance[accounts[i]] = opg.balanceOf(accounts[i]);
        }
        released = SUPPLY - opg.balanceOf(address(vault));
    }

    // Actions

    function pass(uint256 time) external {
        uint256 now_ = vm.getBlockTimestamp();
        vm.warp(now_ + bound(time, 1, 100 days));
        memories.push(Memory(now_, vault.lockedAt(now_)));
    }

    function releaseOne(uint256 index, bool byOwner) external {
        Entry storage entry = _entry(index);
        uint256 due = entry.manual && !byOwner ? 0 : _due(entry);
        vm.prank(byOwner ? entry.owner : stranger);
        try vault.release(entry.schedule, entry.proof) returns (uint256 amount) {
            _check(amount == due && due != 0);
            _book(entry, entry.owner, amount);
        } catch {
            _check(due == 0);
        }
    }

    /// Some rows in a random order, in which rows may come up twice.
    function releaseBatch(uint256 seed, uint256 minimum) external {
        uint256 count = bound(seed, 1, 12);
        minimum = bound(minimum, 0, 1_000_000 ether);
        Schedule[] memory schedules = new Schedule[](count);
        bytes32[][] memory proofs = new bytes32[][](count);
        uint256 expected;
        for (uint256 i = 0; i < count; ++i) {
            Entry storage entry = _entry(uint256(keccak256(abi.encode(seed, i))));
            (schedules[i], proofs[i]) = (entry.schedule, entry.proof);
            uint256 due = entry.manual ? 0 : _due(entry);
            if (due < minimum || due == 0) continue;
            expected += due;
            _book(entry, entry.owner, due);
        }
        vm.prank(stranger);
        try vault.releaseMany(schedules, proofs, minimum) returns (uint256 amount) {
            _check(amount == expected && amount != 0);
        } catch {
            _check(expected == 0);
        }
    }

    function claim(uint256 index, uint256 to, bool byOwner) external {
        Entry storage entry = _entry(index);
        uint256 due = byOwner ? _due(entry) : 0;
        vm.prank(byOwner ? entry.owner : stranger);
        try vault.claimTo(entry.schedule, entry.proof, _account(to)) returns (uint256 amount) {
            _check(amount == due && due != 0);
            _book(entry, _account(to), amount);
        } catch {
            _check(due == 0);
        }
    }

    function claimSigned(uint256 index, uint256 to, uint256 nonceShift) external {
        Entry storage entry = _entry(index);
        // Only the first beneficiaries have keys that are known here.
        if (entry.owner != entry.schedule.beneficiary || entry.schedule.index >= ROWS) return;
        nonceShift = bound(nonceShift, 0, 3) / 3;
        uint256 due = nonceShift == 0 ? _due(entry) : 0;
        bytes32 digest = claimDigest(
            address(vault),
            leaf(entry.schedule),
            entry.owner,
            _account(to),
            vault.nonces(entry.owner) + nonceShift,
            vm.getBlockTimestamp()
        );
        bytes memory signature = sign(beneficiaryKey(entry.schedule.index), digest);
        try vault.claimToBySig(entry.schedule, entry.proof, _account(to), vm.getBlockTimestamp(), signature) returns (
            uint256 amount
        ) {
            _check(amount == due && due != 0);
            _book(entry, _account(to), amount);
        } catch {
            _check(due == 0);
        }
    }

    function handOn(uint256 index, uint256 to, bool byOwner) external {
        Entry storage entry = _entry(index);
        bool allowed = byOwner && entry.schedule.transferable;
        vm.prank(byOwner ? entry.owner : stranger);
        try vault.transferSchedule(entry.schedule, entry.proof, _account(to)) {
            _check(allowed);
            entry.owner = _account(to);
        } catch {
            _check(!allowed);
        }
    }

    function chooseManual(uint256 index, bool manual, bool byOwner) external {
        Entry storage entry = _entry(index);
        vm.prank(byOwner ? entry.owner : stranger);
        try vault.setManual(entry.schedule, entry.proof, manual) {
            _check(byOwner);
            entry.manual = manual;
        } catch {
            _check(!byOwner);
        }
    }

    function end(uint256 index, bool byGovernor) external {
        Entry storage entry = _entry(index);
        bool allowed = byGovernor && entry.schedule.revocable && !entry.revoked;
        vm.prank(byGovernor ? governor : stranger);
        try vault.revoke(entry.schedule, entry.proof) returns (uint256 amount) {
            entry.settled = vestedAt(entry, vm.getBlockTimestamp());
            entry.revoked = true;
            _check(allowed && amount == entry.schedule.amount - entry.settled);
            returned += amount;
        } catch {
            _check(!allowed);
        }
    }

    /// A category of one schedule, revocable and transferable, on any curve.
    function addOne(uint256 amount, uint256 tge, uint32 cliff, uint32 duration, uint256 account) external {
        if (vault.categoryCount() == 12) return;
        amount = bound(amount, 1, 500_000 ether);
        uint40 start = uint40(vm.getBlockTimestamp() - 30 days + tge % 60 days);
        uint32 id = vault.categoryCount();
        // An index without a key stands for "no signature".
        Schedule memory s =
            Schedule(id, 100, _account(account), uint128(amount), uint128(bound(tge, 0, amount)), true, true);
        NewCategory memory t = terms("added", single(s), start, cliff % (2 * YEAR), duration % (4 * YEAR));
        add(t);
        _enter(s, new bytes32[](0));
    }

    // The ledger

    function entryCount() external view returns (uint256) {
        return _entries.length;
    }

    function entryAt(uint256 index) external view returns (Entry memory) {
        return _entries[index];
    }

    function memoryCount() external view returns (uint256) {
        return memories.length;
    }

    function accountCount() external view returns (uint256) {
        return accounts.length;
    }

    /// Counted from the end, unlike in the contract: the amount less what is still to come, rounded up.
    function vestedAt(Entry memory entry, uint256 time) public view returns (uint256 vested) {
        Schedule memory s = entry.schedule;
        (uint256 start, uint256 cliff, uint256 duration) = _curve(s.category);
        uint256 last = start + cliff + duration;
        if (time < start) vested = 0;
        else if (time >= last) vested = s.amount;
        else if (time <= start + cliff) vested = s.tgeAmount;
        else vested = s.amount - ((s.amount - s.tgeAmount) * (last - time) + duration - 1) / duration;
        if (entry.revoked && vested > entry.settled) vested = entry.settled;
    }

    function addressOfVault() external view returns (address) {
        return address(vault);
    }

    function addressOfToken() external view returns (address) {
        return address(opg);
    }

    function addressOfTreasury() external view returns (address) {
        return treasury;
    }

    function _enter(Schedule memory s, bytes32[] memory p) private {
        Entry storage entry = _entries.push();
        (entry.schedule, entry.proof, entry.owner) = (s, p, s.beneficiary);
        entry.released = vault.stateOf(leaf(s)).released;
    }

    function _due(Entry storage entry) private view returns (uint256) {
        return vestedAt(entry, vm.getBlockTimestamp()) - entry.released;
    }

    function _book(Entry storage entry, address to, uint256 amount) private {
        entry.released += amount;
        released += amount;
        expectedBalance[to] += amount;
    }

    function _curve(uint32 category) private view returns (uint256 start, uint256 cliff, uint256 duration) {
        start = vault.category(category).start;
        cliff = vault.category(category).cliff;
        duration = vault.category(category).duration;
    }

    function _check(bool asExpected) private {
        if (!asExpected) ++mismatches;
    }

    function _entry(uint256 index) private view returns (Entry storage) {
        return _entries[index % _entries.length];
    }

    function _account(uint256 index) private view returns (address) {
        return accounts[index % accounts.length];
    }
}
