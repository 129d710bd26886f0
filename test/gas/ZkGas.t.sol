// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ZkVectors} from "../zk/ZkVectors.sol";

/// @notice What checking a proof costs: the gas of the call, without the base cost of a transaction and its calldata, as
/// the peer's figures are given. The key is cold. The figures are committed in snapshots/Zk.json; the goals are shares of
/// what ezkl 23 pays for the same shapes.
contract ZkGasTest is ZkVectors {
    address[2] private keys;

    function setUp() public {
        for (uint256 i; i < 2; ++i) {
            keys[i] = harness.store(_vector(i).key);
        }
    }

    function test_Gas_VerifierSize() public {
        vm.snapshotValue("Zk", "runtime size in bytes", address(verifier).code.length);
    }

    function test_Gas_Perceptron_4_16_16_3() public {
        uint256 gas = _measure(0);
        vm.snapshotValue("Zk", "verify, perceptron 4-16-16-3", gas);
        assertLe(gas * 100, 465_573 * 44);
    }

    /// LeNet for 28×28 pixels has inputs and outputs of the same lengths, so the same gas.
    function test_Gas_Perceptron_784_128_10() public {
        uint256 gas = _measure(1);
        vm.snapshotValue("Zk", "verify, perceptron 784-128-10 and LeNet", gas);
        assertLe(gas * 100, 1_071_602 * 36);
    }

    function _measure(uint256 index) private returns (uint256 gas) {
        Vector memory vector = _vector(index);
        vm.cool(keys[index]);
        vm.cool(address(verifier));
        assertTrue(_verify(keys[index], vector));
        gas = vm.lastCallGas().gasTotalUsed;
    }
}
