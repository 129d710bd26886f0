// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";
import {MulticallUpgradeable} from "@openzeppelin/contracts-upgradeable/utils/MulticallUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ICustodyVault} from "../interfaces/ICustodyVault.sol";
import {IOpg} from "../interfaces/IOpg.sol";
import {Continued} from "./Continued.sol";
import {StakingCore} from "./StakingCore.sol";
import {StakingPools} from "./StakingPools.sol";
import {StakingRewards} from "./StakingRewards.sol";

/// @title Staking: operators, those who back them, and slashes
/// @notice See `IStaking` and docs/staking.md. The code would not fit into one contract: holders' functions are here, the
/// next part is `StakingSlashes`, which also initialises, and the last is `StakingOperators`. They are code only: called
/// directly they have no stake, no authority and a vault that does not obey them. An upgrade replaces what has changed.
///
/// TRUST
/// The token and the vault are contracts of this system and call nobody else. The AccessManager says who may slash
/// (dispute contracts), suspend and jail (guardian), and veto, set parameters and upgrade (governance).
///
/// MONEY
/// This contract holds no tokens beyond a transaction. What stake earns is in the rewards contract, which is never called.
contract Staking is
    StakingPools,
    StakingRewards,
    AccessManagedUpgradeable,
    MulticallUpgradeable,
    UUPSUpgradeable,
    Continued
{
    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(IOpg opg_, ICustodyVault vault_, address nextPart_, address rewards_)
        StakingCore(opg_, vault_)
        StakingRewards(rewards_)
        Continued(nextPart_)
    {
        _disableInitializers();
    }

    // solhint-disable-next-line no-empty-blocks
    function _authorizeUpgrade(address) internal override restricted {}
}
