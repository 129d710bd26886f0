// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IFeeRouter} from "../interfaces/IFeeRouter.sol";
import {IOpg} from "../interfaces/IOpg.sol";
import {IRewards, RewardEpoch, RewardParameters} from "../interfaces/IRewards.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {IVestingVault} from "../interfaces/IVestingVault.sol";

/// @title Holds rewards, divides them and pays them
/// @notice See `IRewards` and docs/rewards.md. Immutable; the authority can change the parameters within their bounds.
///
/// MONEY
/// What comes in is known without looking at the balance: the vault tells what it released, `fund` what it took. Tokens sent
/// here directly belong to nobody and stay.
///
/// TRUST
/// The token calls nobody. `Staking`, a proxy under governance, says what base rewards are owed; what it says too much is paid
/// from here. It is the only contract that gets an allowance, through the custody vault, of what it stakes at once.
contract Rewards is IRewards, AccessManaged, Multicall {
    using BitMaps for BitMaps.BitMap;
    using SafeTransferLib for address;

    /// @notice Shortest and longest epoch.
    uint256 public constant MIN_EPOCH = 1 hours;
    uint256 public constant MAX_EPOCH = 30 days;
    /// @notice Least and largest part that flows to stake, in 1/10,000.
    uint256 public constant MIN_BASE_BPS = 2_000;
    uint256 public constant MAX_BASE_BPS = 9_000;
    /// @notice Most of its burned fees that an operator can be paid, in 1/10,000. Below one, so that paying oneself costs.
    uint256 public constant MAX_PERFORMANCE_BPS = 9_000;

    uint256 private constant BPS = 10_000;

    /// @inheritdoc IRewards
    IOpg public immutable override opg;
    /// @inheritdoc IRewards
    IStaking public immutable override staking;
    /// @inheritdoc IRewards
    IVestingVault public immutable override vestingVault;
    /// @inheritdoc IRewards
    bytes32 public immutable override schedule;
    /// @inheritdoc IRewards
    IFeeRouter public immutable override feeRouter;

    /// All that `fund` took.
    uint96 private _funded;
    /// All that came in and was divided.
    uint96 private _divided;
    uint40 private _epochEndsAt;
    /// For stake, but too little for one wei per second more, or too much for the widest stream.
    uint96 private _unstreamed;
    uint96 private _carried;
    RewardParameters private _parameters;

    mapping(uint256 epoch => RewardEpoch ended) private _epochs;
    mapping(address operator => BitMaps.BitMap epochs) private _settled;
    /// @inheritdoc IRewards
    mapping(address operator => uint256 amount) public override performanceOf;
    /// @inheritdoc IRewards
    mapping(address account => address claimer) public override claimerOf;

    modifier onlyOwnerOrClaimer(address account) {
        require(msg.sender == account || msg.sender == claimerOf[account], NotOwnerNorClaimer(msg.sender, account));
        _;
    }

    /// @param schedule_ Identifier of the schedule in the vesting vault that releases to this contract.
    /// @param authority The AccessManager: who may change the parameters.
    constructor(
        IOpg opg_,
        IStaking staking_,
        IVestingVault vestingVault_,
        bytes32 schedule_,
        IFeeRouter feeRouter_,
        address authority,
        RewardParameters memory parameters_
    ) AccessManaged(authority) {
        (opg, staking, vestingVault, feeRouter) = (opg_, staking_, vestingVault_, feeRouter_);
        schedule = schedule_;
        _setParameters(parameters_);
        _epochEndsAt = uint40(block.timestamp + parameters_.epochLength);
    }

    // Claiming

    /// @inheritdoc IRewards
    function claim(address operator, address account, address to)
        external
        override
        onlyOwnerOrClaimer(account)
        returns (uint256 amount)
    {
        require(to != address(this), InvalidRecipient(to));
        amount = _take(operator, account);
        emit Claimed(operator, account, to, amount);
        address(opg).safeTransfer(to, amount);
    }

    /// @inheritdoc IRewards
    function compound(address operator, address account, uint256 leastShares)
        external
        override
        onlyOwnerOrClaimer(account)
        returns (uint256 amount, uint256 shares)
    {
        amount = _take(operator, account);
        // Exactly what is staked: the custody vault can never take more from here.
        address(opg).safeApprove(opg.custodyVault(), amount);
        shares = staking.delegateFor(operator, account, amount, leastShares);
        emit Compounded(operator, account, amount, shares);
    }

    /// @inheritdoc IRewards
    function setClaimer(address claimer) external override {
        claimerOf[msg.sender] = claimer;
        emit ClaimerSet(msg.sender, claimer);
    }

    // Dividing

    /// @inheritdoc IRewards
    // Both contracts called are ours and call nobody; what is written after them is what they return.
    // slither-disable-next-line reentrancy-no-eth
    function endEpoch() external override {
        // Check: its time is over.
        require(block.timestamp >= _epochEndsAt, EpochNotOver(_epochEndsAt));

        // Effect: what came in is divided. What is not earned was never set aside: it stays for later.
        RewardParameters memory p = _parameters;
        _epochEndsAt = uint40(block.timestamp + p.epochLength);
        uint256 inflow = undivided();
        _divided += uint96(inflow);
        uint256 base = inflow * p.baseBps / BPS;
        (uint256 epoch, uint256 burned, uint256 reserved) = _reserve(_carried + inflow - base, p.performanceBps);

        // Interaction: the base part flows from now on.
        uint256 toStream = _unstreamed + base;
        uint256 unused = staking.fillStream(toStream, p.epochLength);
        _unstreamed = uint96(unused);
        emit EpochEnded(epoch, inflow, toStream, burned, reserved, _carried);
    }

    /// @inheritdoc IRewards
    function settlePerformance(address operator, uint256 epoch) external override returns (uint256 amount) {
        // Check: the epoch is over, and the operator has something to be settled, once.
        RewardEpoch memory ended = _epochs[epoch];
        require(ended.endedAt != 0, EpochNotEnded(epoch));
        require(!_settled[operator].get(epoch), AlreadySettled(operator, epoch));
        (, uint256 burned) = feeRouter.feesOf(epoch, operator);
        require(burned != 0, NothingToSettle(operator, epoch));

        // Effect: the operator's part is its own if it was active at the end.
        _settled[operator].set(epoch);
        amount = ended.reserved * burned / ended.burned;
        bool earned = staking.stakeAt(operator, ended.endedAt) != 0;
        if (earned) performanceOf[operator] += amount;
        else _carried += uint96(amount);
        emit PerformanceSettled(operator, epoch, amount, earned);
    }

    /// @inheritdoc IRewards
    function fund(uint256 amount) external override {
        require(amount != 0, AmountZero());
        // Cannot be cut: the token has less than 2^90.
        address(opg).safeTransferFrom(msg.sender, address(this), amount);
        _funded += uint96(amount);
        emit Funded(msg.sender, amount);
    }

    /// @inheritdoc IRewards
    function setParameters(RewardParameters calldata parameters_) external override restricted {
        _setParameters(parameters_);
    }

    // Views

    /// @inheritdoc IRewards
    function claimable(address operator, address account) external view override returns (uint256 amount) {
        amount = staking.rewardsOf(operator, account);
        if (account == operator) amount += performanceOf[operator];
    }

    /// @inheritdoc IRewards
    function epochOf(uint256 epoch) external view override returns (RewardEpoch memory) {
        return _epochs[epoch];
    }

    /// @inheritdoc IRewards
    function isSettled(address operator, uint256 epoch) external view override returns (bool) {
        return _settled[operator].get(epoch);
    }

    /// @inheritdoc IRewards
    function currentEpoch() external view override returns (uint256 epoch, uint256 endsAt) {
        return (feeRouter.epoch(), _epochEndsAt);
    }

    /// @inheritdoc IRewards
    function carried() external view override returns (uint256) {
        return _carried;
    }

    /// @inheritdoc IRewards
    function parameters() external view override returns (RewardParameters memory) {
        return _parameters;
    }

    /// @inheritdoc IRewards
    function undivided() public view override returns (uint256) {
        return uint256(vestingVault.stateOf(schedule).released) + _funded - _divided;
    }

    // Internal

    /// @dev What is paid now and owed no longer.
    function _take(address operator, address account) private returns (uint256 amount) {
        amount = staking.takeRewards(operator, account);
        if (account == operator) {
            amount += performanceOf[operator];
            performanceOf[operator] = 0;
        }
        require(amount != 0, NothingToClaim(operator, account));
    }

    /// @dev Ends the fee router's epoch, and sets aside for it what can be earned of `pot`.
    function _reserve(uint256 pot, uint256 performanceBps)
        private
        returns (uint256 epoch, uint256 burned, uint256 reserved)
    {
        (epoch,, burned) = feeRouter.endEpoch();
        reserved = Math.min(pot, burned * performanceBps / BPS);
        _epochs[epoch] = RewardEpoch(uint40(block.timestamp), uint96(burned), uint96(reserved));
        _carried = uint96(pot - reserved);
    }

    function _setParameters(RewardParameters memory p) private {
        _requireWithin("epochLength", p.epochLength, MIN_EPOCH, MAX_EPOCH);
        _requireWithin("baseBps", p.baseBps, MIN_BASE_BPS, MAX_BASE_BPS);
        _requireWithin("performanceBps", p.performanceBps, 0, MAX_PERFORMANCE_BPS);
        _parameters = p;
        emit ParametersSet(p);
    }

    function _requireWithin(string memory name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        require(value >= minimum && value <= maximum, ParameterOutOfBounds(name, value, minimum, maximum));
    }
}
