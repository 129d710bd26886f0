// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {DeployConfig} from "../../script/lib/DeployConfig.sol";
import {StakingParameters} from "../../contracts/interfaces/IStakingCommon.sol";
import {JsonFields} from "../../script/lib/JsonFields.sol";
import {Offence} from "../../script/lib/StakingConfig.sol";
import {DeployTestBase} from "./DeployTestBase.sol";

/// @notice A wrong configuration is refused, and the refusal names the field.
contract DeployConfigTest is DeployTestBase {
    string private constant GOOD = '{"salt":"s","deployer":"0x0000000000000000000000000000000000000001",'
        '"guardian":"0x0000000000000000000000000000000000000002","governance":{"votingDelay":86400,'
        '"votingPeriod":432000,"lateQuorumExtension":172800,"proposalThreshold":"5","quorumPercent":4,'
        '"minDelay":172801,"upgradeDelay":1900800},"staking":{"minSelfStake":"1000000000000000000",'
        '"unbondingPeriod":1814400,"receiptAge":3600,"challengeWindow":604800,"vetoWindow":259200,'
        '"commissionNotice":604801,"maxCommissionBps":2000,"slashTable":[{"offence":7,"capBps":10000,'
        '"challengerBps":2001,"payerBps":2002,"coolDown":86401,"jailPeriod":86402}]},"rewards":{"epochLength":604801,"baseBps":5001,'
        '"performanceBps":8999},"payments":{"burnBps":501,"verificationBps":301,"capWindow":691201,"capPerStakeBps":10001,"capLeast":"1000000000000000007"},'
        '"market":{"epochLength":3601,"targetBps":5001,"maxChangeBps":1251,"capacityPerOpg":1001,"capacityFloor":"1002",'
        '"minPrice":"11","maxPrice":"13","firstPrice":"12"},'
        '"batches":{"answerPeriod":86403,"demandBond":"20000000000000001","demandPenalty":"2000000000000000001"},"airdropClaimPeriod":2592000,'
        '"airdropGracePeriod":604800,"turnWindow":4,"turnCap":60}';

    function test_readsEveryField() public view {
        DeployConfig memory config = harness.parse(GOOD);
        assertEq(config.salt, "s");
        assertEq(config.deployer, address(1));
        assertEq(config.governance.parameters.guardian, address(2));
        assertEq(config.governance.parameters.votingDelay, 1 days);
        assertEq(config.governance.parameters.votingPeriod, 5 days);
        assertEq(config.governance.parameters.lateQuorumExtension, 2 days);
        assertEq(config.governance.parameters.proposalThreshold, 5);
        assertEq(config.governance.parameters.quorumPercent, 4);
        assertEq(config.governance.minDelay, 2 days + 1);
        assertEq(config.governance.upgradeDelay, 22 days);
        assertEq(config.staking.parameters.minSelfStake, 1e18);
        assertEq(config.staking.parameters.unbondingPeriod, 21 days);
        assertEq(config.staking.parameters.receiptAge, 1 hours);
        assertEq(config.staking.parameters.challengeWindow, 7 days);
        assertEq(config.staking.parameters.vetoWindow, 3 days);
        assertEq(config.staking.parameters.commissionNotice, 7 days + 1);
        assertEq(config.staking.parameters.maxCommissionBps, 2_000);
        assertEq(config.staking.slashTable.length, 1);
        assertEq(config.staking.slashTable[0].number, 7);
        assertEq(config.staking.slashTable[0].rule.capBps, 10_000);
        assertEq(config.staking.slashTable[0].rule.challengerBps, 2_001);
        assertEq(config.staking.slashTable[0].rule.payerBps, 2_002);
        assertEq(config.staking.slashTable[0].rule.coolDown, 1 days + 1);
        assertEq(config.staking.slashTable[0].rule.jailPeriod, 1 days + 2);
        assertEq(config.rewards.parameters.epochLength, 7 days + 1);
        assertEq(config.rewards.parameters.baseBps, 5_001);
        assertEq(config.rewards.parameters.performanceBps, 8_999);
        assertEq(config.rewards.burnBps, 501);
        assertEq(config.rewards.verificationBps, 301);
        assertEq(config.rewards.cap.window, 8 days + 1);
        assertEq(config.rewards.cap.perStakeBps, 10_001);
        assertEq(config.rewards.cap.least, 1 ether + 7);
        assertEq(config.market.parameters.epochLength, 1 hours + 1);
        assertEq(config.market.parameters.targetBps, 5_001);
        assertEq(config.market.parameters.maxChangeBps, 1_251);
        assertEq(config.market.parameters.capacityPerOpg, 1_001);
        assertEq(config.market.parameters.capacityFloor, 1_002);
        assertEq(config.market.parameters.minPrice, 11);
        assertEq(config.market.parameters.maxPrice, 13);
        assertEq(config.market.firstPrice, 12);
        assertEq(config.batches.answerPeriod, 1 days + 3);
        assertEq(config.batches.demandBond, 0.02 ether + 1);
        assertEq(config.batches.demandPenalty, 2 ether + 1);
        assertEq(config.airdropClaimPeriod, 30 days);
        assertEq(config.airdropGracePeriod, 7 days);
        assertEq(config.turnWindow, 4);
        assertEq(config.turnCap, 60);
        harness.validate(config, BASE_SEPOLIA);
    }

    function test_committedConfigsAreCompleteUpToTheAccounts() public {
        harness.load(DEVNET);
        uint256[2] memory chains = [BASE, BASE_SEPOLIA];
        for (uint256 i = 0; i < chains.length; i++) {
            string memory path = string.concat("script/config/", vm.toString(chains[i]), ".json");
            DeployConfig memory config = harness.parse(vm.readFile(path));
            DeployConfig memory filledIn = goodConfig();
            if (config.deployer == address(0)) config.deployer = filledIn.deployer;
            if (config.governance.parameters.guardian == address(0)) {
                config.governance.parameters.guardian = filledIn.governance.parameters.guardian;
            }
            harness.validate(config, chains[i]);
        }
    }

    function test_refusesUnknownAndMissingFields() public {
        _expect("turncap", "unknown field");
        harness.parse(vm.replace(GOOD, "turnCap", "turncap"));
        _expect("turnCap", "missing");
        harness.parse(vm.replace(GOOD, ',"turnCap":60', ""));
        _expect("guardian", "missing");
        harness.parse(vm.replace(GOOD, '"guardian":"0x0000000000000000000000000000000000000002",', ""));
        _expect("governance.minDelay", "missing");
        harness.parse(vm.replace(GOOD, '"minDelay":172801,', ""));
        _expect("governance.delay", "unknown field");
        harness.parse(vm.replace(GOOD, '"minDelay"', '"delay"'));
        _expect("staking.bond", "unknown field");
        harness.parse(vm.replace(GOOD, '"staking":{', '"staking":{"bond":1,'));
        _expect("staking.slashTable[0].cap", "unknown field");
        harness.parse(vm.replace(GOOD, '"capBps"', '"cap"'));
        _expect("treasury", "unknown field");
        harness.parse(vm.replace(GOOD, '"salt"', '"treasury":"0x01","salt"'));
    }

    function test_refusesValuesOfTheWrongKind() public {
        _expect("guardian", "not an address");
        harness.parse(vm.replace(GOOD, "0x0000000000000000000000000000000000000002", "0x02"));
        _expect("staking.minSelfStake", "not an unsigned integer (write large ones as a string)");
        harness.parse(vm.replace(GOOD, "1000000000000000000", "one"));
        _expect("turnWindow", "not an unsigned integer (write large ones as a string)");
        harness.parse(vm.replace(GOOD, '"turnWindow":4', '"turnWindow":-4'));
        _expect("staking.unbondingPeriod", "does not fit 32 bits");
        harness.parse(vm.replace(GOOD, "1814400", "4294967296"));
        _expect("salt", "not a string");
        harness.parse(vm.replace(GOOD, '"s"', '["s","t"]'));
    }

    function test_refusesZeroAccounts() public {
        DeployConfig memory config = goodConfig();
        config.deployer = address(0);
        _refuse(config, BASE, "deployer", "zero: enter the account that deploys");
        config = goodConfig();
        config.governance.parameters.guardian = address(0);
        _refuse(config, BASE, "guardian", "zero: enter the guardian council");
    }

    function test_refusesRewardsThatTheContractsWouldRefuse() public {
        DeployConfig memory config = goodConfig();
        config.rewards.parameters.epochLength = 1 hours - 1;
        _refuse(config, DEVNET, "rewards.epochLength", "must be 1 hour to 30 days");
        config = goodConfig();
        config.rewards.parameters.baseBps = 1_999;
        _refuse(config, DEVNET, "rewards.baseBps", "must be 2,000 to 9,000");
        config = goodConfig();
        config.rewards.parameters.performanceBps = 9_001;
        _refuse(config, DEVNET, "rewards.performanceBps", "must be at most 9,000");
        config = goodConfig();
        config.rewards.burnBps = 99;
        _refuse(config, DEVNET, "payments.burnBps", "must be 100 to 3,000");
        config = goodConfig();
        config.rewards.verificationBps = 2_001;
        _refuse(config, DEVNET, "payments.verificationBps", "must be at most 2,000");
    }

    function test_refusesCapsAndMarketsThatTheContractsWouldRefuse() public {
        DeployConfig memory config = goodConfig();
        config.rewards.cap.window = 1 hours + 7 days - 1;
        string memory window = "must be 30 seconds to 60 days, and at least staking.receiptAge + challengeWindow";
        _refuse(config, DEVNET, "payments.capWindow", window);
        config = goodConfig();
        config.rewards.cap.perStakeBps = 999;
        _refuse(config, DEVNET, "payments.capPerStakeBps", "must be 1,000 to 100,000");
        config = goodConfig();
        config.rewards.cap.least = 1 ether - 1;
        _refuse(config, DEVNET, "payments.capLeast", "must be at least 1 OPG");
        config = goodConfig();
        config.market.parameters.epochLength = 10 minutes - 1;
        _refuse(config, DEVNET, "market.epochLength", "must be 10 minutes to 7 days");
        config = goodConfig();
        config.market.parameters.targetBps = 9_001;
        _refuse(config, DEVNET, "market.targetBps", "must be 1,000 to 9,000");
        config = goodConfig();
        config.market.parameters.maxChangeBps = 9;
        _refuse(config, DEVNET, "market.maxChangeBps", "must be 10 to 2,500");
        config = goodConfig();
        config.market.parameters.capacityPerOpg = 0;
        _refuse(config, DEVNET, "market.capacityPerOpg", "must be 1 to 10^12");
        config = goodConfig();
        config.market.parameters.capacityFloor = 1e21 + 1;
        _refuse(config, DEVNET, "market.capacityFloor", "must be 1 to 10^21");
        config = goodConfig();
        config.market.parameters.minPrice = 0;
        _refuse(config, DEVNET, "market.minPrice", "must be 1 to market.maxPrice");
        config = goodConfig();
        config.market.firstPrice = config.market.parameters.maxPrice + 1;
        _refuse(config, DEVNET, "market.firstPrice", "must be market.minPrice to market.maxPrice");
    }

    function test_refusesBatchParametersThatTheContractWouldRefuse() public {
        DeployConfig memory config = goodConfig();
        string memory times =
            "must be at least 1, and twice it below staking.unbondingPeriod - receiptAge - challengeWindow";
        config.batches.answerPeriod = 0;
        _refuse(config, DEVNET, "batches.answerPeriod", times);
        config.batches.answerPeriod = (14 days - 1 hours) / 2;
        _refuse(config, DEVNET, "batches.answerPeriod", times);
        config.batches.answerPeriod--;
        harness.validate(config, DEVNET);
        config.batches.demandBond = 1e16 - 1;
        _refuse(config, DEVNET, "batches.demandBond", "must be 0.01 to 10,000 OPG in wei");
        config = goodConfig();
        config.batches.demandPenalty = 100_000e18 + 1;
        _refuse(config, DEVNET, "batches.demandPenalty", "must be 1 to 100,000 OPG in wei");
    }

    function test_refusesAirdropTimesThatNobodyCouldUse() public {
        DeployConfig memory config = goodConfig();
        config.airdropClaimPeriod = 30 days - 1;
        _refuse(config, BASE, "airdropClaimPeriod", "below 30 days, 2592000 s");
        harness.validate(config, DEVNET);
        config.airdropClaimPeriod = 0;
        _refuse(config, DEVNET, "airdropClaimPeriod", "zero: nobody could claim");
        config = goodConfig();
        config.airdropGracePeriod = 7 days - 1;
        _refuse(config, BASE_SEPOLIA, "airdropGracePeriod", "below 7 days, 604800 s");
        harness.validate(config, DEVNET);
        config.airdropGracePeriod = 0;
        _refuse(config, DEVNET, "airdropGracePeriod", "zero: the sweep must come after the deadline");
    }

    function test_refusesAGuardianWithoutCodeOnBaseOnly() public {
        DeployConfig memory config = goodConfig();
        config.governance.parameters.guardian = makeAddr("a person's key");
        _refuse(config, BASE, "guardian", "has no code: on Base it must be a multisig");
        harness.validate(config, BASE_SEPOLIA);
        harness.validate(config, DEVNET);
    }

    function test_refusesParametersOutOfRange() public {
        DeployConfig memory config = goodConfig();
        config.salt = "";
        _refuse(config, BASE, "salt", "empty: name the deployment, e.g. opg-1");
        config = goodConfig();
        config.turnWindow = config.turnCap + 1;
        _refuse(config, BASE, "turnWindow", "must not exceed turnCap");
        config.turnCap = 1 hours + 1;
        _refuse(config, BASE, "turnCap", "exceeds 3600 s, the most that the hub takes");
    }

    function test_refusesStakingThatTheContractWouldRefuse() public {
        _refuseStaking("minSelfStake", "must be 1 to 1,000,000 OPG in wei", 0);
        _refuseStaking("unbondingPeriod", "must be above receiptAge + challengeWindow, at most 60 days", 1);
        _refuseStaking("vetoWindow", "must be 1 hour to 14 days", 2);
        _refuseStaking("commissionNotice", "must be 1 to 60 days", 3);
        _refuseStaking("maxCommissionBps", "must be at most 5,000", 4);
        _refuseStaking("slashTable[1].offence", "zero: offences count from 1", 5);
        _refuseStaking("slashTable[1].offence", "listed twice", 6);
        _refuseStaking("slashTable[1].capBps", "must be 1 to 10,000", 7);
        _refuseStaking("slashTable[1].challengerBps", "must be with payerBps at most 8,000: a fifth is burned", 8);
        _refuseStaking("slashTable[1].coolDown", "must be at most 30 days", 9);
        _refuseStaking("slashTable[1].jailPeriod", "must be at most 365 days", 10);
    }

    function _refuseStaking(string memory field, string memory reason, uint256 kind) private {
        DeployConfig memory config = goodConfig();
        StakingParameters memory p = config.staking.parameters;
        Offence memory row = config.staking.slashTable[1];
        if (kind == 0) p.minSelfStake = 1e18 - 1;
        if (kind == 1) p.unbondingPeriod = p.receiptAge + p.challengeWindow;
        if (kind == 2) p.vetoWindow = 1 hours - 1;
        if (kind == 3) p.commissionNotice = 1 days - 1;
        if (kind == 4) p.maxCommissionBps = 5_001;
        if (kind == 5) row.number = 0;
        if (kind == 6) row.number = config.staking.slashTable[0].number;
        if (kind == 7) row.rule.capBps = 10_001;
        if (kind == 8) (row.rule.challengerBps, row.rule.payerBps) = (4_000, 4_001);
        if (kind == 9) row.rule.coolDown = 30 days + 1;
        if (kind == 10) row.rule.jailPeriod = 365 days + 1;
        _refuse(config, BASE, string.concat("staking.", field), reason);
    }

    function test_refusesReceiptsThatOutliveStaking() public {
        DeployConfig memory config = goodConfig();
        config.staking.parameters.receiptAge = 1 hours - 1;
        _refuse(config, BASE, "staking.receiptAge", "below 3600 s, for which the hub accepts a receipt");
        harness.validate(config, DEVNET);
    }

    function test_theScriptDoesNotDeployWithABadConfig() public {
        DeployConfig memory config = goodConfig();
        config.governance.upgradeDelay = config.staking.parameters.unbondingPeriod;
        vm.chainId(BASE);
        _expect(
            "governance.upgradeDelay",
            "must exceed staking.unbondingPeriod: stakers leave before an upgrade that they reject"
        );
        script.deploy(config, goodGenesis(), "");
    }

    function _refuse(DeployConfig memory config, uint256 chainId, string memory field, string memory reason) private {
        _expect(field, reason);
        harness.validate(config, chainId);
    }

    function _expect(string memory field, string memory reason) private {
        vm.expectRevert(abi.encodeWithSelector(JsonFields.InvalidField.selector, "config", field, reason));
    }
}
