// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ChannelConfig, Voucher, VoucherClaim} from "../../contracts/interfaces/IBatchSettlement.sol";
import {FeeShares} from "../../contracts/interfaces/IFeeRouter.sol";
import {Batch} from "../../contracts/interfaces/IReceiptBatches.sol";
import {BatchSettlement} from "../../contracts/payments/BatchSettlement.sol";
import {BatchFixture} from "../inference/support/BatchFixture.sol";
import {HostileCollector} from "../payments/support/HostileCollector.sol";

/// @notice Gas of settling many inferences: one batch of receipts, one claim of a voucher of each of 100 payers, one transfer to
/// the operator's vault, one sweep through the fee router. Whole transactions, as in `InferenceGasTest`. Every channel was
/// claimed before, the vault exists, and whoever is paid had been paid before.
/// forge-config: default.isolate = true
contract ChannelGasTest is BatchFixture {
    uint256 private constant PAYERS = 100;
    uint128 private constant DEPOSIT = 100 ether;
    string private constant GROUP = "Channels";

    BatchSettlement private settlement;
    HostileCollector private collector;
    address private vault;
    address private authorizer = makeAddr("receiver authorizer");

    function setUp() public override {
        super.setUp();
        settlement = new BatchSettlement();
        collector = new HostileCollector();
        FeeShares memory shares = FeeShares(500, 300, treasury);
        (, router) = _deployPayments(
            address(this), opg, models, staking, makeAddr("rewards"), address(manager), shares, _noCap()
        );
        vault = router.vaultOf(operator, version);
        _fund(address(collector), PAYERS * DEPOSIT);
        collector.set(DEPOSIT, "");
        for (uint256 i; i < PAYERS; ++i) {
            settlement.deposit(_channel(i), DEPOSIT, address(collector), "");
        }
        _settleAll(1.234567890123456789 ether, 1);
        _mine(1);
    }

    function test_ClaimOf100Vouchers() public {
        VoucherClaim[] memory rows = _rows(9.876543210987654321 ether);
        vm.prank(authorizer);
        settlement.claim(rows);
        uint256 used = vm.lastCallGas().gasTotalUsed;
        vm.snapshotValue(GROUP, "claim of 100 vouchers", used);
        assertLe(used, 2_600_000, "goal");
        settlement.settle(vault, address(opg));
        vm.snapshotGasLastCall(GROUP, "settle");
    }

    function test_PerInference() public {
        uint256 total = _settleAll(9.876543210987654321 ether, 2);
        vm.snapshotValue(GROUP, "settling a batch of 100 payers", total);
        vm.snapshotValue(GROUP, "per inference of 4,096", total / 4_096);
        vm.snapshotValue(GROUP, "per inference of 40,960", total / 40_960);
        assertLe(total / 4_096, 650, "goal");
        assertLe(total / 40_960, 70, "goal");
    }

    /// Everything that happens on-chain for a batch, in four transactions.
    function _settleAll(uint128 each, uint256 number) private returns (uint256 total) {
        Batch memory batch = _batchOf(_good(1));
        (batch.root, batch.count) = (keccak256(abi.encode(number)), 40_960);
        _post(batch);
        total = vm.lastCallGas().gasTotalUsed;
        VoucherClaim[] memory rows = _rows(each);
        vm.prank(authorizer);
        settlement.claim(rows);
        total += vm.lastCallGas().gasTotalUsed;
        settlement.settle(vault, address(opg));
        total += vm.lastCallGas().gasTotalUsed;
        router.sweep(operator, version);
        total += vm.lastCallGas().gasTotalUsed;
    }

    function _keyOf(uint256 number) private pure returns (uint256) {
        return uint256(keccak256(abi.encode("payer", number)));
    }

    function _channel(uint256 number) private view returns (ChannelConfig memory) {
        address account = vm.addr(_keyOf(number));
        bytes32 salt = keccak256(abi.encode("salt", number));
        return ChannelConfig(account, account, vault, authorizer, address(opg), 1 days, salt);
    }

    function _rows(uint128 total) private view returns (VoucherClaim[] memory rows) {
        rows = new VoucherClaim[](PAYERS);
        for (uint256 i; i < PAYERS; ++i) {
            ChannelConfig memory c = _channel(i);
            bytes32 digest = settlement.getVoucherDigest(settlement.getChannelId(c), total);
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(_keyOf(i), digest);
            rows[i] = VoucherClaim(Voucher(c, total), abi.encodePacked(r, s, v), total);
        }
    }
}
