// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A payment channel; its EIP-712 hash is its identifier.
/// @param payer Whose tokens are in it, and who gets the rest back.
/// @param payerAuthorizer Key that signs vouchers; zero if the payer does, which may then be a contract (ERC-1271).
/// @param receiver Who is paid.
/// @param receiverAuthorizer Who may claim and refund for the receiver, itself or by signature.
/// @param token What is paid in.
/// @param withdrawDelay Seconds from the payer's wish to withdraw to the withdrawal: 15 minutes to 30 days.
/// @param salt Tells channels apart that are otherwise alike.
struct ChannelConfig {
    address payer;
    address payerAuthorizer;
    address receiver;
    address receiverAuthorizer;
    address token;
    uint40 withdrawDelay;
    bytes32 salt;
}

/// @notice What the payer signs: of this channel, at most so much may be claimed in all.
struct Voucher {
    ChannelConfig channel;
    uint128 maxClaimableAmount;
}

/// @notice One row of a claim.
/// @param signature The payer's, of the voucher.
/// @param totalClaimed What shall have been claimed of the channel afterwards: more than now, at most what the voucher allows.
struct VoucherClaim {
    Voucher voucher;
    bytes signature;
    uint128 totalClaimed;
}

/// @title Payment channels of x402's batch-settlement scheme
/// @notice The interface, types and EIP-712 domain of the contract that x402 clients hard-code
/// (0x4020074e9dF2ce1deE5A9C1b5c3f541D02a10003). A payer deposits into a channel and signs vouchers, each for more than the one
/// before; the receiver claims many channels by one call, and what was claimed is transferred in one sum. The payer gets back
/// what is not claimed, at once if the receiver agrees and otherwise after a delay in which the receiver can still claim.
///
/// TYPES
/// Domain: name `x402 Batch Settlement`, version `1`, chain id, this contract.
/// `ChannelConfig(address payer,address payerAuthorizer,address receiver,address receiverAuthorizer,address token,uint40 withdrawDelay,bytes32 salt)`,
/// `Voucher(bytes32 channelId,uint128 maxClaimableAmount)`, `Refund(bytes32 channelId,uint256 nonce,uint128 amount)`,
/// `ClaimBatch(ClaimEntry[] claims)`, `ClaimEntry(bytes32 channelId,uint128 maxClaimableAmount,uint128 totalClaimed)`.
interface IBatchSettlement {
    /// @notice The first deposit into a channel, or the first after it was emptied without any claim.
    event ChannelCreated(bytes32 indexed channelId, ChannelConfig config);
    /// @notice Everything went back to the payer, and nothing was ever claimed.
    event ChannelClosed(bytes32 indexed channelId, ChannelConfig config);
    event Deposited(bytes32 indexed channelId, address indexed sender, uint128 amount, uint128 newBalance);
    event Claimed(bytes32 indexed channelId, address indexed sender, uint128 claimAmount, uint128 newTotalClaimed);
    event Settled(address indexed receiver, address indexed token, address indexed sender, uint128 amount);
    event WithdrawInitiated(bytes32 indexed channelId, uint128 amount, uint40 finalizeAfter);
    event WithdrawFinalized(bytes32 indexed channelId, address indexed sender, uint128 amount);
    event Refunded(bytes32 indexed channelId, address indexed sender, uint128 amount);

    /// @param field Name of the field of the configuration that is not acceptable.
    error InvalidChannel(string field);
    error AmountZero();
    /// @notice The collector brought another amount than it was asked for.
    error DepositMismatch(uint256 expected, uint256 received);
    error EmptyBatch();
    /// @notice The caller is neither receiver nor receiver authorizer of the channel.
    error NotReceiver(bytes32 channelId, address caller);
    /// @notice The caller is neither payer nor payer authorizer of the channel.
    error NotPayer(bytes32 channelId, address caller);
    /// @notice The rows of a signed claim have different receiver authorizers.
    error AuthorizersDiffer(address first, address other);
    error InvalidSignature(address signer);
    /// @notice A claim goes back, or stays: `totalClaimed` must be above what was claimed.
    error NothingToClaim(bytes32 channelId, uint128 claimed, uint128 requested);
    error ClaimAboveVoucher(bytes32 channelId, uint128 requested, uint128 maximum);
    error ClaimAboveBalance(bytes32 channelId, uint128 requested, uint128 balance);
    error WithdrawalAboveBalance(bytes32 channelId, uint128 requested, uint128 available);
    error NoWithdrawal(bytes32 channelId);
    error WithdrawalPending(bytes32 channelId, uint256 matureAt);
    error WrongRefundNonce(bytes32 channelId, uint256 expected, uint256 given);

