// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {FeeShares, IFeeRouter} from "../../contracts/interfaces/IFeeRouter.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {ModelVersion} from "../../contracts/interfaces/ModelVersion.sol";
import {FeeRouter} from "../../contracts/payments/FeeRouter.sol";
import {RewardsFixture} from "../staking/support/RewardsFixture.sol";

/// @notice Vaults, the division of fees, and who collects them.
contract FeeRouterTest is RewardsFixture {
    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _pass(1 days);
    }

    function test_Vault_AddressCanBeDerivedByAnyone() public {
        bytes32 salt = keccak256(abi.encode(op, version));
        bytes32 hash = keccak256(abi.encodePacked(hex"ff", address(router), salt, router.vaultInitCodeHash()));
        address vault_ = router.vaultOf(op, version);
        assertEq(vault_, address(uint160(uint256(hash))));
        assertEq(vault_.code.length, 0);
        _payTo(op, version, 1 ether);
        vm.expectEmit(address(router));
        emit IFeeRouter.VaultCreated(op, version, vault_);
        router.sweep(op, version);
        assertGt(vault_.code.length, 0);
        // A vault is made once.
        _payTo(op, version, 1 ether);
        router.sweep(op, version);
        assertEq(opg.balanceOf(vault_), 0);
    }

    function test_Vault_HasNoFunctionAndObeysTheRouterAlone() public {
        _pay(op, 1 ether);
        _payTo(op, version, 1 ether);
        address vault_ = router.vaultOf(op, version);
        assertEq(opg.allowance(vault_, address(router)), type(uint256).max);
        (bool success,) = vault_.call(abi.encodeCall(IFeeRouter.sweep, (op, version)));
        assertFalse(success);
        deal(address(this), 1 ether);
        (success,) = vault_.call{value: 1}("");
        assertFalse(success, "ether would be lost");
        vm.prank(op);
        vm.expectRevert();
        opg.transferFrom(vault_, op, 1);
    }

    function test_Vault_EachOperatorAndVersionHasItsOwn() public {
        ModelVersion other = _publish("other weights", 0);
        assertNotEq(router.vaultOf(op, version), router.vaultOf(rival, version));
        assertNotEq(router.vaultOf(op, version), router.vaultOf(op, other));
    }

    function test_Sweep_DividesAndBooks() public {
        uint256 supply = opg.totalSupply();
        _payTo(op, version, 1_000 ether);
        vm.expectEmit(address(router));
        emit IFeeRouter.FeesRouted(op, version, modelOwner, 0, 820 ether, 100 ether, 30 ether, 50 ether, true);
        vm.prank(stranger);
        assertEq(router.sweep(op, version), 1_000 ether);
        assertEq(router.owed(op), 820 ether);
        assertEq(router.owed(modelOwner), 100 ether);
        assertEq(router.owed(verifiers), 30 ether);
        assertEq(opg.totalSupply(), supply - 50 ether);
        assertEq(opg.balanceOf(address(router)), 950 ether);
    }

    function testFuzz_Sweep_PartsAddUpAndBurnIsRoundedUp(
        uint256 amount,
        uint256 burnBps,
        uint256 verificationBps,
        uint256 royaltyBps
    ) public {
        amount = bound(amount, 1, 10_000_000 ether);
        burnBps = bound(burnBps, 100, 3_000);
        verificationBps = bound(verificationBps, 0, 2_000);
        ModelVersion other = _publish("other weights", uint16(bound(royaltyBps, 0, 5_000)));
        vm.prank(governance);
        router.setShares(FeeShares(uint16(burnBps), uint16(verificationBps), verifiers));
        uint256 supply = opg.totalSupply();
        _payTo(op, other, amount);
        router.sweep(op, other);
        uint256 burned = supply - opg.totalSupply();
        assertGe(burned * 10_000, amount * burnBps, "at least the share");
        assertLt(burned, amount * burnBps / 10_000 + 2);
        assertEq(router.owed(op) + router.owed(modelOwner) + router.owed(verifiers) + burned, amount);
        assertEq(opg.balanceOf(address(router)), amount - burned);
        (uint256 fees, uint256 counted) = router.feesOf(0, op);
        assertEq(fees, amount);
        assertEq(counted, burned);
    }

    function test_Sweep_LastWeiIsBurned() public {
        uint256 supply = opg.totalSupply();
        _pay(op, 1);
        assertEq(opg.totalSupply(), supply - 1);
        assertEq(opg.balanceOf(address(router)), 0);
    }

    function test_RevertWhen_NothingIsInTheVault() public {
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.NothingToSweep.selector, router.vaultOf(op, version)));
        router.sweep(op, version);
    }

    /// Otherwise an operator could serve a model before its owner publishes it, and keep the royalty.
    function test_RevertWhen_VersionIsUnknown() public {
        ModelVersion unknown = ModelVersion.wrap(keccak256("unknown"));
        _payTo(op, unknown, 1 ether);
        vm.expectRevert(abi.encodeWithSelector(IModelRegistry.UnknownModelVersion.selector, unknown));
        router.sweep(op, unknown);
    }

    function test_Sweep_ManyInOneTransaction() public {
        _register(rival, 20_000 ether);
        _payTo(op, version, 1 ether);
        _payTo(rival, version, 2 ether);
        bytes[] memory calls = new bytes[](2);
        calls[0] = abi.encodeCall(IFeeRouter.sweep, (op, version));
        calls[1] = abi.encodeCall(IFeeRouter.sweep, (rival, version));
        router.multicall(calls);
        assertEq(opg.balanceOf(address(router)), 2.85 ether);
    }

    function test_Collect_AnyoneToTheAccountTheAccountAnywhere() public {
        _pay(op, 1_000 ether);
        vm.expectEmit(address(router));
        emit IFeeRouter.Collected(modelOwner, modelOwner, 100 ether);
        vm.prank(stranger);
        assertEq(router.collect(modelOwner, modelOwner), 100 ether);
        assertEq(opg.balanceOf(modelOwner), 100 ether);
        vm.prank(op);
        router.collect(op, carol);
        assertEq(opg.balanceOf(carol), 820 ether);

        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.NotTheAccount.selector, stranger, verifiers));
        vm.prank(stranger);
        router.collect(verifiers, stranger);
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.InvalidRecipient.selector, address(router)));
        vm.prank(verifiers);
        router.collect(verifiers, address(router));
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.NothingToCollect.selector, op));
        router.collect(op, op);
    }

    /// A party that cannot be paid, here an operator that is the custody vault, delays nobody.
    function test_Sweep_PartyThatCannotBePaidDelaysNobody() public {
        _pay(address(vault), 1_000 ether);
        vm.expectRevert(SafeTransferLib.TransferFailed.selector);
        router.collect(address(vault), address(vault));
        assertEq(router.collect(modelOwner, modelOwner), 100 ether);
        assertEq(router.collect(verifiers, verifiers), 30 ether);
    }

    function test_Epochs_OnlyRewardsEndThemAndTheyStayAsTheyWere() public {
        _pay(op, 100 ether);
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.NotRewards.selector, governance));
        vm.prank(governance);
        router.endEpoch();
        _endEpoch();
        assertEq(router.epoch(), 1);
        _pay(op, 10 ether);
        (uint256 fees, uint256 burned) = router.feesIn(0);
        assertEq(fees, 100 ether);
        assertEq(burned, 5 ether);
        (fees, burned) = router.feesOf(1, op);
        assertEq(fees, 10 ether);
        assertEq(burned, 0.5 ether);
    }

    function test_Shares_AreGovernedWithinBounds() public {
        FeeShares memory s = _shares();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, stranger));
        vm.prank(stranger);
        router.setShares(s);

        vm.startPrank(governance);
        s.burnBps = 99;
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.ShareOutOfBounds.selector, "burnBps", 99, 100, 3_000));
        router.setShares(s);
        s.burnBps = 3_001;
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.ShareOutOfBounds.selector, "burnBps", 3_001, 100, 3_000));
        router.setShares(s);
        s.burnBps = 3_000;
        s.verificationBps = 2_001;
        vm.expectRevert(
            abi.encodeWithSelector(IFeeRouter.ShareOutOfBounds.selector, "verificationBps", 2_001, 0, 2_000)
        );
        router.setShares(s);
        s.verificationBps = 2_000;
        s.verificationPool = address(0);
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.InvalidRecipient.selector, address(0)));
        router.setShares(s);
        s.verificationPool = carol;
        vm.expectEmit(address(router));
        emit IFeeRouter.SharesSet(s);
        router.setShares(s);
        vm.stopPrank();
        assertEq(abi.encode(router.shares()), abi.encode(s));
    }

    function test_RevertWhen_DeployedWithoutBurning() public {
        FeeShares memory s = FeeShares(0, 0, verifiers);
        vm.expectRevert(abi.encodeWithSelector(IFeeRouter.ShareOutOfBounds.selector, "burnBps", 0, 100, 3_000));
        new FeeRouter(opg, models, staking, market, address(rewards), address(manager), s, _noCap());
    }
}
