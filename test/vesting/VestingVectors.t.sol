// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {NewCategory, Schedule} from "../../contracts/interfaces/IVestingVault.sol";
import {VestingVault} from "../../contracts/vesting/VestingVault.sol";

/// @notice The vault agrees with `test/vectors/vesting.json`, which the keeper checks too and an independent implementation
/// wrote.
contract VestingVectorsTest is Test {
    string private vectors = vm.readFile("test/vectors/vesting.json");

    VestingVault private vault;

    function setUp() public {
        vault = _vault();
    }

    function test_SchedulesHaveTheLeavesOfTheVectors() public view {
        uint256 count = _count(".schedules", ".id");
        assertGe(count, 16);
        for (uint256 i = 0; i < count; ++i) {
            string memory where = _at(".schedules", i);
            Schedule memory schedule = Schedule({
                category: uint32(_uint(where, ".category")),
                index: uint32(_uint(where, ".index")),
                beneficiary: vm.parseJsonAddress(vectors, string.concat(where, ".beneficiary")),
                amount: uint128(_uint(where, ".amount")),
                tgeAmount: uint128(_uint(where, ".tgeAmount")),
                revocable: vm.parseJsonBool(vectors, string.concat(where, ".revocable")),
                transferable: vm.parseJsonBool(vectors, string.concat(where, ".transferable"))
            });
            assertEq(vault.scheduleId(schedule), _word(where, ".id"), where);
        }
    }

    function test_ClaimsHaveTheLeavesOfTheVectors() public view {
        uint256 count = _count(".claims", ".id");
        assertGe(count, 4);
        for (uint256 i = 0; i < count; ++i) {
            string memory where = _at(".claims", i);
            address account = vm.parseJsonAddress(vectors, string.concat(where, ".account"));
            bytes memory claim = abi.encode(_uint(where, ".index"), account, _uint(where, ".amount"));
            assertEq(keccak256(bytes.concat(keccak256(claim))), _word(where, ".id"), where);
        }
    }

    function test_CurvesHaveTheValuesOfTheVectors() public view {
        uint256 curves = _count(".curves", ".start");
        assertEq(curves, vault.categoryCount());
        for (uint256 id = 0; id < curves; ++id) {
            string memory list = string.concat(_at(".curves", id), ".points");
            uint256 count = _count(list, ".vested");
            assertGe(count, 20);
            for (uint256 i = 0; i < count; ++i) {
                string memory where = _at(list, i);
                Schedule memory schedule;
                schedule.category = uint32(id);
                schedule.amount = uint128(_uint(where, ".amount"));
                schedule.tgeAmount = uint128(_uint(where, ".tgeAmount"));
                assertEq(vault.vestedAt(schedule, _uint(where, ".time")), _uint(where, ".vested"), where);
            }
        }
    }

    function test_ProofsOfTheVectorsHold() public view {
        uint256 trees = _count(".trees", ".root");
        assertGe(trees, 8);
        for (uint256 i = 0; i < trees; ++i) {
            string memory where = _at(".trees", i);
            bytes32[] memory leaves = vm.parseJsonBytes32Array(vectors, string.concat(where, ".leaves"));
            bytes32 root = _word(where, ".root");
            for (uint256 leaf = 0; leaf < leaves.length; ++leaf) {
                string memory path = _at(string.concat(where, ".proofs"), leaf);
                bytes32[] memory proof = vm.parseJsonBytes32Array(vectors, path);
                assertTrue(MerkleProof.verify(proof, root, leaves[leaf]), path);
            }
        }
    }

    /// A vault with a category for each curve of the vectors. Nobody is paid from it.
    function _vault() private returns (VestingVault) {
        uint256 count = _count(".curves", ".start");
        NewCategory[] memory genesis = new NewCategory[](count);
        for (uint256 i = 0; i < count; ++i) {
            string memory where = _at(".curves", i);
            genesis[i] = NewCategory({
                name: vm.toString(i),
                root: bytes32(i + 1),
                total: 1,
                tgeTotal: 0,
                start: uint40(_uint(where, ".start")),
                cliff: uint32(_uint(where, ".cliff")),
                duration: uint32(_uint(where, ".duration"))
            });
        }
        address opg = makeAddr("opg");
        vm.mockCall(opg, abi.encodeWithSignature("custodyVault()"), abi.encode(makeAddr("custody")));
        vm.mockCall(opg, abi.encodeWithSignature("balanceOf(address)"), abi.encode(count));
        return new VestingVault(opg, address(this), makeAddr("treasury"), genesis);
    }

    function _at(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    function _word(string memory where, string memory field) private view returns (bytes32) {
        return vm.parseJsonBytes32(vectors, string.concat(where, field));
    }

    function _uint(string memory where, string memory field) private view returns (uint256) {
        return vm.parseJsonUint(vectors, string.concat(where, field));
    }

    /// Number of elements of a list whose elements all have `field`.
    function _count(string memory list, string memory field) private view returns (uint256 count) {
        while (vm.keyExistsJson(vectors, string.concat(_at(list, count), field))) ++count;
    }
}
