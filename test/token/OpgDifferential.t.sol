// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC20} from "@openzeppelin/contracts/token/ERC20/ERC20.sol";
import {ERC20Permit} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Permit.sol";
import {ERC20Votes} from "@openzeppelin/contracts/token/ERC20/extensions/ERC20Votes.sol";
import {Nonces} from "@openzeppelin/contracts/utils/Nonces.sol";
import {Time} from "@openzeppelin/contracts/utils/types/Time.sol";
import {OpgFixture} from "./support/OpgFixture.sol";

/// @notice OpenZeppelin's voting token as it comes, except that its clock is the time. It knows no custody: its balances
/// are what OPG calls units.
contract ReferenceVotes is ERC20, ERC20Permit, ERC20Votes {
    constructor(address recipient, uint256 supply) ERC20("Reference", "REF") ERC20Permit("Reference") {
        _mint(recipient, supply);
    }

    function move(address from, address to, uint256 amount) external {
        if (from == address(0)) _mint(to, amount);
        else if (to == address(0)) _burn(from, amount);
        else _transfer(from, to, amount);
    }

    function clock() public view override returns (uint48) {
        return Time.timestamp();
    }

    // solhint-disable-next-line func-name-mixedcase
    function CLOCK_MODE() public pure override returns (string memory) {
        return "mode=timestamp";
    }

    function nonces(address owner) public view override(ERC20Permit, Nonces) returns (uint256) {
        return super.nonces(owner);
    }

    function _update(address from, address to, uint256 value) internal override(ERC20, ERC20Votes) {
        super._update(from, to, value);
    }
}

