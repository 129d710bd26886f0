// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {InferenceHub} from "../../contracts/inference/InferenceHub.sol";
import {ProofRegistry} from "../../contracts/inference/ProofRegistry.sol";
import {Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {IFeeRouter} from "../../contracts/interfaces/IFeeRouter.sol";
import {IModelRegistry} from "../../contracts/interfaces/IModelRegistry.sol";
import {ModelVersion} from "../../contracts/interfaces/ModelVersion.sol";
import {IOperators} from "../../contracts/interfaces/IOperators.sol";
import {InferenceReceipt, IProofRegistry} from "../../contracts/interfaces/IProofRegistry.sol";
import {VerifyingKeys} from "../../contracts/zk/VerifyingKeys.sol";

/// @notice The contracts agree with the vectors in `test/vectors`, which the keeper checks too and an independent
/// implementation wrote.
contract ReceiptVectorsTest is Test {
    string private receipts = vm.readFile("test/vectors/receipts.json");
    string private requests = vm.readFile("test/vectors/requests.json");

    /// Code with the immutables of a deployment, to be put at the addresses that the vectors name.
    bytes private registryCode =
        address(
        new ProofRegistry(IOperators(address(0)), address(0), IModelRegistry(address(0)), VerifyingKeys(address(0)))
    )
    .code;
    bytes private hubCode = _hubCode();

    function _hubCode() private returns (bytes memory) {
        address router = makeAddr("fee router");
        vm.mockCall(router, abi.encodeCall(IFeeRouter.vaultInitCodeHash, ()), abi.encode(bytes32(0)));
        InferenceHub hub = new InferenceHub(
            IERC20(address(0)),
            IModelRegistry(address(0)),
            IOperators(address(0)),
            IProofRegistry(address(0)),
            IFeeRouter(router)
        );
        return address(hub).code;
    }

    function test_ReceiptsHaveTheDigestsOfTheVectors() public {
        uint256 count = _count(receipts, ".receipts", ".digest");
        assertGe(count, 20);
        for (uint256 i = 0; i < count; ++i) {
            string memory where = _at(".receipts", i);
            address registry = vm.parseJsonAddress(receipts, string.concat(where, ".proofRegistry"));
            vm.chainId(_uint(receipts, where, ".chainId"));
            vm.etch(registry, registryCode);

            bytes32 digest = ProofRegistry(registry).digestOf(_receipt(string.concat(where, ".receipt")));

            assertEq(digest, vm.parseJsonBytes32(receipts, string.concat(where, ".digest")), where);
        }
    }

    function test_SignaturesRecoverToTheSignersOfTheVectors() public view {
        uint256 count = _count(receipts, ".receipts", ".digest");
        for (uint256 i = 0; i < count; ++i) {
            string memory where = _at(".receipts", i);
            address signer = ECDSA.recover(
                vm.parseJsonBytes32(receipts, string.concat(where, ".digest")),
                vm.parseJsonBytes(receipts, string.concat(where, ".signature"))
            );
            assertEq(signer, vm.parseJsonAddress(receipts, string.concat(where, ".signer")), where);
        }
    }

    function test_RequestsHaveTheIdentifiersOfTheVectors() public {
        uint256 count = _count(requests, ".hub", ".requestId");
        assertGe(count, 20);
        for (uint256 i = 0; i < count; ++i) {
            string memory where = _at(".hub", i);
            address hub = vm.parseJsonAddress(requests, string.concat(where, ".hub"));
            vm.chainId(_uint(requests, where, ".chainId"));
            vm.etch(hub, hubCode);

            bytes32 requestId = InferenceHub(hub).requestIdOf(_request(string.concat(where, ".request")));

            assertEq(requestId, vm.parseJsonBytes32(requests, string.concat(where, ".requestId")), where);
        }
    }

    function test_HttpRequestsHaveTheIdentifiersOfTheVectors() public view {
        uint256 count = _count(requests, ".http", ".requestId");
        assertGe(count, 4);
        for (uint256 i = 0; i < count; ++i) {
            string memory where = _at(".http", i);
            bytes32 requestId = keccak256(
                abi.encode(
                    vm.parseJsonAddress(requests, string.concat(where, ".payer")),
                    vm.parseJsonAddress(requests, string.concat(where, ".operator")),
                    vm.parseJsonBytes32(requests, string.concat(where, ".nonce")),
                    vm.parseJsonBytes32(requests, string.concat(where, ".inputHash"))
                )
            );
            assertEq(requestId, vm.parseJsonBytes32(requests, string.concat(where, ".requestId")), where);
        }
    }

    function _receipt(string memory where) private view returns (InferenceReceipt memory receipt) {
        receipt.requestId = _word(receipts, where, ".requestId");
        receipt.payer = vm.parseJsonAddress(receipts, string.concat(where, ".payer"));
        receipt.operator = vm.parseJsonAddress(receipts, string.concat(where, ".operator"));
        receipt.modelVersion = ModelVersion.wrap(_word(receipts, where, ".modelVersion"));
        receipt.inputHash = _word(receipts, where, ".inputHash");
        receipt.outputHash = _word(receipts, where, ".outputHash");
        receipt.traceHash = _word(receipts, where, ".traceHash");
        receipt.inputUnits = uint64(_uint(receipts, where, ".inputUnits"));
        receipt.outputUnits = uint64(_uint(receipts, where, ".outputUnits"));
        receipt.unitPrice = uint128(_uint(receipts, where, ".unitPrice"));
        receipt.fee = uint128(_uint(receipts, where, ".fee"));
        receipt.mode = uint8(_uint(receipts, where, ".mode"));
        receipt.issuedAt = uint64(_uint(receipts, where, ".issuedAt"));
    }

    function _request(string memory where) private view returns (Request memory request) {
        request.payer = vm.parseJsonAddress(requests, string.concat(where, ".payer"));
        request.nonce = uint64(_uint(requests, where, ".nonce"));
        request.modelVersion = ModelVersion.wrap(_word(requests, where, ".modelVersion"));
        request.inputHash = _word(requests, where, ".inputHash");
        request.mode = uint8(_uint(requests, where, ".mode"));
        request.callbackGas = uint32(_uint(requests, where, ".callbackGas"));
        request.blockNumber = uint64(_uint(requests, where, ".blockNumber"));
        request.requestedAt = uint64(_uint(requests, where, ".requestedAt"));
        request.deadline = uint64(_uint(requests, where, ".deadline"));
        request.maxFee = uint128(_uint(requests, where, ".maxFee"));
    }

    function _at(string memory list, uint256 index) private pure returns (string memory) {
        return string.concat(list, "[", vm.toString(index), "]");
    }

    function _word(string memory json, string memory where, string memory field) private pure returns (bytes32) {
        return vm.parseJsonBytes32(json, string.concat(where, field));
    }

    function _uint(string memory json, string memory where, string memory field) private pure returns (uint256) {
        return vm.parseJsonUint(json, string.concat(where, field));
    }

    /// Number of elements of a list whose elements all have `field`.
    function _count(string memory json, string memory list, string memory field) private view returns (uint256 count) {
        while (vm.keyExistsJson(json, string.concat(_at(list, count), field))) ++count;
    }
}
