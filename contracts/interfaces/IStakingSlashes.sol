// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingCommon, Slash, SlashRule, StakingParameters} from "./IStakingCommon.sol";

/// @title What dispute contracts, guardian and governance do
/// @notice A part of `IStaking`.
interface IStakingSlashes is IStakingCommon {
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

    /// @notice Keeps stake of `operator` from leaving while a dispute about it is open. Only dispute contracts.
    ///
    /// Own stake has to cover what is frozen; a delegator waits only for what it does not cover. An unbond waits at most
    /// `MAX_FREEZE` beyond its time, whatever is frozen. Nobody else is concerned: staking, unbonding and voting go on.
    /// While stake is frozen the time for slashes stands still, for at most `MAX_FREEZE`.
    /// @param offence Row of the slash table: a dispute freezes no more than it can slash.
    /// @param amount Most to freeze.
    /// @param capturedAt Unix time of the offence.
    /// @param until When the freeze ends if nobody ends it, at most `MAX_FREEZE` from now.
    /// @return frozen What was frozen: zero where nothing can be slashed.
    /// @return round To be passed to `unfreeze`.
    function freeze(address operator, uint8 offence, uint256 amount, uint64 capturedAt, uint64 until)
        external
        returns (uint96 frozen, uint32 round);

    /// @notice Ends a freeze when its dispute is decided. Does nothing where it has expired. Only dispute contracts.
    function unfreeze(address operator, uint256 amount, uint32 round) external;

    /// @notice Postpones a slash once, so that governance can vote on it. Only the guardian.
    function suspendSlash(Slash calldata slash_) external;

    /// @notice Returns what a slash took. Only governance, until the slash can be executed.
    function vetoSlash(Slash calldata slash_) external;

    /// @notice Pays out the own part of a slash after its veto window and makes the pool's part final. Anyone.
    function executeSlash(Slash calldata slash_) external;

    /// @notice Jails an operator without taking stake. Only the guardian.
    /// @param period Seconds, within a bound.
    function jail(address operator, uint32 period) external;

    /// @notice When a slash can be executed; zero if it is unknown, vetoed or executed.
    function executableAt(bytes32 slashId) external view returns (uint64);

    /// @notice What stake of `operator` is frozen, and until when at the latest; zero if nothing is.
    function freezeOf(address operator) external view returns (uint256 amount, uint64 until);

    // Governance

    /// @notice Sets all parameters. Unbonds that are open keep their time.
    function setParameters(StakingParameters calldata parameters_) external;

    /// @notice Sets a row of the slash table. A cap of zero removes it. Slashes that are open keep their split.
    function setSlashRule(uint8 offence, SlashRule calldata rule) external;

    /// @notice What governance set.
    function parameters() external view returns (StakingParameters memory);

    /// @notice A row of the slash table; all zero if there is none.
    function slashRule(uint8 offence) external view returns (SlashRule memory);
}
