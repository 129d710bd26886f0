// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ICustodyVault} from "../interfaces/ICustodyVault.sol";
import {IOpg} from "../interfaces/IOpg.sol";

/// @title The vault that holds staked OPG
/// @notice See `ICustodyVault`.
///
/// TRUST
/// The staking contract decides over everything in here, and over the open allowances to this vault, but over nothing
/// else: the token enforces both. The parts are immutable, so the vault never obeys anybody else.
contract CustodyVault is ICustodyVault {
    /// @inheritdoc ICustodyVault
    IOpg public immutable override opg;
    /// @inheritdoc ICustodyVault
    address public immutable override staking;

    modifier onlyStaking() {
        require(msg.sender == staking, NotStaking(msg.sender));
        _;
    }

    /// @param opg_ The token, which must name this very address as its custody vault.
    /// @param staking_ Address of the staking contract, which may be deployed later.
    constructor(IOpg opg_, address staking_) {
        require(address(opg_) != address(0) && staking_ != address(0), VaultPartMissing(address(opg_), staking_));
        address named = opg_.custodyVault();
        require(named == address(this), NotTheCustodyVault(address(opg_), named));
        (opg, staking) = (opg_, staking_);
    }

    /// @inheritdoc ICustodyVault
    function deposit(address from, address owner, uint256 amount) external override onlyStaking {
        opg.custodyIn(from, owner, amount);
    }

    /// @inheritdoc ICustodyVault
    function withdraw(address owner, address to, uint256 amount) external override onlyStaking {
        opg.custodyOut(owner, to, amount);
    }

    /// @inheritdoc ICustodyVault
    function reassign(address from, address to, uint256 amount) external override onlyStaking {
        opg.reassign(from, to, amount);
    }

    /// @inheritdoc ICustodyVault
    function burnUnits(address owner, uint256 amount) external override onlyStaking {
        opg.burnUnits(owner, amount);
    }
}
