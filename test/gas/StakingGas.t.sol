// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {Slash} from "../../contracts/interfaces/IStakingCommon.sol";
import {Continued} from "../../contracts/staking/Continued.sol";
import {StakingFixture} from "../staking/support/StakingFixture.sol";

/// @notice Gas of whole transactions, kept in snapshots/Staking.json: each call is a transaction of its own, base cost,
/// calldata and cold storage included. Allowances are unlimited. The operator and the network have been staked to
/// before, and an even and an odd change of stake are both measured where they differ: every second one writes a slot
/// of the operator's history and one of the network's.
/// forge-config: default.isolate = true
contract StakingGasTest is StakingFixture {
    string private constant GROUP = "Staking";

    function setUp() public override {
        super.setUp();
        _register(op, 20_000 ether);
        _pass(1 days);
        _register(rival, 20_000 ether);
        _pass(1 days);
        _stake(op, dave, 100 ether);
        _pass(1 days);
        _give(bob, 1_000 ether);
        _give(carol, 1_000 ether);
    }

    function _keep(string memory name) private returns (uint256) {
        vm.snapshotGasLastCall(GROUP, name);
        return vm.lastCallGas().gasTotalUsed;
    }

    function test_Gas_Sizes() public {
        address second = Continued(address(staking)).nextPart();
        address implementation = address(uint160(uint256(vm.load(address(staking), ERC1967Utils.IMPLEMENTATION_SLOT))));
        _size("CustodyVault", address(vault));
        _size("Staking", implementation);
        _size("StakingSlashes", second);
        _size("StakingOperators", Continued(second).nextPart());
    }

    function _size(string memory name, address code) private {
        vm.snapshotValue(GROUP, string.concat("runtime size in bytes, ", name), code.code.length);
        assertLe(code.code.length, 24_576);
    }

    function test_Gas_Register() public {
        _give(carol, MIN_SELF);
        vm.prank(carol);
        staking.register(key, 1, 500, MIN_SELF, "https://node.example.org", "ipfs://bafy");
        _keep("register");
    }

    function test_Gas_Delegate() public {
        vm.startPrank(bob);
        staking.delegate(op, 100 ether, 100 ether);
        _keep("delegate, first time, one history writes a pair");
        staking.delegate(op, 100 ether, 100 ether);
        _keep("delegate, again in the same second");
        _pass(1 days);
        staking.delegate(op, 100 ether, 100 ether);
        _keep("delegate, later, one history writes a pair");
        vm.stopPrank();
        // A change of the rival's stake brings both histories in step.
        _pass(1 days);
        _stake(rival, carol, 1 ether);
        _pass(1 days);
        vm.startPrank(bob);
        staking.delegate(op, 100 ether, 100 ether);
        _keep("delegate, later, both histories write a pair");
        _pass(1 days);
        staking.delegate(op, 100 ether, 100 ether);
        _keep("delegate, later, neither history writes a pair");
        vm.stopPrank();
    }

    function test_Gas_DelegateFirstTime() public {
        _stake(rival, dave, 1 ether);
        _pass(1 days);
        vm.startPrank(bob);
        staking.delegate(op, 100 ether, 0);
        _keep("delegate, first time, both histories write a pair");
        _pass(1 days);
        vm.stopPrank();
        vm.prank(carol);
        staking.delegate(op, 100 ether, 0);
        assertLe(_keep("delegate, first time, neither history writes a pair"), 135_000);
    }

    /// As on a network that has been used for a while: 4,096 changes of all stake lie behind it, so that the history of all
    /// stake writes over what is too old.
    function test_Gas_DelegateWhereOldTotalsAreForgotten() public {
        for (uint256 i; i < 4_100; ++i) {
            _pass(1);
            vm.prank(carol);
            staking.delegate(rival, 1, 0);
        }
        _pass(1 days);
        vm.startPrank(bob);
        staking.delegate(op, 100 ether, 0);
        uint256[4] memory costs;
        for (uint256 i; i < 4; ++i) {
            _pass(1 days);
            // In between, a change elsewhere: both histories write in the same transaction, and then they do not.
            if (i == 2) {
                vm.stopPrank();
                _stake(rival, dave, 1 ether);
                _pass(1 days);
                vm.startPrank(bob);
            }
            staking.delegate(op, 100 ether, 0);
            costs[i] = vm.lastCallGas().gasTotalUsed;
        }
        vm.stopPrank();
        string[4] memory names = ["neither writes", "the network's writes", "the operator's writes", "both write"];
        for (uint256 i; i < 4; ++i) {
            uint256 rank;
            for (uint256 j; j < 4; ++j) {
                if (costs[j] < costs[i]) ++rank;
            }
            vm.snapshotValue(GROUP, string.concat("delegate, later, old totals forgotten, ", names[rank]), costs[i]);
        }
    }

    function test_Gas_TopUp() public {
        _give(op, 1_000 ether);
        vm.startPrank(op);
        staking.delegate(op, 100 ether, 0);
        _keep("top up");
        vm.stopPrank();
    }

    function test_Gas_DelegateWithVotes() public {
        vm.startPrank(bob);
        opg.delegate(carol);
        _pass(1 days);
        staking.delegate(op, 100 ether, 0);
        _keep("delegate, first time, votes delegated");
        vm.stopPrank();
    }

    function test_Gas_UnbondAndWithdraw() public {
        vm.startPrank(bob);
        staking.delegate(op, 100 ether, 0);
        _pass(1 days);
        staking.unbond(op, bob, 40 ether, 0);
        _keep("unbond, first time");
        _pass(1 days);
        staking.unbond(op, bob, 10 ether, 0);
        _keep("unbond, later");
        _pass(1 days);
        staking.cancelUnbond(op, bob, 2);
        _keep("cancelUnbond");
        _pass(UNBONDING);
        staking.withdraw(op, bob, 1, bob, 0);
        assertLe(_keep("withdraw"), 75_000);
        vm.stopPrank();
    }

    /// Both histories have just written a pair: neither does it now.
    function test_Gas_UnbondBetweenPairs() public {
        vm.startPrank(bob);
        staking.delegate(op, 100 ether, 0);
        _pass(1 days);
        staking.unbond(op, bob, 40 ether, 0);
        vm.stopPrank();
        _pass(1 days);
        _stake(rival, carol, 1 ether);
        _pass(1 days);
        vm.startPrank(bob);
        staking.unbond(op, bob, 10 ether, 0);
        _keep("unbond, later, both histories write a pair");
        _pass(1 days);
        staking.unbond(op, bob, 10 ether, 0);
        assertLe(_keep("unbond, later, neither history writes a pair"), 100_000);
        vm.stopPrank();
    }

    function test_Gas_Redelegate() public {
        _stake(rival, carol, 1 ether);
        vm.startPrank(bob);
        staking.delegate(op, 100 ether, 0);
        staking.unbond(op, bob, 40 ether, 0);
        _pass(UNBONDING);
        staking.redelegate(op, bob, 1, rival, 0);
        _keep("redelegate");
        vm.stopPrank();
    }

    function test_Gas_Slash() public {
        _give(challenger, 1);
        _give(payer, 1);
        (, Slash memory s) = _slash(FATAL, op, 20_050 ether);
        uint256 opened = _keep("slash, own and pool");
        _pass(VETO);
        staking.executeSlash(s);
        uint256 executed = _keep("executeSlash, two paid, rest burned");
        vm.snapshotValue(GROUP, "slash in all", opened + executed);
        staking.sync(op, dave, none);
        _keep("sync");
        staking.burnOwnerless();
        _keep("burnOwnerless");
    }

    function test_Gas_SlashOfOwnStake() public {
        (, Slash memory s) = _slash(MINOR, op, 50 ether);
        _keep("slash, own only");
        vm.prank(governance);
        staking.vetoSlash(s);
        _keep("vetoSlash");
    }
}
