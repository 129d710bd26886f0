// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {Test} from "forge-std/Test.sol";
import {InferenceHub} from "../../../contracts/inference/InferenceHub.sol";
import {ProofRegistry} from "../../../contracts/inference/ProofRegistry.sol";
import {FeeCap, FeeShares} from "../../../contracts/interfaces/IFeeRouter.sol";
import {Fulfilment, IInferenceHub, Request} from "../../../contracts/interfaces/IInferenceHub.sol";
import {ModelSpec} from "../../../contracts/interfaces/IModelRegistry.sol";
import {InferenceReceipt} from "../../../contracts/interfaces/IProofRegistry.sol";
import {IStaking} from "../../../contracts/interfaces/IStaking.sol";
import {ModelVersion} from "../../../contracts/interfaces/ModelVersion.sol";
import {ModelRegistry} from "../../../contracts/models/ModelRegistry.sol";
import {FeeMarket} from "../../../contracts/payments/FeeMarket.sol";
import {FeeRouter} from "../../../contracts/payments/FeeRouter.sol";
import {CustodyVault} from "../../../contracts/staking/CustodyVault.sol";
import {Opg} from "../../../contracts/token/Opg.sol";
import {Groth16Verifier} from "../../../contracts/zk/Groth16Verifier.sol";
import {VerifyingKeys} from "../../../contracts/zk/VerifyingKeys.sol";
import {PaymentSystem} from "../../support/PaymentSystem.sol";
import {StakingSystem} from "../../support/StakingSystem.sol";
import {Receipts} from "./Receipts.sol";

