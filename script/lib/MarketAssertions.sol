// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {FeeMarket} from "../../contracts/payments/FeeMarket.sol";
import {Checks} from "./Checks.sol";
import {Addresses} from "./DeployAddresses.sol";
import {MarketConfig} from "./MarketConfig.sol";

/// @title Checks that the price of a compute unit is what its configuration says
library MarketAssertions {
    string private constant NAME = "FeeMarket";

    /// @notice Reverts with `Checks.DeploymentBroken` unless everything holds.
    function check(MarketConfig memory config, Addresses memory system) internal view {
        FeeMarket market = FeeMarket(system.feeMarket);
        Checks.that(address(market.staking()) == system.staking, NAME, "asks another staking contract");
        Checks.that(market.feeRouter() == system.feeRouter, NAME, "counts for another fee router");
        Checks.that(
            keccak256(abi.encode(market.parameters())) == keccak256(abi.encode(config.parameters)),
            NAME,
            "parameters differ from the configuration"
        );
    }
}
