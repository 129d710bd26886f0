//! What our contracts inherit from OpenZeppelin: errors, which surface when a call of ours reverts, and several calls in
//! one transaction.

#![allow(missing_docs)] // The names are those of OpenZeppelin's sources.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    interface OpenZeppelin {
        error ERC20InsufficientBalance(address sender, uint256 balance, uint256 needed);
        error ERC20InsufficientAllowance(address spender, uint256 allowance, uint256 needed);
        error ERC20InvalidReceiver(address receiver);
        error SafeERC20FailedOperation(address token);
        error AccessManagedUnauthorized(address caller);
        error AccessManagedRequiredDelay(address caller, uint32 delay);
        error ReentrancyGuardReentrantCall();
        error ECDSAInvalidSignature();
        error ECDSAInvalidSignatureLength(uint256 length);
        error ECDSAInvalidSignatureS(bytes32 s);
        error InvalidInitialization();
        error NotInitializing();
    }
}

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    interface IMulticall {
        function multicall(bytes[] calldata data) external returns (bytes[] memory results);
    }
}
