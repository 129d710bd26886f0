// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {BitMaps} from "@openzeppelin/contracts/utils/structs/BitMaps.sol";
import {SignedClaim, SignedDelegation} from "../../contracts/interfaces/IAirdrop.sol";
import {Airdrop} from "../../contracts/vesting/Airdrop.sol";
import {AirdropFixture} from "../vesting/support/AirdropFixture.sol";
import {MerkleTrees} from "../vesting/support/MerkleTrees.sol";

/// @notice The least that a Merkle distributor does, in the shape that most airdrops have: a bitmap, a proof, a
/// transfer; no deadline, no signature, no delegation. What `Airdrop` costs is measured beside it.
contract PlainDistributor {
    using BitMaps for BitMaps.BitMap;
    using SafeERC20 for IERC20;

    event Claimed(uint256 index, address account, uint256 amount);

    IERC20 private immutable TOKEN;
    bytes32 private immutable ROOT;
    BitMaps.BitMap private _claimed;

    constructor(IERC20 token, bytes32 root) {
        TOKEN = token;
        ROOT = root;
    }

    function claim(uint256 index, address account, uint256 amount, bytes32[] calldata proof) external {
        require(!_claimed.get(index), "claimed");
        bytes32 leaf = keccak256(bytes.concat(keccak256(abi.encode(index, account, amount))));
        require(MerkleProof.verifyCalldata(proof, ROOT, leaf), "proof");
        _claimed.set(index);
        TOKEN.safeTransfer(account, amount);
        emit Claimed(index, account, amount);
    }
}

