// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdUtils} from "forge-std/StdUtils.sol";
import {IStaking} from "../../../contracts/interfaces/IStaking.sol";
import {Schedule} from "../../../contracts/interfaces/IVestingVault.sol";
import {ModelVersion} from "../../../contracts/interfaces/ModelVersion.sol";
import {Opg} from "../../../contracts/token/Opg.sol";
import {FeeRouter} from "../../../contracts/payments/FeeRouter.sol";
import {Rewards} from "../../../contracts/staking/Rewards.sol";
import {RewardsModel} from "./RewardsModel.sol";
import {StakingHandler} from "./StakingHandler.sol";

/// @notice Drives rewards and fees between the actions of staking, and the model along with them.
contract RewardsHandler is CommonBase, StdUtils {
    StakingHandler public immutable inner;
    RewardsModel public immutable model;
    Rewards public immutable rewards;
    FeeRouter public immutable router;
    IStaking public immutable staking;
    Opg public immutable opg;
    ModelVersion public immutable version;
    Schedule private _schedule;
    uint256 private _unstreamed;
    address[] private accounts;
    address[] private operators;

    uint256 public actions;
    /// Wei claimed or compounded of what stake earned, and of what performance did.
    mapping(address operator => mapping(address account => uint256 amount)) public claimedBase;
    uint256 public claimed;
    uint256 public fees;
    uint256 public collected;
    uint256 public burned;
    uint256 public epochs;
    uint256 public performance;
    uint256 public forfeited;
    uint256 public compounded;
    uint256 public claims;
    uint256 public raises;
    /// Actions in which this handler or its model failed; must stay zero.
    uint256 public broken;

    constructor(
        Rewards rewards_,
        ModelVersion version_,
        Schedule memory schedule_,
        StakingHandler inner_,
        address[] memory operators_,
        address[] memory accounts_
    ) {
        (rewards, version, _schedule, inner) = (rewards_, version_, schedule_, inner_);
        router = FeeRouter(address(rewards_.feeRouter()));
        staking = rewards_.staking();
        opg = Opg(address(rewards_.opg()));
        (operators, accounts) = (operators_, accounts_);
        model = new RewardsModel(staking, operators_, accounts_);
    }

    /// One action, chosen by `seed`.
    function act(uint256 seed) external {
        ++actions;
        uint256 r = uint256(keccak256(abi.encode(seed, "rewards")));
        (uint256 o, uint256 a, uint256 x) = (r >> 8 & 0xff, r >> 16 & 0xff, r >> 24);
        (address operator, address account) = (operators[o % operators.length], accounts[a % accounts.length]);
        r %= 16;
        bytes memory call;
        if (r < 8) call = abi.encodeCall(this.stakingAction, (seed));
        else if (r == 8) call = abi.encodeCall(this.endEpoch, (x));
        else if (r < 11) call = abi.encodeCall(this.pay, (operator, account, x));
        else if (r < 13) call = abi.encodeCall(this.claim, (operator, account, x));
        else if (r == 13) call = abi.encodeCall(this.settlePerformance, (operator, x));
        else if (r == 14) call = abi.encodeCall(this.setCommission, (operator, x));
        else call = abi.encodeCall(this.collect, (account));
        (bool done,) = address(this).call(call);
        if (!done) ++broken;
        _follow();
    }

    function stakingAction(uint256 seed) external {
        inner.act(seed);
    }

    function endEpoch(uint256 x) external {
        (, uint256 endsAt) = rewards.currentEpoch();
        if (block.timestamp < endsAt) return;
        if (x % 4 != 0) rewards.vestingVault().release(_schedule, new bytes32[](0));
        uint256 base = rewards.undivided() * 5_000 / 10_000;
        rewards.endEpoch();
        _unstreamed = model.fill(base + _unstreamed, rewards.parameters().epochLength);
        ++epochs;
    }

    function pay(address operator, address from, uint256 x) external {
        uint256 amount = bound(x, 1, 1_000 ether);
        if (opg.balanceOf(from) < amount) return;
        address to = router.vaultOf(operator, version);
        vm.prank(from);
        opg.transfer(to, amount);
        if (x % 4 == 0) return;
        uint256 supply = opg.totalSupply();
        fees += router.sweep(operator, version);
        burned += supply - opg.totalSupply();
    }

    function claim(address operator, address account, uint256 x) external {
        uint256 base = staking.rewardsOf(operator, account);
        uint256 due = rewards.claimable(operator, account);
        if (due == 0) return;
        vm.startPrank(account);
        uint256 paid;
        if (x % 3 == 0) {
            try rewards.compound(operator, account, 0) returns (uint256 amount, uint256) {
                paid = amount;
                inner.model().add(operator, account, amount);
                ++compounded;
            } catch {}
        } else {
            paid = rewards.claim(operator, account, account);
        }
        vm.stopPrank();
        if (paid == 0) return;
        require(paid == due, "not what was claimable");
        claimed += paid;
        claimedBase[operator][account] += base;
        ++claims;
    }

    function settlePerformance(address operator, uint256 x) external {
        uint256 present = router.epoch();
        if (present == 0) return;
        uint256 epoch = bound(x, present > 3 ? present - 3 : 0, present - 1);
        (, uint256 burnedFees) = router.feesOf(epoch, operator);
        if (burnedFees == 0 || rewards.isSettled(operator, epoch)) return;
        uint256 before = rewards.performanceOf(operator);
        uint256 amount = rewards.settlePerformance(operator, epoch);
        require(amount <= burnedFees * 9 / 10, "more than the cap");
        uint256 earned = rewards.performanceOf(operator) - before;
        performance += earned;
        forfeited += amount - earned;
    }

    function setCommission(address operator, uint256 x) external {
        vm.prank(operator);
        try staking.setCommission(uint16(x % 2_001)) {
            ++raises;
        } catch {}
    }

    function collect(address account) external {
        if (router.owed(account) != 0) collected += router.collect(account, account);
    }

    /// An action either lets time pass or changes something. So the model sees the time with all as it was meanwhile, and
    /// then the commissions that count now.
    function _follow() private {
        model.pass();
        for (uint256 i; i < operators.length; ++i) {
            uint256 bps = staking.operatorOf(operators[i]).commissionBps;
            if (bps == model.commission(operators[i])) continue;
            staking.settle(operators[i]);
            model.setCommission(operators[i], bps);
        }
    }
}
