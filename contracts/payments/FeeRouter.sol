// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManaged} from "@openzeppelin/contracts/access/manager/AccessManaged.sol";
import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {IFeeMarket} from "../interfaces/IFeeMarket.sol";
import {FeeCap, FeeShares, IFeeRouter} from "../interfaces/IFeeRouter.sol";
import {IModelRegistry} from "../interfaces/IModelRegistry.sol";
import {IOpg} from "../interfaces/IOpg.sol";
import {IStaking} from "../interfaces/IStaking.sol";
import {ModelVersion} from "../interfaces/ModelVersion.sol";
import {OperatorVault} from "./OperatorVault.sol";
import {UnsettledFees} from "./UnsettledFees.sol";

/// @title Divides fees among operator, model owner, verification pool and nobody
/// @notice See `IFeeRouter` and docs/rewards.md. Immutable; the authority can change shares and cap within the bounds below.
///
/// MONEY
/// Holds exactly what it owes. Tokens sent here directly belong to nobody and stay.
///
/// TRUST
/// The token calls nobody. The model registry and staking are proxies under governance: the first can refuse to name a
/// model's owner, and so delay a sweep; the second decides what counts for rewards and how much may be divided when, not who
/// is paid. The market is immutable, calls nobody when a fee is reported, and never refuses one.
contract FeeRouter is IFeeRouter, AccessManaged, Multicall {
    using SafeTransferLib for address;
    using UnsettledFees for UnsettledFees.Count;

    /// @notice Least part of each fee that is burned, in 1/10,000. Above zero, so that paying oneself costs: see
    /// docs/rewards.md.
    uint256 public constant MIN_BURN_BPS = 100;
    /// @notice Largest part that can be burned.
    uint256 public constant MAX_BURN_BPS = 3_000;
    /// @notice Largest part for the verification pool.
    uint256 public constant MAX_VERIFICATION_BPS = 2_000;
    /// @notice Shortest and longest time for which a fee counts as unsettled.
    uint256 public constant MIN_WINDOW = 30 seconds;
    uint256 public constant MAX_WINDOW = 60 days;
    /// @notice Fewest and most unsettled fees for the own stake, in 1/10,000: a tenth of it, and ten times as much.
    uint256 public constant MIN_PER_STAKE_BPS = 1_000;
    uint256 public constant MAX_PER_STAKE_BPS = 100_000;
    /// @notice Fewest unsettled fees that everyone may have: above zero, so that no fee waits for ever.
    uint256 public constant MIN_LEAST = 1 ether;

    uint256 private constant BPS = 10_000;

    /// What counts for rewards.
    struct Counted {
        uint128 fees;
        uint128 burned;
    }

    /// @inheritdoc IFeeRouter
    IOpg public immutable override opg;
    /// @inheritdoc IFeeRouter
    IModelRegistry public immutable override models;
    /// @inheritdoc IFeeRouter
    IStaking public immutable override operators;
    /// @inheritdoc IFeeRouter
    IFeeMarket public immutable override market;
    /// @inheritdoc IFeeRouter
    address public immutable override rewards;

    /// @inheritdoc IFeeRouter
    uint256 public override epoch;
    /// @inheritdoc IFeeRouter
    mapping(address account => uint256 amount) public override owed;

    FeeShares private _shares;
    FeeCap private _cap;
    mapping(address operator => UnsettledFees.Count count) private _unsettled;
    mapping(uint256 epoch => Counted counted) private _totals;
    mapping(uint256 epoch => mapping(address operator => Counted counted)) private _counted;

    /// @param authority The AccessManager: who may change shares and cap.
    constructor(
        IOpg opg_,
        IModelRegistry models_,
        IStaking operators_,
        IFeeMarket market_,
        address rewards_,
        address authority,
        FeeShares memory shares_,
        FeeCap memory cap_
    ) AccessManaged(authority) {
        // Zero would only mean that no epoch can be ended; the deployment checks it.
        // slither-disable-next-line missing-zero-check
        (opg, models, operators, market, rewards) = (opg_, models_, operators_, market_, rewards_);
        _setShares(shares_);
        _setCap(cap_);
    }

    /// @inheritdoc IFeeRouter
    function sweep(address operator, ModelVersion version) external override returns (uint256 amount) {
        // Check: there is something to divide, room for it, and a model whose owner gets a part.
        address vault = vaultOf(operator, version);
        amount = opg.balanceOf(vault);
        require(amount != 0, NothingToSweep(vault));
        (address modelOwner, uint256 royaltyBps) = models.royaltyOf(version);
        uint256 ownStake = operators.positionOf(operator, operator).amount;
        amount = _settle(operator, amount, ownStake);

        // Effect: book the parts. What rounding leaves is burned first, then the operator's.
        FeeShares memory split = _shares;
        uint256 burned = Math.ceilDiv(amount * split.burnBps, BPS);
        uint256 toVerification = amount * split.verificationBps / BPS;
        uint256 kept = amount - burned;
        toVerification = Math.min(toVerification, kept);
        uint256 toModelOwner = Math.min(amount * royaltyBps / BPS, kept - toVerification);
        uint256 toOperator = kept - toVerification - toModelOwner;
        owed[split.verificationPool] += toVerification;
        owed[modelOwner] += toModelOwner;
        owed[operator] += toOperator;
        bool counted = _count(operator, amount, burned);
        emit FeesRouted(operator, version, modelOwner, epoch, toOperator, toModelOwner, toVerification, burned, counted);
        market.count(operator, amount, counted ? ownStake : 0);

        // Interaction: take it out of the vault.
        if (vault.code.length == 0) {
            new OperatorVault{salt: _saltOf(operator, version)}();
            emit VaultCreated(operator, version, vault);
        }
        opg.burnFrom(vault, burned);
        // The vault is of this contract and approved it when it was made.
        // slither-disable-next-line arbitrary-send-erc20
        if (kept != 0) address(opg).safeTransferFrom(vault, address(this), kept);
    }

    /// @inheritdoc IFeeRouter
    function collect(address account, address to) external override returns (uint256 amount) {
        require(to == account || msg.sender == account, NotTheAccount(msg.sender, account));
        require(to != address(this), InvalidRecipient(to));
        amount = owed[account];
        require(amount != 0, NothingToCollect(account));
        owed[account] = 0;
        emit Collected(account, to, amount);
        address(opg).safeTransfer(to, amount);
    }

    /// @inheritdoc IFeeRouter
    function endEpoch() external override returns (uint256 ended, uint256 fees, uint256 burned) {
        require(msg.sender == rewards, NotRewards(msg.sender));
        ended = epoch++;
        (fees, burned) = feesIn(ended);
        emit EpochEnded(ended, fees, burned);
    }

    /// @inheritdoc IFeeRouter
    function setShares(FeeShares calldata shares_) external override restricted {
        _setShares(shares_);
    }

    /// @inheritdoc IFeeRouter
    function setCap(FeeCap calldata cap_) external override restricted {
        _setCap(cap_);
    }

    /// @inheritdoc IFeeRouter
    function cap() external view override returns (FeeCap memory) {
        return _cap;
    }

    /// @inheritdoc IFeeRouter
    function unsettledOf(address operator) external view override returns (uint256 unsettled, uint256 most) {
        FeeCap memory limit = _cap;
        unsettled = _unsettled[operator].asOfNow(limit.window).sum();
        most = _mostOf(operators.positionOf(operator, operator).amount, limit);
    }

    /// @inheritdoc IFeeRouter
    function feesOf(uint256 epoch_, address operator) external view override returns (uint256, uint256) {
        Counted storage counted = _counted[epoch_][operator];
        return (counted.fees, counted.burned);
    }

    /// @inheritdoc IFeeRouter
    function shares() external view override returns (FeeShares memory) {
        return _shares;
    }

    /// @inheritdoc IFeeRouter
    function vaultOf(address operator, ModelVersion version) public view override returns (address) {
        return Create2.computeAddress(_saltOf(operator, version), vaultInitCodeHash());
    }

    /// @inheritdoc IFeeRouter
    function feesIn(uint256 epoch_) public view override returns (uint256 fees, uint256 burned) {
        Counted storage counted = _totals[epoch_];
        return (counted.fees, counted.burned);
    }

    /// @inheritdoc IFeeRouter
    function vaultInitCodeHash() public pure override returns (bytes32) {
        return keccak256(type(OperatorVault).creationCode);
    }

    /// @dev How much of `amount` may be divided now, counted as unsettled.
    function _settle(address operator, uint256 amount, uint256 ownStake) private returns (uint256) {
        FeeCap memory limit = _cap;
        UnsettledFees.Count memory count = _unsettled[operator].asOfNow(limit.window);
        uint256 most = _mostOf(ownStake, limit);
        uint256 unsettled = count.sum();
        require(unsettled < most, UnsettledFeesAtCap(operator, unsettled, most));
        amount = Math.min(amount, most - unsettled);
        // At most twice all OPG.
        count.present += uint96(amount);
        _unsettled[operator] = count;
        return amount;
    }

    /// @dev Counts fees of an active operator for its rewards.
    function _count(address operator, uint256 fees, uint256 burned) private returns (bool) {
        // Zero is how staking says that the operator is not active.
        // slither-disable-next-line incorrect-equality
        if (operators.stakeAt(operator, uint64(block.timestamp)) == 0) return false;
        uint256 present = epoch;
        _add(_totals[present], fees, burned);
        _add(_counted[present][operator], fees, burned);
        return true;
    }

    /// @dev Amounts are of OPG that was in a vault: even if all of it passed in every second, 2^128 would last for ages.
    function _add(Counted storage counted, uint256 fees, uint256 burned) private {
        counted.fees += uint128(fees);
        counted.burned += uint128(burned);
    }

    function _setShares(FeeShares memory shares_) private {
        _requireWithin("burnBps", shares_.burnBps, MIN_BURN_BPS, MAX_BURN_BPS);
        _requireWithin("verificationBps", shares_.verificationBps, 0, MAX_VERIFICATION_BPS);
        require(shares_.verificationPool != address(0), InvalidRecipient(address(0)));
        _shares = shares_;
        emit SharesSet(shares_);
    }

    function _setCap(FeeCap memory cap_) private {
        _requireWithin("window", cap_.window, MIN_WINDOW, MAX_WINDOW);
        _requireWithin("perStakeBps", cap_.perStakeBps, MIN_PER_STAKE_BPS, MAX_PER_STAKE_BPS);
        _requireWithin("least", cap_.least, MIN_LEAST, type(uint96).max);
        _cap = cap_;
        emit CapSet(cap_);
    }

    function _mostOf(uint256 ownStake, FeeCap memory limit) private pure returns (uint256) {
        return Math.max(limit.least, ownStake * limit.perStakeBps / BPS);
    }

    function _requireWithin(string memory name, uint256 value, uint256 minimum, uint256 maximum) private pure {
        require(value >= minimum && value <= maximum, ShareOutOfBounds(name, value, minimum, maximum));
    }

    function _saltOf(address operator, ModelVersion version) private pure returns (bytes32) {
        return keccak256(abi.encode(operator, version));
    }
}
