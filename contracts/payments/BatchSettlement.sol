// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {Multicall} from "@openzeppelin/contracts/utils/Multicall.sol";
import {ReentrancyGuardTransient} from "@openzeppelin/contracts/utils/ReentrancyGuardTransient.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";
import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeTransferLib} from "solady/utils/SafeTransferLib.sol";
import {ChannelConfig, IBatchSettlement, IDepositCollector, VoucherClaim} from "../interfaces/IBatchSettlement.sol";
import {ChannelHashes} from "./ChannelHashes.sol";

/// @title Payment channels of x402's batch-settlement scheme
/// @notice See `IBatchSettlement` and docs/protocol.md. Our own implementation, for chains that do not have the public one; the
/// devnet has it at the public one's address. No owner, no upgrade, no parameters, no immutables.
///
/// MONEY
/// For each token: balance = what was deposited - returned - settled. Of a channel, claimed ≤ balance: what a voucher promises is
/// not more than what is there. Claimed tokens are the receiver's for good; the rest is the payer's.
///
/// TRUST
/// Nobody. A token or a collector may be hostile: it can spoil its own channels only. Each deposit is measured, and nothing can
/// be entered again while a collector, a token or a wallet is called.
contract BatchSettlement is IBatchSettlement, Multicall, ReentrancyGuardTransient {
    using SafeTransferLib for address;

    /// @notice Bounds of the delay of a withdrawal.
    uint40 public constant MIN_WITHDRAW_DELAY = 15 minutes;
    uint40 public constant MAX_WITHDRAW_DELAY = 30 days;

    struct Channel {
        uint128 balance;
        uint128 totalClaimed;
    }

    struct Withdrawal {
        uint128 amount;
        uint40 initiatedAt;
    }

    struct Receiver {
        uint128 totalClaimed;
        uint128 totalSettled;
    }

    /// @inheritdoc IBatchSettlement
    mapping(bytes32 channelId => Channel channel) public override channels;
    /// @inheritdoc IBatchSettlement
    mapping(bytes32 channelId => Withdrawal withdrawal) public override pendingWithdrawals;
    /// @inheritdoc IBatchSettlement
    mapping(address receiver => mapping(address token => Receiver state)) public override receivers;
    /// @inheritdoc IBatchSettlement
    mapping(bytes32 channelId => uint256 nonce) public override refundNonce;

    /// @inheritdoc IBatchSettlement
    function deposit(ChannelConfig calldata config, uint128 amount, address collector, bytes calldata collectorData)
        external
        override
        nonReentrant
    {
        // Check: a channel that can work.
        _requireValid(config);
        require(amount != 0, AmountZero());
        bytes32 id = getChannelId(config);

        // Interaction: the collector brings the tokens. Nothing here can be entered meanwhile, so the balance grows by them alone.
        uint256 before = config.token.balanceOf(address(this));
        IDepositCollector(collector).collect(config.payer, config.token, amount, id, msg.sender, collectorData);
        uint256 received = config.token.balanceOf(address(this)) - before;
        require(received == amount, DepositMismatch(amount, received));

        // Effect: book them.
        Channel storage channel = channels[id];
        if (channel.balance == 0 && channel.totalClaimed == 0) emit ChannelCreated(id, config);
        channel.balance += amount;
        emit Deposited(id, msg.sender, amount, channel.balance);
    }

    /// @inheritdoc IBatchSettlement
    function claim(VoucherClaim[] calldata voucherClaims) external override nonReentrant {
        bytes32 separator = ChannelHashes.domain();
        for (uint256 i; i < voucherClaims.length; ++i) {
            ChannelConfig calldata config = voucherClaims[i].voucher.channel;
            bool may = msg.sender == config.receiverAuthorizer || msg.sender == config.receiver;
            require(may, NotReceiver(ChannelHashes.channelId(separator, config), msg.sender));
        }
        _claim(separator, voucherClaims);
    }

    /// @inheritdoc IBatchSettlement
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature)
        external
        override
        nonReentrant
    {
        require(voucherClaims.length != 0, EmptyBatch());
        address authorizer = voucherClaims[0].voucher.channel.receiverAuthorizer;
        for (uint256 i = 1; i < voucherClaims.length; ++i) {
            address other = voucherClaims[i].voucher.channel.receiverAuthorizer;
            require(other == authorizer, AuthorizersDiffer(authorizer, other));
        }
        bytes32 separator = ChannelHashes.domain();
        _requireSignature(authorizer, ChannelHashes.claimBatch(separator, voucherClaims), authorizerSignature);
        _claim(separator, voucherClaims);
    }

    /// @inheritdoc IBatchSettlement
    function settle(address receiver, address token) external override nonReentrant {
        Receiver storage state = receivers[receiver][token];
        uint128 amount = state.totalClaimed - state.totalSettled;
        if (amount == 0) return;
        state.totalSettled = state.totalClaimed;
        emit Settled(receiver, token, msg.sender, amount);
        token.safeTransfer(receiver, amount);
    }

    /// @inheritdoc IBatchSettlement
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external override nonReentrant {
        bytes32 id = _requirePayer(config);
        require(amount != 0, AmountZero());
        uint128 available = _unclaimed(channels[id]);
        require(amount <= available, WithdrawalAboveBalance(id, amount, available));
        pendingWithdrawals[id] = Withdrawal(amount, uint40(block.timestamp));
        emit WithdrawInitiated(id, amount, uint40(block.timestamp) + config.withdrawDelay);
    }

    /// @inheritdoc IBatchSettlement
    function finalizeWithdraw(ChannelConfig calldata config) external override nonReentrant {
        // Check: asked for, and long enough ago.
        bytes32 id = _requirePayer(config);
        Withdrawal memory withdrawal = pendingWithdrawals[id];
        require(withdrawal.amount != 0, NoWithdrawal(id));
        uint256 matureAt = uint256(withdrawal.initiatedAt) + config.withdrawDelay;
        require(block.timestamp >= matureAt, WithdrawalPending(id, matureAt));

        // Effect and interaction: what was claimed meanwhile is the receiver's.
        delete pendingWithdrawals[id];
        uint128 amount = uint128(Math.min(withdrawal.amount, _unclaimed(channels[id])));
        emit WithdrawFinalized(id, msg.sender, amount);
        _return(id, config, amount);
    }

    /// @inheritdoc IBatchSettlement
    function refund(ChannelConfig calldata config, uint128 amount) external override nonReentrant {
        bytes32 id = getChannelId(config);
        require(msg.sender == config.receiver || msg.sender == config.receiverAuthorizer, NotReceiver(id, msg.sender));
        _refund(id, config, amount);
    }

    /// @inheritdoc IBatchSettlement
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external override nonReentrant {
        bytes32 separator = ChannelHashes.domain();
        bytes32 id = ChannelHashes.channelId(separator, config);
        require(nonce == refundNonce[id], WrongRefundNonce(id, refundNonce[id], nonce));
        bytes32 digest = ChannelHashes.refund(separator, id, nonce, amount);
        _requireSignature(config.receiverAuthorizer, digest, receiverAuthorizerSignature);
        _refund(id, config, amount);
    }

    /// @inheritdoc IBatchSettlement
    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) external view override returns (bytes32) {
        return ChannelHashes.voucher(ChannelHashes.domain(), channelId, maxClaimableAmount);
    }

    /// @inheritdoc IBatchSettlement
    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount)
        external
        view
        override
        returns (bytes32)
    {
        return ChannelHashes.refund(ChannelHashes.domain(), channelId, nonce, amount);
    }

    /// @inheritdoc IBatchSettlement
    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) external view override returns (bytes32) {
        return ChannelHashes.claimBatch(ChannelHashes.domain(), voucherClaims);
    }

    /// @inheritdoc IBatchSettlement
    // solhint-disable-next-line func-name-mixedcase
    function CHANNEL_CONFIG_TYPEHASH() external pure override returns (bytes32) {
        return ChannelHashes.CHANNEL_CONFIG_TYPEHASH;
    }

    /// @inheritdoc IBatchSettlement
    function multicall(bytes[] calldata data)
        public
        override(IBatchSettlement, Multicall)
        returns (bytes[] memory results)
    {
        return super.multicall(data);
    }

    /// @inheritdoc IBatchSettlement
    function getChannelId(ChannelConfig calldata config) public view override returns (bytes32) {
        return ChannelHashes.channelId(ChannelHashes.domain(), config);
    }

    /// @dev Claims row by row. Rows of one receiver and token in a row are booked together.
    function _claim(bytes32 separator, VoucherClaim[] calldata rows) private {
        address receiver = address(0);
        address token = address(0);
        uint128 sum = 0;
        for (uint256 i; i < rows.length; ++i) {
            ChannelConfig calldata config = rows[i].voucher.channel;
            if (config.receiver != receiver || config.token != token) {
                if (sum != 0) receivers[receiver][token].totalClaimed += sum;
                (receiver, token, sum) = (config.receiver, config.token, 0);
            }
            sum += _claimRow(separator, rows[i]);
        }
        if (sum != 0) receivers[receiver][token].totalClaimed += sum;
    }

    function _claimRow(bytes32 separator, VoucherClaim calldata row) private returns (uint128 amount) {
        // Check: more than before, within the voucher, and there.
        ChannelConfig calldata config = row.voucher.channel;
        bytes32 id = ChannelHashes.channelId(separator, config);
        Channel storage channel = channels[id];
        (uint128 balance, uint128 claimed, uint128 requested) =
            (channel.balance, channel.totalClaimed, row.totalClaimed);
        uint128 maximum = row.voucher.maxClaimableAmount;
        require(requested > claimed, NothingToClaim(id, claimed, requested));
        require(requested <= maximum, ClaimAboveVoucher(id, requested, maximum));
        require(requested <= balance, ClaimAboveBalance(id, requested, balance));
        bytes32 digest = ChannelHashes.voucher(separator, id, maximum);
        if (config.payerAuthorizer == address(0)) {
            _requireSignature(config.payer, digest, row.signature);
        } else {
            (address signer,,) = ECDSA.tryRecoverCalldata(digest, row.signature);
            require(signer == config.payerAuthorizer, InvalidSignature(config.payerAuthorizer));
        }

        // Effect: the receiver's for good.
        channel.totalClaimed = requested;
        amount = requested - claimed;
        emit Claimed(id, msg.sender, amount, requested);
    }

    /// @dev A refund uses its nonce up even where nothing can be refunded, so that what was signed before is void.
    function _refund(bytes32 id, ChannelConfig calldata config, uint128 amount) private {
        require(amount != 0, AmountZero());
        ++refundNonce[id];
        amount = uint128(Math.min(amount, _unclaimed(channels[id])));
        if (amount == 0) return;
        // What is refunded is no longer to be withdrawn.
        Withdrawal storage withdrawal = pendingWithdrawals[id];
        if (withdrawal.amount > amount) withdrawal.amount -= amount;
        else if (withdrawal.amount != 0) delete pendingWithdrawals[id];
        emit Refunded(id, msg.sender, amount);
        _return(id, config, amount);
    }

    /// @dev Effect and interaction: gives tokens of a channel back to its payer.
    function _return(bytes32 id, ChannelConfig calldata config, uint128 amount) private {
        if (amount == 0) return;
        Channel storage channel = channels[id];
        channel.balance -= amount;
        if (channel.balance == 0) emit ChannelClosed(id, config);
        config.token.safeTransfer(config.payer, amount);
    }

    function _requirePayer(ChannelConfig calldata config) private view returns (bytes32 id) {
        id = getChannelId(config);
        require(msg.sender == config.payer || msg.sender == config.payerAuthorizer, NotPayer(id, msg.sender));
    }

    function _requireSignature(address signer, bytes32 digest, bytes calldata signature) private view {
        require(SignatureChecker.isValidSignatureNowCalldata(signer, digest, signature), InvalidSignature(signer));
    }

    function _requireValid(ChannelConfig calldata config) private pure {
        require(config.payer != address(0), InvalidChannel("payer"));
        require(config.receiver != address(0), InvalidChannel("receiver"));
        require(config.receiverAuthorizer != address(0), InvalidChannel("receiverAuthorizer"));
        require(config.token != address(0), InvalidChannel("token"));
        uint256 delay = config.withdrawDelay;
        require(delay >= MIN_WITHDRAW_DELAY && delay <= MAX_WITHDRAW_DELAY, InvalidChannel("withdrawDelay"));
    }

    function _unclaimed(Channel storage channel) private view returns (uint128) {
        return channel.balance - channel.totalClaimed;
    }
}
