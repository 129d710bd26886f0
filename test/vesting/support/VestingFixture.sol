// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {Test} from "forge-std/Test.sol";
import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {NewCategory, Schedule} from "../../../contracts/interfaces/IVestingVault.sol";
import {Opg} from "../../../contracts/token/Opg.sol";
import {VestingVault} from "../../../contracts/vesting/VestingVault.sol";
import {MerkleTrees} from "./MerkleTrees.sol";

/// @notice A vault with the whole supply and three categories:
/// - GRANTS: a tenth at TGE, the rest over four years from then; rows 0 to 7, of which row 1 is revocable, row 2
///   transferable, row 3 both.
/// - TEAM: nothing at TGE, a year of cliff, then three years; rows as in GRANTS.
/// - FLOAT: all at once, a day before the TGE; two rows.
abstract contract VestingFixture is Test {
    uint256 internal constant SUPPLY = 1_000_000_000 ether;
    uint40 internal constant TGE = 1_800_000_000;
    uint32 internal constant YEAR = 31_557_600;
    uint256 internal constant ROWS = 8;

    uint32 internal constant GRANTS = 0;
    uint32 internal constant TEAM = 1;
    uint32 internal constant FLOAT = 2;

    /// Rows whose leaf grants something.
    uint32 internal constant PLAIN = 0;
    uint32 internal constant REVOCABLE = 1;
    uint32 internal constant TRANSFERABLE = 2;
    uint32 internal constant BOTH = 3;

    address internal immutable custody = makeAddr("custody");
    address internal immutable treasury = makeAddr("treasury");
    address internal immutable governor = makeAddr("governor");
    address internal immutable stranger = makeAddr("stranger");

    Opg internal opg;
    AccessManager internal manager;
    VestingVault internal vault;

    /// The chain id, kept here because via-IR code takes `block.chainid` for constant within a test.
    uint256 internal chain = 31337;

    mapping(uint32 category => Schedule[] rows) private _rows;

    function setUp() public virtual {
        vm.warp(TGE - 1 days);
        manager = new AccessManager(governor);
        for (uint32 i = 0; i < ROWS; ++i) {
            bool revocable = i == REVOCABLE || i == BOTH;
            bool transferable = i == TRANSFERABLE || i == BOTH;
            // Amounts that no fraction divides evenly.
            uint128 amount = 40_000_000 ether + uint128(i) * 7_777_777_777_777_777_777;
            _rows[GRANTS].push(Schedule(GRANTS, i, beneficiary(i), amount, amount / 10, revocable, transferable));
            _rows[TEAM].push(Schedule(TEAM, i, beneficiary(i), amount + 1, 0, revocable, transferable));
        }
        uint128 rest = uint128(SUPPLY) - total(GRANTS) - total(TEAM);
        _rows[FLOAT].push(Schedule(FLOAT, 0, beneficiary(0), rest / 3, rest / 3, false, false));
        _rows[FLOAT].push(Schedule(FLOAT, 1, beneficiary(1), rest - rest / 3, rest - rest / 3, false, false));
        (opg, vault) = _deploy(_genesis());
        vm.label(address(opg), "opg");
        vm.label(address(vault), "vault");
    }

    function beneficiary(uint256 row) internal pure returns (address) {
        return vm.addr(beneficiaryKey(row));
    }

    function beneficiaryKey(uint256 row) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("beneficiary", row)));
    }

    function schedule(uint32 category, uint32 row) internal view returns (Schedule memory) {
        return _rows[category][row];
    }

    function proof(uint32 category, uint32 row) internal view returns (bytes32[] memory) {
        return MerkleTrees.proof(leaves(_rows[category]), row);
    }

    function total(uint32 category) internal view returns (uint128 sum) {
        for (uint256 i = 0; i < _rows[category].length; ++i) {
            sum += _rows[category][i].amount;
        }
    }

    function leaf(Schedule memory s) internal pure returns (bytes32) {
        bytes32 inner = keccak256(
            abi.encode(s.category, s.index, s.beneficiary, s.amount, s.tgeAmount, s.revocable, s.transferable)
        );
        return keccak256(abi.encodePacked(inner));
    }

    function leaves(Schedule[] memory rows) internal pure returns (bytes32[] memory hashes) {
        hashes = new bytes32[](rows.length);
        for (uint256 i = 0; i < rows.length; ++i) {
            hashes[i] = leaf(rows[i]);
        }
    }

    /// A category whose sums are those of its rows.
    function terms(string memory name, Schedule[] memory rows, uint40 start, uint32 cliff, uint32 duration)
        internal
        pure
        returns (NewCategory memory t)
    {
        t = NewCategory(name, MerkleTrees.root(leaves(rows)), 0, 0, start, cliff, duration);
        for (uint256 i = 0; i < rows.length; ++i) {
            t.total += rows[i].amount;
            t.tgeTotal += rows[i].tgeAmount;
        }
    }

    /// One schedule alone, which is its own root.
    function single(Schedule memory s) internal pure returns (Schedule[] memory rows) {
        rows = new Schedule[](1);
        rows[0] = s;
    }

    // Calls with the proof of the row, as whom they need

    /// As the caller that is set by `vm.prank`.
    function release(uint32 category, uint32 row) internal returns (uint256) {
        return vault.release(schedule(category, row), proof(category, row));
    }

    function claimTo(uint32 category, uint32 row, address to) internal returns (uint256) {
        Schedule memory s = schedule(category, row);
        vm.prank(vault.beneficiaryOf(s));
        return vault.claimTo(s, proof(category, row), to);
    }

    function setManual(uint32 category, uint32 row, bool manual) internal {
        vm.prank(beneficiary(row));
        vault.setManual(schedule(category, row), proof(category, row), manual);
    }

    function transferSchedule(uint32 category, uint32 row, address to) internal {
        vm.prank(beneficiary(row));
        vault.transferSchedule(schedule(category, row), proof(category, row), to);
    }

    function revoke(uint32 category, uint32 row) internal returns (uint256) {
        vm.prank(governor);
        return vault.revoke(schedule(category, row), proof(category, row));
    }

    /// All rows of GRANTS, then all of TEAM.
    function allRows() internal view returns (Schedule[] memory schedules, bytes32[][] memory proofs) {
        schedules = new Schedule[](2 * ROWS);
        proofs = new bytes32[][](2 * ROWS);
        for (uint32 i = 0; i < ROWS; ++i) {
            (schedules[i], proofs[i]) = (schedule(GRANTS, i), proof(GRANTS, i));
            (schedules[ROWS + i], proofs[ROWS + i]) = (schedule(TEAM, i), proof(TEAM, i));
        }
    }

    /// Gives the governor tokens to add categories with: those of FLOAT.
    function fund(uint256 amount) internal {
        if (opg.balanceOf(beneficiary(0)) < amount) release(FLOAT, 0);
        vm.prank(beneficiary(0));
        opg.transfer(governor, amount);
    }

    /// Adds a category as the governor does: with tokens that it holds.
    function add(NewCategory memory t) internal returns (uint32 id) {
        vm.startPrank(governor);
        opg.approve(address(vault), t.total);
        id = vault.addCategory(t);
        vm.stopPrank();
    }

    function claimDigest(address verifier, bytes32 id, address signer, address to, uint256 nonce, uint256 deadline)
        internal
        view
        returns (bytes32)
    {
        bytes32 domain = keccak256(
            abi.encode(
                keccak256("EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"),
                keccak256("OPG Vesting"),
                keccak256("1"),
                chain,
                verifier
            )
        );
        bytes32 typeHash =
            keccak256("ClaimTo(bytes32 schedule,address beneficiary,address to,uint256 nonce,uint256 deadline)");
        bytes32 structHash = keccak256(abi.encode(typeHash, id, signer, to, nonce, deadline));
        return keccak256(abi.encodePacked(hex"1901", domain, structHash));
    }

    function sign(uint256 key, bytes32 digest) internal pure returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }

    /// A token with its whole supply in a new vault.
    function _deploy(NewCategory[] memory genesis) internal returns (Opg token, VestingVault newVault) {
        address predicted = vm.computeCreateAddress(address(this), vm.getNonce(address(this)) + 1);
        token = new Opg(custody, predicted);
        newVault = new VestingVault(address(token), address(manager), treasury, genesis);
    }

    function _genesis() internal view returns (NewCategory[] memory genesis) {
        genesis = new NewCategory[](3);
        genesis[GRANTS] = terms("grants", _rows[GRANTS], TGE, 0, 4 * YEAR);
        genesis[TEAM] = terms("team", _rows[TEAM], TGE, YEAR, 3 * YEAR);
        genesis[FLOAT] = terms("float", _rows[FLOAT], TGE - 1 days, 0, 0);
    }
}
