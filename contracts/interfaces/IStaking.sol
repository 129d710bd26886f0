// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICustodyVault} from "./ICustodyVault.sol";
import {IOperators} from "./IOperators.sol";
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
    IStaking.OperatorStatus status;
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
/// @param escrowed OPG wei taken by slashes that may still be vetoed.
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

/// @title Staking: operators, those who back them, and slashes
/// @notice All staked OPG lies in the custody vault and votes as its owner wants. Each operator has two pools: its own
/// stake and that of its delegators. An account's part of a pool is a number of shares; what it has at operator `o` is
/// named by (`o`, account), and (`o`, `o`) is the operator's own stake. See docs/staking.md.
///
/// APPROVALS
/// Tokens are approved to the custody vault, not to this contract.
///
/// AGENTS
/// Functions with an `account` may be called by it or by an agent that it set. An agent can never direct tokens to
/// anybody but the account.
///
/// TIME
/// Stakes and keys change from the next second on: what `IOperators` says about now and before is final.
interface IStaking is IOperators {
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
    /// @notice `amount` of `account`, taken from it by slashes of the pool of `operator`, was burned with its votes.
    event SurplusBurned(address indexed operator, address indexed account, uint256 amount);
    event AgentSet(address indexed account, address indexed agent, bool allowed);

    // Slashes

    event SlashOpened(bytes32 indexed slashId, address indexed operator, Slash slash, uint64 executableAt);
    event SlashSuspended(bytes32 indexed slashId, uint64 executableAt);
    event SlashVetoed(bytes32 indexed slashId, address indexed operator);
    event SlashExecuted(
        bytes32 indexed slashId, address indexed operator, uint256 toChallenger, uint256 toPayer, uint256 burned
    );

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

    // Operators

    /// @notice Makes the caller an operator, with `amount` of own stake, which must be approved to the vault.
    /// @param signer Key that will sign receipts.
    /// @param roles Bit set of roles. The inference role is required: nothing asks for the others alone yet.
    /// @param commissionBps Commission. Who registers again changes it with the same notice as anybody.
    /// @param endpoint Where clients reach the operator, or empty.
    /// @param metadataUri Where a description of the operator can be fetched, or empty.
    function register(
        address signer,
        uint8 roles,
        uint16 commissionBps,
        uint256 amount,
        string calldata endpoint,
        string calldata metadataUri
    ) external;

    /// @notice Replaces the caller's signing key. Receipts that the old key signed earlier stay valid as of their time.
    function setSigner(address signer) external;

    /// @notice Announces another endpoint of the caller.
    function setEndpoint(string calldata endpoint) external;

    /// @notice Announces another description of the caller.
    function setMetadata(string calldata metadataUri) external;

    /// @notice Sets the caller's commission: a lower one at once, a higher one after the notice.
    function setCommission(uint16 commissionBps) external;

    /// @notice Ends the caller's activity and unbonds all of its own stake. Delegators unbond when they like.
    /// @return id Number of the unbond, or zero if nothing was bonded.
    function retire() external returns (uint256 id);

    /// @notice Ends the caller's jail when its time is over, no slash is open and its own stake suffices.
    function unjail() external;

    // Stake

    /// @notice Stakes `amount` of the caller's tokens at `operator`. At itself, an operator tops up its own stake.
    /// @param leastShares Fewest shares that the caller accepts.
    function delegate(address operator, uint256 amount, uint256 leastShares) external returns (uint256 shares);

    /// @notice As `delegate`: the caller pays, the stake and its votes are `owner`'s.
    function delegateFor(address operator, address owner, uint256 amount, uint256 leastShares)
        external
        returns (uint256 shares);

    /// @notice Uses the caller's permit that lets the vault take `amount`; for `multicall` with what follows. Goes on if
    /// somebody used the permit already.
    function permitVault(uint256 amount, uint256 deadline, bytes calldata signature) external;

    /// @notice Starts the unbonding of some shares. Until withdrawn they can be slashed like bonded ones.
    /// @param leastAmount Least that the shares must be worth now.
    /// @return id Number of the unbond, counted per operator and account; never used again.
    function unbond(address operator, address account, uint256 shares, uint256 leastAmount)
        external
        returns (uint256 id);

