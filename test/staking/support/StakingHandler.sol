// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdUtils} from "forge-std/StdUtils.sol";
import {IStaking} from "../../../contracts/interfaces/IStaking.sol";
import {IStakingCommon, PoolView, Slash, UnbondView} from "../../../contracts/interfaces/IStakingCommon.sol";
import {Opg} from "../../../contracts/token/Opg.sol";
import {StakingModel} from "./StakingModel.sol";

/// @notice Drives staking as operators, delegators, disputes, guardian and governance would, and the model along with it.
contract StakingHandler is CommonBase, StdUtils {
    struct Memory {
        address operator;
        uint64 time;
        uint256 stake;
        uint256 total;
        address signer;
    }

    /// A dispute that is not decided.
    struct Dispute {
        address operator;
        uint96 frozen;
        uint32 round;
    }

    /// Longest time for which disputes hold an exit.
    uint256 private constant MAX_FREEZE = 14 days;

    IStaking public immutable staking;
    Opg public immutable opg;
    StakingModel public immutable model;
    address private immutable disputes;
    address private immutable governance;

    address[] public operators;
    address[] public accounts;
    Slash[] private _slashes;
    Memory[] public memories;
    Dispute[] private _disputes;
    /// Exits that were due and reverted; must stay zero.
    uint256 public blockedExits;
    /// Exits that paid more than the model allows; must stay zero.
    uint256 public overpaid;
    /// Each changes a value by a wei at most for each entry.
    uint256 public actions;
    /// OPG wei taken by slashes and not returned.
    uint256 public slashed;
    uint256 public ownInEscrow;
    mapping(address operator => uint256 amount) public ownEscrowOf;
    /// Exits with which stake left that disputes may need; must stay zero.
    uint256 public escaped;
    uint256 public exits;
    uint256 public executed;
    uint256 public vetoed;
    /// Actions in which this handler or its model failed; must stay zero.
    uint256 public broken;

    constructor(IStaking staking_, address[] memory operators_, address[] memory accounts_, address[2] memory roles) {
        staking = staking_;
        opg = Opg(address(staking_.opg()));
        model = new StakingModel();
        (operators, accounts) = (operators_, accounts_);
        (disputes, governance) = (roles[0], roles[1]);
        for (uint256 i; i < operators_.length; ++i) {
            model.add(operators_[i], operators_[i], staking.positionOf(operators_[i], operators_[i]).amount);
        }
    }

    function operatorCount() external view returns (uint256) {
        return operators.length;
    }

    function accountCount() external view returns (uint256) {
        return accounts.length;
    }

    function memoryCount() external view returns (uint256) {
        return memories.length;
    }

    function stake(uint256 o, uint256 payer, uint256 owner, uint256 amount) external {
        (address operator, address from, address to) = (_operator(o), _account(payer), _account(owner));
        amount = bound(amount, 0, opg.balanceOf(from) / (amount % 7 == 0 ? 1 : 100));
        vm.prank(from);
        try staking.delegateFor(operator, to, amount, 0) {
            model.add(operator, to, amount);
            ++actions;
        } catch {}
    }

    function unbond(uint256 o, uint256 a, uint256 shares) public {
        (address operator, address account) = (_operator(o), _account(a));
        uint256 available = staking.positionOf(operator, account).shares;
        if (available == 0 || staking.positionOf(operator, account).openUnbonds == 16) return;
        shares = shares % 3 == 0 ? available : bound(shares, 1, available);
        vm.prank(account);
        try staking.unbond(operator, account, shares, 0) returns (uint256 id) {
            model.split(operator, account, id, shares, available);
            ++actions;
        } catch {
            // Only an operator has to keep something.
            if (account != operator) ++blockedExits;
        }
    }

    function cancel(uint256 o, uint256 a, uint256 i) external {
        (address operator, address account) = (_operator(o), _account(a));
        uint256 id = _openId(operator, account, i);
        if (id == 0) return;
        vm.prank(account);
        try staking.cancelUnbond(operator, account, id) {
            model.merge(operator, account, id);
            ++actions;
        } catch {}
    }

    function withdraw(uint256 o, uint256 a, uint256 i, bool toAnother) external {
        (address operator, address account) = (_operator(o), _account(a));
        uint256 id = _openId(operator, account, i);
        if (id == 0 || staking.unbondOf(operator, account, id).maturesAt > block.timestamp) return;
        uint256 expected = model.valueOf(operator, account, id);
        bool waits = _isHeld(operator, account, id);
        vm.prank(account);
        try staking.withdraw(operator, account, id, toAnother ? _account(a + 1) : account, 0) returns (uint256 amount) {
            if (waits) ++escaped;
            if (amount > expected + actions + 1) ++overpaid;
            model.close(operator, account, id);
            ++actions;
            ++exits;
        } catch {
            if (!waits) ++blockedExits;
        }
    }

    function redelegate(uint256 o, uint256 a, uint256 i, uint256 to) external {
        (address operator, address account, address next) = (_operator(o), _account(a), _operator(to));
        uint256 id = _openId(operator, account, i);
        if (id == 0) return;
        uint256 amount = staking.unbondOf(operator, account, id).amount;
        bool waits = _isHeld(operator, account, id);
        vm.prank(account);
        try staking.redelegate(operator, account, id, next, 0) {
            if (waits) ++escaped;
            model.close(operator, account, id);
            model.add(next, account, amount);
            ++actions;
        } catch {}
    }

    function slash(uint256 o, uint8 offence, uint256 amount, uint256 age) external {
        address operator = _operator(o);
        offence = uint8(bound(offence, 1, 2));
        amount = amount % 4 == 0 ? type(uint256).max : bound(amount, 1, 50_000 ether);
        uint64 offenceAt = uint64(block.timestamp - bound(age, 0, 10 days));
        vm.prank(disputes);
        try staking.slash(operator, offence, amount, offenceAt, _account(amount), address(0)) returns (
            bytes32 slashId, Slash memory opened
        ) {
            model.slash(slashId, operator, opened.own, opened.pool);
            _slashes.push(opened);
            slashed += uint256(opened.own) + opened.pool;
            ownInEscrow += opened.own;
            ownEscrowOf[operator] += opened.own;
            ++actions;
        } catch {}
    }

    function freeze(uint256 o, uint8 offence, uint256 amount, uint256 time) external {
        address operator = _operator(o);
        offence = uint8(bound(offence, 1, 2));
        uint64 offenceAt = uint64(block.timestamp - bound(amount, 0, 10 days));
        uint64 until = uint64(block.timestamp + bound(time, 0, 30 days));
        amount = amount % 4 != 0 ? type(uint256).max : bound(amount, 1, 50_000 ether);
        vm.prank(disputes);
        (uint96 frozen, uint32 round) = staking.freeze(operator, offence, amount, offenceAt, until);
        if (frozen != 0) _disputes.push(Dispute(operator, frozen, round));
    }

    function unfreeze(uint256 i) external {
        if (_disputes.length == 0) return;
        i = bound(i, 0, _disputes.length - 1);
        Dispute memory ended = _disputes[i];
        vm.prank(disputes);
        staking.unfreeze(ended.operator, ended.frozen, ended.round);
        _disputes[i] = _disputes[_disputes.length - 1];
        _disputes.pop();
    }

    function veto(uint256 i) external {
        if (_slashes.length == 0) return;
        i = bound(i, 0, _slashes.length - 1);
        vm.prank(governance);
        try staking.vetoSlash(_slashes[i]) {
            slashed -= uint256(_slashes[i].own) + _slashes[i].pool;
            ++vetoed;
            _settle(i, true);
        } catch {}
    }

    function execute(uint256 i) external {
        if (_slashes.length == 0) return;
        i = bound(i, 0, _slashes.length - 1);
        try staking.executeSlash(_slashes[i]) {
            ++executed;
            _settle(i, false);
        } catch {}
    }

    function sync(uint256 o, uint256 a, uint256 i) external {
        (address operator, address account) = (_operator(o), _account(a));
        uint256[] memory ids = new uint256[](2);
        ids[0] = _openId(operator, account, i);
        ids[1] = ids[0];
        staking.sync(operator, account, ids);
        if (i % 3 == 0) staking.burnOwnerless();
    }

    function life(uint256 o, uint8 what) external {
        address operator = _operator(o);
        vm.prank(operator);
        what %= 8;
        if (what == 0) {
            uint256 shares = staking.positionOf(operator, operator).shares;
            try staking.retire() returns (uint256 id) {
                if (id != 0) model.split(operator, operator, id, shares, shares);
                ++actions;
            } catch {}
        } else if (what < 5) {
            try staking.unjail() {} catch {}
        } else {
            uint256 amount = opg.balanceOf(operator) / 4;
            try staking.register(address(uint160(o | 1)), 1, 0, amount, "", "") {
                model.add(operator, operator, amount);
                ++actions;
            } catch {}
        }
    }

    function vote(uint256 a, uint256 b) external {
        vm.prank(_account(a));
        opg.delegate(_account(b));
    }

    /// One action, chosen by `seed`: for sequences that are the same whatever runs them.
    function act(uint256 seed) external {
        uint256 r = uint256(keccak256(abi.encode(seed)));
        (uint256 o, uint256 a, uint256 b, uint256 x) = (r >> 8 & 0xff, r >> 16 & 0xff, r >> 24 & 0xff, r >> 32);
        bytes memory call;
        r %= 20;
        if (r < 4) call = abi.encodeCall(this.stake, (o, a, b, x));
        else if (r < 6) call = abi.encodeCall(this.unbond, (o, a, x));
        else if (r == 6) call = abi.encodeCall(this.cancel, (o, a, b));
        else if (r < 9) call = abi.encodeCall(this.withdraw, (o, a, b, x % 3 == 0));
        else if (r == 9) call = abi.encodeCall(this.redelegate, (o, a, b, x));
        else if (r < 12) call = abi.encodeCall(this.slash, (o, uint8(a), x, b * 1 hours));
        else if (r == 12) call = abi.encodeCall(this.veto, (a));
        else if (r == 13) call = abi.encodeCall(this.execute, (a));
        else if (r == 14) call = abi.encodeCall(this.sync, (o, a, b));
        else if (r < 17) call = abi.encodeCall(this.life, (o, uint8(a)));
        else if (r == 17 && x % 4 == 0) call = abi.encodeCall(this.vote, (a, b));
        else if (r == 17 && x % 4 == 1) call = abi.encodeCall(this.unfreeze, (a));
        else if (r == 17) call = abi.encodeCall(this.freeze, (o, uint8(a), x, b * 2 hours));
        else call = abi.encodeCall(this.pass, (x));
        (bool done,) = address(this).call(call);
        if (!done) ++broken;
    }

    function pass(uint256 time) external {
        uint64 time_ = uint64(vm.getBlockTimestamp());
        for (uint256 i; i < operators.length; ++i) {
            address operator = operators[i];
            memories.push(
                Memory(
                    operator,
                    time_,
                    staking.stakeAt(operator, time_),
                    staking.totalStakeAt(time_),
                    staking.signerAt(operator, time_)
                )
            );
        }
        vm.warp(time_ + (time % 3 == 0 ? bound(time, 1, 1 days) : bound(time, 1, 10 days)));
    }

    function _settle(uint256 i, bool isVeto) private {
        Slash memory s = _slashes[i];
        model.settle(keccak256(abi.encode(s)), isVeto);
        ownInEscrow -= s.own;
        ownEscrowOf[s.operator] -= s.own;
        _slashes[i] = _slashes[_slashes.length - 1];
        _slashes.pop();
        ++actions;
    }

    /// Whether an exit has to wait: it is not overdue, and without it less would be left than disputes may need.
    function _isHeld(address operator, address account, uint256 id) private view returns (bool) {
        UnbondView memory leaving = staking.unbondOf(operator, account, id);
        (uint256 frozen,) = staking.freezeOf(operator);
        if (leaving.amount == 0 || block.timestamp >= leaving.maturesAt + MAX_FREEZE) return false;
        (PoolView memory own, PoolView memory delegated) = staking.poolsOf(operator);
        uint256 left = own.assets + (account == operator ? 0 : delegated.assets) - leaving.amount;
        return left < frozen;
    }

    function _openId(address operator, address account, uint256 i) private view returns (uint256) {
        uint256 last = staking.positionOf(operator, account).lastId;
        for (uint256 k; k < last; ++k) {
            uint256 id = 1 + (i % last + k) % last;
            if (staking.unbondOf(operator, account, id).shares != 0) return id;
        }
        return 0;
    }

    function _operator(uint256 i) private view returns (address) {
        return operators[i % operators.length];
    }

    function _account(uint256 i) private view returns (address) {
        return accounts[i % accounts.length];
    }
}
