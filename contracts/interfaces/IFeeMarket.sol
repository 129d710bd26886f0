// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStaking} from "./IStaking.sol";

/// @notice What governance may set.
/// @param epochLength Seconds after which the price moves.
/// @param targetBps Utilisation at which it does not, in 1/10,000 of the capacity.
/// @param maxChangeBps Most that it rises in an epoch, in 1/10,000; it falls by the same factor.
/// @param capacityPerOpg Compute units per second that an operator may declare for each OPG of its own stake.
/// @param capacityFloor Compute units per second as which a smaller capacity of the network counts.
/// @param minPrice Least price, in OPG wei per compute unit.
/// @param maxPrice Greatest price, in OPG wei per compute unit.
struct MarketParameters {
    uint32 epochLength;
    uint16 targetBps;
    uint16 maxChangeBps;
    uint64 capacityPerOpg;
    uint96 capacityFloor;
    uint96 minPrice;
    uint96 maxPrice;
}

/// @notice The market as it is now.
/// @param beganAt Unix time at which the present epoch began.
/// @param endsAt Unix time at which it ends.
/// @param price OPG wei per compute unit, for the whole epoch.
/// @param units Compute units that were counted in it.
/// @param capacity Compute units per second that are declared.
/// @param capacityUnits Compute units that were offered in it until now, the floor not applied.
struct MarketView {
    uint256 beganAt;
    uint256 endsAt;
    uint256 price;
    uint256 units;
    uint256 capacity;
    uint256 capacityUnits;
}

/// @notice What an operator declared.
/// @param capacity Compute units per second.
/// @param countable Compute units of it that can be counted now: what it offered and was not counted yet, for one epoch at most.
struct CapacityView {
    uint256 capacity;
    uint256 countable;
}

/// @title The price of a compute unit
/// @notice One price for the whole network, which moves once per epoch: up when more of the declared capacity was paid for
/// than the target, down when less was. What it says binds nobody; operators ask for it unless they choose otherwise.
///
/// WHAT COUNTS
/// The fee router reports each fee that it divides. A fee is worth fee / price compute units. Of an operator no more units
/// ever count than it offered: declared capacity × time. So fees beyond the own capacity, whoever pays them, move nothing.
///
/// CAPACITY
/// An operator declares what it can serve, within what its own bonded stake allows. It counts by the second. A declaration
/// above what the stake allows by now is cut by the next fee of the operator, or by anyone.
interface IFeeMarket {
    /// @notice An epoch ended, and the price is another one from `beganAt` on.
    /// @param units Compute units counted in the epoch.
    /// @param capacityUnits Compute units that utilisation was measured against.
    /// @param beganAt Unix time at which the present epoch began. Epochs in between counted nothing.
    event EpochEnded(uint256 units, uint256 capacityUnits, uint256 beganAt, uint256 price);

    /// @notice A fee of `operator` was worth `units`, of which `counted` count.
    event UnitsCounted(address indexed operator, uint256 units, uint256 counted);
    /// @param total That of all operators, from now on.
    event CapacityDeclared(address indexed operator, uint256 capacity, uint256 total);
    event ParametersSet(MarketParameters parameters);

    /// @notice Only the fee router may call this function.
    error NotFeeRouter(address caller);
    /// @notice An operator that is not active has no capacity.
    error OperatorInactive(address operator);
    /// @param most What the operator's own stake allows.
    error CapacityTooHigh(uint256 capacity, uint256 most);
    error NothingToCut(address operator, uint256 capacity, uint256 most);
    /// @param name Name of the parameter out of its bounds.
    error ParameterOutOfBounds(string name, uint256 value, uint256 minimum, uint256 maximum);

    /// @notice Declares what the caller can serve from now on, in compute units per second. Zero needs no stake.
    function declareCapacity(uint256 capacity) external;

    /// @notice Cuts the declaration of `operator` to what its stake allows. Anyone.
    function cut(address operator) external returns (uint256 capacity);

    /// @notice Ends the present epoch if its time is over. Anyone; whatever else is called does it too.
    function advance() external;

    /// @notice Counts a fee. Only the fee router.
    /// @param stake Own stake of the operator, zero if it is not active.
    function count(address operator, uint256 fee, uint256 stake) external;

    /// @notice Changes the parameters. The present epoch begins anew and what was counted in it is given up.
    function setParameters(MarketParameters calldata parameters_) external;

    /// @notice OPG wei per compute unit now.
    function price() external view returns (uint256);

    /// @notice The market as it is now.
    function market() external view returns (MarketView memory);

    /// @notice What `operator` declared.
    function capacityOf(address operator) external view returns (CapacityView memory);

    /// @notice Most that `operator` may declare now.
    function mostCapacityOf(address operator) external view returns (uint256);

    /// @notice The parameters.
    function parameters() external view returns (MarketParameters memory);

    /// @notice Where operators' stakes are asked for.
    function staking() external view returns (IStaking);

    /// @notice Who reports fees.
    function feeRouter() external view returns (address);
}
