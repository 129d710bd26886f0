// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {Opg} from "../../../contracts/token/Opg.sol";

/// @notice A deployed token, a few accounts and the signatures that they can give. The signed types are written out here
/// a second time, independently of the contract.
abstract contract OpgFixture is Test {
    uint256 internal constant SUPPLY = 1_000_000_000 ether;
    uint256 internal constant START = 1_800_000_000;

    address internal immutable vault = makeAddr("vault");
    address internal immutable treasury = makeAddr("treasury");
    address internal immutable bob = makeAddr("bob");
    address internal immutable carol = makeAddr("carol");

    /// Account with a known key.
    address internal alice;
    uint256 internal aliceKey;

    Opg internal opg;

    /// The chain id, kept here because via-IR code takes `block.chainid` for constant within a test.
    uint256 internal chain = 31337;

    struct Authorization {
        address from;
        address to;
        uint256 value;
        uint256 validAfter;
        uint256 validBefore;
        bytes32 nonce;
    }

    function setUp() public virtual {
        vm.warp(START);
        (alice, aliceKey) = makeAddrAndKey("alice");
        opg = new Opg(vault, treasury);
        vm.label(address(opg), "opg");
    }

    function _switchChain(uint256 chainId) internal {
        vm.chainId(chainId);
        chain = chainId;
    }

    function _give(address account, uint256 amount) internal {
        vm.prank(treasury);
        opg.transfer(account, amount);
    }

    function _delegate(address account, address delegatee) internal {
        vm.prank(account);
        opg.delegate(delegatee);
    }

    /// Approves the vault and stakes, as a staking contract does for `from`.
    function _stake(address from, address owner, uint256 amount) internal {
        vm.prank(from);
        opg.approve(vault, amount);
        vm.prank(vault);
        opg.custodyIn(from, owner, amount);
    }

    function _sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    function _split(bytes memory signature) internal pure returns (uint8 v, bytes32 r, bytes32 s) {
        assertEq(signature.length, 65);
        // Memory-safe: reads the 65 bytes after the length.
        assembly ("memory-safe") {
            r := mload(add(signature, 0x20))
            s := mload(add(signature, 0x40))
            v := byte(0, mload(add(signature, 0x60)))
        }
    }

    function _digest(Opg token, bytes32 structHash) internal view returns (bytes32) {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("OPG"),
                keccak256("1"),
                chain,
                address(token)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function _permitDigest(Opg token, address owner, address spender, uint256 value, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        return _digest(token, keccak256(abi.encode(typeHash, owner, spender, value, nonce, deadline)));
    }

    function _delegationDigest(Opg token, address delegatee, uint256 nonce, uint256 expiry)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");
        return _digest(token, keccak256(abi.encode(typeHash, delegatee, nonce, expiry)));
    }

    function _delegationFromDigest(Opg token, address delegator, address delegatee, uint256 nonce, uint256 expiry)
        internal
        view
        returns (bytes32)
    {
        bytes32 typeHash = keccak256("DelegationFrom(address delegator,address delegatee,uint256 nonce,uint256 expiry)");
        return _digest(token, keccak256(abi.encode(typeHash, delegator, delegatee, nonce, expiry)));
    }

    function _transferDigest(Opg token, Authorization memory a) internal view returns (bytes32) {
        return _authorizationDigest(token, "Transfer", a);
    }

    function _receiveDigest(Opg token, Authorization memory a) internal view returns (bytes32) {
        return _authorizationDigest(token, "Receive", a);
    }

    function _cancelDigest(Opg token, address authorizer, bytes32 nonce) internal view returns (bytes32) {
        bytes32 typeHash = keccak256("CancelAuthorization(address authorizer,bytes32 nonce)");
        return _digest(token, keccak256(abi.encode(typeHash, authorizer, nonce)));
    }

    function _authorizationDigest(Opg token, string memory verb, Authorization memory a)
        private
        view
        returns (bytes32)
    {
        bytes32 typeHash = keccak256(
            abi.encodePacked(
                verb,
                "WithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
            )
        );
        return
            _digest(token, keccak256(abi.encode(typeHash, a.from, a.to, a.value, a.validAfter, a.validBefore, a.nonce)));
    }
}
