// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IFeeMarket} from "./IFeeMarket.sol";
import {IModelRegistry} from "./IModelRegistry.sol";
import {IOpg} from "./IOpg.sol";
import {IStaking} from "./IStaking.sol";
import {ModelVersion} from "./ModelVersion.sol";

/// @notice How a fee is divided. What is left of it is the model owner's royalty and the operator's part.
/// @param burnBps Part that is destroyed, in 1/10,000, rounded up.
/// @param verificationBps Part for those who check, in 1/10,000.
/// @param verificationPool Who collects that part.
struct FeeShares {
    uint16 burnBps;
    uint16 verificationBps;
    address verificationPool;
}

/// @notice How many fees an operator gets for work that can still be shown to be wrong.
/// @param window Seconds for which a fee counts as unsettled, from its sweep on: at least a receipt's age and the challenge
/// window of its batch together.
/// @param perStakeBps Most unsettled fees, in 1/10,000 of the operator's own bonded stake.
/// @param least Unsettled fees that everyone may have, in OPG wei. Those of an operator without stake leave at this pace.
struct FeeCap {
    uint32 window;
    uint32 perStakeBps;
    uint96 least;
}

/// @title Where fees for inference arrive and who gets them
/// @notice A payer pays OPG to a vault, one for each operator and model version. Anyone sweeps a vault: a part of what is in
/// it is burned, the rest is booked for the verification pool, the owner of the model and the operator, who collect when they
/// like. Nothing is ever sent to anybody who did not ask for it.
///
/// VAULTS
/// A vault is an account made by CREATE2 from this contract, the salt `keccak256(abi.encode(operator, version))` and
/// `vaultInitCodeHash()`: anyone can derive its address before it exists. All it ever does is to let this contract take
/// its tokens, when it is created; it has no function.
///
/// CAP
/// Of an operator no more fees are divided within a window than its own stake answers for. What is above stays in the vault
/// until there is room: whoever is slashed loses at least as much as it took meanwhile, up to the cap of the slash.
///
/// EPOCHS
/// What was routed and burned is counted for each epoch and operator, and read by the rewards contract, which ends the epochs.
/// Fees of an operator that is not active when they are routed are divided like others, and not counted.
interface IFeeRouter {
    event VaultCreated(address indexed operator, ModelVersion indexed version, address vault);

    /// @notice A vault was swept. The four parts add up to what was in it.
    /// @param epoch Epoch in which the fees count.
    /// @param counted Whether they do: the operator was active.
    event FeesRouted(
        address indexed operator,
        ModelVersion indexed version,
        address indexed modelOwner,
        uint256 epoch,
        uint256 toOperator,
        uint256 toModelOwner,
        uint256 toVerification,
        uint256 burned,
        bool counted
    );

    event Collected(address indexed account, address indexed to, uint256 amount);
    event EpochEnded(uint256 indexed epoch, uint256 fees, uint256 burned);
    event SharesSet(FeeShares shares);
    event CapSet(FeeCap cap);

    /// @notice Nothing is in the vault.
    error NothingToSweep(address vault);
    error NothingToCollect(address account);
    /// @notice Only the account itself may send what it is owed elsewhere.
    error NotTheAccount(address caller, address account);
    error InvalidRecipient(address to);
    /// @notice Only the rewards contract may call this function.
    error NotRewards(address caller);
    error ShareOutOfBounds(string name, uint256 value, uint256 minimum, uint256 maximum);
    /// @notice The operator has as many unsettled fees as its stake allows. Those in its vaults can be swept later.
    error UnsettledFeesAtCap(address operator, uint256 unsettled, uint256 cap);

    /// @notice Divides what is in the vault of `operator` and `version`, which must be published, or as much of it as the
    /// operator's cap has room for. Anyone.
    /// @return amount What was divided.
    function sweep(address operator, ModelVersion version) external returns (uint256 amount);

    /// @notice Pays what `account` is owed. Anyone may have it paid to the account, only the account elsewhere.
    function collect(address account, address to) external returns (uint256 amount);

    /// @notice Ends the epoch and tells what was counted in it. Only the rewards contract.
    // The name of what it returns.
    // slither-disable-next-line shadowing-local
    function endEpoch() external returns (uint256 epoch, uint256 fees, uint256 burned);

    /// @notice Changes how fees are divided that are routed from now on, within bounds.
    function setShares(FeeShares calldata shares_) external;

    /// @notice Changes how many fees are divided from now on, within bounds.
    function setCap(FeeCap calldata cap_) external;

    /// @notice Address of the vault of `operator` and `version`, whether it exists yet or not.
    function vaultOf(address operator, ModelVersion version) external view returns (address);

    /// @notice Hash of the creation code of every vault.
    function vaultInitCodeHash() external pure returns (bytes32);

    /// @notice What `account` can collect.
    function owed(address account) external view returns (uint256);

    /// @notice Number of the present epoch, from zero.
    function epoch() external view returns (uint256);

    /// @notice What was counted for `operator` in an epoch: fees routed, and of them burned.
    function feesOf(uint256 epoch_, address operator) external view returns (uint256 fees, uint256 burned);

    /// @notice What was counted in an epoch for all operators.
    function feesIn(uint256 epoch_) external view returns (uint256 fees, uint256 burned);

    /// @notice How fees are divided now.
    function shares() external view returns (FeeShares memory);

    /// @notice How many fees an operator gets now.
    function cap() external view returns (FeeCap memory);

    /// @notice Unsettled fees of `operator`, and the most that it may have with its present stake.
    function unsettledOf(address operator) external view returns (uint256 unsettled, uint256 most);

    /// @notice The token in which fees are paid.
    function opg() external view returns (IOpg);

    /// @notice Where the owners of models and their royalties are asked for.
    function models() external view returns (IModelRegistry);

    /// @notice Where it is asked whether an operator is active, and for its own stake.
    function operators() external view returns (IStaking);

    /// @notice Whom fees are reported to for the price.
    function market() external view returns (IFeeMarket);

    /// @notice The contract that ends epochs.
    function rewards() external view returns (address);
}
