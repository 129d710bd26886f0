// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {InferenceReceipt, IProofRegistry} from "../../contracts/interfaces/IProofRegistry.sol";
import {InferenceFixture} from "./support/InferenceFixture.sol";
import {Receipts} from "./support/Receipts.sol";

/// @notice What a valid receipt is.
contract ProofRegistryTest is InferenceFixture {
    uint256 private constant HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    uint256 private constant ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141;

    function _validReceipt() private view returns (InferenceReceipt memory) {
        return InferenceReceipt({
            requestId: "request",
            payer: payer,
            operator: operator,
            modelVersion: version,
            inputHash: keccak256("input"),
            outputHash: keccak256("output"),
            traceHash: keccak256("trace"),
            inputUnits: 3,
            outputUnits: 7,
            unitPrice: 11,
            fee: 110,
            mode: 0,
            issuedAt: _now()
        });
    }

    function _assertFault(InferenceReceipt memory receipt, bytes memory evidence, IProofRegistry.Fault fault)
        private
        view
    {
        assertEq(uint8(proofs.verify(receipt, evidence)), uint8(fault));
    }

    function test_Domain_IsThatOfTheProxy() public view {
        (, string memory name, string memory domainVersion, uint256 chainId, address verifyingContract,,) =
            proofs.eip712Domain();
        assertEq(name, "OPG Inference");
        assertEq(domainVersion, "1");
        assertEq(chainId, block.chainid);
        assertEq(verifyingContract, address(proofs));
    }

    function testFuzz_DigestOf_IsEip712(InferenceReceipt memory receipt) public view {
        assertEq(proofs.digestOf(receipt), Receipts.digest(address(proofs), receipt));
    }

    function test_DigestOf_FollowsTheChain() public {
        InferenceReceipt memory receipt = _validReceipt();
        vm.chainId(8453);
        assertEq(proofs.digestOf(receipt), Receipts.digest(8453, address(proofs), receipt));
    }

    function test_Verify_AcceptsTheOperatorsSignature() public view {
        InferenceReceipt memory receipt = _validReceipt();
        bytes memory evidence = Receipts.sign(vm, operatorKey, address(proofs), receipt);
        _assertFault(receipt, evidence, IProofRegistry.Fault.None);
    }

    /// P1: a signature is good for one receipt only, whatever field differs.
    function testFuzz_Verify_RefusesTheSignatureOfAnotherReceipt(uint256 word, uint8 bit) public view {
        InferenceReceipt memory receipt = _validReceipt();
        bytes memory evidence = Receipts.sign(vm, operatorKey, address(proofs), receipt);
        bytes memory encoded = abi.encode(receipt);
        // Fields other than the operator, its time and the mode, whose refusal has other reasons; low bits fit all types.
        uint256[10] memory fields = [uint256(0), 1, 3, 4, 5, 6, 7, 8, 9, 10];
        uint256 at = fields[word % 10] * 32 + 31 - (bit % 64) / 8;
        encoded[at] = bytes1(uint8(encoded[at]) ^ uint8(1 << (bit % 8)));
        _assertFault(abi.decode(encoded, (InferenceReceipt)), evidence, IProofRegistry.Fault.WrongSignature);
    }

    function testFuzz_Verify_RefusesOtherKeys(uint256 key) public view {
        key = bound(key, 1, ORDER - 1);
        vm.assume(key != operatorKey);
        InferenceReceipt memory receipt = _validReceipt();
        bytes memory evidence = Receipts.sign(vm, key, address(proofs), receipt);
        _assertFault(receipt, evidence, IProofRegistry.Fault.WrongSignature);
    }

    function testFuzz_Verify_RefusesArbitraryEvidence(bytes memory evidence) public view {
        _assertFault(_validReceipt(), evidence, IProofRegistry.Fault.WrongSignature);
    }

    /// P2: nobody but the signer can make a second signature.
    function test_Verify_RefusesTheMirroredSignature() public view {
        InferenceReceipt memory receipt = _validReceipt();
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(operatorKey, Receipts.digest(address(proofs), receipt));
        assertLe(uint256(s), HALF_ORDER);
        bytes memory mirrored = bytes.concat(r, bytes32(ORDER - uint256(s)), bytes1(v == 27 ? 28 : 27));
        _assertFault(receipt, mirrored, IProofRegistry.Fault.WrongSignature);
        // The compact form of ERC-2098 is a second form of the same signature.
        bytes memory compact = bytes.concat(r, bytes32(uint256(s) | (uint256(v - 27) << 255)));
        _assertFault(receipt, compact, IProofRegistry.Fault.WrongSignature);
    }

    function test_Verify_RefusesOtherModesFutureAndStrangers() public {
        InferenceReceipt memory receipt = _validReceipt();
        receipt.mode = 1;
        _assertFault(
            receipt, Receipts.sign(vm, operatorKey, address(proofs), receipt), IProofRegistry.Fault.UnsupportedMode
        );
        receipt = _validReceipt();
        receipt.issuedAt += 1;
        _assertFault(
            receipt, Receipts.sign(vm, operatorKey, address(proofs), receipt), IProofRegistry.Fault.IssuedInFuture
        );
        receipt = _validReceipt();
        receipt.operator = makeAddr("stranger");
        _assertFault(
            receipt, Receipts.sign(vm, operatorKey, address(proofs), receipt), IProofRegistry.Fault.OperatorInactive
        );
    }

    /// P3: receipts are judged as of their own time.
    function test_Verify_JudgesKeysAsOfTheReceiptsTime() public {
        InferenceReceipt memory early = _validReceipt();
        bytes memory earlyEvidence = Receipts.sign(vm, operatorKey, address(proofs), early);
        vm.prank(operator);
        staking.setSigner(vm.addr(rivalKey));
        _mine(1);
        InferenceReceipt memory late = _validReceipt();

        _assertFault(early, earlyEvidence, IProofRegistry.Fault.None);
        _assertFault(early, _signed(early, rivalKey), IProofRegistry.Fault.WrongSignature);
        _assertFault(late, _signed(late, operatorKey), IProofRegistry.Fault.WrongSignature);
        _assertFault(late, _signed(late, rivalKey), IProofRegistry.Fault.None);

        vm.prank(operator);
        staking.retire();
        _mine(1);
        InferenceReceipt memory later = _validReceipt();
        _assertFault(early, earlyEvidence, IProofRegistry.Fault.None);
        _assertFault(later, _signed(later, rivalKey), IProofRegistry.Fault.OperatorInactive);
    }

    function _signed(InferenceReceipt memory receipt, uint256 key) private view returns (bytes memory) {
        return Receipts.sign(vm, key, address(proofs), receipt);
    }

    function test_RevertWhen_AnyoneButTheHubRecords() public {
        InferenceReceipt memory receipt = _validReceipt();
        bytes memory evidence = _signed(receipt, operatorKey);
        vm.expectRevert(abi.encodeWithSelector(IProofRegistry.NotInferenceHub.selector, operator));
        vm.prank(operator);
        proofs.record(receipt, evidence);
    }

    function test_Record_AnnouncesTheDigestOrChangesNothing() public {
        InferenceReceipt memory receipt = _validReceipt();
        bytes32 digest = proofs.digestOf(receipt);
        vm.startPrank(address(hub));
        vm.recordLogs();
        (IProofRegistry.Fault fault, bytes32 same) = proofs.record(receipt, "");
        assertEq(uint8(fault), uint8(IProofRegistry.Fault.WrongSignature));
        assertEq(same, digest);
        assertEq(vm.getRecordedLogs().length, 0);

        bytes memory evidence = _signed(receipt, operatorKey);
        vm.expectEmit(address(proofs));
        emit IProofRegistry.ResultRecorded("request", operator, digest);
        (fault, same) = proofs.record(receipt, evidence);
        assertEq(uint8(fault), uint8(IProofRegistry.Fault.None));
        assertEq(same, digest);
    }

    function test_ResultOf_IsZeroWithoutAResult() public view {
        assertEq(proofs.resultOf("nothing"), 0);
    }
}