/// @notice The same random sequence on OPG and on OpenZeppelin's ERC20Votes gives the same votes at every past second.
/// The fuzzer's seed is fixed in foundry.toml and printed with a failure; so is the seed of the sequence.
contract OpgDifferentialTest is OpgFixture {
    uint256 private constant STEPS = 48;
    uint256 private constant ACTORS = 4;

    ReferenceVotes private peer;
    address[] private actors;
    uint256[] private keys;
    uint256 private random;

    function setUp() public override {
        super.setUp();
        peer = new ReferenceVotes(treasury, SUPPLY);
        for (uint256 i; i < ACTORS; ++i) {
            (address actor, uint256 key) = makeAddrAndKey(vm.toString(i));
            actors.push(actor);
            keys.push(key);
            _give(actor, 1000 ether);
            vm.prank(treasury);
            peer.transfer(actor, 1000 ether);
        }
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_WithoutCustody_EqualsERC20Votes(uint256 seed) public {
        random = seed;
        for (uint256 i; i < STEPS; ++i) {
            _step(_next(5));
            for (uint256 j; j < ACTORS; ++j) {
                assertEq(opg.balanceOf(actors[j]), peer.balanceOf(actors[j]), "balance");
                assertEq(opg.nonces(actors[j]), peer.nonces(actors[j]), "nonce");
            }
        }
        assertEq(opg.totalSupply(), peer.totalSupply(), "supply");
        _compareHistory();
    }

    /// Every operation of the vault is, in units, a transfer from one account to another, a burn or a mint.
    /// forge-config: default.fuzz.runs = 64
    function testFuzz_WithCustody_UnitsEqualBalancesOfERC20Votes(uint256 seed) public {
        random = seed;
        for (uint256 i; i < STEPS; ++i) {
            uint256 kind = _next(9);
            if (kind < 5) _step(kind);
            else _custodyStep(kind - 5);
            for (uint256 j; j < ACTORS; ++j) {
                assertEq(opg.unitsOf(actors[j]), peer.balanceOf(actors[j]), "units");
            }
        }
        _compareHistory();
    }

    function _step(uint256 kind) private {
        (address from, address to) = (_actor(), _actor());
        uint256 amount = _next(opg.balanceOf(from) + 1);
        if (kind == 0) {
            vm.prank(from);
            opg.transfer(to, amount);
            vm.prank(from);
            peer.transfer(to, amount);
        } else if (kind == 1) {
            // Zero too: undelegate.
            if (_next(5) == 0) to = address(0);
            _delegate(from, to);
            vm.prank(from);
            peer.delegate(to);
        } else if (kind == 2) {
            _permitAndTransferFrom(_next(ACTORS), to);
        } else if (kind == 3) {
            _delegateBySig(_next(ACTORS), to);
        } else {
            vm.prank(from);
            opg.burn(amount / 100);
            peer.move(from, address(0), amount / 100);
        }
        // Often in the same second, sometimes much later.
        if (_next(2) == 0) vm.warp(vm.getBlockTimestamp() + _next(12));
    }

    function _custodyStep(uint256 kind) private {
        (address from, address to) = (_actor(), _actor());
        uint256 amount;
        if (kind == 0) {
            amount = _next(opg.balanceOf(from) + 1);
            _stake(from, to, amount);
        } else if (kind == 1) {
            if (_next(3) == 0) from = address(0);
            amount = _next(opg.custodied(from) + 1);
            vm.prank(vault);
            opg.custodyOut(from, to, amount);
        } else if (kind == 2) {
            amount = _next(opg.custodied(from) + 1);
            vm.prank(vault);
            opg.reassign(from, to, amount);
        } else {
            amount = _next(opg.custodied(from) + 1);
            to = address(0);
            vm.prank(vault);
            opg.burnUnits(from, amount);
        }
        peer.move(from, to, amount);
    }

    function _permitAndTransferFrom(uint256 signer, address to) private {
        address from = actors[signer];
        uint256 amount = _next(opg.balanceOf(from) + 1);
        uint256 nonce = opg.nonces(from);
        opg.permit(
            from,
            to,
            amount,
            type(uint256).max,
            _sign(keys[signer], _permitDigest(opg, from, to, amount, nonce, type(uint256).max))
        );
        vm.prank(to);
        opg.transferFrom(from, to, amount);

        bytes32 typeHash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        (uint8 v, bytes32 r, bytes32 s) =
            _signReference(signer, keccak256(abi.encode(typeHash, from, to, amount, nonce, type(uint256).max)));
        peer.permit(from, to, amount, type(uint256).max, v, r, s);
        vm.prank(to);
        peer.transferFrom(from, to, amount);
    }

    function _delegateBySig(uint256 signer, address to) private {
        address from = actors[signer];
        uint256 nonce = opg.nonces(from);
        uint256 expiry = type(uint256).max;
        if (_next(2) == 0) {
            bytes32 digest = _delegationFromDigest(opg, from, to, nonce, expiry);
            opg.delegateBySig(from, to, nonce, expiry, _sign(keys[signer], digest));
        } else {
            (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[signer], _delegationDigest(opg, to, nonce, expiry));
            opg.delegateBySig(to, nonce, expiry, v, r, s);
        }
        bytes32 typeHash = keccak256("Delegation(address delegatee,uint256 nonce,uint256 expiry)");
        (uint8 rv, bytes32 rr, bytes32 rs) = _signReference(signer, keccak256(abi.encode(typeHash, to, nonce, expiry)));
        peer.delegateBySig(to, nonce, expiry, rv, rr, rs);
    }

    function _signReference(uint256 signer, bytes32 structHash) private view returns (uint8 v, bytes32 r, bytes32 s) {
        return vm.sign(keys[signer], keccak256(abi.encodePacked(hex"1901", peer.DOMAIN_SEPARATOR(), structHash)));
    }

    /// Every second since the start, all accounts.
    function _compareHistory() private {
        uint256 end = vm.getBlockTimestamp();
        vm.warp(end + 1);
        for (uint256 time = START; time <= end; ++time) {
            for (uint256 i; i < ACTORS; ++i) {
                assertEq(opg.getPastVotes(actors[i], time), peer.getPastVotes(actors[i], time), "past votes");
            }
            assertEq(opg.getPastTotalSupply(time), peer.getPastTotalSupply(time), "past total");
        }
        for (uint256 i; i < ACTORS; ++i) {
            assertEq(opg.getVotes(actors[i]), peer.getVotes(actors[i]), "votes");
            assertEq(opg.delegates(actors[i]), peer.delegates(actors[i]), "delegate");
        }
    }

    function _actor() private returns (address) {
        return actors[_next(ACTORS)];
    }

    function _next(uint256 limit) private returns (uint256) {
        random = uint256(keccak256(abi.encode(random)));
        return random % limit;
    }
}
