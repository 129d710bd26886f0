// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeRouter} from "./IFeeRouter.sol";
import {IOpg} from "./IOpg.sol";
import {IStaking} from "./IStaking.sol";
import {IVestingVault} from "./IVestingVault.sol";

/// @notice What governance may set.
/// @param epochLength Least seconds from one end of an epoch to the next; what flows to stake is meant to last as long.
/// @param baseBps Part of what comes in that flows to stake, in 1/10,000. The rest is for performance.
/// @param performanceBps Most that is paid for performance, in 1/10,000 of what was burned of the operator's fees.
struct RewardParameters {
    uint32 epochLength;
    uint16 baseBps;
    uint16 performanceBps;
}

/// @notice An epoch that ended.
/// @param endedAt Unix time at which it ended; zero if it did not.
/// @param burned OPG wei burned of the fees that count in it.
/// @param reserved OPG wei that were set aside for the operators' performance in it.
struct RewardEpoch {
    uint40 endedAt;
    uint96 burned;
    uint96 reserved;
}

/// @title Rewards for those who serve and those who back them
/// @notice Comes from the vesting vault's staking rewards, which anyone may release to this contract, and from whoever gives
/// more by `fund`. At the end of each epoch what came in is divided: one part flows, by the second and until the next end,
/// to all active stake; the other is for operators whose fees passed the fee router in the epoch. See docs/rewards.md.
///
/// BASE
/// `Staking` keeps count of who earned what (see `IStakingRewards`). An operator gets what its own stake earned and a
/// commission on what its delegators' stake did, they get the rest.
///
/// PERFORMANCE
/// An operator gets a part of what is set aside for an epoch as its burned fees are of all burned fees in it, and never more
/// than `performanceBps` of its own burned fees. What is not earned stays for later epochs.
///
/// CLAIMERS
/// An account may name one claimer, which then decides like the account about its rewards, and about nothing else.
interface IRewards {
    event Funded(address indexed from, uint256 amount);

    /// @notice Epoch `epoch` ended.
    /// @param inflow What came in since the end before.
    /// @param toStream Of that and of what was left, what flows to stake now.
    /// @param burned OPG wei burned of the fees that count in the epoch.
    /// @param reserved Set aside for performance in the epoch.
    /// @param carried Left for performance in later epochs.
    event EpochEnded(
        uint256 indexed epoch, uint256 inflow, uint256 toStream, uint256 burned, uint256 reserved, uint256 carried
    );

    /// @notice `amount` for performance in `epoch` can be claimed by `operator`, or, if it was not active at the end of it,
    /// stays for later epochs.
    event PerformanceSettled(address indexed operator, uint256 indexed epoch, uint256 amount, bool earned);

    /// @notice What `account` earned at `operator` was paid to `to`.
    event Claimed(address indexed operator, address indexed account, address indexed to, uint256 amount);

    /// @notice What `account` earned at `operator` was staked there for it.
    event Compounded(address indexed operator, address indexed account, uint256 amount, uint256 shares);

    event ClaimerSet(address indexed account, address indexed claimer);
    event ParametersSet(RewardParameters parameters);

    error AmountZero();
    error EpochNotOver(uint256 endsAt);
    error EpochNotEnded(uint256 epoch);
    error AlreadySettled(address operator, uint256 epoch);
    /// @notice No fees of the operator count in the epoch.
    error NothingToSettle(address operator, uint256 epoch);
    error NothingToClaim(address operator, address account);
    error NotOwnerNorClaimer(address caller, address account);
    error InvalidRecipient(address to);
    /// @param name Name of the parameter out of its bounds.
    error ParameterOutOfBounds(string name, uint256 value, uint256 minimum, uint256 maximum);

    /// @notice Pays what `account` earned at `operator` to `to`. Only the account or its claimer.
    function claim(address operator, address account, address to) external returns (uint256 amount);

    /// @notice Stakes what `account` earned at `operator` there, for it. Only the account or its claimer.
    /// @param leastShares Fewest shares that the caller accepts.
    function compound(address operator, address account, uint256 leastShares)
        external
        returns (uint256 amount, uint256 shares);

    /// @notice Lets `claimer` decide about the caller's rewards; zero: nobody else.
    function setClaimer(address claimer) external;

    /// @notice Ends the epoch when its time is over. Anyone.
    function endEpoch() external;

    /// @notice Books what `operator` earned by its performance in an epoch that ended. Anyone, once.
    function settlePerformance(address operator, uint256 epoch) external returns (uint256 amount);

    /// @notice Gives `amount` of the caller's tokens, which must be approved, to be divided at the next end of an epoch.
    function fund(uint256 amount) external;

    /// @notice Changes the parameters, within bounds, for what is divided from now on. The present epoch keeps its end.
    function setParameters(RewardParameters calldata parameters_) external;

    /// @notice What `claim` would pay.
    function claimable(address operator, address account) external view returns (uint256);

    /// @notice Who may claim for `account` besides it.
    function claimerOf(address account) external view returns (address);

    /// @notice What `operator` earned by performance that is booked and not claimed.
    function performanceOf(address operator) external view returns (uint256);

    /// @notice An epoch that ended; all zero if it did not.
    function epochOf(uint256 epoch) external view returns (RewardEpoch memory);

    /// @notice Whether the performance of `operator` in `epoch` is booked.
    function isSettled(address operator, uint256 epoch) external view returns (bool);

    /// @notice Number of the present epoch, and when it can be ended.
    function currentEpoch() external view returns (uint256 epoch, uint256 endsAt);

    /// @notice What came in since the last end of an epoch.
    function undivided() external view returns (uint256);

    /// @notice What is left of earlier epochs for performance in this one.
    function carried() external view returns (uint256);

    /// @notice What governance set.
    function parameters() external view returns (RewardParameters memory);

    /// @notice The token that is paid.
    function opg() external view returns (IOpg);

    /// @notice Where it is counted who earns what.
    function staking() external view returns (IStaking);

    /// @notice Where fees are counted.
    function feeRouter() external view returns (IFeeRouter);

    /// @notice From where the rewards are released.
    function vestingVault() external view returns (IVestingVault);

    /// @notice The schedule of which this contract is the beneficiary.
    function schedule() external view returns (bytes32);
}
