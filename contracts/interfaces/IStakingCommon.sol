// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICustodyVault} from "./ICustodyVault.sol";
import {IOpg} from "./IOpg.sol";

/// @notice What governance may set. All times are seconds.
/// @param minSelfStake Least own stake of an active operator, in OPG wei.
/// @param unbondingPeriod From an unbond to its withdrawal.
/// @param receiptAge Longest time from a receipt to the posting of its batch.
/// @param challengeWindow From the posting of a batch to its being final.
/// @param vetoWindow For which a slash waits before it is executed.
/// @param commissionNotice Between the announcement of a higher commission and its effect.
/// @param maxCommissionBps Highest commission, in 1/10,000.
struct StakingParameters {
    uint80 minSelfStake;
    uint32 unbondingPeriod;
    uint32 receiptAge;
    uint32 challengeWindow;
    uint32 vetoWindow;
    uint32 commissionNotice;
    uint16 maxCommissionBps;
}

/// @notice A row of the slash table.
/// @param capBps Most that slashes for this offence take within `coolDown`, in 1/10,000 of the stake at the offence.
/// @param challengerBps Share of the operator's own slashed stake that goes to the challenger.
/// @param payerBps Share of the operator's own slashed stake that goes to the harmed payer. The rest is burned.
/// @param coolDown Seconds for which offences of this kind count as one.
/// @param jailPeriod Seconds for which the operator is jailed, from the slash.
struct SlashRule {
    uint16 capBps;
    uint16 challengerBps;
    uint16 payerBps;
    uint32 coolDown;
    uint32 jailPeriod;
}

/// @notice A slash that waits for its veto window. The contract keeps its hash; callers pass it back.
/// @param operator Who is slashed.
/// @param number How many slashes the operator had before: makes each slash unique.
/// @param offence Row of the slash table.
/// @param capturedAt Unix time of the offence.
/// @param windowStart Time of the offence that began the cool-down to which this one belongs.
/// @param jailedUntil End of the operator's jail as the slash set it.
/// @param jailedBefore End of the operator's jail before the slash.
/// @param own OPG wei taken from the operator's own stake.
/// @param pool OPG wei taken from the pool of its delegators.
/// @param poolShares Shares of the pool when it was slashed.
/// @param challenger Who showed the offence, or zero.
/// @param payer Who was harmed, or zero.
/// @param challengerBps Share of `own` for the challenger, by the rule at the time of the slash.
/// @param payerBps Share of `own` for the payer, by the rule at the time of the slash.
struct Slash {
    address operator;
    uint32 number;
    uint8 offence;
    uint40 capturedAt;
    uint40 windowStart;
    uint40 jailedUntil;
    uint40 jailedBefore;
    uint96 own;
    uint96 pool;
    uint112 poolShares;
    address challenger;
    address payer;
    uint16 challengerBps;
    uint16 payerBps;
}

/// @notice An operator as it is now.
/// @param jailedUntil Unix time before which a jailed operator cannot return.
/// @param commissionBps Commission now.
/// @param nextCommissionBps Commission from `commissionFrom` on.
/// @param openSlashes Slashes that are neither executed nor vetoed.
/// @param stake Weight of the operator from the next second on: its own and its pool's bonded stake if it is active.
struct OperatorView {
    IStakingCommon.OperatorStatus status;
    uint8 roles;
    address signer;
    uint64 jailedUntil;
    uint16 commissionBps;
    uint16 nextCommissionBps;
    uint64 commissionFrom;
    uint32 openSlashes;
    uint256 stake;
}

/// @notice A pool as it is now: the operator's own stake, or that of its delegators.
/// @param assets OPG wei that the shares are worth, unbonding ones included.
/// @param shares All shares.
/// @param unbondingShares Those of them that are unbonding.
/// @param escrowed OPG wei taken by slashes that may still be vetoed; counted for the delegators' pool only.
/// @param generation How often the pool began anew after a slash had taken all of it.
struct PoolView {
    uint256 assets;
    uint256 shares;
    uint256 unbondingShares;
    uint256 escrowed;
    uint256 generation;
}

/// @notice What an account has at an operator, unbonds apart.
/// @param shares Its bonded shares.
/// @param amount OPG wei that they are worth.
/// @param booked OPG wei that are in custody for them: `amount`, what slashes took and is not synced yet, and what
/// awaits a veto. Zero for an operator's own stake, of which nothing has to be synced.
/// @param lastId Number of the last unbond that was opened; they count from one.
/// @param openUnbonds How many unbonds are open.
struct PositionView {
    uint256 shares;
    uint256 amount;
    uint256 booked;
    uint256 lastId;
    uint256 openUnbonds;
}

/// @notice An open unbond.
/// @param shares Its shares; zero if there is no such unbond.
/// @param amount OPG wei that they are worth.
/// @param booked As in `PositionView`.
/// @param maturesAt Unix time from which it can be withdrawn.
struct UnbondView {
    uint256 shares;
    uint256 amount;
    uint256 booked;
    uint256 maturesAt;
}

/// @title What all parts of staking share: its parts, events and errors
interface IStakingCommon {
    enum OperatorStatus {
        /// Never registered.
        None,
        Active,
        /// Slashed or suspended. Without weight until `unjail`.
        Jailed,
        /// Left. May register again.
        Retired
    }

    // Operators