    /// @notice Deposits tokens of the payer, which `collector` takes. Anyone; the collector sees to it that the payer agreed.
    /// @param collectorData What the collector needs, such as a signature.
    function deposit(ChannelConfig calldata config, uint128 amount, address collector, bytes calldata collectorData)
        external;

    /// @notice Claims by vouchers. The caller must be receiver or receiver authorizer of every row. A bad row reverts all.
    function claim(VoucherClaim[] calldata voucherClaims) external;

    /// @notice The same for anyone with a signature of the receiver authorizer, which all rows share.
    function claimWithSignature(VoucherClaim[] calldata voucherClaims, bytes calldata authorizerSignature) external;

    /// @notice Transfers what was claimed for `receiver` and not transferred yet. Anyone; does nothing if there is nothing.
    function settle(address receiver, address token) external;

    /// @notice Starts the delay after which the payer can withdraw `amount`, or starts it again. Payer or payer authorizer.
    function initiateWithdraw(ChannelConfig calldata config, uint128 amount) external;

    /// @notice Pays out a withdrawal after its delay, as much of it as is not claimed. Payer or payer authorizer.
    function finalizeWithdraw(ChannelConfig calldata config) external;

    /// @notice Returns up to `amount` that is not claimed to the payer. Receiver or receiver authorizer.
    function refund(ChannelConfig calldata config, uint128 amount) external;

    /// @notice The same for anyone with a signature of the receiver authorizer.
    function refundWithSignature(
        ChannelConfig calldata config,
        uint128 amount,
        uint256 nonce,
        bytes calldata receiverAuthorizerSignature
    ) external;

    /// @notice Calls several of these functions in one transaction, all or none.
    function multicall(bytes[] calldata data) external returns (bytes[] memory results);

    /// @notice EIP-712 hash of the configuration.
    function getChannelId(ChannelConfig calldata config) external view returns (bytes32);

    // The public contract's name.
    // solhint-disable-next-line func-name-mixedcase
    function CHANNEL_CONFIG_TYPEHASH() external view returns (bytes32);

    /// @notice What was deposited and not returned, and what of it was claimed.
    function channels(bytes32 channelId) external view returns (uint128 balance, uint128 totalClaimed);

    /// @notice What the payer wants to withdraw, and since when; zero if nothing.
    function pendingWithdrawals(bytes32 channelId) external view returns (uint128 amount, uint40 initiatedAt);

    /// @notice What was claimed for a receiver, and what of it was transferred.
    function receivers(address receiver, address token)
        external
        view
        returns (uint128 totalClaimed, uint128 totalSettled);

    /// @notice Nonce that the next signed refund must have.
    function refundNonce(bytes32 channelId) external view returns (uint256);

    function getVoucherDigest(bytes32 channelId, uint128 maxClaimableAmount) external view returns (bytes32);

    function getRefundDigest(bytes32 channelId, uint256 nonce, uint128 amount) external view returns (bytes32);

    function getClaimBatchDigest(VoucherClaim[] calldata voucherClaims) external view returns (bytes32);
}

/// @title Takes a payer's tokens for a deposit
interface IDepositCollector {
    /// @notice Transfers `amount` of `payer` to the caller, which must be the settlement contract.
    /// @param channelId The channel for which the payer agreed.
    /// @param collectorData Proof of it.
    function collect(
        address payer,
        address token,
        uint256 amount,
        bytes32 channelId,
        address sender,
        bytes calldata collectorData
    ) external;
}
