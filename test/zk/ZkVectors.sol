// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Groth16Verifier} from "../../contracts/zk/Groth16Verifier.sol";
import {SSTORE2} from "solady/utils/SSTORE2.sol";
import {KeyChecks} from "../../contracts/zk/KeyChecks.sol";
import {ZkContext, ZkStatement} from "../../contracts/zk/ZkStatement.sol";

/// @notice The libraries, callable.
contract ZkHarness {
    function store(bytes memory key) external returns (address) {
        KeyChecks.check(key);
        return SSTORE2.write(key);
    }

    function check(bytes memory key) external view {
        KeyChecks.check(key);
    }

    function digest(ZkContext memory context, bytes calldata input, bytes calldata output)
        external
        view
        returns (bytes32)
    {
        return ZkStatement.digest(context, input, output);
    }
}

/// @notice The proofs of `test/vectors/zk.json`, which the Rust prover wrote.
abstract contract ZkVectors is Test {
    struct Vector {
        bytes32 statement;
        bytes input;
        bytes output;
        bytes key;
        bytes proof;
    }

    Groth16Verifier internal verifier = new Groth16Verifier();
    ZkHarness internal harness = new ZkHarness();
    string internal file = vm.readFile("test/vectors/zk.json");

    function _vector(uint256 index) internal view returns (Vector memory) {
        string memory where = _at(index);
        return Vector({
            statement: vm.parseJsonBytes32(file, string.concat(where, ".statement")),
            input: vm.parseJsonBytes(file, string.concat(where, ".input")),
            output: vm.parseJsonBytes(file, string.concat(where, ".output")),
            key: vm.parseJsonBytes(file, string.concat(where, ".key")),
            proof: vm.parseJsonBytes(file, string.concat(where, ".proof"))
        });
    }

    function _at(uint256 index) internal pure returns (string memory) {
        return string.concat(".vectors[", vm.toString(index), "]");
    }

    function _verify(address key, Vector memory vector) internal view returns (bool) {
        return verifier.verify(key, vector.statement, vector.input, vector.output, vector.proof);
    }
}
