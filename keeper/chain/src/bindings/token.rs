//! What the keeper needs of the OPG token.

#![allow(missing_docs)] // Generated: the functions are those of ERC-20.

alloy::sol! {
    #[derive(Debug, PartialEq, Eq)]
    interface Erc20 {
        event Transfer(address indexed from, address indexed to, uint256 value);

        function balanceOf(address account) external view returns (uint256);
        function allowance(address owner, address spender) external view returns (uint256);
        function approve(address spender, uint256 value) external returns (bool);
        function transfer(address to, uint256 value) external returns (bool);
    }
}
