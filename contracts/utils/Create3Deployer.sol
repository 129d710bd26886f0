// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Create3} from "@openzeppelin/contracts/utils/Create3.sol";

/// @title Deploys contracts at addresses known in advance
/// @notice The address of a contract depends only on this contract, the caller and the salt: not on the code, its
/// constructor arguments or the chain. Contracts can therefore hold each other's addresses as immutables, and have the
/// same address on every chain where this contract has.
///
/// ASSUMPTIONS
/// - This contract is itself deployed by CREATE2 through the canonical deployer at
///   0x4e59b44847b379578588920cA78FbF26c0B4956C, so anyone can put it at the same address on any chain.
/// - Salts are bound to the caller: nobody else can occupy an address that a caller has announced.
contract Create3Deployer {
    /// @notice `sender` deployed `deployed` with `salt`.
    event Deployed(address indexed sender, bytes32 indexed salt, address indexed deployed);

    /// @notice Deploys a contract. Each salt works once per caller. A reverting constructor's reason is passed on.
    /// @param initCode Creation code followed by the ABI-encoded constructor arguments.
    /// @return deployed `addressOf(msg.sender, salt)`.
    function deploy(bytes32 salt, bytes calldata initCode) external returns (address deployed) {
        deployed = Create3.deploy(0, _boundSalt(msg.sender, salt), initCode);
        emit Deployed(msg.sender, salt, deployed);
    }

    /// @notice Where `deploy(salt, …)` by `sender` puts its contract.
    function addressOf(address sender, bytes32 salt) external view returns (address) {
        return Create3.computeAddress(_boundSalt(sender, salt));
    }

    function _boundSalt(address sender, bytes32 salt) private pure returns (bytes32) {
        return keccak256(abi.encode(sender, salt));
    }
}
