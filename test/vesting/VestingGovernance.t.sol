// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Category, IVestingVault, NewCategory, Schedule} from "../../contracts/interfaces/IVestingVault.sol";
import {Opg} from "../../contracts/token/Opg.sol";
import {VestingVault} from "../../contracts/vesting/VestingVault.sol";
import {VestingFixture} from "./support/VestingFixture.sol";

/// @notice What governance may do, what beneficiaries hand on, and what is known of categories.
contract VestingGovernanceTest is VestingFixture {
    address private immutable heir = makeAddr("heir");

    // Handing on

    function test_TransferSchedule_HandsOnAllThatIsNotReleased() public {
        Schedule memory s = schedule(GRANTS, TRANSFERABLE);
        vm.warp(TGE);
        release(GRANTS, TRANSFERABLE);
        assertEq(vault.beneficiaryOf(s), s.beneficiary);
        vm.expectEmit(address(vault));
        emit IVestingVault.BeneficiaryChanged(leaf(s), s.beneficiary, heir);
        transferSchedule(GRANTS, TRANSFERABLE, heir);
        assertEq(vault.beneficiaryOf(s), heir);

        vm.warp(TGE + 4 * YEAR);
        release(GRANTS, TRANSFERABLE);
        assertEq(opg.balanceOf(heir), s.amount - s.tgeAmount);
        assertEq(opg.balanceOf(s.beneficiary), s.tgeAmount);
    }

    function test_TransferSchedule_OnlyTheNewBeneficiaryDecidesAfterwards() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, TRANSFERABLE), proof(GRANTS, TRANSFERABLE));
        transferSchedule(GRANTS, TRANSFERABLE, heir);
        vm.warp(TGE);
        bytes memory refusal = abi.encodeWithSelector(IVestingVault.NotBeneficiary.selector, s.beneficiary, heir);
        vm.startPrank(s.beneficiary);
        vm.expectRevert(refusal);
        vault.claimTo(s, p, s.beneficiary);
        vm.expectRevert(refusal);
        vault.setManual(s, p, true);
        vm.expectRevert(refusal);
        vault.transferSchedule(s, p, s.beneficiary);
        vm.stopPrank();
        vm.prank(heir);
        vault.transferSchedule(s, p, stranger);
        assertEq(vault.beneficiaryOf(s), stranger);
    }

    function test_RevertWhen_TheLeafForbidsHandingOn() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, PLAIN), proof(GRANTS, PLAIN));
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.NotTransferable.selector, leaf(s)));
        vm.prank(s.beneficiary);
        vault.transferSchedule(s, p, heir);
    }

    function test_RevertWhen_HandedToAnAddressThatCannotReceive() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, BOTH), proof(GRANTS, BOTH));
        address[3] memory refused = [address(0), custody, address(vault)];
        for (uint256 i = 0; i < refused.length; ++i) {
            vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidRecipient.selector, refused[i]));
            vm.prank(s.beneficiary);
            vault.transferSchedule(s, p, refused[i]);
        }
    }

    // Revoking

    function test_Revoke_ReturnsTheUnvestedRestAndLeavesTheVested() public {
        Schedule memory s = schedule(GRANTS, REVOCABLE);
        vm.warp(TGE + YEAR);
        uint256 vested = vault.vestedAt(s, TGE + YEAR);
        vm.expectEmit(address(vault));
        emit IVestingVault.Revoked(leaf(s), vested, s.amount - vested);
        assertEq(revoke(GRANTS, REVOCABLE), s.amount - vested);
        assertEq(opg.balanceOf(treasury), s.amount - vested);

        vm.warp(TGE + 10 * YEAR);
        assertEq(release(GRANTS, REVOCABLE), vested);
        assertEq(opg.balanceOf(s.beneficiary), vested);
        assertEq(vault.releasable(s), 0);
    }

    function test_Revoke_BeforeTheStartReturnsAll() public {
        Schedule memory s = schedule(GRANTS, REVOCABLE);
        assertEq(revoke(GRANTS, REVOCABLE), s.amount);
        vm.warp(TGE + YEAR);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.NothingDue.selector, leaf(s)));
        release(GRANTS, REVOCABLE);
    }

    function test_Revoke_AfterTheEndReturnsNothing() public {
        Schedule memory s = schedule(GRANTS, REVOCABLE);
        vm.warp(TGE + 4 * YEAR);
        assertEq(revoke(GRANTS, REVOCABLE), 0);
        assertEq(opg.balanceOf(treasury), 0);
        assertEq(release(GRANTS, REVOCABLE), s.amount);
    }

    function test_Revoke_CountsAtAllTimes() public {
        Schedule memory s = schedule(GRANTS, REVOCABLE);
        uint256 before = vault.vestedAt(s, TGE + YEAR / 2);
        vm.warp(TGE + YEAR);
        uint256 vested = vault.vestedAt(s, TGE + YEAR);
        revoke(GRANTS, REVOCABLE);
        assertEq(vault.vestedAt(s, TGE + YEAR / 2), before);
        assertEq(vault.vestedAt(s, TGE + 3 * YEAR), vested);
        (uint256 next, uint256 more) = vault.nextUnlock(s);
        assertEq(next, 0);
        assertEq(more, 0);
    }

    function test_RevertWhen_TheLeafForbidsRevoking() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, PLAIN), proof(GRANTS, PLAIN));
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.NotRevocable.selector, leaf(s)));
        vm.prank(governor);
        vault.revoke(s, p);
    }

    function test_RevertWhen_TheRevokedScheduleIsNotInTheTree() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, PLAIN), proof(GRANTS, PLAIN));
        s.revocable = true;
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidProof.selector, leaf(s)));
        vm.prank(governor);
        vault.revoke(s, p);
    }

    function test_RevertWhen_RevokedTwice() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, REVOCABLE), proof(GRANTS, REVOCABLE));
        vm.startPrank(governor);
        vault.revoke(s, p);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.AlreadyRevoked.selector, leaf(s)));
        vault.revoke(s, p);
        vm.stopPrank();
    }

    // Roles

    function test_RevertWhen_AnyoneElseAddsOrRevokes() public {
        (Schedule memory s, bytes32[] memory p) = (schedule(GRANTS, REVOCABLE), proof(GRANTS, REVOCABLE));
        NewCategory memory t = terms("more", single(s), TGE, 0, 0);
        bytes memory unauthorized =
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, s.beneficiary);
        vm.startPrank(s.beneficiary);
        vm.expectRevert(unauthorized);
        vault.revoke(s, p);
        vm.expectRevert(unauthorized);
        vault.addCategory(t);
        vm.stopPrank();
    }

    // Categories

    function test_AddCategory_TakesTheTokensThatItPromises() public {
        fund(9 ether);
        Schedule memory s = Schedule(3, 0, stranger, 9 ether, 3 ether, false, false);
        NewCategory memory t = terms("more", single(s), TGE, 10, 60);
        uint256 held = opg.balanceOf(address(vault));
        vm.startPrank(governor);
        opg.approve(address(vault), 9 ether);
        vm.expectEmit(address(vault));
        emit IVestingVault.CategoryAdded(3, "more", t);
        assertEq(vault.addCategory(t), 3);
        vm.stopPrank();
        assertEq(opg.balanceOf(address(vault)), held + 9 ether);
        Category memory c = vault.category(3);
        assertEq(
            abi.encode(c),
            abi.encode(Category(t.root, t.total, t.tgeTotal, TGE, 10, 60, uint40(vm.getBlockTimestamp())))
        );

        vm.warp(TGE + 10 + 30);
        assertEq(vault.release(s, new bytes32[](0)), 6 ether);
    }

    function test_Category_OfGenesisIsAsGiven() public view {
        Category memory c = vault.category(TEAM);
        NewCategory memory t = _genesis()[TEAM];
        assertEq(
            abi.encode(c), abi.encode(Category(t.root, t.total, t.tgeTotal, t.start, t.cliff, t.duration, TGE - 1 days))
        );
    }

    function test_RevertWhen_TermsMakeNoSense() public {
        NewCategory memory t = _genesis()[GRANTS];
        vm.startPrank(governor);
        t.name = "";
        _expectInvalid(t, "name is empty");
        t = _genesis()[GRANTS];
        t.root = 0;
        _expectInvalid(t, "root is zero");
        t = _genesis()[GRANTS];
        t.total = 0;
        _expectInvalid(t, "total is zero");
        t.total = uint128(type(uint96).max) + 1;
        _expectInvalid(t, "total exceeds 2^96 - 1");
        t.total = 1 ether;
        t.tgeTotal = 1 ether + 1;
        _expectInvalid(t, "tgeTotal exceeds total");
        vm.stopPrank();
    }

    function test_RevertWhen_TheCallerDoesNotBringTheTokens() public {
        vm.prank(governor);
        vm.expectRevert();
        vault.addCategory(_genesis()[GRANTS]);
    }

    function test_RevertWhen_ThereAreTooManyCategories() public {
        fund(100);
        Schedule[] memory rows_ = single(Schedule(0, 0, stranger, 1, 1, false, false));
        while (vault.categoryCount() < vault.MAX_CATEGORIES()) {
            add(terms("one more", rows_, TGE, 0, 0));
        }
        vm.warp(TGE);
        vault.lockedAt(TGE - 1);
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.TooManyCategories.selector, 32));
        vm.prank(governor);
        vault.addCategory(terms("one more", rows_, TGE, 0, 0));
    }

    // Deployment

    function test_Genesis_AllEightCategoriesOfTheCodeWork() public {
        NewCategory[] memory genesis = new NewCategory[](8);
        Schedule[] memory rows_ = new Schedule[](8);
        for (uint32 i = 0; i < 8; ++i) {
            rows_[i] = Schedule(i, 0, beneficiary(i), 1000 + i, i, false, false);
            genesis[i] = terms("category", single(rows_[i]), TGE + i, i, 100 + i);
        }
        (Opg token, VestingVault other) = _deploy(genesis);
        for (uint32 i = 0; i < 8; ++i) {
            vm.warp(TGE + i);
            assertEq(other.releasable(rows_[i]), i);
            vm.warp(TGE + 2 * i + 50);
            assertEq(other.release(rows_[i], new bytes32[](0)), i + 1000 * 50 / (100 + i));
            vm.warp(TGE + 2 * i + 100 + i);
            other.release(rows_[i], new bytes32[](0));
            assertEq(token.balanceOf(beneficiary(i)), 1000 + i);
        }
    }

    function test_RevertWhen_GenesisHasMoreThanEightCategories() public {
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.TooManyCategories.selector, 8));
        new VestingVault(address(opg), address(manager), treasury, new NewCategory[](9));
    }

    function test_RevertWhen_DeployedWithoutTheTokens() public {
        NewCategory[] memory genesis = _genesis();
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.Underfunded.selector, 0, SUPPLY));
        new VestingVault(address(opg), address(manager), treasury, genesis);
    }

    function test_RevertWhen_TheTreasuryCannotReceive() public {
        address predicted = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        address[3] memory refused = [address(0), custody, predicted];
        for (uint256 i = 0; i < refused.length; ++i) {
            // A creation that fails uses up a nonce as well.
            if (i == 2) refused[i] = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
            vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidRecipient.selector, refused[i]));
            new VestingVault(address(opg), address(manager), refused[i], new NewCategory[](0));
        }
    }

    function test_RevertWhen_TheAuthorityHasNoCode() public {
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedInvalidAuthority.selector, stranger));
        new VestingVault(address(opg), stranger, treasury, new NewCategory[](0));
    }

    function _expectInvalid(NewCategory memory t, string memory reason) private {
        vm.expectRevert(abi.encodeWithSelector(IVestingVault.InvalidCategory.selector, t.name, reason));
        vault.addCategory(t);
    }
}
