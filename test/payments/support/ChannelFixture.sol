// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {ChannelConfig, Voucher, VoucherClaim} from "../../../contracts/interfaces/IBatchSettlement.sol";
import {BatchSettlement} from "../../../contracts/payments/BatchSettlement.sol";
import {Erc3009DepositCollector} from "../../../contracts/payments/Erc3009DepositCollector.sol";
import {Opg} from "../../../contracts/token/Opg.sol";

/// @notice Channels and the collector where x402 clients expect them, as on the devnet, with OPG, a payer and a receiver.
abstract contract ChannelFixture is Test {
    address internal constant SETTLEMENT = 0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003;
    address internal constant COLLECTOR = 0x4020806089470a89826cB9fB1f4059150b550004;
    uint40 internal constant DELAY = 1 hours;

    BatchSettlement internal settlement = BatchSettlement(SETTLEMENT);
    Opg internal opg;
    address internal treasury = makeAddr("treasury");
    address internal receiver = makeAddr("vault of operator and version");
    address internal relayer = makeAddr("relayer");
    address internal payer;
    address internal authorizer;
    uint256 internal payerKey;
    uint256 internal authorizerKey;
    uint256 private _salt;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        (payer, payerKey) = makeAddrAndKey("payer");
        (authorizer, authorizerKey) = makeAddrAndKey("receiver authorizer");
        opg = new Opg(makeAddr("custody vault"), treasury);
        vm.etch(SETTLEMENT, address(new BatchSettlement()).code);
        vm.etch(COLLECTOR, address(new Erc3009DepositCollector()).code);
        _fund(payer, 10_000 ether);
    }

    function _fund(address account, uint256 amount) internal {
        vm.prank(treasury);
        opg.transfer(account, amount);
    }

    function _config(address of_, bytes32 salt) internal view returns (ChannelConfig memory) {
        return ChannelConfig(of_, of_, receiver, authorizer, address(opg), DELAY, salt);
    }

    function _config() internal view returns (ChannelConfig memory) {
        return _config(payer, 0);
    }

    /// EIP-712 written out, independently of the contract.
    function _digest(bytes32 structHash) internal view returns (bytes32) {
        bytes32 separator = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("x402 Batch Settlement"),
                keccak256("1"),
                block.chainid,
                SETTLEMENT
            )
        );
        return keccak256(bytes.concat(hex"1901", separator, structHash));
    }

    function _idOf(ChannelConfig memory c) internal view returns (bytes32) {
        bytes32 typeHash = keccak256(
            "ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,"
            "address token,uint40 withdrawDelay,bytes32 salt)"
        );
        return _digest(
            keccak256(
                bytes.concat(
                    abi.encode(typeHash, c.payer, c.payerAuthorizer, c.receiver, c.receiverAuthorizer),
                    abi.encode(c.token, c.withdrawDelay, c.salt)
                )
            )
        );
    }

    function _voucherDigest(ChannelConfig memory c, uint128 maximum) internal view returns (bytes32) {
        bytes32 typeHash = keccak256("Voucher(bytes32 channelId,uint128 maxClaimableAmount)");
        return _digest(keccak256(abi.encode(typeHash, _idOf(c), maximum)));
    }

    function _signed(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// Deposits as a relayer by an authorization that the payer signed.
    function _deposit(ChannelConfig memory c, uint256 key, uint128 amount) internal {
        bytes memory data = _depositData(c, key, amount);
        vm.prank(relayer);
        settlement.deposit(c, amount, COLLECTOR, data);
    }

    function _deposit(uint128 amount) internal returns (ChannelConfig memory c) {
        c = _config();
        _deposit(c, payerKey, amount);
    }

    function _depositData(ChannelConfig memory c, uint256 key, uint128 amount) internal returns (bytes memory) {
        uint256 salt = ++_salt;
        uint256 until = vm.getBlockTimestamp() + 60;
        bytes32 nonce = keccak256(abi.encode(_idOf(c), salt));
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "ReceiveWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
                ),
                c.payer,
                COLLECTOR,
                uint256(amount),
                uint256(0),
                until,
                nonce
            )
        );
        bytes32 digest = keccak256(bytes.concat(hex"1901", opg.DOMAIN_SEPARATOR(), structHash));
        return abi.encode(uint256(0), until, salt, _signed(key, digest));
    }

    function _row(ChannelConfig memory c, uint256 key, uint128 maximum, uint128 total)
        internal
        view
        returns (VoucherClaim memory)
    {
        return VoucherClaim(Voucher(c, maximum), _signed(key, _voucherDigest(c, maximum)), total);
    }

    function _row(uint128 maximum, uint128 total) internal view returns (VoucherClaim memory) {
        return _row(_config(), payerKey, maximum, total);
    }

    function _one(VoucherClaim memory row) internal pure returns (VoucherClaim[] memory rows) {
        rows = new VoucherClaim[](1);
        rows[0] = row;
    }

    function _claim(uint128 maximum, uint128 total) internal {
        VoucherClaim[] memory rows = _one(_row(maximum, total));
        vm.prank(authorizer);
        settlement.claim(rows);
    }

    function _assertChannel(ChannelConfig memory c, uint256 balance, uint256 claimed) internal view {
        (uint128 held, uint128 total) = settlement.channels(_idOf(c));
        assertEq(held, balance, "balance of the channel");
        assertEq(total, claimed, "claimed of the channel");
    }
}
