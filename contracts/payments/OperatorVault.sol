// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeRouter} from "../interfaces/IFeeRouter.sol";

/// @title Account that collects the fees of one operator for one model version
/// @notice Lets the fee router take its OPG, for ever, and has no function. The router needs no call to sweep it, and nobody
/// else can do anything with it. It has no constructor arguments, so that all vaults share one creation code.
contract OperatorVault {
    constructor() {
        IFeeRouter router = IFeeRouter(msg.sender);
        router.opg().approve(address(router), type(uint256).max);
    }
}
