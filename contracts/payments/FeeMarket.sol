// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {CapacityView, IFeeMarket, MarketParameters, MarketView} from "../interfaces/IFeeMarket.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {PriceCurve} from "./PriceCurve.sol";

/// @title Moves the price of a compute unit by how much of the network's capacity is paid for
/// @notice See `IFeeMarket` and docs/rewards.md. Immutable, holds nothing; the authority can change the parameters within the
/// bounds below.
///
/// TIME
/// Nobody has to call at the end of an epoch: what is read is what `advance` would write. Epochs that nobody noticed counted
/// nothing.
///
/// TRUST
/// The fee router tells fees and stakes as they are. `Staking`, a proxy under governance, says what operators may declare.
/// A fee is never refused here, whatever it is: the router could not divide it.
contract FeeMarket is IFeeMarket, AccessManaged, Multicall {
    /// @notice Shortest and longest epoch.
    uint256 public constant MIN_EPOCH = 10 minutes;
    uint256 public constant MAX_EPOCH = 7 days;
    /// @notice Least and greatest target, in 1/10,000.
    uint256 public constant MIN_TARGET_BPS = 1_000;
    uint256 public constant MAX_TARGET_BPS = 9_000;
    /// @notice Least and greatest change of the price in an epoch, in 1/10,000.
    uint256 public constant MIN_CHANGE_BPS = 10;
    uint256 public constant MAX_CHANGE_BPS = 2_500;
    /// @notice Greatest capacity for an OPG, and greatest floor. With it no sum of declarations comes near 2^96.
    uint256 public constant MAX_CAPACITY_PER_OPG = 1e12;
    uint256 public constant MAX_CAPACITY_FLOOR = 1e21;

    uint256 private constant ONE_OPG = 1e18;

    /// The present epoch. One slot.
    struct Epoch {
        uint40 beganAt;
        /// Logarithm of the price, with 18 decimals.
        uint72 logPrice;
        uint128 units;
    }

    /// What all operators declare. One slot.
    struct Capacity {
        uint96 total;
        /// Units offered in the present epoch until `countedUntil`.
        uint120 units;
        uint40 countedUntil;
    }

    /// What an operator declares. One slot.
    struct Declared {
        uint80 capacity;
        /// Units that it offered until `filledAt` and that were not counted, for one epoch at most.
        uint120 countable;
        uint40 filledAt;
    }

    /// @inheritdoc IFeeMarket
    IStaking public immutable override staking;
    /// @inheritdoc IFeeMarket
    address public immutable override feeRouter;

    Epoch private _epoch;
    Capacity private _capacity;
    MarketParameters private _parameters;
    mapping(address operator => Declared declared) private _declared;

    /// @param authority The AccessManager: who may change the parameters.
    /// @param firstPrice The price to begin with.
    constructor(
        IStaking staking_,
        address feeRouter_,
        address authority,
        MarketParameters memory parameters_,
        uint256 firstPrice
    ) AccessManaged(authority) {
        // Zero would only mean that no fee counts; the deployment checks it.
        // slither-disable-next-line missing-zero-check
        (staking, feeRouter) = (staking_, feeRouter_);
        _requireWithin("firstPrice", firstPrice, parameters_.minPrice, parameters_.maxPrice);
        _setParameters(parameters_, PriceCurve.logOf(firstPrice));
    }

    /// @inheritdoc IFeeMarket
    function declareCapacity(uint256 capacity) external override {
        if (capacity != 0) {
            require(_isActive(msg.sender), OperatorInactive(msg.sender));
            uint256 most = mostCapacityOf(msg.sender);
            require(capacity <= most, CapacityTooHigh(capacity, most));
        }
        MarketParameters memory p = _parameters;
        _advance(p);
        _declare(msg.sender, _filled(_declared[msg.sender], p), capacity, p);
    }

    /// @inheritdoc IFeeMarket
    function cut(address operator) external override returns (uint256 capacity) {
        capacity = mostCapacityOf(operator);
        Declared memory declared = _declared[operator];
        require(declared.capacity > capacity, NothingToCut(operator, declared.capacity, capacity));
        MarketParameters memory p = _parameters;
        _advance(p);
        _declare(operator, _filled(declared, p), capacity, p);
    }

    /// @inheritdoc IFeeMarket
    function advance() external override {
        _advance(_parameters);
    }

    /// @inheritdoc IFeeMarket
    function count(address operator, uint256 fee, uint256 stake) external override {
        require(msg.sender == feeRouter, NotFeeRouter(msg.sender));
        Declared memory declared = _declared[operator];
        // Who declared nothing moves nothing.
        // slither-disable-next-line incorrect-equality
        if (declared.capacity == 0) return;
        MarketParameters memory p = _parameters;
        Epoch memory epoch = _advance(p);
        declared = _filled(declared, p);
        uint256 units = fee / PriceCurve.priceOf(epoch.logPrice, p);
        uint256 counted = Math.min(units, declared.countable);
        declared.countable -= uint120(counted);
        // The sum is of units that were offered: 2^80 per second, of fewer operators than 2^8 with all stake each.
        epoch.units += uint128(counted);
        _epoch = epoch;
        emit UnitsCounted(operator, units, counted);

        uint256 most = _capacityFor(stake, p);
        if (declared.capacity > most) _declare(operator, declared, most, p);
        else _declared[operator] = declared;
    }

    /// @inheritdoc IFeeMarket
    function setParameters(MarketParameters calldata parameters_) external override restricted {
        Epoch memory epoch = _advance(_parameters);
        _setParameters(parameters_, epoch.logPrice);
    }

    /// @inheritdoc IFeeMarket
    function price() external view override returns (uint256) {
        MarketParameters memory p = _parameters;
        (Epoch memory epoch,,) = _present(p);
        return PriceCurve.priceOf(epoch.logPrice, p);
    }

    /// @inheritdoc IFeeMarket
    function market() external view override returns (MarketView memory) {
        MarketParameters memory p = _parameters;
        (Epoch memory epoch, Capacity memory capacity,) = _present(p);
        return MarketView({
            beganAt: epoch.beganAt,
            endsAt: epoch.beganAt + p.epochLength,
            price: PriceCurve.priceOf(epoch.logPrice, p),
            units: epoch.units,
            capacity: capacity.total,
            capacityUnits: _offered(capacity, block.timestamp)
        });
    }

    /// @inheritdoc IFeeMarket
    function capacityOf(address operator) external view override returns (CapacityView memory) {
        Declared memory declared = _filled(_declared[operator], _parameters);
        return CapacityView(declared.capacity, declared.countable);
    }

    /// @inheritdoc IFeeMarket
    function parameters() external view override returns (MarketParameters memory) {
        return _parameters;
    }

    /// @inheritdoc IFeeMarket
    function mostCapacityOf(address operator) public view override returns (uint256) {
        if (!_isActive(operator)) return 0;
        return _capacityFor(staking.positionOf(operator, operator).amount, _parameters);
    }

    /// @dev The present epoch and capacity as they would be written, and what an epoch that ended was measured against;
    /// zero if none did.
    function _present(MarketParameters memory p)
        private
        view
        returns (Epoch memory epoch, Capacity memory capacity, uint256 against)
    {
        (epoch, capacity) = (_epoch, _capacity);
        uint256 length = p.epochLength;
        uint256 over = (block.timestamp - epoch.beganAt) / length;
        // slither-disable-next-line incorrect-equality
        if (over == 0) return (epoch, capacity, 0);
        // Capacity changes end epochs that are over, so it is the same since the end of the first of them.
        against = Math.max(_offered(capacity, epoch.beganAt + length), p.capacityFloor * length);
        epoch.logPrice = uint72(PriceCurve.next(epoch.logPrice, epoch.units, against, over - 1, p));
        // Whole epochs only.
        // slither-disable-next-line divide-before-multiply
        epoch.beganAt += uint40(over * length);
        epoch.units = 0;
        (capacity.units, capacity.countedUntil) = (0, epoch.beganAt);
    }

    /// @dev Ends epochs that are over.
    function _advance(MarketParameters memory p) private returns (Epoch memory epoch) {
        Capacity memory capacity;
        uint256 against;
        (epoch, capacity, against) = _present(p);
        // Zero is how it is said that no epoch is over.
        // slither-disable-next-line incorrect-equality
        if (against == 0) return epoch;
        emit EpochEnded(_epoch.units, against, epoch.beganAt, PriceCurve.priceOf(epoch.logPrice, p));
        (_epoch, _capacity) = (epoch, capacity);
    }

    /// @dev Sets the capacity of an operator whose bucket is filled.
    function _declare(address operator, Declared memory declared, uint256 capacity, MarketParameters memory p) private {
        Capacity memory all = _capacity;
        (all.units, all.countedUntil) = (uint120(_offered(all, block.timestamp)), uint40(block.timestamp));
        all.total = uint96(all.total - declared.capacity + capacity);
        _capacity = all;
        declared.capacity = uint80(capacity);
        declared.countable = uint120(Math.min(declared.countable, capacity * p.epochLength));
        _declared[operator] = declared;
        emit CapacityDeclared(operator, capacity, all.total);
    }

    function _setParameters(MarketParameters memory p, uint256 logPrice) private {
        _requireWithin("epochLength", p.epochLength, MIN_EPOCH, MAX_EPOCH);
        _requireWithin("targetBps", p.targetBps, MIN_TARGET_BPS, MAX_TARGET_BPS);
        _requireWithin("maxChangeBps", p.maxChangeBps, MIN_CHANGE_BPS, MAX_CHANGE_BPS);
        _requireWithin("capacityPerOpg", p.capacityPerOpg, 1, MAX_CAPACITY_PER_OPG);
        _requireWithin("capacityFloor", p.capacityFloor, 1, MAX_CAPACITY_FLOOR);
        _requireWithin("minPrice", p.minPrice, 1, p.maxPrice);
        _parameters = p;
        logPrice = Math.min(Math.max(logPrice, PriceCurve.logOf(p.minPrice)), PriceCurve.logOf(p.maxPrice));
        _epoch = Epoch(uint40(block.timestamp), uint72(logPrice), 0);
        (_capacity.units, _capacity.countedUntil) = (0, uint40(block.timestamp));
        emit ParametersSet(p);
    }

    /// @dev With what was offered since, for one epoch at most.
    function _filled(Declared memory declared, MarketParameters memory p) private view returns (Declared memory) {
        uint256 capacity = declared.capacity;
        uint256 countable = declared.countable + capacity * (block.timestamp - declared.filledAt);
        declared.countable = uint120(Math.min(countable, capacity * p.epochLength));
        declared.filledAt = uint40(block.timestamp);
        return declared;
    }

    function _isActive(address operator) private view returns (bool) {
        return staking.stakeAt(operator, uint64(block.timestamp)) != 0;
    }

    function _offered(Capacity memory capacity, uint256 until) private pure returns (uint256) {
        return capacity.units + capacity.total * (until - capacity.countedUntil);
    }

    function _capacityFor(uint256 stake, MarketParameters memory p) private pure returns (uint256) {
        return stake * p.capacityPerOpg / ONE_OPG;
    }

    function _requireWithin(string memory name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        require(value >= minimum && value <= maximum, ParameterOutOfBounds(name, value, minimum, maximum));
    }
}
