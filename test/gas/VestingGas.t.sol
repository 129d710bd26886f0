// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {VestingWallet} from "@openzeppelin/contracts/finance/VestingWallet.sol";
import {NewCategory, Schedule} from "../../contracts/interfaces/IVestingVault.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {VestingVault} from "../../contracts/vesting/VestingVault.sol";
import {MerkleTrees} from "../vesting/support/MerkleTrees.sol";

/// @notice Gas of whole transactions, kept in snapshots/. Each call is a transaction of its own here: 21,000 gas, calldata,
/// cold accounts and slots are included. Proofs have ten hashes, as in a category of up to 1,024 schedules. Recipients
/// hold OPG before, except where a figure says otherwise; nobody delegates votes.
/// forge-config: default.isolate = true
contract VestingGasTest is Test {
    string private constant GROUP = "Vesting";
    uint256 private constant ROWS = 1024;
    uint256 private constant BATCH = 50;
    uint40 private constant TGE = 1_800_000_000;
    uint32 private constant YEAR = 31_557_600;
    uint32 private constant GRANTS = 1;

    address private immutable treasury = makeAddr("treasury");
    address private immutable governor = makeAddr("governor");

    Opg private opg;
    VestingVault private vault;
    Schedule[] private _rows;
    bytes32[] private _leaves;

    function setUp() public {
        vm.warp(TGE - 1 days);
        AccessManager manager = new AccessManager(governor);
        for (uint32 i = 0; i < ROWS; ++i) {
            uint128 amount = 700_000 ether + uint128(i) * 7_777_777_777_777_777_777;
            Schedule memory row = Schedule(GRANTS, i, _beneficiary(i), amount, amount / 10, i % 2 == 1, i % 3 == 2);
            _rows.push(row);
            _leaves.push(keccak256(abi.encodePacked(keccak256(abi.encode(row)))));
        }
        Schedule memory floating = Schedule(0, 0, address(this), 100_000_000 ether, 100_000_000 ether, false, false);
        bytes32 floatingLeaf = keccak256(abi.encodePacked(keccak256(abi.encode(floating))));
        NewCategory[] memory genesis = new NewCategory[](2);
        genesis[0] = NewCategory("float", floatingLeaf, floating.amount, floating.amount, TGE - 1 days, 0, 0);
        genesis[1] = NewCategory("grants", MerkleTrees.root(_leaves), 0, 0, TGE, 0, 4 * YEAR);
        for (uint256 i = 0; i < ROWS; ++i) {
            genesis[1].total += _rows[i].amount;
            genesis[1].tgeTotal += _rows[i].tgeAmount;
        }
        address predicted = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        opg = new Opg(makeAddr("custody"), predicted);
        vault = new VestingVault(address(opg), address(manager), treasury, genesis);
        vm.snapshotValue(GROUP, "runtime size in bytes", address(vault).code.length);

        vault.release(floating, new bytes32[](0));
        opg.transfer(treasury, 1 ether);
        opg.transfer(governor, 1_000 ether);
        for (uint256 i = 0; i < BATCH; ++i) {
            opg.transfer(_beneficiary(i), 1 ether);
        }
        vm.warp(TGE + YEAR);
    }

    function test_Release() public {
        vault.release(_rows[0], _proof(0));
        assertLe(_keep("release, first"), 80_000, "goal");
        vm.warp(TGE + 2 * YEAR);
        vault.release(_rows[0], _proof(0));
        assertLe(_keep("release, later"), 60_000, "goal");
    }

    function test_Release_FreshRecipient() public {
        vault.release(_rows[BATCH], _proof(BATCH));
        _keep("release, first, recipient without OPG");
    }

    function test_Release_Transferable() public {
        vault.release(_rows[2], _proof(2));
        _keep("release, first, transferable schedule");
    }

    /// The terms of categories added after genesis are in storage, and what they have left is counted.
    function test_Release_AddedCategory() public {
        Schedule[] memory rows = new Schedule[](ROWS);
        bytes32[] memory hashes = new bytes32[](ROWS);
        for (uint32 i = 0; i < ROWS; ++i) {
            rows[i] = Schedule(2, i, _beneficiary(i), 0.7777777777777777 ether, 0.07 ether, false, false);
            hashes[i] = keccak256(abi.encodePacked(keccak256(abi.encode(rows[i]))));
        }
        NewCategory memory terms = NewCategory({
            name: "added",
            root: MerkleTrees.root(hashes),
            total: uint128(ROWS) * rows[0].amount,
            tgeTotal: uint128(ROWS) * rows[0].tgeAmount,
            start: TGE,
            cliff: 0,
            duration: 4 * YEAR
        });
        vm.startPrank(governor);
        opg.approve(address(vault), terms.total);
        vault.addCategory(terms);
        _keep("addCategory");
        vm.stopPrank();
        vault.release(rows[0], MerkleTrees.proof(hashes, 0));
        _keep("release, first, category added after genesis");
        vm.warp(TGE + 2 * YEAR);
        vault.release(rows[0], MerkleTrees.proof(hashes, 0));
        _keep("release, later, category added after genesis");
    }

    function test_ReleaseMany() public {
        (Schedule[] memory schedules, bytes32[][] memory proofs) = _batch(0);
        vault.releaseMany(schedules, proofs, 0);
        uint256 each = vm.lastCallGas().gasTotalUsed / BATCH;
        vm.snapshotValue(GROUP, "releaseMany of 50, each, first", each);
        assertLe(each, 65_000, "goal");
        vm.warp(TGE + 2 * YEAR);
        vault.releaseMany(schedules, proofs, 0);
        each = vm.lastCallGas().gasTotalUsed / BATCH;
        vm.snapshotValue(GROUP, "releaseMany of 50, each, later", each);
        assertLe(each, 45_000, "goal");
    }

    function test_ReleaseMany_FreshRecipients() public {
        (Schedule[] memory schedules, bytes32[][] memory proofs) = _batch(BATCH);
        vault.releaseMany(schedules, proofs, 0);
        vm.snapshotValue(
            GROUP, "releaseMany of 50, each, first, recipients without OPG", vm.lastCallGas().gasTotalUsed / BATCH
        );
    }

    function test_Others() public {
        vm.prank(_beneficiary(0));
        vault.claimTo(_rows[0], _proof(0), treasury);
        _keep("claimTo, first");
        vm.prank(_beneficiary(0));
        vault.setManual(_rows[0], _proof(0), true);
        _keep("setManual");
        vm.prank(_beneficiary(2));
        vault.transferSchedule(_rows[2], _proof(2), treasury);
        _keep("transferSchedule");
        vm.prank(governor);
        vault.revoke(_rows[1], _proof(1));
        _keep("revoke, first of a category");
        vm.warp(TGE + 2 * YEAR);
        vm.prank(governor);
        vault.revoke(_rows[3], _proof(3));
        _keep("revoke, later");
    }

    /// A governor would read what is locked on chain, for each proposal.
    function test_LockedAt() public {
        vault.lockedAt(TGE);
        _keep("lockedAt, two categories");
    }

    /// The peer: one contract per beneficiary, which knows neither cliffs nor revocation.
    function test_OpenZeppelinVestingWallet() public {
        bytes memory creation =
            abi.encodePacked(type(VestingWallet).creationCode, abi.encode(_beneficiary(0), TGE, 4 * YEAR));
        uint256 gas = gasleft();
        VestingWallet wallet = new VestingWallet(_beneficiary(0), TGE, 4 * YEAR);
        gas -= gasleft();
        // What a transaction costs beyond the creation itself.
        vm.snapshotValue(GROUP, "OpenZeppelin VestingWallet, deployment", gas + 21_000 + _calldataGas(creation));
        opg.transfer(address(wallet), 100 ether);
        wallet.release(address(opg));
        _keep("OpenZeppelin VestingWallet, release, first");
        vm.warp(TGE + 2 * YEAR);
        wallet.release(address(opg));
        _keep("OpenZeppelin VestingWallet, release, later");
    }

    function _calldataGas(bytes memory data) private pure returns (uint256 gas) {
        for (uint256 i = 0; i < data.length; ++i) {
            gas += data[i] == 0 ? 4 : 16;
        }
    }

    function _keep(string memory name) private returns (uint256) {
        return vm.snapshotGasLastCall(GROUP, name);
    }

    function _batch(uint256 first) private view returns (Schedule[] memory schedules, bytes32[][] memory proofs) {
        schedules = new Schedule[](BATCH);
        proofs = new bytes32[][](BATCH);
        for (uint256 i = 0; i < BATCH; ++i) {
            (schedules[i], proofs[i]) = (_rows[first + i], _proof(first + i));
        }
    }

    function _proof(uint256 row) private view returns (bytes32[] memory) {
        return MerkleTrees.proof(_leaves, row);
    }

    function _beneficiary(uint256 row) private pure returns (address) {
        return address(uint160(uint256(keccak256(abi.encode("beneficiary", row)))));
    }
}
