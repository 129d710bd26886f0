// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRewards} from "../../../contracts/interfaces/IRewards.sol";

/// @notice A token that calls whom it pays, which OPG never does. Its code is put in OPG's place.
contract HostileToken {
    /// In slots that OPG does not use.
    mapping(bytes32 slot => mapping(address account => uint256 amount)) private _paid;

    function paidTo(address account) external view returns (uint256) {
        return _paid[keccak256("paid")][account];
    }

    function transfer(address to, uint256 amount) external returns (bool) {
        _paid[keccak256("paid")][to] += amount;
        Reentrant(to).onPayment();
        return true;
    }
}

/// @notice Claims again whenever it is paid.
contract Reentrant {
    IRewards private immutable rewards;
    address private immutable operator;
    uint256 public calls;
    uint256 public refused;

    constructor(IRewards rewards_, address operator_) {
        (rewards, operator) = (rewards_, operator_);
    }

    function claim() public {
        rewards.claim(operator, address(this), address(this));
    }

    function onPayment() external {
        if (++calls > 3) return;
        try this.claim() {}
        catch {
            ++refused;
        }
    }
}
