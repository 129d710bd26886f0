// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {Test} from "forge-std/Test.sol";
import {ICustodyVault} from "../../../contracts/interfaces/ICustodyVault.sol";
import {IOpg} from "../../../contracts/interfaces/IOpg.sol";
import {IStaking} from "../../../contracts/interfaces/IStaking.sol";
import {
    OperatorView,
    PoolView,
    PositionView,
    Slash,
    SlashRule,
    StakingParameters,
    UnbondView
} from "../../../contracts/interfaces/IStakingCommon.sol";
import {IStakingSlashes} from "../../../contracts/interfaces/IStakingSlashes.sol";
import {CustodyVault} from "../../../contracts/staking/CustodyVault.sol";
import {Staking} from "../../../contracts/staking/Staking.sol";
import {StakingOperators} from "../../../contracts/staking/StakingOperators.sol";
import {StakingSlashes} from "../../../contracts/staking/StakingSlashes.sol";
import {Opg} from "../../../contracts/token/Opg.sol";

/// @notice Token, vault and staking deployed as in production, with three roles and two rows in the slash table.
abstract contract StakingFixture is Test {
    uint256 internal constant SUPPLY = 1_000_000_000 ether;
    uint256 internal constant START = 1_800_000_000;
    uint80 internal constant MIN_SELF = 10_000 ether;
    uint32 internal constant UNBONDING = 21 days;
    uint32 internal constant VETO = 3 days;
    /// Takes up to everything, jails for 7 days.
    uint8 internal constant FATAL = 1;
    /// Takes up to a tenth in a day, jails for 1 day.
    uint8 internal constant MINOR = 2;
    uint64 private constant SLASHER = 1;
    uint64 private constant GUARDIAN = 2;

    address internal governance = makeAddr("governance");
    address internal disputes = makeAddr("dispute contract");
    address internal guardian = makeAddr("guardian");
    address internal treasury = makeAddr("treasury");
    address internal op = makeAddr("operator");
    address internal rival = makeAddr("rival operator");
    address internal key = makeAddr("operator key");
    address internal bob = makeAddr("bob");
    address internal carol = makeAddr("carol");
    address internal dave = makeAddr("dave");
    address internal challenger = makeAddr("challenger");
    address internal payer = makeAddr("harmed payer");

    AccessManager internal manager;
    Opg internal opg;
    CustodyVault internal vault;
    IStaking internal staking;
    uint256[] internal none;

    function setUp() public virtual {
        vm.warp(START);
        manager = new AccessManager(governance);
        // Token, vault and staking know each other as immutables: the last of five contracts is the proxy.
        uint256 nonce = vm.getNonce(address(this));
        address vaultAt = vm.computeCreateAddress(address(this), nonce + 1);
        address stakingAt = vm.computeCreateAddress(address(this), nonce + 5);
        opg = new Opg(vaultAt, treasury);
        vault = new CustodyVault(opg, stakingAt);
        address operatorsPart = address(new StakingOperators(opg, vault));
        address slashesPart = address(new StakingSlashes(opg, vault, operatorsPart));
        address code = address(new Staking(opg, vault, slashesPart, _rewardsAt()));
        bytes memory init = abi.encodeCall(StakingSlashes.initialize, (address(manager), _parameters()));
        staking = IStaking(address(new ERC1967Proxy(code, init)));
        assertEq(address(staking), stakingAt);
        assertEq(address(vault), vaultAt);
        _grantRoles();
    }

    /// Who may set the stream of rewards and take them: an account, where no rewards contract is needed.
    function _rewardsAt() internal virtual returns (address) {
        return makeAddr("rewards");
    }

    function _grantRoles() private {
        vm.startPrank(governance);
        _guard(IStakingSlashes.slash.selector, SLASHER);
        _guard(IStakingSlashes.freeze.selector, SLASHER);
        _guard(IStakingSlashes.unfreeze.selector, SLASHER);
        _guard(IStakingSlashes.suspendSlash.selector, GUARDIAN);
        _guard(IStakingSlashes.jail.selector, GUARDIAN);
        manager.grantRole(SLASHER, disputes, 0);
        manager.grantRole(GUARDIAN, guardian, 0);
        staking.setSlashRule(FATAL, SlashRule(10_000, 2_000, 1_000, 1 days, 7 days));
        staking.setSlashRule(MINOR, SlashRule(1_000, 2_000, 1_000, 1 days, 1 days));
        vm.stopPrank();
    }

    function _guard(bytes4 selector, uint64 role) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        manager.setTargetFunctionRole(address(staking), selectors, role);
    }

    function _parameters() internal pure returns (StakingParameters memory) {
        return StakingParameters({
            minSelfStake: MIN_SELF,
            unbondingPeriod: UNBONDING,
            receiptAge: 1 hours,
            challengeWindow: 7 days,
            vetoWindow: VETO,
            commissionNotice: 7 days,
            maxCommissionBps: 2_000
        });
    }

    function _give(address account, uint256 amount) internal {
        vm.prank(treasury);
        opg.transfer(account, amount);
        vm.prank(account);
        opg.approve(address(vault), type(uint256).max);
    }

    function _register(address account, uint256 amount) internal {
        _give(account, amount);
        vm.prank(account);
        staking.register(key, 1, 500, amount, "https://node", "ipfs://node");
    }

    /// Gives and stakes.
    function _stake(address operator, address account, uint256 amount) internal returns (uint256 shares) {
        _give(account, amount);
        vm.prank(account);
        return staking.delegate(operator, amount, 0);
    }

    function _unbond(address operator, address account, uint256 shares) internal returns (uint256 id) {
        vm.prank(account);
        return staking.unbond(operator, account, shares, 0);
    }

    function _withdraw(address operator, address account, uint256 id) internal returns (uint256 amount) {
        vm.prank(account);
        return staking.withdraw(operator, account, id, account, 0);
    }

    function _pass(uint256 time) internal {
        vm.warp(vm.getBlockTimestamp() + time);
    }

    function _now() internal view returns (uint64) {
        return uint64(vm.getBlockTimestamp());
    }

    /// Slashes for an offence of a second later, when all that was staked before counts.
    function _slash(uint8 offence, address operator, uint256 amount) internal returns (bytes32 id, Slash memory s) {
        _pass(1);
        vm.prank(disputes);
        return staking.slash(operator, offence, amount, _now(), challenger, payer);
    }

    function _slashAndExecute(uint8 offence, address operator, uint256 amount) internal returns (Slash memory s) {
        (, s) = _slash(offence, operator, amount);
        _pass(VETO);
        staking.executeSlash(s);
    }

    /// Lets an operator return from jail.
    function _unjail(address operator) internal {
        vm.warp(vm.getBlockTimestamp() + 7 days);
        vm.prank(operator);
        staking.unjail();
    }

    function _position(address operator, address account) internal view returns (PositionView memory) {
        return staking.positionOf(operator, account);
    }

    function _own(address operator) internal view returns (PoolView memory pool) {
        (pool,) = staking.poolsOf(operator);
    }

    function _pool(address operator) internal view returns (PoolView memory pool) {
        (, pool) = staking.poolsOf(operator);
    }

    function _weight(address operator) internal view returns (uint256) {
        return staking.stakeAt(operator, _now() + 1);
    }

    function _ids(uint256 id) internal pure returns (uint256[] memory ids) {
        ids = new uint256[](1);
        ids[0] = id;
    }
}
