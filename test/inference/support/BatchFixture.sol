// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ReceiptBatches} from "../../../contracts/inference/ReceiptBatches.sol";
import {InferenceReceipt} from "../../../contracts/interfaces/IProofRegistry.sol";
import {
    Batch,
    BatchParameters,
    IReceiptBatches,
    SignedReceipt
} from "../../../contracts/interfaces/IReceiptBatches.sol";
import {IStakingSlashes} from "../../../contracts/interfaces/IStakingSlashes.sol";
import {SlashRule} from "../../../contracts/interfaces/IStakingCommon.sol";
import {InferenceFixture} from "./InferenceFixture.sol";
import {Receipts} from "./Receipts.sol";
import {ReceiptTrees} from "./ReceiptTrees.sol";

/// @notice Batches beside the inference contracts, with the slash table and parameters of Base, and a challenger with OPG.
abstract contract BatchFixture is InferenceFixture {
    uint64 internal constant SLASHER = 3;
    uint32 internal constant RECEIPT_AGE = 1 hours;
    uint32 internal constant WINDOW = 7 days;
    uint32 internal constant ANSWER = 1 days;
    uint80 internal constant BOND = 1 ether;
    /// Below the cap of the table for the operators of the fixture, a hundredth of their stake.
    uint80 internal constant PENALTY = 7 ether;
    string internal constant URI =
        "https://node.operator.example.org/v1/batches/0x6b3f14b4ccccd536c5194664c6714059b/data";

    address internal challenger = makeAddr("challenger");
    ReceiptBatches internal batches;

    function setUp() public virtual override {
        super.setUp();
        BatchParameters memory parameters = BatchParameters(ANSWER, BOND, PENALTY);
        batches = new ReceiptBatches(opg, proofs, staking, address(manager), parameters);
        bytes4[] memory slash = new bytes4[](3);
        slash[0] = IStakingSlashes.slash.selector;
        slash[1] = IStakingSlashes.freeze.selector;
        slash[2] = IStakingSlashes.unfreeze.selector;
        vm.startPrank(governance);
        manager.setTargetFunctionRole(address(staking), slash, SLASHER);
        manager.grantRole(SLASHER, address(batches), 0);
        staking.setSlashRule(1, SlashRule(10_000, 2_000, 2_000, 1 days, 365 days));
        staking.setSlashRule(3, SlashRule(1_000, 2_000, 2_000, 1 days, 7 days));
        staking.setSlashRule(4, SlashRule(100, 3_000, 0, 1 days, 1 days));
        vm.stopPrank();
        _fund(challenger, 1_000 ether);
        vm.prank(challenger);
        opg.approve(address(batches), type(uint256).max);
        _mine(1);
    }

    /// A receipt of `operator`, different for each number, issued now.
    function _receiptNumber(uint256 number) internal view returns (InferenceReceipt memory) {
        return InferenceReceipt({
            requestId: keccak256(abi.encode("request", number)),
            payer: payer,
            operator: operator,
            modelVersion: version,
            inputHash: keccak256(abi.encode("input", number)),
            outputHash: keccak256(abi.encode("output", number)),
            traceHash: keccak256(abi.encode("trace", number)),
            inputUnits: 5_321,
            outputUnits: 618_840,
            unitPrice: UNIT_PRICE,
            fee: 1 ether,
            mode: 0,
            issuedAt: _now()
        });
    }

    function _signed(InferenceReceipt memory receipt) internal view returns (SignedReceipt memory) {
        return _signedWith(receipt, operatorKey);
    }

    function _signedWith(InferenceReceipt memory receipt, uint256 key) internal view returns (SignedReceipt memory) {
        return SignedReceipt(receipt, Receipts.sign(vm, key, address(proofs), receipt));
    }

    /// `count` good receipts issued now.
    function _good(uint256 count) internal view returns (SignedReceipt[] memory list) {
        list = new SignedReceipt[](count);
        for (uint256 i; i < count; ++i) {
            list[i] = _signed(_receiptNumber(i));
        }
    }

    function _leaves(SignedReceipt[] memory list) internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](list.length);
        for (uint256 i; i < list.length; ++i) {
            bytes32 digest = Receipts.digest(address(proofs), list[i].receipt);
            leaves[i] = ReceiptTrees.leaf(i, list.length, digest, list[i].evidence);
        }
    }

    function _batchOf(SignedReceipt[] memory list) internal view returns (Batch memory) {
        return Batch({
            operator: operator,
            root: ReceiptTrees.root(_leaves(list)),
            count: uint32(list.length),
            from: _now(),
            to: _now(),
            dataHash: keccak256(abi.encode(list))
        });
    }

    function _proof(SignedReceipt[] memory list, uint256 index) internal view returns (bytes32[] memory) {
        return ReceiptTrees.proof(_leaves(list), index);
    }

    /// Posts as the operator's key, as a keeper does.
    function _post(Batch memory batch) internal returns (bytes32 batchId) {
        return _postAs(vm.addr(operatorKey), batch);
    }

    function _postAs(address poster, Batch memory b) internal returns (bytes32 batchId) {
        vm.prank(poster);
        batchId = batches.postBatch(b.operator, b.root, b.count, b.from, b.to, b.dataHash, URI);
        assertEq(batchId, keccak256(abi.encode(block.chainid, address(batches), b)), "batch id");
    }

    function _postGood(uint256 count) internal returns (Batch memory batch, SignedReceipt[] memory list) {
        list = _good(count);
        batch = _batchOf(list);
        _post(batch);
    }

    function _demand(Batch memory batch, uint256 index) internal {
        vm.prank(challenger);
        batches.demandLeaf(batch, index);
    }

    function _skip(uint256 time) internal {
        vm.warp(vm.getBlockTimestamp() + time);
    }

    function _assertStatus(Batch memory batch, IReceiptBatches.Status status) internal view {
        assertEq(uint8(batches.statusOf(batch)), uint8(status), "status of the batch");
    }

    function _ownStake(address account) internal view returns (uint256) {
        return staking.positionOf(account, account).amount;
    }
}
