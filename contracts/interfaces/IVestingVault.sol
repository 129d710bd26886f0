// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @notice A category to add: schedules that share one curve, committed to by a Merkle root.
/// @param name Name of the category, for people.
/// @param root Root of the tree over the schedules of the category.
/// @param total Sum of the amounts of all its schedules, in OPG wei.
/// @param tgeTotal Sum of the amounts that its schedules release at `start`, in OPG wei.
/// @param start Unix time at which vesting starts.
/// @param cliff Seconds after `start` during which nothing beyond the TGE amount vests.
/// @param duration Seconds after the cliff over which the rest vests, linearly; zero: all at the end of the cliff.
struct NewCategory {
    string name;
    bytes32 root;
    uint128 total;
    uint128 tgeTotal;
    uint40 start;
    uint32 cliff;
    uint32 duration;
}

/// @notice What the vault knows of a category.
/// @param addedAt Unix time at which the category was added. The other fields are those of `NewCategory`.
struct Category {
    bytes32 root;
    uint128 total;
    uint128 tgeTotal;
    uint40 start;
    uint32 cliff;
    uint32 duration;
    uint40 addedAt;
}

/// @notice A schedule: a leaf of its category's tree.
/// @param category Number of the category in the vault.
/// @param index Number of the schedule in its category.
/// @param beneficiary Who gets the tokens, unless the schedule was handed on.
/// @param amount All that the schedule will have released in the end, in OPG wei.
/// @param tgeAmount The part of `amount` that vests at the start of the category.
/// @param revocable Whether governance may end the schedule and take back what has not vested.
/// @param transferable Whether the beneficiary may hand the schedule on.
struct Schedule {
    uint32 category;
    uint32 index;
    address beneficiary;
    uint128 amount;
    uint128 tgeAmount;
    bool revocable;
    bool transferable;
}

/// @notice What the vault remembers of a schedule. All zero until something happened to it.
/// @param released OPG wei paid out so far.
/// @param revokedTotal If revoked, what the schedule releases in all: what had vested by then.
/// @param revoked Whether the schedule was ended by governance.
/// @param manual Whether only its beneficiary may release it.
struct ScheduleState {
    uint96 released;
    uint96 revokedTotal;
    bool revoked;
    bool manual;
}

/// @title The vault that holds all OPG which is not released yet
/// @notice Nothing is stored for a schedule until it is first released: a call brings the schedule and its Merkle proof.
/// The leaf of a schedule, which is also its identifier, is
/// `keccak256(bytes.concat(keccak256(abi.encode(schedule))))`, and inner nodes hash their sorted children, as in
/// OpenZeppelin's `MerkleProof`. The leaf names the category, so no proof works in two categories.
///
/// CURVE
/// Of a schedule has vested at time t: nothing before `start`; `tgeAmount` from `start` on; after `start + cliff`, in
/// addition `(amount - tgeAmount) * (t - start - cliff) / duration`, rounded down; `amount` from `start + cliff + duration`
/// on. There is no catch-up at the cliff. All schedules of a category share start, cliff and duration, so the vault
/// knows at any time how much is locked, without having seen a single schedule (`lockedAt`).
///
/// WHO CAN DO WHAT
/// Anyone may release to the beneficiary, unless the beneficiary declined (`setManual`). Only the beneficiary may direct
/// a payment elsewhere or hand a transferable schedule on. Governance (the vault's authority) may add categories with
/// the tokens they promise, and revoke revocable schedules: what has not vested goes to the treasury, what has vested
/// stays claimable. Nobody can change a root, a curve, or take what has vested. The vault cannot be upgraded.
interface IVestingVault {
    /// @notice A category was added. Its schedules and proofs are published off-chain; anyone can check them against
    /// the root.
    event CategoryAdded(uint32 indexed category, string name, NewCategory terms);

    /// @notice `amount` of a schedule was paid to `to`: its beneficiary, or whom the beneficiary named.
    event Released(bytes32 indexed schedule, address indexed to, uint256 amount);

    /// @notice Row `row` of a `releaseMany` was left out. `reason` is the selector of the error that `release` would
    /// have reverted with.
    event ReleaseSkipped(uint256 indexed row, bytes32 indexed schedule, bytes4 reason);

    /// @notice The beneficiary of a transferable schedule handed it on.
    event BeneficiaryChanged(bytes32 indexed schedule, address indexed from, address indexed to);

    /// @notice Governance ended a schedule: `vested` is all it will have released, `returned` went to the treasury.
    event Revoked(bytes32 indexed schedule, uint256 vested, uint256 returned);

    /// @notice The beneficiary decided whether others may trigger its releases.
    event ManualSet(bytes32 indexed schedule, bool manual);

