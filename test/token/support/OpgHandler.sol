// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {CommonBase} from "forge-std/Base.sol";
import {StdUtils} from "forge-std/StdUtils.sol";
import {Opg} from "../../../contracts/token/Opg.sol";

/// @notice Drives the token as holders, delegates and the vault would, and remembers what must not change afterwards.
contract OpgHandler is CommonBase, StdUtils {
    /// What `getPastVotes` and `getPastTotalSupply` said about a second when it was just over.
    struct Memory {
        address account;
        uint256 time;
        uint256 votes;
        uint256 total;
    }

    Opg public immutable opg;
    address public immutable vault;
    address[] public actors;
    uint256[] private keys;

    uint256 public burned;
    /// Most that was ever taken from an account against its will; must stay zero.
    uint256 public takenWithoutAllowance;
    /// Attempts to move tokens into or out of the vault on other ways that succeeded; must stay zero.
    uint256 public breaches;
    Memory[] public memories;
    uint256 private authorizations;

    constructor(Opg token, address[] memory accounts, uint256[] memory accountKeys) {
        opg = token;
        vault = token.custodyVault();
        actors = accounts;
        keys = accountKeys;
    }

    function actorCount() external view returns (uint256) {
        return actors.length;
    }

    function memoryCount() external view returns (uint256) {
        return memories.length;
    }

    function transfer(uint256 from, uint256 to, uint256 amount) external {
        amount = bound(amount, 0, opg.balanceOf(_actor(from)));
        vm.prank(_actor(from));
        opg.transfer(_actor(to), amount);
    }

    function transferWithAuthorization(uint256 from, uint256 to, uint256 amount) external {
        address payer = _actor(from);
        amount = bound(amount, 0, opg.balanceOf(payer));
        bytes32 nonce = bytes32(++authorizations);
        uint256 validBefore = vm.getBlockTimestamp() + 1;
        bytes32 structHash = keccak256(
            abi.encode(
                keccak256(
                    "TransferWithAuthorization(address from,address to,uint256 value,uint256 validAfter,uint256 validBefore,bytes32 nonce)"
                ),
                payer,
                _actor(to),
                amount,
                0,
                validBefore,
                nonce
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", opg.DOMAIN_SEPARATOR(), structHash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[from % keys.length], digest);
        opg.transferWithAuthorization(payer, _actor(to), amount, 0, validBefore, nonce, v, r, s);
    }

    function delegate(uint256 account, uint256 delegatee) external {
        vm.prank(_actor(account));
        opg.delegate(delegatee % 7 == 0 ? address(0) : _actor(delegatee));
    }

    function burn(uint256 account, uint256 amount) external {
        amount = bound(amount, 0, opg.balanceOf(_actor(account)) / 50);
        vm.prank(_actor(account));
        opg.burn(amount);
        burned += amount;
    }

    function approveVault(uint256 account, uint256 amount) external {
        vm.prank(_actor(account));
        opg.approve(vault, amount % 8 == 0 ? type(uint256).max : bound(amount, 0, 1e30));
    }

    function custodyIn(uint256 from, uint256 owner, uint256 amount) external {
        address payer = _actor(from);
        uint256 balance = opg.balanceOf(payer);
        uint256 allowance = opg.allowance(payer, vault);
        amount = bound(amount, 0, balance);
        vm.prank(vault);
        try opg.custodyIn(payer, _actor(owner), amount) {
            if (amount > allowance) takenWithoutAllowance += amount - allowance;
        } catch {
            // Refused, which is right only when the allowance is too small.
            if (amount <= allowance) ++breaches;
        }
    }

    function custodyOut(uint256 owner, uint256 to, uint256 amount) external {
        address account = owner % 5 == 0 ? address(0) : _actor(owner);
        amount = bound(amount, 0, opg.custodied(account));
        vm.prank(vault);
        opg.custodyOut(account, _actor(to), amount);
    }

    function reassign(uint256 from, uint256 to, uint256 amount) external {
        amount = bound(amount, 0, opg.custodied(_actor(from)));
        vm.prank(vault);
        opg.reassign(_actor(from), _actor(to), amount);
    }

    function burnUnits(uint256 owner, uint256 amount) external {
        amount = bound(amount, 0, opg.custodied(_actor(owner)));
        vm.prank(vault);
        opg.burnUnits(_actor(owner), amount);
    }

    /// Tries the ways around the custody operations.
    function goAround(uint256 account, uint256 amount, uint8 way) external {
        address actor = _actor(account);
        address sender = way % 2 == 0 ? actor : vault;
        (address from, address to) = way % 2 == 0 ? (actor, vault) : (vault, actor);
        amount = bound(amount, 0, opg.balanceOf(from));
        vm.prank(from);
        opg.approve(sender, amount);
        bytes memory call = way % 3 == 0
            ? abi.encodeCall(opg.transfer, (to, amount))
            : way % 3 == 1
                ? abi.encodeCall(opg.transferFrom, (from, to, amount))
                : abi.encodeCall(opg.burnFrom, (vault, amount));
        vm.prank(sender);
        (bool done,) = address(opg).call(call);
        if (done) ++breaches;
        // Leave no allowance behind that the holder did not mean to give.
        vm.prank(from);
        opg.approve(sender, 0);
    }

    /// More of an owner than the vault has for it.
    function overdraw(uint256 owner, uint256 excess) external {
        address account = owner % 5 == 0 ? address(0) : _actor(owner);
        uint256 amount = opg.custodied(account) + bound(excess, 1, 1e27);
        vm.prank(vault);
        try opg.custodyOut(account, _actor(owner), amount) {
            ++breaches;
        } catch {}
    }

    function pass(uint256 time) external {
        uint256 now_ = vm.getBlockTimestamp();
        vm.warp(now_ + bound(time, 1, 1 days));
        for (uint256 i; i < actors.length; ++i) {
            memories.push(Memory(actors[i], now_, opg.getPastVotes(actors[i], now_), opg.getPastTotalSupply(now_)));
        }
    }

    function _actor(uint256 index) private view returns (address) {
        return actors[index % actors.length];
    }
}
