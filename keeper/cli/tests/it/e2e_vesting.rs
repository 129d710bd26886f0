//! The keeper's vesting arithmetic against the deployed code of the vault.

use std::{
    io::{BufRead as _, BufReader},
    net::TcpListener,
    process::{Command, Stdio},
    time::{SystemTime, UNIX_EPOCH},
};

use alloy::{
    primitives::{Address, B256, U256, Uint, address, hex, keccak256},
    sol_types::SolValue as _,
};
use opg_chain::{
    bindings::IVestingVault,
    rpc::{Rpc, RpcConfig},
};
use opg_vesting::{Curve, Schedule};
use serde_json::Value;

use crate::{
    e2e_support::{DEPLOYER_ADDRESS, Devnet, Group, root},
    support::{json, opg},
};

/// Stands in for token and AccessManager.
const STUB: Address = address!("0x00000000000000000000000000000000000057ab");
/// Answers 2^96 - 1 to everything: as custody vault, and as a balance that covers all categories.
const STUB_CODE: &str = "0x6bffffffffffffffffffffffff5f5260205ff3";
/// How many categories the vault is deployed with, the most that it takes.
const CATEGORIES: u32 = 8;
/// How many times are compared.
const TIMES: u32 = 1_000;

/// Random numbers that a seed determines.
struct Random {
    seed: u64,
    drawn: u64,
}

impl Random {
    fn new() -> Self {
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_nanos();
        let seed = std::env::var("OPG_TEST_SEED").map_or(now as u64, |seed| seed.parse().unwrap());
        eprintln!("OPG_TEST_SEED={seed}");
        Self { seed, drawn: 0 }
    }

    fn word(&mut self) -> B256 {
        self.drawn += 1;
        keccak256((self.seed, self.drawn).abi_encode())
    }

    fn below(&mut self, bound: u128) -> u128 {
        (U256::from_be_bytes(self.word().0) % U256::from(bound)).to()
    }
}

/// A chain with nothing on it.
struct Chain {
    url: String,
    _anvil: Group,
}

impl Chain {
    fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new(root().join("node_modules/.bin/anvil"));
        command.args(["--hardfork", "osaka", "--port", &port.to_string()]).stdout(Stdio::piped());
        let mut anvil = Group::spawn(&mut command);
        let lines = BufReader::new(anvil.0.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.into_iter().any(|line| line.contains("Listening on")), "anvil ended");
        Self { url: format!("http://127.0.0.1:{port}"), _anvil: anvil }
    }

    fn cast(&self, args: &[&str]) -> String {
        let output = Command::new(root().join("node_modules/.bin/cast"))
            // Before the other arguments: `send --create` takes everything after it for the contract's.
            .args([args[0], "--rpc-url", &self.url])
            .args(&args[1..])
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    /// Deploys the vault with a category for each curve.
    fn deploy(&self, curves: &[Curve]) -> Address {
        self.cast(&["rpc", "anvil_setCode", &STUB.to_string(), STUB_CODE]);
        let genesis: Vec<_> = curves
            .iter()
            .map(|curve| IVestingVault::NewCategory {
                name: "category".to_owned(),
                root: B256::with_last_byte(1),
                total: 1,
                tgeTotal: 0,
                start: Uint::from(curve.start),
                cliff: curve.cliff,
                duration: curve.duration,
            })
            .collect();
        let artifact =
            std::fs::read_to_string(root().join("out/VestingVault.sol/VestingVault.json")).unwrap();
        let artifact: Value = serde_json::from_str(&artifact).unwrap();
        let mut code = hex::decode(artifact["bytecode"]["object"].as_str().unwrap()).unwrap();
        code.extend((STUB, STUB, Address::repeat_byte(7), genesis).abi_encode_params());
        let code = hex::encode_prefixed(code);
        let sent =
            self.cast(&["send", "--unlocked", "--from", DEPLOYER_ADDRESS, "--json", "--create", &code]);
        let receipt: Value = serde_json::from_str(&sent).unwrap();
        assert_eq!(receipt["status"], "0x1", "{receipt}");
        receipt["contractAddress"].as_str().unwrap().parse().unwrap()
    }
}

