// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IBondedOperators, Operator} from "../../contracts/interfaces/IBondedOperators.sol";
import {BondedOperators} from "../../contracts/staking/BondedOperators.sol";
import {InferenceFixture} from "../inference/support/InferenceFixture.sol";

/// @notice Bonds, keys and what `IOperators` says of the past.
contract BondedOperatorsTest is InferenceFixture {
    address private alice = makeAddr("alice");
    address private key = makeAddr("key");
    address private otherKey = makeAddr("other key");

    function _registerAlice() private {
        _register(alice, key);
    }

    function test_Register_LocksTheBondAndCountsFromTheNextSecond() public {
        _fund(alice, BOND);
        vm.startPrank(alice);
        opg.approve(address(operators), BOND);
        uint64 t = _now();
        vm.expectEmit(address(operators));
        emit IBondedOperators.SignerSet(alice, key, t + 1);
        vm.expectEmit(address(operators));
        emit IBondedOperators.OperatorRegistered(alice, key, 7, "https://alice", "ipfs://alice", BOND);
        operators.register(key, 7, "https://alice", "ipfs://alice");
        vm.stopPrank();

        assertEq(opg.balanceOf(alice), 0);
        assertEq(opg.balanceOf(address(operators)), 2 * BOND);
        Operator memory state = operators.operatorOf(alice);
        assertEq(uint8(state.status), uint8(IBondedOperators.OperatorStatus.Active));
        assertEq(state.roles, 7);
        assertEq(state.signer, key);
        assertEq(state.withdrawableAt, 0);
        assertEq(operators.signerAt(alice, t), address(0));
        assertEq(operators.stakeAt(alice, t), 0);
        assertEq(operators.totalStakeAt(t), 1);
        assertEq(operators.signerAt(alice, t + 1), key);
        assertEq(operators.stakeAt(alice, t + 1), 1);
        assertEq(operators.totalStakeAt(t + 1), 2);
    }

    function test_RevertWhen_RegisteringTwice() public {
        _registerAlice();
        _fund(alice, BOND);
        vm.startPrank(alice);
        opg.approve(address(operators), BOND);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBondedOperators.OperatorAlreadyRegistered.selector, alice, IBondedOperators.OperatorStatus.Active
            )
        );
        operators.register(key, 1, "", "");
        operators.retire();
        vm.expectRevert(
            abi.encodeWithSelector(
                IBondedOperators.OperatorAlreadyRegistered.selector, alice, IBondedOperators.OperatorStatus.Unbonding
            )
        );
        operators.register(key, 1, "", "");
    }

    function test_RevertWhen_BondIsNotApproved() public {
        _fund(alice, BOND);
        vm.prank(alice);
        vm.expectRevert();
        operators.register(key, 1, "", "");
    }

    function testFuzz_Register_RolesContainInferenceAndNothingUnknown(uint8 roles) public {
        _fund(alice, BOND);
        vm.startPrank(alice);
        opg.approve(address(operators), BOND);
        bool acceptable = roles < 8 && roles % 2 == 1;
        if (!acceptable) vm.expectRevert(abi.encodeWithSelector(IBondedOperators.InvalidRoles.selector, roles));
        operators.register(key, roles, "", "");
        assertEq(operators.operatorOf(alice).roles, acceptable ? roles : 0);
    }

    function test_RevertWhen_KeyIsZeroOrTextIsTooLong() public {
        _registerAlice();
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IBondedOperators.InvalidSigner.selector, address(0)));
        operators.setSigner(address(0));
        vm.expectRevert(abi.encodeWithSelector(IBondedOperators.InvalidSigner.selector, address(0)));
        operators.register(address(0), 1, "", "");
        string memory long = string(_text(513));
        vm.expectRevert(abi.encodeWithSelector(IBondedOperators.TextTooLong.selector, 513, 512));
        operators.register(key, 1, long, "");
        vm.expectRevert(abi.encodeWithSelector(IBondedOperators.TextTooLong.selector, 513, 512));
        operators.register(key, 1, "", long);
        vm.prank(alice);
        vm.expectRevert(abi.encodeWithSelector(IBondedOperators.TextTooLong.selector, 513, 512));
        operators.setEndpoint(long);
    }

    function test_SetSigner_ReplacesTheKeyFromTheNextSecondOn() public {
        _registerAlice();
        _mine(5);
        uint64 t = _now();
        vm.expectEmit(address(operators));
        emit IBondedOperators.SignerSet(alice, otherKey, t + 1);
        vm.prank(alice);
        operators.setSigner(otherKey);
        assertEq(operators.signerAt(alice, t), key);
        assertEq(operators.signerAt(alice, t + 1), otherKey);
        assertEq(operators.operatorOf(alice).signer, otherKey);
        assertEq(operators.totalStakeAt(t + 1), 2);
    }

    function test_SetSigner_TwiceInASecondKeepsTheLastKeyOnly() public {
        _registerAlice();
        _mine(1);
        vm.startPrank(alice);
        operators.setSigner(makeAddr("mistake"));
        operators.setSigner(otherKey);
        assertEq(operators.signerAt(alice, _now()), key);
        assertEq(operators.signerAt(alice, _now() + 1), otherKey);
    }

    function test_SetEndpoint_IsAnnounced() public {
        vm.expectEmit(address(operators));
        emit IBondedOperators.EndpointSet(operator, "https://new");
        vm.prank(operator);
        operators.setEndpoint("https://new");
    }

    function test_RevertWhen_NotAnActiveOperatorChangesSomething() public {
        bytes memory refusal = abi.encodeWithSelector(
            IBondedOperators.OperatorNotActive.selector, alice, IBondedOperators.OperatorStatus.None
        );
        vm.startPrank(alice);
        vm.expectRevert(refusal);
        operators.setSigner(key);
        vm.expectRevert(refusal);
        operators.setEndpoint("");
        vm.expectRevert(refusal);
        operators.retire();
        vm.stopPrank();

        _registerAlice();
        vm.startPrank(alice);
        operators.retire();
        vm.expectRevert(
            abi.encodeWithSelector(
                IBondedOperators.OperatorNotActive.selector, alice, IBondedOperators.OperatorStatus.Unbonding
            )
        );
        operators.retire();
    }

    function test_Retire_EndsActivityAndUnlocksTheBondLater() public {
        _registerAlice();
        _mine(1);
        uint64 t = _now();
        vm.expectEmit(address(operators));
        emit IBondedOperators.OperatorRetired(alice, t + 1, t + UNBONDING);
        vm.prank(alice);
        operators.retire();
        assertEq(operators.signerAt(alice, t), key);
        assertEq(operators.signerAt(alice, t + 1), address(0));
        assertEq(operators.stakeAt(alice, t + 1), 0);
        assertEq(operators.totalStakeAt(t + 1), 1);

        vm.startPrank(alice);
        vm.warp(t + UNBONDING - 1);
        vm.expectRevert(abi.encodeWithSelector(IBondedOperators.BondLocked.selector, alice, t + UNBONDING));
        operators.withdrawBond(alice);
        vm.warp(t + UNBONDING);
        vm.expectRevert(abi.encodeWithSelector(IBondedOperators.InvalidRecipient.selector, address(0)));
        operators.withdrawBond(address(0));
        vm.expectRevert(abi.encodeWithSelector(IBondedOperators.InvalidRecipient.selector, address(operators)));
        operators.withdrawBond(address(operators));
        vm.expectEmit(address(operators));
        emit IBondedOperators.BondWithdrawn(alice, treasury, BOND);
        operators.withdrawBond(treasury);
        assertEq(opg.balanceOf(address(operators)), BOND);
        vm.expectRevert(
            abi.encodeWithSelector(
                IBondedOperators.NothingToWithdraw.selector, alice, IBondedOperators.OperatorStatus.None
            )
        );
        operators.withdrawBond(treasury);
    }

    function test_RevertWhen_ActiveOperatorWithdraws() public {
        vm.expectRevert(
            abi.encodeWithSelector(
                IBondedOperators.NothingToWithdraw.selector, operator, IBondedOperators.OperatorStatus.Active
            )
        );
        vm.prank(operator);
        operators.withdrawBond(operator);
    }

    function test_Register_AgainAfterWithdrawingKeepsTheGapInTheHistory() public {
        _registerAlice();
        _mine(1);
        uint64 first = _now();
        vm.prank(alice);
        operators.retire();
        vm.warp(first + UNBONDING);
        vm.prank(alice);
        operators.withdrawBond(alice);
        vm.startPrank(alice);
        opg.approve(address(operators), BOND);
        operators.register(otherKey, 1, "", "");
        assertEq(operators.signerAt(alice, first), key);
        assertEq(operators.signerAt(alice, first + 1), address(0));
        assertEq(operators.signerAt(alice, _now()), address(0));
        assertEq(operators.signerAt(alice, _now() + 1), otherKey);
    }

    function test_RevertWhen_DeployedWithoutTokenOrBond() public {
        vm.expectRevert(abi.encodeWithSelector(IBondedOperators.InvalidConfiguration.selector, address(0), BOND));
        new BondedOperators(IERC20(address(0)), BOND, 0);
        vm.expectRevert(abi.encodeWithSelector(IBondedOperators.InvalidConfiguration.selector, address(opg), 0));
        new BondedOperators(opg, 0, 0);
    }

    /// O1, O2: whatever happens later, what was said about a moment stays, and the count is that of the stakes.
    /// forge-config: default.fuzz.runs = 128
    function testFuzz_History_NeverChangesWhatWasSaid(uint256 seed) public {
        address[3] memory accounts = [alice, makeAddr("bob"), makeAddr("carol")];
        for (uint256 i = 0; i < 3; ++i) {
            _fund(accounts[i], 10 * BOND);
            vm.prank(accounts[i]);
            opg.approve(address(operators), type(uint256).max);
        }
        uint64[24] memory times;
        bytes32[24] memory said;
        for (uint256 step = 0; step < 24; ++step) {
            seed = uint256(keccak256(abi.encode(seed)));
            _changeSomething(accounts[seed % 3], seed >> 8);
            if (seed & (1 << 100) != 0) _mine(1 + (seed >> 104) % 3);
            times[step] = _now();
            said[step] = _say(accounts, times[step]);
        }
        vm.warp(_now() + 100);
        for (uint256 step = 0; step < 24; ++step) {
            assertEq(_say(accounts, times[step]), said[step], "history changed");
            uint256 total = operators.stakeAt(operator, times[step]);
            for (uint256 i = 0; i < 3; ++i) {
                total += operators.stakeAt(accounts[i], times[step]);
            }
            assertEq(operators.totalStakeAt(times[step]), total, "count differs from the sum");
        }
    }

    function _changeSomething(address account, uint256 choice) private {
        IBondedOperators.OperatorStatus status = operators.operatorOf(account).status;
        vm.startPrank(account);
        if (status == IBondedOperators.OperatorStatus.None) {
            operators.register(address(uint160(choice) | 1), 1, "", "");
        } else if (status == IBondedOperators.OperatorStatus.Unbonding) {
            vm.warp(_now() + UNBONDING);
            operators.withdrawBond(account);
        } else if (choice % 3 == 0) {
            operators.retire();
        } else {
            operators.setSigner(address(uint160(choice) | 1));
        }
        vm.stopPrank();
    }

    function _say(address[3] memory accounts, uint64 t) private view returns (bytes32) {
        return keccak256(
            abi.encode(
                operators.signerAt(accounts[0], t),
                operators.signerAt(accounts[1], t),
                operators.signerAt(accounts[2], t),
                operators.totalStakeAt(t)
            )
        );
    }
}
