// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Vm} from "forge-std/Vm.sol";

/// @notice One contract to deploy.
struct Step {
    /// Name in messages, also the salt's.
    string name;
    address target;
    /// Artifact whose code `target` must have.
    string artifact;
    bytes initCode;
}

/// @notice A list of steps that grows.
struct StepList {
    Step[] room;
    uint256 length;
}

/// @title Builds the list of what is deployed
library Steps {
    Vm private constant VM = Vm(address(uint160(uint256(keccak256("hevm cheat code")))));

    /// @notice Appends a contract, deployed from the artifact of its name.
    function add(StepList memory self, string memory name, address target, bytes memory arguments) internal view {
        add(self, name, target, name, arguments);
    }

    /// @notice Appends a contract, deployed from the artifact `contractName`.
    /// @dev Takes the creation code from forge's output. Embedded in the script, every contract would be compiled
    /// again for each script and test that deploys, which takes minutes.
    function add(
        StepList memory self,
        string memory name,
        address target,
        string memory contractName,
        bytes memory arguments
    ) internal view {
        string memory artifact = string.concat(contractName, ".sol:", contractName);
        _push(self, Step(name, target, artifact, abi.encodePacked(VM.getCode(artifact), arguments)));
    }

    /// @notice Appends a proxy, which is initialised in its constructor: nobody can initialise it first.
    function addProxy(
        StepList memory self,
        string memory name,
        address target,
        address implementation,
        bytes memory initialisation
    ) internal view {
        add(self, name, target, "ERC1967Proxy", abi.encode(implementation, initialisation));
    }

    /// @notice What was appended.
    function done(StepList memory self) internal pure returns (Step[] memory list) {
        list = new Step[](self.length);
        for (uint256 i = 0; i < list.length; i++) {
            list[i] = self.room[i];
        }
    }

    function _push(StepList memory self, Step memory step) private pure {
        if (self.length == self.room.length) {
            Step[] memory room = new Step[](2 * self.length + 8);
            for (uint256 i = 0; i < self.length; i++) {
                room[i] = self.room[i];
            }
            self.room = room;
        }
        self.room[self.length++] = step;
    }
}
