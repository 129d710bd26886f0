// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Airdrop} from "../../../contracts/vesting/Airdrop.sol";
import {SignedClaim, SignedDelegation} from "../../../contracts/interfaces/IAirdrop.sol";
import {OpgFixture} from "../../token/support/OpgFixture.sol";
import {OwnedWallet} from "../../token/support/Wallets.sol";
import {MerkleTrees} from "./MerkleTrees.sol";

/// @notice An airdrop to a few accounts, funded as the vesting vault would, and the signatures that claimants give. The
/// signed type and the leaf are written out here a second time, independently of the contract.
abstract contract AirdropFixture is OpgFixture {
    struct Entitlement {
        address account;
        uint256 amount;
    }

    uint256 internal constant DEADLINE = START + 90 days;
    uint256 internal constant SWEEPABLE_AT = START + 120 days;

    uint256 internal constant ALICE = 0;
    uint256 internal constant BOB = 1;
    uint256 internal constant WALLET = 2;
    uint256 internal constant SIBLING = 3;
    uint256 internal constant CAROL = 4;

    Airdrop internal airdrop;
    Entitlement[] internal entitlements;
    uint256 internal total;
    /// Two ERC-1271 wallets of Alice that accept whatever her key signed.
    address internal wallet;
    address internal sibling;

    function setUp() public virtual override {
        super.setUp();
        wallet = address(new OwnedWallet(alice));
        sibling = address(new OwnedWallet(alice));
        entitlements.push(Entitlement(alice, 100 ether));
        entitlements.push(Entitlement(bob, 200 ether));
        entitlements.push(Entitlement(wallet, 300 ether));
        entitlements.push(Entitlement(sibling, 300 ether));
        entitlements.push(Entitlement(carol, 1));
        _deploy();
    }

    /// Deploys and funds an airdrop to `entitlements`.
    function _deploy() internal {
        airdrop = new Airdrop(address(opg), MerkleTrees.root(_leaves()), DEADLINE, SWEEPABLE_AT, treasury);
        vm.label(address(airdrop), "airdrop");
        total = 0;
        for (uint256 i; i < entitlements.length; ++i) {
            total += entitlements[i].amount;
        }
        _give(address(airdrop), total);
    }

    function _leaves() internal view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](entitlements.length);
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = _leaf(i, entitlements[i].account, entitlements[i].amount);
        }
    }

    function _leaf(uint256 index, address account, uint256 amount) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(keccak256(abi.encodePacked(index, uint256(uint160(account)), amount))));
    }

    function _proof(uint256 index) internal view returns (bytes32[] memory) {
        return MerkleTrees.proof(_leaves(), index);
    }

    /// The claim of entitlement `index`, sent by its account.
    function _claim(uint256 index, address to) internal {
        bytes32[] memory proof = _proof(index);
        vm.prank(entitlements[index].account);
        airdrop.claimTo(index, entitlements[index].amount, proof, to);
    }

    /// The claim of entitlement `index`, sent by somebody else with a signature.
    function _claimBySig(uint256 index, address to, uint256 deadline, bytes memory signature) internal {
        Entitlement memory e = entitlements[index];
        airdrop.claimBySig(index, e.account, e.amount, _proof(index), to, deadline, signature);
    }

    /// The claim of entitlement `index` to its own account, with `key`'s signature.
    function _signedClaim(uint256 index, uint256 key) internal view returns (SignedClaim memory) {
        Entitlement memory e = entitlements[index];
        bytes memory signature = _sign(key, _claimDigest(index, e.account, DEADLINE));
        return SignedClaim(index, e.account, e.amount, _proof(index), e.account, DEADLINE, signature);
    }

    function _claimDigest(uint256 index, address to, uint256 deadline) internal view returns (bytes32) {
        return _claimDigest(address(airdrop), index, to, deadline);
    }

    function _claimDigest(address verifier, uint256 index, address to, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        Entitlement memory e = entitlements[index];
        bytes32 typeHash = keccak256("Claim(uint256 index,address account,uint256 amount,address to,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, index, e.account, e.amount, to, deadline));
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("OPG Airdrop"),
                keccak256("1"),
                chain,
                verifier
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    /// What `account` signs, by `key`, to delegate with its next nonce.
    function _delegation(address account, uint256 key, address delegatee)
        internal
        view
        returns (SignedDelegation memory)
    {
        uint256 nonce = opg.nonces(account);
        bytes32 digest = _delegationFromDigest(opg, account, delegatee, nonce, DEADLINE);
        return SignedDelegation(delegatee, nonce, DEADLINE, _sign(key, digest));
    }

    function _submit(address account, SignedDelegation memory d) internal {
        opg.delegateBySig(account, d.delegatee, d.nonce, d.expiry, d.signature);
    }
}
