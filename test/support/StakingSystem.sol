// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {CommonBase} from "forge-std/Base.sol";
import {IOpg} from "../../contracts/interfaces/IOpg.sol";
import {IStaking} from "../../contracts/interfaces/IStaking.sol";
import {StakingParameters} from "../../contracts/interfaces/IStakingCommon.sol";
import {CustodyVault} from "../../contracts/staking/CustodyVault.sol";
import {Staking} from "../../contracts/staking/Staking.sol";
import {StakingOperators} from "../../contracts/staking/StakingOperators.sol";
import {StakingSlashes} from "../../contracts/staking/StakingSlashes.sol";

/// @notice Deploys vault and staking for the fixtures of other contracts, as the deployment does.
abstract contract StakingSystem is CommonBase {
    /// @param creator Who creates contracts now.
    /// @param opg The token, which must name the next contract that `creator` creates as its custody vault.
    /// @param rewards The only account that may take rewards out of staking.
    function _deployStaking(
        address creator,
        IOpg opg,
        address authority,
        address rewards,
        StakingParameters memory parameters
    ) internal returns (CustodyVault vault, IStaking staking) {
        // Vault and staking know each other as immutables: the last of five contracts is the proxy.
        address stakingAt = vm.computeCreateAddress(creator, vm.getNonce(creator) + 4);
        vault = new CustodyVault(opg, stakingAt);
        address operatorsPart = address(new StakingOperators(opg, vault));
        address slashesPart = address(new StakingSlashes(opg, vault, operatorsPart));
        address code = address(new Staking(opg, vault, slashesPart, rewards));
        bytes memory initialisation = abi.encodeCall(StakingSlashes.initialize, (authority, parameters));
        staking = IStaking(address(new ERC1967Proxy(code, initialisation)));
        require(address(staking) == stakingAt, "staking has another address");
    }

    /// @notice Parameters as proposed for launch, with another minimum of own stake.
    function _stakingParameters(uint80 minSelfStake, uint32 unbonding)
        internal
        pure
        returns (StakingParameters memory)
    {
        return StakingParameters({
            minSelfStake: minSelfStake,
            unbondingPeriod: unbonding,
            receiptAge: 1 hours,
            challengeWindow: 7 days,
            vetoWindow: 3 days,
            commissionNotice: 7 days,
            maxCommissionBps: 2_000
        });
    }
}
