// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdUtils} from "forge-std/StdUtils.sol";
import {ModelVersion} from "../../../contracts/interfaces/ModelVersion.sol";
import {Opg} from "../../../contracts/token/Opg.sol";
import {FeeRouter} from "../../../contracts/payments/FeeRouter.sol";
import {Rewards} from "../../../contracts/staking/Rewards.sol";

/// @notice One person as payer, operator, delegator, model owner and verifier, who pays himself as cleverly as the seed says.
contract SelfDealer is CommonBase, StdUtils {
    FeeRouter private immutable router;
    Rewards private immutable rewards;
    Opg private immutable opg;
    ModelVersion private immutable version;
    address[] private operators;
    /// All accounts that are his, operators among them.
    address[] private accounts;
    uint256 public paid;

    constructor(Rewards rewards_, ModelVersion version_, address[] memory operators_, address[] memory accounts_) {
        rewards = rewards_;
        router = FeeRouter(address(rewards_.feeRouter()));
        opg = Opg(address(rewards_.opg()));
        version = version_;
        (operators, accounts) = (operators_, accounts_);
    }

    /// Pays one of his operators from one of his accounts, and sweeps now or leaves it for a better moment.
    function pay(uint256 seed) external {
        address from = accounts[seed % accounts.length];
        address operator = operators[(seed >> 8) % operators.length];
        uint256 amount = bound(seed >> 16, 0, opg.balanceOf(from));
        if (seed % 5 == 0) amount = bound(seed >> 16, 0, 100);
        address to = router.vaultOf(operator, version);
        vm.prank(from);
        opg.transfer(to, amount);
        paid += amount;
        if (seed % 3 != 0) sweep(operator);
    }

    /// Takes whatever he can get, wherever.
    function gather() external {
        for (uint256 i; i < operators.length; ++i) {
            sweep(operators[i]);
        }
        for (uint256 i; i < accounts.length; ++i) {
            if (router.owed(accounts[i]) != 0) router.collect(accounts[i], accounts[i]);
        }
    }

    function settle() external {
        uint256 last = router.epoch();
        for (uint256 e; e < last; ++e) {
            for (uint256 i; i < operators.length; ++i) {
                try rewards.settlePerformance(operators[i], e) {} catch {}
            }
        }
    }

    /// All that is his, claimed or not; stake and what it earns apart.
    function worth() external view returns (uint256 sum) {
        for (uint256 i; i < accounts.length; ++i) {
            sum += opg.balanceOf(accounts[i]) + router.owed(accounts[i]) + rewards.performanceOf(accounts[i]);
        }
        for (uint256 i; i < operators.length; ++i) {
            sum += opg.balanceOf(router.vaultOf(operators[i], version));
        }
    }

    function sweep(address operator) public {
        if (opg.balanceOf(router.vaultOf(operator, version)) != 0) router.sweep(operator, version);
    }
}
