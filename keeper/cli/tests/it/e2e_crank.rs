//! Ninety-six months of releases by the real keeper on the real contracts.

use std::{
    collections::BTreeMap,
    path::Path,
    time::{Duration, Instant},
};

use alloy::primitives::{Address, U256};
use opg_chain::bindings::{IVestingVault, Opg};
use opg_store::{Store, journal, vesting};
use opg_vesting::{ContractAddresses, Curve, GenesisFiles, Schedule};
use rustix::process::Signal;

use crate::{
    e2e_support::{Devnet, root},
    support::{json, opg},
};

/// Eight jumps of a year of twelve months.
const STEPS: u64 = 8;
const STEP: u64 = 12 * 2_629_800;

/// The keeper does nothing but release, and looks at the vault every second. Below this amount a row waits, so that each
/// is released once in a step.
const SETTINGS: [(&str, &str); 4] = [
    ("OPG_INFERENCE__ENABLED", "false"),
    ("OPG_CRANK__ENABLED", "true"),
    ("OPG_CRANK__INTERVAL", "1s"),
    ("OPG_CRANK__MIN_AMOUNT", "100000 OPG"),
];

struct Vesting {
    devnet: Devnet,
    schedules: Vec<(Schedule, Curve)>,
}

impl Vesting {
    fn start() -> Self {
        let devnet = Devnet::start();
        let contracts = ContractAddresses { airdrop: devnet.book.airdrop, rewards: devnet.book.rewards };
        let folder = Path::new(devnet.ready["genesis"].as_str().unwrap());
        let files = GenesisFiles::open(folder, contracts).unwrap();
        let mut schedules = Vec::new();
        for category in &files.manifest().categories {
            let rows = files.schedules(category.id).unwrap();
            schedules.extend(rows.map(|row| (row.unwrap(), category.curve)));
        }
        Self { devnet, schedules }
    }

    /// OPG wei that each schedule has released, in their order.
    fn released(&self) -> Vec<u128> {
        let ids = self.schedules.iter().map(|(schedule, _)| schedule.id()).collect();
        let call = IVestingVault::statesOfCall { schedules: ids };
        let states = self.devnet.block_on(self.devnet.rpc.view(self.devnet.book.vesting_vault, &call));
        states.iter().map(|state| state.released.to()).collect()
    }

    fn balance(&self, account: Address) -> U256 {
        self.devnet.block_on(self.devnet.rpc.view(self.devnet.book.opg, &Opg::balanceOfCall { account }))
    }

    fn balances(&self) -> BTreeMap<Address, U256> {
        let all = self.schedules.iter().map(|(schedule, _)| schedule.beneficiary);
        all.map(|account| (account, self.balance(account))).collect()
    }

    fn now(&self) -> u64 {
        self.devnet.block_on(self.devnet.rpc.head()).timestamp
    }

    fn travel(&self, seconds: u64) {
        self.devnet.cast(&["rpc", "evm_increaseTime", &seconds.to_string()]);
        let before = self.now();
        while self.now() < before + seconds {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Waits until less than the minimum amount of what had vested at `timestamp` is left in each schedule.
    fn until_released(&self, timestamp: u64) {
        let minimum = 100_000 * 10_u128.pow(18);
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let released = self.released();
            let late = self.schedules.iter().zip(&released).find(|((schedule, curve), released)| {
                let left = schedule.vested_at(curve, timestamp).saturating_sub(**released);
                left >= minimum.min(schedule.amount - **released) && left > 0
            });
            let Some((schedule, released)) = late else { return };
            assert!(
                Instant::now() < deadline,
                "{schedule:?} has only {released} at {timestamp}\n{}",
                self.devnet.log()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn after_96_months_everybody_has_exactly_its_amount_and_the_vault_is_empty() {
    let mut vesting = Vesting::start();
    let (released, balances) = (vesting.released(), vesting.balances());

    let mut doctor = opg(&root());
    doctor.args(["--config", vesting.devnet.config(), "--json", "doctor"]).envs(SETTINGS);
    let report: serde_json::Value = serde_json::from_slice(&doctor.output().unwrap().stdout).unwrap();
    let findings = report["findings"].as_array().unwrap();
    let genesis = findings.iter().find(|finding| finding["check"] == "genesis").unwrap();
    assert_eq!(genesis["ok"], true, "{genesis}");

    let mut keeper = vesting.devnet.keeper(&SETTINGS);
    vesting.until_released(vesting.now());
    for step in 1..=STEPS {
        vesting.travel(STEP);
        let now = vesting.now();
        if step == 3 {
            // Somewhere between looking and sending; the next one goes on from the database.
            keeper.signal(Signal::KILL);
            drop(keeper);
            keeper = vesting.devnet.keeper(&SETTINGS);
        }
        vesting.until_released(now);
    }

    // To the wei: every schedule, every beneficiary, the vault.
    let mut expected = balances;
    for ((schedule, _), before) in vesting.schedules.iter().zip(&released) {
        *expected.get_mut(&schedule.beneficiary).unwrap() += U256::from(schedule.amount - before);
    }
    for ((schedule, _), released) in vesting.schedules.iter().zip(vesting.released()) {
        assert_eq!(released, schedule.amount, "{schedule:?}");
    }
    assert_eq!(vesting.balances(), expected);
    assert_eq!(vesting.balance(vesting.devnet.book.vesting_vault), U256::ZERO);

    // No transaction was in vain, and the keeper knows that it is done.
    let store = Store::open(&Path::new(vesting.devnet.config()).with_file_name("opg.db")).unwrap();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let summary = store.read(|tx| vesting::summary(tx, u32::MAX.into())).unwrap().unwrap();
        if (summary.due, summary.in_flight) == (0, 0) {
            assert_eq!(summary.schedules as usize, vesting.schedules.len());
            break;
        }
        assert!(Instant::now() < deadline, "{summary:?}\n{}", vesting.devnet.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let intents: Vec<_> = store.read(|tx| journal::list(tx, None, true, 1_000)).unwrap();
    eprintln!("{} transactions", intents.len());
    for record in &intents {
        let done = matches!(record.state, journal::IntentState::Confirmed { success: true, .. });
        assert!(done, "{record:?}");
    }
    let mut status = opg(&root());
    status.args(["--config", vesting.devnet.config(), "status"]).envs(SETTINGS);
    let status = json(status);
    assert_eq!(status["crank"]["index"]["due"], 0);
    assert!(status["crank"]["index"]["lastRelease"]["amountWei"].is_string(), "{status}");
    drop(keeper);
}
