// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {FeeCap, FeeShares} from "../../../contracts/interfaces/IFeeRouter.sol";
import {ModelSpec} from "../../../contracts/interfaces/IModelRegistry.sol";
import {RewardParameters} from "../../../contracts/interfaces/IRewards.sol";
import {NewCategory, Schedule} from "../../../contracts/interfaces/IVestingVault.sol";
import {ModelVersion} from "../../../contracts/interfaces/ModelVersion.sol";
import {ModelRegistry} from "../../../contracts/models/ModelRegistry.sol";
import {FeeMarket} from "../../../contracts/payments/FeeMarket.sol";
import {FeeRouter} from "../../../contracts/payments/FeeRouter.sol";
import {Rewards} from "../../../contracts/staking/Rewards.sol";
import {VestingVault} from "../../../contracts/vesting/VestingVault.sol";
import {PaymentSystem} from "../../support/PaymentSystem.sol";
import {StakingFixture} from "./StakingFixture.sol";

/// @notice Staking with its rewards: a vesting vault that releases to them, a model with an owner, and the fee router.
abstract contract RewardsFixture is StakingFixture, PaymentSystem {
    uint128 internal constant STREAM = 100_000_000 ether;
    uint32 internal constant STREAM_TIME = 96 * 2_629_800;
    uint32 internal constant EPOCH = 7 days;
    uint16 internal constant ROYALTY_BPS = 1_000;
    /// Rounding that a test of few settlements allows: stakes here are below 2^84 wei.
    uint256 internal constant DUST = 1 << 22;

    address internal modelOwner = makeAddr("model owner");
    address internal verifiers = makeAddr("verification pool");
    address internal stranger = makeAddr("stranger");

    VestingVault internal vesting;
    ModelRegistry internal models;
    ModelVersion internal version;
    FeeMarket internal market;
    FeeRouter internal router;
    Rewards internal rewards;

    function setUp() public virtual override {
        super.setUp();
        models = ModelRegistry(
            address(
                new ERC1967Proxy(
                    address(new ModelRegistry()), abi.encodeCall(ModelRegistry.initialize, (address(manager)))
                )
            )
        );
        version = _publish("weights", ROYALTY_BPS);
        address vestingAt = vm.computeCreateAddress(address(this), vm.getNonce(address(this)));
        vm.prank(treasury);
        opg.transfer(vestingAt, STREAM);
        NewCategory[] memory categories = new NewCategory[](1);
        categories[0] = NewCategory("staking-rewards", _schedule().leaf, STREAM, 0, uint40(START), 0, STREAM_TIME);
        vesting = new VestingVault(address(opg), address(manager), treasury, categories);
        assertEq(address(vesting), vestingAt);
        (market, router) =
            _deployPayments(address(this), opg, models, staking, _rewardsAt(), address(manager), _shares(), _feeCap());
        vm.prank(_rewardsDeployer());
        rewards = new Rewards(opg, staking, vesting, _schedule().leaf, router, address(manager), _rewardParameters());
        assertEq(address(rewards), _rewardsAt());
    }

    function _rewardsDeployer() private returns (address) {
        return makeAddr("deployer of rewards");
    }

    function _rewardsAt() internal override returns (address) {
        return vm.computeCreateAddress(_rewardsDeployer(), 0);
    }

    function _shares() internal view returns (FeeShares memory) {
        return FeeShares({burnBps: 500, verificationBps: 300, verificationPool: verifiers});
    }

    function _feeCap() internal view virtual returns (FeeCap memory) {
        return _noCap();
    }

    function _rewardParameters() internal pure returns (RewardParameters memory) {
        return RewardParameters({epochLength: EPOCH, baseBps: 5_000, performanceBps: 9_000});
    }

    struct Leaf {
        Schedule schedule;
        bytes32 leaf;
    }

    function _schedule() internal returns (Leaf memory found) {
        found.schedule = Schedule(0, 0, _rewardsAt(), STREAM, 0, false, false);
        found.leaf = keccak256(bytes.concat(keccak256(abi.encode(found.schedule))));
    }

    function _publish(string memory weights, uint16 royaltyBps) internal returns (ModelVersion) {
        ModelSpec memory spec;
        spec.task = "chat/1";
        spec.weightsDigest = sha256(bytes(weights));
        spec.engineProfile = keccak256("engine");
        spec.unitsPerRequest = 1;
        spec.modes = 1;
        spec.royaltyBps = royaltyBps;
        spec.licence = "Apache-2.0";
        vm.startPrank(modelOwner);
        ModelVersion published = models.publishVersion(models.registerModel(weights), spec);
        vm.stopPrank();
        return published;
    }

    /// Pays a fee for work of `operator`, and sweeps it.
    function _pay(address operator, uint256 amount) internal {
        _payTo(operator, version, amount);
        router.sweep(operator, version);
    }

    function _payTo(address operator, ModelVersion version_, uint256 amount) internal {
        address to = router.vaultOf(operator, version_);
        vm.prank(treasury);
        opg.transfer(to, amount);
    }

    /// Lets an epoch end, with what has vested until then.
    function _endEpoch() internal {
        _pass(EPOCH);
        _release();
        rewards.endEpoch();
    }

    function _release() internal {
        vesting.release(_schedule().schedule, new bytes32[](0));
    }

    function _claim(address operator, address account) internal returns (uint256) {
        vm.prank(account);
        return rewards.claim(operator, account, account);
    }

    function _claimable(address operator, address account) internal view returns (uint256) {
        return rewards.claimable(operator, account);
    }

    /// What flows in `time` at the present rate.
    function _flow(uint256 time) internal view returns (uint256) {
        (uint256 rate,) = staking.stream();
        return rate * time;
    }
}
