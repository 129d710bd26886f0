// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeeCap, IFeeRouter} from "../../../contracts/interfaces/IFeeRouter.sol";
import {ModelVersion} from "../../../contracts/interfaces/ModelVersion.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {ExactExp} from "./ExactExp.sol";
import {MarketFixture} from "./MarketFixture.sol";

/// @notice Pays, sweeps, declares and stakes at random, for two operators and two versions, beside a ledger of its own that walks
/// from epoch to epoch and keeps every fee with its time. Every action must do exactly what the ledger says.
contract FeeHandler is MarketFixture {
    uint256 private constant WINDOW = 8 days;
    uint256 private constant EPOCH_LENGTH = 1 hours;

    struct Declared {
        uint256 capacity;
        uint256 bucket;
        /// Units offered and counted since the beginning.
        uint256 offered;
        uint256 counted;
    }

    struct Fee {
        uint256 time;
        uint256 amount;
    }

    address[2] public operators;
    ModelVersion[2] private _versions;
    mapping(address operator => Declared declared) public declared;
    mapping(address operator => Fee[] fees) private _fees;
    /// The price with 36 more decimals, by exact arithmetic.
    uint256 public exactPrice;
    uint256 public units;
    uint256 public offered;
    uint256 private _began;
    uint256 private _lookedAt;
    uint256 public paid;
    uint256 public divided;
    uint256 public burned;
    uint256 public collected;
    /// Greatest sum of fees within a window, less the cap at its last fee; must stay zero.
    uint256 public excess;

    function setUp() public override {
        super.setUp();
        operators = [op, rival];
        _versions = [version, _publish("other weights", 2_000)];
        _give(op, 100_000 ether);
        _give(rival, 100_000 ether);
        (exactPrice, _began, _lookedAt) = (FIRST_PRICE * ExactExp.ONE, block.timestamp, block.timestamp);
    }

    function _feeCap() internal pure override returns (FeeCap memory) {
        return FeeCap({window: uint32(WINDOW), perStakeBps: 1_000, least: 100 ether});
    }

    function pass(uint256 time) external {
        // Mostly within an epoch, sometimes beyond a window, and then without a model of each empty epoch for ever.
        time = time % 4 == 0 ? bound(time, 0, 2 * WINDOW) : bound(time, 0, 2 * EPOCH_LENGTH);
        vm.warp(block.timestamp + time);
        _walk();
    }

    function payFor(uint256 who, uint256 which, uint256 amount) external {
        amount = bound(amount, 1, amount % 3 == 0 ? 5_000 ether : 50 ether);
        _payTo(operators[who % 2], _versions[which % 2], amount);
        paid += amount;
    }

    function sweep(uint256 who, uint256 which) external {
        address operator = operators[who % 2];
        ModelVersion which_ = _versions[which % 2];
        address from = router.vaultOf(operator, which_);
        uint256 amount = opg.balanceOf(from);
        (uint256 unsettled, uint256 most) = router.unsettledOf(operator);
        uint256 supply = opg.totalSupply();
        if (amount == 0) {
            vm.expectRevert(abi.encodeWithSelector(IFeeRouter.NothingToSweep.selector, from));
        } else if (unsettled >= most) {
            vm.expectRevert(abi.encodeWithSelector(IFeeRouter.UnsettledFeesAtCap.selector, operator, unsettled, most));
        }
        uint256 got = router.sweep(operator, which_);
        if (amount == 0 || unsettled >= most) return;
        assertEq(got, Math.min(amount, most - unsettled), "divided");
        divided += got;
        burned += supply - opg.totalSupply();
        _fees[operator].push(Fee(block.timestamp, got));
        uint256 sum = within(operator, WINDOW);
        if (sum > most && sum - most > excess) excess = sum - most;
        _count(operator, got);
    }

    function collect(uint256 who) external {
        address[4] memory accounts = [op, rival, modelOwner, verifiers];
        address account = accounts[who % 4];
        if (router.owed(account) == 0) return;
        collected += router.collect(account, account);
    }

    function declare(uint256 who, uint256 capacity) external {
        address operator = operators[who % 2];
        capacity = bound(capacity, 0, market.mostCapacityOf(operator));
        _declare(operator, capacity);
        _setCapacity(operator, capacity);
    }

    function cut(uint256 who) external {
        address operator = operators[who % 2];
        uint256 most = market.mostCapacityOf(operator);
        if (declared[operator].capacity <= most) return;
        assertEq(market.cut(operator), most);
        _setCapacity(operator, most);
    }

    function stake(uint256 who, uint256 amount) external {
        address operator = operators[who % 2];
        amount = bound(amount, 1 ether, 1_000 ether);
        if (opg.balanceOf(operator) < amount) return;
        _stake(operator, operator, amount);
    }

    function unbond(uint256 who, uint256 part) external {
        address operator = operators[who % 2];
        if (_position(operator, operator).openUnbonds > 10) return;
        uint256 shares = _position(operator, operator).shares / bound(part, 4, 100);
        if (shares != 0) _unbond(operator, operator, shares);
    }

    function jail(uint256 who) external {
        vm.prank(guardian);
        staking.jail(operators[who % 2], 1 hours);
        vm.warp(block.timestamp + 1);
        _walk();
    }

    function unjail(uint256 who) external {
        address operator = operators[who % 2];
        vm.prank(operator);
        // It is early, or the stake is too small: then it stays where it is.
        try staking.unjail() {} catch {}
    }

    /// Governance begins an epoch anew.
    function restart() external {
        vm.prank(governance);
        market.setParameters(_marketParameters());
        (_began, units, offered) = (block.timestamp, 0, 0);
    }

    function advance() external {
        market.advance();
    }

    /// What was divided for an operator within so many seconds.
    function within(address operator, uint256 time) public view returns (uint256 sum) {
        Fee[] storage fees = _fees[operator];
        for (uint256 i; i < fees.length; ++i) {
            if (fees[i].time + time >= block.timestamp) sum += fees[i].amount;
        }
    }

    function inVaults() external view returns (uint256 sum) {
        for (uint256 i; i < 4; ++i) {
            sum += opg.balanceOf(router.vaultOf(operators[i / 2], _versions[i % 2]));
        }
    }

    function owed() external view returns (uint256) {
        return router.owed(op) + router.owed(rival) + router.owed(modelOwner) + router.owed(verifiers);
    }

    function contracts() external view returns (address, address, address) {
        return (address(market), address(router), address(opg));
    }

    function _count(address operator, uint256 fee) private {
        Declared storage d = declared[operator];
        if (d.capacity == 0) return;
        uint256 counted = Math.min(fee / market.price(), d.bucket);
        d.bucket -= counted;
        d.counted += counted;
        units += counted;
        uint256 most = market.mostCapacityOf(operator);
        if (d.capacity > most) _setCapacity(operator, most);
    }

    function _setCapacity(address operator, uint256 capacity) private {
        Declared storage d = declared[operator];
        d.capacity = capacity;
        d.bucket = Math.min(d.bucket, capacity * EPOCH_LENGTH);
    }

    /// From the last look to now, epoch by epoch.
    function _walk() private {
        while (_began + EPOCH_LENGTH <= block.timestamp) {
            _offer(_began + EPOCH_LENGTH);
            _move();
            (_began, units, offered) = (_began + EPOCH_LENGTH, 0, 0);
        }
        _offer(block.timestamp);
    }

    function _offer(uint256 until) private {
        for (uint256 i; i < 2; ++i) {
            Declared storage d = declared[operators[i]];
            uint256 more = d.capacity * (until - _lookedAt);
            d.bucket = Math.min(d.bucket + more, d.capacity * EPOCH_LENGTH);
            d.offered += more;
            offered += more;
        }
        _lookedAt = until;
    }

    function _move() private {
        uint256 least = uint256(_marketParameters().minPrice) * ExactExp.ONE;
        uint256 most = uint256(_marketParameters().maxPrice) * ExactExp.ONE;
        if (units == 0 && exactPrice == least) return;
        uint256 against = Math.max(offered, _marketParameters().capacityFloor * EPOCH_LENGTH);
        uint256 target = against * _marketParameters().targetBps / 10_000;
        uint256 step = ExactExp.ln1p(_marketParameters().maxChangeBps, 10_000);
        if (units >= target) {
            uint256 up = Math.mulDiv(step, Math.min(units - target, target), target);
            exactPrice = Math.min(ExactExp.times(exactPrice, up), most);
        } else {
            exactPrice = Math.max(ExactExp.over(exactPrice, Math.mulDiv(step, target - units, target)), least);
        }
    }
}
