// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {MeasurementRegistry} from "../../contracts/enclaves/MeasurementRegistry.sol";
import {IMeasurementRegistry, Measurement} from "../../contracts/interfaces/IMeasurementRegistry.sol";

contract MeasurementRegistryTest is Test {
    bytes32 private constant TDX = "intel-tdx";
    bytes32 private constant IMAGE = keccak256("image 1");
    uint64 private constant VOTERS = 1;
    uint64 private constant GUARDIANS = 2;

    address private immutable voters = makeAddr("voters");
    address private immutable guardian = makeAddr("guardian");
    MeasurementRegistry private registry;

    function setUp() public {
        vm.warp(1_800_000_000);
        AccessManager manager = new AccessManager(address(this));
        registry = new MeasurementRegistry(address(manager));
        _allow(manager, IMeasurementRegistry.approve.selector, VOTERS, voters);
        _allow(manager, IMeasurementRegistry.remove.selector, GUARDIANS, guardian);
    }

    function test_Approve_CountsFromItsSecondOn() public {
        uint48 before = uint48(block.timestamp) - 1;
        vm.expectEmit(address(registry));
        emit IMeasurementRegistry.MeasurementApproved(TDX, IMAGE, "opg 1.0");
        _approve(IMAGE);
        assertTrue(registry.isApproved(TDX, IMAGE));
        assertFalse(registry.isApproved("amd-sev-snp", IMAGE), "another platform measured nothing");
        skip(1);
        assertFalse(registry.wasApprovedAt(TDX, IMAGE, before));
        assertTrue(registry.wasApprovedAt(TDX, IMAGE, before + 1));
    }

    function test_Remove_CountsAtOnceAndLeavesThePast() public {
        _approve(IMAGE);
        uint48 approvedAt = uint48(block.timestamp);
        skip(100);
        vm.expectEmit(address(registry));
        emit IMeasurementRegistry.MeasurementRemoved(TDX, IMAGE, "leaks its key");
        _remove(IMAGE);
        assertFalse(registry.isApproved(TDX, IMAGE));
        skip(1);
        assertTrue(registry.wasApprovedAt(TDX, IMAGE, approvedAt + 99));
        assertFalse(registry.wasApprovedAt(TDX, IMAGE, approvedAt + 100));
    }

    /// What a guardian removed by mistake, voters bring back; the gap stays.
    function test_Approve_AgainAfterARemoval() public {
        _approve(IMAGE);
        skip(10);
        _remove(IMAGE);
        uint48 removedAt = uint48(block.timestamp);
        skip(10);
        _approve(IMAGE);
        skip(1);
        assertTrue(registry.isApproved(TDX, IMAGE));
        assertFalse(registry.wasApprovedAt(TDX, IMAGE, removedAt + 5));
        assertEq(registry.count(), 1, "listed once");
    }

    function test_Page_ListsInOrderWithTheirStanding() public {
        bytes32[3] memory images = [keccak256("a"), keccak256("b"), keccak256("c")];
        for (uint256 i = 0; i < images.length; ++i) {
            _approve(images[i]);
        }
        _remove(images[1]);
        Measurement[] memory all = registry.page(0, 10);
        assertEq(all.length, 3);
        for (uint256 i = 0; i < images.length; ++i) {
            assertEq(all[i].platform, TDX);
            assertEq(all[i].digest, images[i]);
            assertEq(all[i].approved, i != 1);
        }
        assertEq(registry.page(2, 10).length, 1);
        assertEq(registry.page(1, 1)[0].digest, images[1]);
        assertEq(registry.page(3, type(uint256).max).length, 0);
        assertEq(registry.page(type(uint256).max, 1).length, 0);
    }

    /// Random approvals and removals at random times, beside a list of what was done when.
    function testFuzz_WasApprovedAt_IsWhatWasDone(uint256[24] calldata seeds) public {
        uint256 began = block.timestamp;
        bool[] memory standing = new bool[](24 * 5);
        uint256 passed;
        bool approved;
        for (uint256 i = 0; i < seeds.length; ++i) {
            if (seeds[i] & 1 == 1) {
                if (approved) _remove(IMAGE);
                else _approve(IMAGE);
                approved = !approved;
            }
            for (uint256 wait = (seeds[i] >> 1) % 5; wait > 0; --wait) {
                standing[passed++] = approved;
                skip(1);
            }
        }
        for (uint256 second = 0; second < passed; ++second) {
            assertEq(registry.wasApprovedAt(TDX, IMAGE, uint48(began + second)), standing[second]);
        }
    }

    function test_RevertWhen_NothingIsMeasured() public {
        vm.startPrank(voters);
        vm.expectRevert(abi.encodeWithSelector(IMeasurementRegistry.InvalidMeasurement.selector, "platform"));
        registry.approve(0, IMAGE, "");
        vm.expectRevert(abi.encodeWithSelector(IMeasurementRegistry.InvalidMeasurement.selector, "digest"));
        registry.approve(TDX, 0, "");
    }

    function test_RevertWhen_ApprovedTwice() public {
        _approve(IMAGE);
        vm.expectRevert(abi.encodeWithSelector(IMeasurementRegistry.AlreadyApproved.selector, TDX, IMAGE));
        _approve(IMAGE);
    }

    function test_RevertWhen_RemovedTwiceOrNeverApproved() public {
        bytes memory refusal = abi.encodeWithSelector(IMeasurementRegistry.NotApproved.selector, TDX, IMAGE);
        vm.expectRevert(refusal);
        _remove(IMAGE);
        _approve(IMAGE);
        _remove(IMAGE);
        vm.expectRevert(refusal);
        _remove(IMAGE);
    }

    /// A second that is not over can still change.
    function test_RevertWhen_AskedAboutTheFuture() public {
        _approve(IMAGE);
        uint48 now_ = uint48(block.timestamp);
        vm.expectRevert(abi.encodeWithSelector(IMeasurementRegistry.FutureLookup.selector, now_));
        registry.wasApprovedAt(TDX, IMAGE, now_);
    }

    /// The guardian only removes, voters' role alone does not remove: neither can do what is the other's.
    function test_RevertWhen_TheRoleIsAnother() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        vm.prank(guardian);
        registry.approve(TDX, IMAGE, "");
        _approve(IMAGE);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, address(this)));
        registry.remove(TDX, IMAGE, "");
    }

    function _approve(bytes32 digest) private {
        vm.prank(voters);
        registry.approve(TDX, digest, "opg 1.0");
    }

    function _remove(bytes32 digest) private {
        vm.prank(guardian);
        registry.remove(TDX, digest, "leaks its key");
    }

    function _allow(AccessManager manager, bytes4 selector, uint64 role, address account) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(address(registry), selectors, role);
        manager.grantRole(role, account, 0);
    }
}
