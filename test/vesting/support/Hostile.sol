// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC1271} from "@openzeppelin/contracts/interfaces/IERC1271.sol";
import {IVestingVault, Schedule} from "../../../contracts/interfaces/IVestingVault.sol";

/// @notice A beneficiary that enters the vault again whenever it is called, by a receiver hook of any name or to check a
/// signature, and counts how often it was called and what it got out.
contract Reentrant is IERC1271 {
    IVestingVault private immutable VAULT;
    Schedule private _schedule;
    bytes32[] private _proof;
    uint256 public calls;
    uint256 public gained;

    constructor(IVestingVault vault) {
        VAULT = vault;
    }

    function arm(Schedule calldata schedule, bytes32[] calldata proof) external {
        (_schedule, _proof) = (schedule, proof);
    }

    fallback() external {
        ++calls;
        _enter();
    }

    /// Reached by a static call, in which no state can change: entering again must fail, and the signature stands.
    function isValidSignature(bytes32, bytes calldata) external view override returns (bytes4) {
        (bool entered,) =
            address(VAULT).staticcall{gas: 300_000}(abi.encodeCall(VAULT.claimTo, (_schedule, _proof, address(this))));
        require(!entered, "entered");
        return IERC1271.isValidSignature.selector;
    }

    function _enter() private {
        try VAULT.claimTo(_schedule, _proof, address(this)) returns (uint256 amount) {
            gained += amount;
        } catch {}
    }
}