    /// @notice Makes the shares of an unbond bonded again.
    function cancelUnbond(address operator, address account, uint256 id) external;

    /// @notice Pays out a matured unbond. While a slash is open, its part of the slash is given up for good: who wants it
    /// if there is a veto waits.
    /// @param to Recipient; only the account itself may name another than itself.
    /// @param leastAmount Least that the caller accepts.
    function withdraw(address operator, address account, uint256 id, address to, uint256 leastAmount)
        external
        returns (uint256 amount);

    /// @notice Stakes a matured unbond at another operator. The tokens stay in custody, and no votes move.
    function redelegate(address operator, address account, uint256 id, address toOperator, uint256 leastShares)
        external
        returns (uint256 shares);

    /// @notice Burns what executed slashes of a pool took from `account`: from its bonded shares, and from the unbonds
    /// named. Anyone may call it; nobody has to, for anything else to work.
    function sync(address operator, address account, uint256[] calldata ids) external returns (uint256 burned);

    /// @notice Lets `agent` act for the caller, or not any longer.
    function setAgent(address agent, bool allowed) external;

    // Slashes

    /// @notice Takes stake of `operator` into escrow and jails it. Only dispute contracts.
    /// @param offence Row of the slash table.
    /// @param amount Most to take. The rule, the stake at the time and what is left may allow less.
    /// @param capturedAt Unix time of the offence.
    /// @param challenger Who showed the offence; zero if nobody is to be rewarded.
    /// @param payer Who was harmed; zero if nobody is to be compensated.
    function slash(
        address operator,
        uint8 offence,
        uint256 amount,
        uint64 capturedAt,
        address challenger,
        address payer
    ) external returns (bytes32 slashId, Slash memory opened);

    /// @notice Postpones a slash once, so that governance can vote on it. Only the guardian.
    function suspendSlash(Slash calldata slash_) external;

    /// @notice Returns what a slash took. Only governance, until the slash can be executed.
    function vetoSlash(Slash calldata slash_) external;

    /// @notice Pays out the own part of a slash after its veto window and makes the pool's part final. Anyone.
    function executeSlash(Slash calldata slash_) external;

    /// @notice Jails an operator without taking stake. Only the guardian.
    /// @param period Seconds, within a bound.
    function jail(address operator, uint32 period) external;

    // Governance

    /// @notice Sets all parameters. Unbonds that are open keep their time.
    function setParameters(StakingParameters calldata parameters_) external;

    /// @notice Sets a row of the slash table. A cap of zero removes it. Slashes that are open keep their split.
    function setSlashRule(uint8 offence, SlashRule calldata rule) external;

    // Views

    /// @notice The token that is staked.
    function opg() external view returns (IOpg);

    /// @notice Where it is held.
    function vault() external view returns (ICustodyVault);

    function parameters() external view returns (StakingParameters memory);

    function slashRule(uint8 offence) external view returns (SlashRule memory);

    function operatorOf(address operator) external view returns (OperatorView memory);

    /// @notice The pools of `operator`.
    function poolsOf(address operator) external view returns (PoolView memory own, PoolView memory delegated);

    function positionOf(address operator, address account) external view returns (PositionView memory);

    function unbondOf(address operator, address account, uint256 id) external view returns (UnbondView memory);

    /// @notice What `sync` would burn.
    function surplusOf(address operator, address account, uint256[] calldata ids) external view returns (uint256);

    /// @notice When a slash can be executed; zero if it is unknown, vetoed or executed.
    function executableAt(bytes32 slashId) external view returns (uint64);

    function isAgent(address account, address agent) external view returns (bool);

    /// @notice How many accounts ever registered.
    function operatorCount() external view returns (uint256);

    /// @notice The active ones among registrations `from` to `from + count − 1`, and their stakes.
    function activeOperators(uint256 from, uint256 count)
        external
        view
        returns (address[] memory operators, uint256[] memory stakes);
}