#[test]
fn vested_amounts_are_those_of_the_contract_at_a_thousand_random_times() {
    let mut random = Random::new();
    // Durations of all sizes, among them none.
    let seconds = |random: &mut Random| match random.below(4) {
        0 => 0,
        1 => random.below(100) as u32,
        2 => random.below(u128::from(u32::MAX) + 1) as u32,
        _ => random.below(240) as u32 * opg_vesting::allocation::MONTH,
    };
    let curves: Vec<Curve> = (0..CATEGORIES)
        .map(|_| Curve {
            start: random.below(1 << 40) as u64,
            cliff: seconds(&mut random),
            duration: seconds(&mut random),
        })
        .collect();
    let chain = Chain::start();
    let vault = chain.deploy(&curves);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let rpc = Rpc::connect(RpcConfig::new(vec![chain.url.parse().unwrap()], 31_337)).await.unwrap();
        for row in 0..TIMES {
            let category = row % CATEGORIES;
            let curve = curves[category as usize];
            let amount = random.below(u128::MAX);
            let schedule = Schedule {
                category,
                index: row,
                beneficiary: Address::from_word(random.word()),
                amount,
                tge_amount: if amount == 0 { 0 } else { random.below(amount) },
                revocable: row & 1 == 1,
                transferable: row & 2 == 2,
            };
            // From a little before the start to a little after the end.
            let span = u128::from(curve.end() - curve.start) + 200;
            let time = (curve.start + random.below(span) as u64).saturating_sub(100);
            let call = IVestingVault::vestedAtCall { schedule: schedule.into(), timestamp: U256::from(time) };
            let found = rpc.view(vault, &call).await.unwrap();
            assert_eq!(
                U256::from(schedule.vested_at(&curve, time)),
                found,
                "{schedule:?} on {curve:?} at {time}"
            );
            if row < 20 {
                let call = IVestingVault::scheduleIdCall { schedule: schedule.into() };
                assert_eq!(schedule.id(), rpc.view(vault, &call).await.unwrap(), "{schedule:?}");
            }
        }
    });
}

#[test]
fn a_genesis_is_compared_with_its_deployment() {
    let devnet = Devnet::start();
    let genesis = devnet.ready["genesis"].as_str().unwrap();
    let book = devnet.ready["addressBook"].as_str().unwrap();
    let command = |verb: &[&str]| {
        let mut command = opg(&root());
        command.args(verb).args(["--rpc", &devnet.url, "--address-book", book]);
        command
    };
    let verified = json(command(&["genesis", "verify", genesis]));
    assert_eq!(verified["vestingVault"], devnet.book.vesting_vault.to_string());

    // The deployment has released the airdrop, the devnet the liquidity, and nobody anything else.
    let calendar = json(command(&["vesting", "schedule", "--genesis", genesis, "--by", "beneficiary"]));
    assert_eq!(calendar["released"], (100_000_000 * 10_u128.pow(18)).to_string());
    let drawings = tempfile::tempdir().unwrap();
    let picture = drawings.path().join("supply.svg");
    json(command(&["vesting", "schedule", "--genesis", genesis, "--svg", picture.to_str().unwrap()]));
    let picture = std::fs::read_to_string(picture).unwrap();
    assert!(picture.contains("released: 100.0 million"), "{picture}");
    // From nothing to both releases, which were on one day, and on to now.
    let line = picture.split("<polyline").find(|line| line.contains("#C82828")).unwrap();
    let points = line.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
    assert_eq!(points.split_whitespace().count(), 5, "{points}");
    let rewards =
        calendar["unlocks"].as_array().unwrap().iter().find(|row| row["category"] == "staking-rewards");
    assert_eq!(rewards.unwrap()["beneficiary"], devnet.book.rewards.to_string());

    // The same genesis a second later is another one.
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other");
    let mut build = opg(&root());
    let tge = verified["manifest"]["tge"].as_u64().unwrap() + 1;
    build.args(["genesis", "build", "--allocation", "script/config/allocation.json"]);
    build
        .args(["--beneficiaries", "script/config/genesis/31337", "--tge", &tge.to_string(), "--out"])
        .arg(&other);
    json(build);
    let wrong = command(&["genesis", "verify", other.to_str().unwrap()]);
    crate::support::refuses(wrong, 8, &["OPG-0902", "category 0 (ecosystem)", "start is"]);
}