/// @notice What a claim costs as a transaction of its own, from a tree of 131,072 leaves (depth 17). Every call is
/// isolated, so the figures include the base cost of a transaction, its calldata and cold storage. They are committed in
/// snapshots/Airdrop.json.
/// forge-config: default.isolate = true
contract AirdropGasTest is AirdropFixture {
    uint256 private constant DEPTH = 17;
    uint256 private constant LEVELS = 6;
    uint256 private constant BATCH = 50;
    uint256 private constant FIRST_OF_BATCH = 5;

    PlainDistributor private plain;
    uint256[] private keys;
    /// Siblings above the small tree that holds the leaves of this test.
    bytes32[] private upper;

    function setUp() public override {
        super.setUp();
        for (uint256 i; i < BATCH; ++i) {
            (address account, uint256 key) = makeAddrAndKey(vm.toString(i));
            entitlements.push(Entitlement(account, 10 ether));
            keys.push(key);
        }
        // 64 leaves make six levels; the other eleven are siblings whose leaves nobody here needs.
        while (entitlements.length < 1 << LEVELS) {
            entitlements.push(Entitlement(treasury, 0));
        }
        bytes32 root = MerkleTrees.root(_leaves());
        upper = new bytes32[](DEPTH - LEVELS);
        for (uint256 i; i < upper.length; ++i) {
            upper[i] = keccak256(abi.encode("sibling", i));
        }
        root = MerkleProof.processProof(upper, root);
        airdrop = new Airdrop(address(opg), root, DEADLINE, SWEEPABLE_AT, treasury);
        plain = new PlainDistributor(opg, root);
        _give(address(airdrop), 1000 ether);
        _give(address(plain), 1000 ether);
        vm.warp(START + 1 days);
    }

    function test_Gas_Deployment() public {
        vm.snapshotValue("Airdrop", "runtime size in bytes", address(airdrop).code.length);
    }

    /// One in 256 claims is the first to use its word of the bitmap.
    function test_Gas_Claim_FirstOfItsWord() public {
        _give(alice, 1 ether);
        _claimDeep(ALICE);
        vm.snapshotGasLastCall("Airdrop", "claim, to a holder, first of 256 indices");
    }

    function test_Gas_Claim_ToAHolder() public {
        _claimDeep(BOB);
        _give(alice, 1 ether);
        _claimDeep(ALICE);
        vm.snapshotGasLastCall("Airdrop", "claim, to a holder");
    }

    function test_Gas_Claim_ToAHolderWhoDelegates() public {
        _claimDeep(BOB);
        _give(alice, 1 ether);
        _delegate(alice, carol);
        vm.warp(START + 2 days);
        _claimDeep(ALICE);
        vm.snapshotGasLastCall("Airdrop", "claim, to a holder who delegates");
    }

    function test_Gas_Claim_ToANewAccount() public {
        _claimDeep(BOB);
        _claimDeep(ALICE);
        vm.snapshotGasLastCall("Airdrop", "claim, to an account without OPG");
    }

    function test_Gas_ClaimBySig() public {
        _claimDeep(BOB);
        _give(alice, 1 ether);
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, alice, DEADLINE));
        airdrop.claimBySig(ALICE, alice, 100 ether, _deepProof(ALICE), alice, DEADLINE, signature);
        vm.snapshotGasLastCall("Airdrop", "claimBySig, to a holder");
    }

    /// A relayer pays for fifty who never held OPG; the figure is the fiftieth part of the transaction.
    function test_Gas_ClaimMany() public {
        _claimDeep(BOB);
        SignedClaim[] memory rows = new SignedClaim[](BATCH);
        for (uint256 i; i < BATCH; ++i) {
            rows[i] = _signedClaim(FIRST_OF_BATCH + i, keys[i]);
            rows[i].proof = _deepProof(FIRST_OF_BATCH + i);
        }
        assertEq(airdrop.claimMany(rows), BATCH);
        vm.snapshotValue(
            "Airdrop", "claimMany of 50, accounts without OPG, each", vm.lastCallGas().gasTotalUsed / BATCH
        );
    }

    function test_Gas_ClaimAndDelegate() public {
        _claimDeep(BOB);
        SignedDelegation memory delegation = _delegation(alice, aliceKey, carol);
        bytes32[] memory proof = _deepProof(ALICE);
        vm.prank(alice);
        airdrop.claimAndDelegate(ALICE, 100 ether, proof, delegation);
        vm.snapshotGasLastCall("Airdrop", "claimAndDelegate, account without OPG, new delegate");
    }

    function test_Gas_ClaimAndDelegateBySig() public {
        _claimDeep(BOB);
        SignedDelegation memory delegation = _delegation(alice, aliceKey, carol);
        bytes memory signature = _sign(aliceKey, _claimDigest(ALICE, alice, DEADLINE));
        airdrop.claimAndDelegateBySig(ALICE, alice, 100 ether, _deepProof(ALICE), DEADLINE, signature, delegation);
        vm.snapshotGasLastCall("Airdrop", "claimAndDelegateBySig, account without OPG, new delegate");
    }

    function test_Gas_Sweep() public {
        vm.warp(SWEEPABLE_AT + 1);
        airdrop.sweep();
        vm.snapshotGasLastCall("Airdrop", "sweep");
    }

    function test_Gas_PlainDistributor() public {
        _claimPlain(BOB);
        _give(alice, 1 ether);
        _claimPlain(ALICE);
        vm.snapshotGasLastCall("Airdrop", "plain distributor: claim, to a holder");
        _claimPlain(CAROL);
        vm.snapshotGasLastCall("Airdrop", "plain distributor: claim, to an account without OPG");
    }

    function _claimDeep(uint256 index) private {
        Entitlement memory e = entitlements[index];
        bytes32[] memory proof = _deepProof(index);
        vm.prank(e.account);
        airdrop.claim(index, e.amount, proof);
    }

    function _claimPlain(uint256 index) private {
        Entitlement memory e = entitlements[index];
        plain.claim(index, e.account, e.amount, _deepProof(index));
    }

    function _deepProof(uint256 index) private view returns (bytes32[] memory proof) {
        bytes32[] memory lower = _proof(index);
        require(lower.length == LEVELS, "the small tree is full");
        proof = new bytes32[](DEPTH);
        for (uint256 i; i < DEPTH; ++i) {
            proof[i] = i < LEVELS ? lower[i] : upper[i - LEVELS];
        }
    }
}
