// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InferenceReceipt} from "../../contracts/interfaces/IProofRegistry.sol";
import {Batch, SignedReceipt} from "../../contracts/interfaces/IReceiptBatches.sol";
import {BatchFixture} from "../inference/support/BatchFixture.sol";

/// @notice Gas of whole transactions about batches, as in `InferenceGasTest`. The URI has 84 bytes.
/// forge-config: default.isolate = true
contract BatchGasTest is BatchFixture {
    string private constant GROUP = "Batches";

    function setUp() public override {
        super.setUp();
        // The operator has posted before.
        _postGood(1);
        _mine(1);
    }

    function test_PostBatch_CostsTheSameWhateverItsCount() public {
        uint32[4] memory counts = [uint32(1), 4_096, 40_960, 1 << 20];
        uint256 dearest;
        for (uint256 i; i < counts.length; ++i) {
            Batch memory batch = _batchOf(_good(1));
            // Nobody looks at the tree when it is posted.
            batch.root = keccak256(abi.encode(i));
            batch.count = counts[i];
            _post(batch);
            uint256 used = vm.lastCallGas().gasTotalUsed;
            if (used > dearest) dearest = used;
        }
        vm.snapshotValue(GROUP, "postBatch", dearest);
        assertLe(dearest, 60_000, "goal");
    }

    function test_PostBatch_TheFirstOfAKey() public {
        vm.prank(operator);
        staking.setSigner(vm.addr(rivalKey));
        _mine(1);
        _postAs(vm.addr(rivalKey), _batchOf(_good(2)));
        _keep("postBatch, the first of a key");
    }

    function test_Demands() public {
        (Batch memory batch, SignedReceipt[] memory list) = _postGood(64);
        _demand(batch, 17);
        _keep("demandLeaf");
        _demand(batch, 18);
        bytes32[] memory proof = _proof(list, 17);
        batches.answerLeaf(batch, 17, list[17], proof);
        _keep("answerLeaf, one of 64");
        _skip(ANSWER + 1);
        batches.endDemand(batch, 18);
        _keep("endDemand, with its slash");
    }

    function test_Faults() public {
        SignedReceipt[] memory list = _good(64);
        list[17] = _signedWith(_receiptNumber(17), rivalKey);
        Batch memory batch = _batchOf(list);
        _post(batch);
        bytes32[] memory proof = _proof(list, 17);
        uint256 clean = vm.snapshotState();
        batches.proveBadLeaf(batch, 17, list[17], proof);
        _keep("proveBadLeaf, one of 64");
        vm.revertToState(clean);
        InferenceReceipt memory other = _receiptNumber(1);
        other.fee = 0;
        batches.proveConflict(list[1], _signed(other));
        _keep("proveConflict");
    }

    function _keep(string memory name) private {
        vm.snapshotGasLastCall(GROUP, name);
    }
}