    event OperatorRegistered(
        address indexed operator, address indexed signer, uint8 roles, string endpoint, string metadataUri
    );
    event SignerSet(address indexed operator, address indexed signer, uint64 validFrom);
    event EndpointSet(address indexed operator, string endpoint);
    event MetadataSet(address indexed operator, string metadataUri);
    event CommissionSet(address indexed operator, uint16 commissionBps, uint64 effectiveFrom);
    event OperatorRetired(address indexed operator);
    event OperatorJailed(address indexed operator, uint64 jailedUntil);
    event OperatorUnjailed(address indexed operator);

    // Stake

    /// @notice `amount` of `owner` became `shares` at `operator`.
    event Delegated(address indexed operator, address indexed owner, uint256 amount, uint256 shares);
    /// @notice Unbond `id` of `account` was opened with `shares`, worth `amount` now.
    event UnbondStarted(
        address indexed operator,
        address indexed account,
        uint256 indexed id,
        uint256 shares,
        uint256 amount,
        uint64 maturesAt
    );
    event UnbondCancelled(address indexed operator, address indexed account, uint256 indexed id, uint256 shares);
    /// @notice Unbond `id` ended: `amount` went to `to`, or back into stake if `to` is the custody vault.
    event Withdrawn(
        address indexed operator,
        address indexed account,
        uint256 indexed id,
        address to,
        uint256 shares,
        uint256 amount
    );
    /// @notice `amount` of `account`, taken from it by slashes of the pool of `operator`, votes no more and waits to be
    /// burned.
    event SurplusBurned(address indexed operator, address indexed account, uint256 amount);
    event AgentSet(address indexed account, address indexed agent, bool allowed);

    // Slashes

    event SlashOpened(bytes32 indexed slashId, address indexed operator, Slash slash, uint64 executableAt);
    event SlashSuspended(bytes32 indexed slashId, uint64 executableAt);
    event SlashVetoed(bytes32 indexed slashId, address indexed operator);
    event SlashExecuted(
        bytes32 indexed slashId, address indexed operator, uint256 toChallenger, uint256 toPayer, uint256 burned
    );

    /// @notice A dispute about `operator` was opened: `amount` of its stake stays, until `until` at the latest.
    event StakeHeld(address indexed operator, uint8 indexed offence, uint256 amount, uint64 until, uint32 round);
    /// @notice A dispute was decided: `amount` of the stake of `operator` is free again.
    event StakeFreed(address indexed operator, uint256 amount, uint32 round);

    // Governance

    event ParametersSet(StakingParameters parameters);
    event SlashRuleSet(uint8 indexed offence, SlashRule rule);

    error OperatorAlreadyRegistered(address operator, OperatorStatus status);
    /// @notice The operator's status does not allow this.
    error WrongOperatorStatus(address operator, OperatorStatus status);
    error StillJailed(address operator, uint64 jailedUntil);
    /// @notice A slash of this operator may still be vetoed: nothing can be added to its pools until that is decided.
    error SlashOpen(address operator, uint32 openSlashes);
    error InvalidSigner(address signer);
    /// @param roles Must contain the inference role and no unknown bit.
    error InvalidRoles(uint8 roles);
    error TextTooLong(uint256 length, uint256 maximum);
    error CommissionTooHigh(uint16 commissionBps, uint16 maximum);
    /// @notice The own stake would be below the minimum. To take out all of it, retire.
    error SelfStakeTooLow(address operator, uint256 stake, uint256 minimum);
    error AmountZero();
    /// @notice The price moved against the caller's bound: `got` is less than the `least` it accepts.
    error Slippage(uint256 got, uint256 least);
    /// @notice The pool has lost so much that new shares could not be counted. Stake elsewhere.
    error PoolDiluted(address operator);
    error InsufficientShares(address operator, address account, uint256 available, uint256 needed);
    error TooManyUnbonds(address operator, address account, uint256 maximum);
    error UnknownUnbond(address operator, address account, uint256 id);
    error NotMature(uint64 maturesAt);
    /// @notice Disputes about the operator are open, and without this stake less than `frozen` would be left to pay for them.
    /// @param until Unix time from which this unbond can leave in any case.
    error StakeFrozen(address operator, uint256 frozen, uint64 until);
    /// @notice A slash took all of what this unbond was worth. It can only be withdrawn.
    error UnbondWorthless(address operator, address account, uint256 id);
    error NotOwnerNorAgent(address caller, address account);
    error InvalidRecipient(address to);
    error UnknownOffence(uint8 offence);
    /// @notice The offence is in the future, or so old that the stake of its time may have left.
    error OffenceOutOfWindow(uint64 capturedAt, uint64 earliest, uint64 latest);
    /// @notice Nothing is left to take: no stake at the time or now, or the cap of the rule is reached.
    error NothingToSlash(address operator, uint8 offence);
    error UnknownSlash(bytes32 slashId);
    error NotExecutableYet(bytes32 slashId, uint64 executableAt);
    error VetoWindowOver(bytes32 slashId, uint64 executableAt);
    error AlreadySuspended(bytes32 slashId);
    /// @param name Name of the parameter out of its bounds.
    error ParameterOutOfBounds(string name, uint256 value, uint256 minimum, uint256 maximum);

    /// @notice The token that is staked.
    function opg() external view returns (IOpg);

    /// @notice Where it is held.
    function vault() external view returns (ICustodyVault);
}
