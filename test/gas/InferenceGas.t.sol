// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Fulfilment, Request} from "../../contracts/interfaces/IInferenceHub.sol";
import {ModelSpec} from "../../contracts/interfaces/IModelRegistry.sol";
import {InferenceFixture} from "../inference/support/InferenceFixture.sol";

/// @notice Gas of whole transactions, kept in snapshots/. Each call is a transaction of its own here:
/// 21,000 gas, calldata, cold accounts and slots are included. Refunds are not deducted; there are none.
///
/// Answers have 256 bytes without zeros, turns are on and not yet at their cap, a royalty is paid, and a part of the
/// escrow goes back to the payer. All three accounts have had credit before.
/// forge-config: default.isolate = true
contract InferenceGasTest is InferenceFixture {
    uint256 private constant BATCH = 32;
    string private constant GROUP = "Inference";

    function setUp() public override {
        super.setUp();
        Request memory req = _request();
        _waitForTurn();
        _fulfil(req, _answer(req));
    }

    function test_Request() public {
        _request();
        _keep("request");
    }

    function test_Fulfil() public {
        Request memory req = _request();
        _waitForTurn();
        _fulfil(req, _answer(req));
        _keep("fulfil");
    }

    function test_FulfilBatchOf32_ForOnePayer() public {
        (Request[] memory reqs, Fulfilment[] memory fs) = _batch(false);
        vm.prank(relayer);
        hub.fulfilBatch(reqs, fs);
        uint256 each = vm.lastCallGas().gasTotalUsed / BATCH;
        vm.snapshotValue(GROUP, "fulfilBatch of 32, one payer, each", each);
        assertLe(each, 55_000, "goal");
    }

    function test_FulfilBatchOf32_For32Payers() public {
        (Request[] memory reqs, Fulfilment[] memory fs) = _batch(true);
        vm.prank(relayer);
        hub.fulfilBatch(reqs, fs);
        vm.snapshotValue(GROUP, "fulfilBatch of 32, 32 payers, each", vm.lastCallGas().gasTotalUsed / BATCH);
    }

    function test_RegisterModel() public {
        vm.prank(modelOwner);
        models.registerModel("all-MiniLM-L6-v2");
        _keep("registerModel");
    }

    function test_PublishVersion() public {
        ModelSpec memory spec = _spec();
        spec.weightsDigest = keccak256("other weights");
        vm.prank(modelOwner);
        models.publishVersion(modelId, spec);
        _keep("publishVersion");
    }

    function test_RegisterOperator() public {
        _fund(rival, SELF_STAKE);
        vm.prank(rival);
        opg.approve(address(custodyVault), SELF_STAKE);
        vm.prank(rival);
        staking.register(vm.addr(rivalKey), 1, 500, SELF_STAKE, "https://operator.example.org", "ipfs://operator");
        _keep("registerOperator");
    }

    function _batch(bool manyPayers) private returns (Request[] memory reqs, Fulfilment[] memory fs) {
        (reqs, fs) = (new Request[](BATCH), new Fulfilment[](BATCH));
        for (uint256 i = 0; i < BATCH; ++i) {
            address account = manyPayers ? address(uint160(uint256(keccak256(abi.encode("payer", i))))) : payer;
            if (manyPayers) _makeCredit(account);
            reqs[i] = _requestBy(account, 0);
        }
        _waitForTurn();
        for (uint256 i = 0; i < BATCH; ++i) {
            fs[i] = _answer(reqs[i]);
        }
    }

    /// Gives an account its first credit, by a request that expires, and OPG for another request.
    function _makeCredit(address account) private {
        _fund(account, MAX_FEE + 1);
        vm.prank(account);
        opg.approve(address(hub), type(uint256).max);
        Request memory req = _requestWith(account, INPUT, 0, 1, 0, _now() + 10);
        _mine(6);
        hub.expire(req);
    }

    function _keep(string memory name) private returns (uint256) {
        return vm.snapshotGasLastCall(GROUP, name);
    }
}
