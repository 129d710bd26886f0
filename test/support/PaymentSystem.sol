// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {MarketParameters} from "../../contracts/interfaces/IFeeMarket.sol";
import {FeeCap, FeeShares} from "../../contracts/interfaces/IFeeRouter.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {FeeMarket} from "../../contracts/payments/FeeMarket.sol";
import {FeeRouter} from "../../contracts/payments/FeeRouter.sol";

/// @notice Deploys fee market and fee router for the fixtures of other contracts, as the deployment does.
abstract contract PaymentSystem is CommonBase {
    uint256 internal constant FIRST_PRICE = 1e12;

    /// @param creator Who creates contracts now.
    function _deployPayments(
        address creator,
        IOpg opg,
        IModelRegistry models,
        IStaking staking,
        address rewards,
        address authority,
        FeeShares memory shares,
        FeeCap memory cap
    ) internal returns (FeeMarket market, FeeRouter router) {
        // Market and router know each other as immutables.
        address routerAt = vm.computeCreateAddress(creator, vm.getNonce(creator) + 1);
        market = new FeeMarket(staking, routerAt, authority, _marketParameters(), FIRST_PRICE);
        router = new FeeRouter(opg, models, staking, market, rewards, authority, shares, cap);
        require(address(router) == routerAt, "the fee router has another address");
    }

    /// @notice Parameters as proposed for launch.
    function _marketParameters() internal pure returns (MarketParameters memory) {
        return MarketParameters({
            epochLength: 1 hours,
            targetBps: 5_000,
            maxChangeBps: 1_250,
            capacityPerOpg: 10,
            capacityFloor: 100_000,
            minPrice: 1e10,
            maxPrice: 1e15
        });
    }

    /// @notice For tests of something else: everyone may have all fees at once.
    function _noCap() internal pure returns (FeeCap memory) {
        return FeeCap({window: 8 days, perStakeBps: 10_000, least: type(uint96).max});
    }
}
