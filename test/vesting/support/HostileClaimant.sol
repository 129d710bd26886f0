// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";

/// @notice Claimant with code that accepts every signature and, asked for one, makes a call with effects first. It does
/// not declare itself a view, so the compiler lets it try.
contract HostileClaimant {
    address private _target;
    bytes private _call;

    function arm(address target, bytes calldata data) external {
        _target = target;
        _call = data;
    }

    function isValidSignature(bytes32, bytes calldata) external returns (bytes4) {
        (bool done,) = _target.call(_call);
        // Tell the test when it worked, by refusing.
        return done ? bytes4(0) : IERC1271.isValidSignature.selector;
    }
}