    error UnknownCategory(uint32 category);
    /// @notice The category cannot be added; `reason` says why.
    error InvalidCategory(string name, string reason);
    error TooManyCategories(uint256 limit);
    /// @notice The vault holds less than its categories promise.
    error Underfunded(uint256 balance, uint256 promised);
    /// @notice The schedule is not a leaf of its category's tree, or the proof is of another leaf.
    error InvalidProof(bytes32 schedule);
    /// @notice The tree of the category promises more than its total: what is left does not cover this schedule.
    error CategoryOverdrawn(uint32 category);
    /// @notice Nothing has vested that is not released already.
    error NothingDue(bytes32 schedule);
    /// @notice Less is due than the caller asked for as a minimum.
    error LessThanMinimum(bytes32 schedule);
    /// @notice The beneficiary wants to release by itself.
    error ManualRelease(bytes32 schedule);
    /// @notice The token refuses to pay this recipient.
    error RecipientRefused(address recipient);
    /// @notice Not one row of a `releaseMany` could be released.
    error NothingReleased();
    error RowsAndProofsDiffer(uint256 rows, uint256 proofs);
    error NotBeneficiary(address caller, address beneficiary);
    error NotTransferable(bytes32 schedule);
    error NotRevocable(bytes32 schedule);
    error AlreadyRevoked(bytes32 schedule);
    error InvalidRecipient(address recipient);
    error ExpiredSignature(uint256 deadline);
    error InvalidSignature(address signer);
    /// @notice History is only known of times that are past or present.
    error FutureLookup(uint256 timepoint, uint256 now_);

    // Releasing

    /// @notice Pays what is due to the beneficiary. Anyone may call it, unless the beneficiary declined.
    /// @return amount OPG wei paid, never zero.
    function release(Schedule calldata schedule, bytes32[] calldata proof) external returns (uint256 amount);

    /// @notice Releases many schedules. A row that cannot be released is skipped and reported (`ReleaseSkipped`).
    /// @param minimum Rows with less than this due are skipped.
    /// @return amount OPG wei paid in all; reverts with `NothingReleased` instead of returning zero.
    function releaseMany(Schedule[] calldata schedules, bytes32[][] calldata proofs, uint256 minimum)
        external
        returns (uint256 amount);

    /// @notice Pays what is due to `to`. Only the beneficiary.
    function claimTo(Schedule calldata schedule, bytes32[] calldata proof, address to) external returns (uint256 amount);

    /// @notice Pays what is due to `to`, on a signature of the beneficiary (key, or ERC-1271) over
    /// `ClaimTo(bytes32 schedule,address beneficiary,address to,uint256 nonce,uint256 deadline)` with its next
    /// nonce.
    function claimToBySig(
        Schedule calldata schedule,
        bytes32[] calldata proof,
        address to,
        uint256 deadline,
        bytes calldata signature
    ) external returns (uint256 amount);

    // What beneficiaries decide

    /// @notice Hands a transferable schedule on, with all that is not released yet. Only the beneficiary.
    function transferSchedule(Schedule calldata schedule, bytes32[] calldata proof, address to) external;

    /// @notice Reserves releases of the schedule to its beneficiary, or opens them to everyone again. Only the
    /// beneficiary.
    function setManual(Schedule calldata schedule, bytes32[] calldata proof, bool manual) external;

    // What governance decides

    /// @notice Adds a category and takes `total` OPG for it from the caller, who must have approved the vault.
    // slither-disable-next-line shadowing-local
    function addCategory(NewCategory calldata terms) external returns (uint32 category);

    /// @notice Ends a revocable schedule. What has not vested goes to the treasury.
    function revoke(Schedule calldata schedule, bytes32[] calldata proof) external returns (uint256 returned);

    // Views

    function opg() external view returns (address);

    /// @notice Where revoked tokens go.
    function treasury() external view returns (address);

    function categoryCount() external view returns (uint32);

    function category(uint32 id) external view returns (Category memory);

    /// @notice The leaf of a schedule, which identifies it.
    function scheduleId(Schedule calldata schedule) external pure returns (bytes32);

    function stateOf(bytes32 schedule) external view returns (ScheduleState memory);

    /// @notice States of many schedules, for whoever keeps an index.
    function statesOf(bytes32[] calldata schedules) external view returns (ScheduleState[] memory);

    /// @notice Who gets what the schedule releases.
    function beneficiaryOf(Schedule calldata schedule) external view returns (address);

    /// @notice OPG wei of the schedule that have vested at `timestamp`, which may be in the future. Does not check that
    /// the schedule exists. A revocation counts at all times.
    function vestedAt(Schedule calldata schedule, uint256 timestamp) external view returns (uint256);

    /// @notice OPG wei that a release would pay now.
    function releasable(Schedule calldata schedule) external view returns (uint256);

    /// @notice The next second at which more has vested than now, and how much more; zeros when all has vested.
    function nextUnlock(Schedule calldata schedule) external view returns (uint256 timestamp, uint256 amount);

    /// @notice OPG wei of a category that have vested at `timestamp`, which may be in the future, by the curve: exceeds
    /// the sum over its schedules by less than one wei per schedule.
    function categoryVestedAt(uint32 id, uint256 timestamp) external view returns (uint256);

    /// @notice OPG wei that nobody could have released at `timestamp`, past or present. Never changes for a past time,
    /// whatever is added or revoked later. This is what quorum leaves out.
    function lockedAt(uint256 timestamp) external view returns (uint256);
}
