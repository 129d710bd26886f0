// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IStakingOperators} from "./IStakingOperators.sol";
import {IStakingPools} from "./IStakingPools.sol";
import {IStakingRewards} from "./IStakingRewards.sol";
import {IStakingSlashes} from "./IStakingSlashes.sol";
import {IStakingUpkeep} from "./IStakingUpkeep.sol";
import {IStakingViews} from "./IStakingViews.sol";

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
///
/// PARTS
/// One address answers all of it. The parts are separate because the code would not fit into one contract.
interface IStaking is
    IStakingPools,
    IStakingOperators,
    IStakingSlashes,
    IStakingRewards,
    IStakingUpkeep,
    IStakingViews
{}