/// @notice The inference contracts deployed as in production, with one model, one payer and two operators, 2 s blocks.
abstract contract InferenceFixture is Test, StakingSystem, PaymentSystem {
    uint32 internal constant TURN_WINDOW = 4;
    uint32 internal constant TURN_CAP = 60;
    /// Own stake of an operator, the minimum.
    uint80 internal constant SELF_STAKE = 1_000 ether;
    uint32 internal constant UNBONDING = 21 days;
    uint128 internal constant UNIT_PRICE = 3_141_592_653_589;
    uint128 internal constant MAX_FEE = 2 ether + 123_456_789_123_456_789;
    bytes internal constant INPUT = '{"messages":[{"role":"user","content":"Why is the sky blue?"}],"max_tokens":64}';

    address internal governance = makeAddr("governance");
    address internal treasury = makeAddr("treasury");
    address internal modelOwner = makeAddr("model owner");
    address internal payer = makeAddr("payer");
    address internal operator = makeAddr("operator");
    address internal rival = makeAddr("rival operator");
    address internal verifiers = makeAddr("verification pool");
    /// Sends transactions and has no part in anything.
    address internal relayer = makeAddr("relayer");
    uint256 internal operatorKey;
    uint256 internal rivalKey;

    AccessManager internal manager;
    Opg internal opg;
    ModelRegistry internal models;
    CustodyVault internal custodyVault;
    IStaking internal staking;
    VerifyingKeys internal keys;
    ProofRegistry internal proofs;
    FeeMarket internal market;
    FeeRouter internal router;
    InferenceHub internal hub;
    bytes32 internal modelId;
    ModelVersion internal version;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        vm.roll(30_000_000);
        address signer;
        (signer, operatorKey) = makeAddrAndKey("operator key");
        (, rivalKey) = makeAddrAndKey("rival key");
        _deploy();

        vm.startPrank(modelOwner);
        modelId = models.registerModel("SmolLM2-135M-Instruct");
        version = models.publishVersion(modelId, _spec());
        vm.stopPrank();
        _register(operator, signer);
        _mine(1);
        _fund(payer, 1_000 ether);
        vm.prank(payer);
        opg.approve(address(hub), type(uint256).max);
    }

    function _deploy() private {
        manager = new AccessManager(governance);
        // The token names the vault, which is created next.
        opg = new Opg(vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1), treasury);
        (custodyVault, staking) = _deployStaking(
            address(this), opg, address(manager), makeAddr("rewards"), _stakingParameters(SELF_STAKE, UNBONDING)
        );
        models = ModelRegistry(
            address(
                new ERC1967Proxy(
                    address(new ModelRegistry()), abi.encodeCall(ModelRegistry.initialize, (address(manager)))
                )
            )
        );
        keys = new VerifyingKeys(new Groth16Verifier());
        (market, router) = _deployPayments(
            address(this), opg, models, staking, makeAddr("rewards"), address(manager), _feeShares(), _feeCap()
        );
        // Hub and proof registry know each other as immutables: four contracts are created, the proxies last.
        uint256 nonce = vm.getNonce(address(this));
        address hubAt = vm.computeCreateAddress(address(this), nonce + 2);
        address proofsAt = vm.computeCreateAddress(address(this), nonce + 3);
        address hubCode = address(new InferenceHub(opg, models, staking, ProofRegistry(proofsAt), router));
        address proofsCode = address(new ProofRegistry(staking, hubAt, models, keys));
        hub = InferenceHub(
            address(
                new ERC1967Proxy(
                    hubCode, abi.encodeCall(InferenceHub.initialize, (address(manager), TURN_WINDOW, TURN_CAP))
                )
            )
        );
        proofs = ProofRegistry(
            address(new ERC1967Proxy(proofsCode, abi.encodeCall(ProofRegistry.initialize, (address(manager)))))
        );
        assertEq(address(hub), hubAt);
        assertEq(address(proofs), proofsAt);
    }

    function _feeShares() internal view returns (FeeShares memory) {
        return FeeShares({burnBps: 500, verificationBps: 300, verificationPool: verifiers});
    }

    function _feeCap() internal view virtual returns (FeeCap memory) {
        return _noCap();
    }

    /// Fees of `account` that the hub holds.
    function _feesOf(address account) internal view returns (uint256) {
        return hub.feesOf(account, version);
    }

    function _spec() internal pure returns (ModelSpec memory) {
        return ModelSpec({
            task: "chat/1",
            weightsDigest: 0xb179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53,
            tokenizerDigest: 0,
            configDigest: 0,
            engineProfile: keccak256("opg-candle/q4_1"),
            zkCommitment: 0,
            unitsPerRequest: 1_000,
            unitsPerInputToken: 135,
            unitsPerOutputToken: 540,
            royaltyBps: 500,
            modes: 3,
            licence: "Apache-2.0",
            uri: "https://models.example.org/smollm2-135m-instruct/"
        });
    }

    function _fund(address account, uint256 amount) internal {
        vm.prank(treasury);
        opg.transfer(account, amount);
    }

    function _register(address account, address signer) internal {
        _registerWith(account, signer, SELF_STAKE);
    }

    function _registerWith(address account, address signer, uint256 stake) internal {
        _fund(account, stake);
        vm.startPrank(account);
        opg.approve(address(custodyVault), stake);
        staking.register(signer, 1, 500, stake, "https://operator.example.org", "ipfs://operator");
        vm.stopPrank();
    }

    function _registerRival() internal {
        _register(rival, vm.addr(rivalKey));
        _mine(1);
    }

    /// Mines `count` blocks of two seconds.
    function _mine(uint256 count) internal {
        vm.roll(vm.getBlockNumber() + count);
        vm.warp(vm.getBlockTimestamp() + 2 * count);
    }

    function _now() internal view returns (uint64) {
        return uint64(vm.getBlockTimestamp());
    }

    function _request() internal returns (Request memory req) {
        return _requestBy(payer, 0);
    }

    function _requestBy(address account, uint32 callbackGas) internal returns (Request memory req) {
        return _requestWith(account, INPUT, 0, MAX_FEE, callbackGas, _now() + 1 hours);
    }

    /// Asks, and rebuilds the request without reading the event, so that its identifier is checked by every test.
    function _requestWith(
        address account,
        bytes memory input,
        uint8 mode,
        uint128 maxFee,
        uint32 callbackGas,
        uint64 deadline
    ) internal returns (Request memory req) {
        req = Request({
            payer: account,
            nonce: _requests++,
            modelVersion: version,
            inputHash: keccak256(input),
            mode: mode,
            callbackGas: callbackGas,
            blockNumber: uint64(vm.getBlockNumber()),
            requestedAt: _now(),
            deadline: deadline,
            maxFee: maxFee
        });
        vm.prank(account);
        bytes32 requestId = hub.request(version, input, mode, maxFee, callbackGas, deadline);
        assertEq(requestId, _idOf(req), "request id");
    }

    uint64 private _requests;

    function _idOf(Request memory req) internal view returns (bytes32) {
        return keccak256(abi.encode(block.chainid, address(hub), req));
    }

    /// An answer of 256 bytes by `operator`, issued now, for the most part of the maximum fee.
    function _answer(Request memory req) internal view returns (Fulfilment memory) {
        return _answerBy(req, operator, operatorKey);
    }

    function _answerBy(Request memory req, address by, uint256 key) internal view returns (Fulfilment memory f) {
        f = Fulfilment({
            operator: by,
            traceHash: keccak256(abi.encode("trace", _idOf(req))),
            inputUnits: 5_321,
            outputUnits: 618_840,
            unitPrice: UNIT_PRICE,
            fee: 1 ether + 960_784_313_725_490_196,
            issuedAt: _now(),
            output: _text(256),
            evidence: ""
        });
        _sign(f, req, key);
    }

    function _sign(Fulfilment memory f, Request memory req, uint256 key) internal view {
        f.evidence = Receipts.sign(vm, key, address(proofs), _receipt(req, f));
    }

    function _receipt(Request memory req, Fulfilment memory f) internal view returns (InferenceReceipt memory) {
        return InferenceReceipt({
            requestId: _idOf(req),
            payer: req.payer,
            operator: f.operator,
            modelVersion: req.modelVersion,
            inputHash: req.inputHash,
            outputHash: keccak256(f.output),
            traceHash: f.traceHash,
            inputUnits: f.inputUnits,
            outputUnits: f.outputUnits,
            unitPrice: f.unitPrice,
            fee: f.fee,
            mode: req.mode,
            issuedAt: f.issuedAt
        });
    }

    function _digest(Request memory req, Fulfilment memory f) internal view returns (bytes32) {
        return Receipts.digest(address(proofs), _receipt(req, f));
    }

    /// Printable text without zero bytes: the dearest calldata.
    function _text(uint256 length) internal pure returns (bytes memory text) {
        text = new bytes(length);
        for (uint256 i = 0; i < length; ++i) {
            text[i] = bytes1(uint8(0x20 + uint256(keccak256(abi.encode(i))) % 95));
        }
    }

    /// Waits until each of at most two operators may answer requests made now, but not until the cap.
    function _waitForTurn() internal {
        _mine(TURN_WINDOW);
    }

    function _fulfil(Request memory req, Fulfilment memory f) internal {
        vm.prank(relayer);
        hub.fulfil(req, f);
    }

    function _expectRejection(Request memory req, Fulfilment memory f, IInferenceHub.Refusal reason) internal {
        assertEq(uint8(hub.check(req, f)), uint8(reason), "check");
        vm.expectRevert(abi.encodeWithSelector(IInferenceHub.FulfilmentRejected.selector, _idOf(req), reason));
        _fulfil(req, f);
    }

    function _assertStatus(Request memory req, IInferenceHub.Status status) internal view {
        assertEq(uint8(hub.statusOf(_idOf(req))), uint8(status), "status");
    }
}
