// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ICustodyVault} from "../../contracts/interfaces/ICustodyVault.sol";
import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {Slash, SlashRule} from "../../contracts/interfaces/IStakingCommon.sol";
import {Continued} from "../../contracts/staking/Continued.sol";
import {Staking} from "../../contracts/staking/Staking.sol";
import {StakingSlashes} from "../../contracts/staking/StakingSlashes.sol";
import {StakingFixture} from "./support/StakingFixture.sol";

/// @notice Who may do what, and what an upgrade keeps.
contract StakingRolesTest is StakingFixture {
    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _pass(1 days);
    }

    function testFuzz_RevertWhen_CallerLacksTheRole(address caller) public {
        vm.assume(caller != governance && caller != disputes && caller != guardian && caller != address(manager));
        (, Slash memory s) = _slash(FATAL, op, 1 ether);
        bytes[7] memory calls = [
            abi.encodeCall(staking.slash, (op, FATAL, 1, _now(), caller, caller)),
            abi.encodeCall(staking.suspendSlash, (s)),
            abi.encodeCall(staking.vetoSlash, (s)),
            abi.encodeCall(staking.jail, (op, 1)),
            abi.encodeCall(staking.setParameters, (_parameters())),
            abi.encodeCall(staking.setSlashRule, (FATAL, SlashRule(0, 0, 0, 0, 0))),
            abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(this), ""))
        ];
        for (uint256 i; i < calls.length; ++i) {
            vm.prank(caller);
            (bool done, bytes memory reason) = address(staking).call(calls[i]);
            assertFalse(done);
            assertEq(reason, abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller));
        }
    }

    function test_Roles_DoNotReachEachOthersFunctions() public {
        (, Slash memory s) = _slash(FATAL, op, 1 ether);
        vm.prank(disputes);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, disputes));
        staking.jail(op, 1);
        vm.prank(guardian);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        staking.vetoSlash(s);
        // Governance vetoes but does not slash.
        uint64 t = _now();
        vm.prank(governance);
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, governance));
        staking.slash(op, FATAL, 1, t, challenger, payer);
    }

    function test_RevertWhen_InitialisedAgain() public {
        StakingSlashes part = StakingSlashes(address(staking));
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        part.initialize(address(this), _parameters());
        StakingSlashes second = StakingSlashes(Continued(address(staking)).nextPart());
        StakingSlashes first = StakingSlashes(address(new Staking(opg, vault, address(second), _rewardsAt())));
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        first.initialize(address(this), _parameters());
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        second.initialize(address(this), _parameters());
    }

    function test_Parts_HaveNoPowerOfTheirOwn() public {
        Continued second = Continued(Continued(address(staking)).nextPart());
        IStaking last = IStaking(second.nextPart());
        _give(bob, MIN_SELF);
        // Its storage has no parameters, so any stake is enough; but the vault does not obey it.
        vm.prank(bob);
        vm.expectRevert(abi.encodeWithSelector(ICustodyVault.NotStaking.selector, address(last)));
        last.register(key, 1, 0, MIN_SELF, "", "");
        vm.prank(disputes);
        vm.expectRevert();
        IStaking(address(second)).slash(op, FATAL, 1, 0, bob, bob);
    }

    function test_RevertWhen_FunctionIsUnknown() public {
        (bool done, bytes memory reason) = address(staking).call(hex"12345678");
        assertFalse(done);
        assertEq(reason.length, 0);
    }

    function test_Upgrade_KeepsWhatIsStored() public {
        _stake(op, bob, 5 ether);
        address next = address(new Staking(opg, vault, Continued(address(staking)).nextPart(), _rewardsAt()));
        vm.prank(governance);
        UUPSUpgradeable(address(staking)).upgradeToAndCall(next, "");
        assertEq(_position(op, bob).amount, 5 ether);
        assertEq(_weight(op), 20_005 ether);
        assertEq(staking.parameters().unbondingPeriod, UNBONDING);
    }

    function test_Storage_IsNamespaced() public view {
        bytes32 slot = keccak256(abi.encode(uint256(keccak256("opg.storage.Staking")) - 1)) & ~bytes32(uint256(0xff));
        // The first slot holds the parameters, the smallest stake lowest; none of it is at zero.
        assertEq(uint80(uint256(vm.load(address(staking), slot))), MIN_SELF);
        for (uint256 i; i < 8; ++i) {
            assertEq(vm.load(address(staking), bytes32(i)), 0);
        }
    }
}
