//! Stake from the command line on the real contracts: what each command does, what it refuses and says, and a slash that
//! two keepers race to carry out. One test, because the scenarios share a devnet.

use std::{
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use alloy::{
    primitives::{Address, Bytes, U256, hex, keccak256},
    rpc::types::Filter,
    sol_types::{SolCall as _, SolEvent as _, SolValue as _},
};
use opg_chain::bindings::{IMulticall, IStaking, Opg, PoolView};
use serde_json::Value;

use crate::{
    e2e_support::{DEPLOYER_ADDRESS, Devnet, root},
    support::{json, opg, refuses},
};

pub(crate) const OPERATOR: &str = "operator.json";
const DELEGATOR: &str = "delegator.json";
/// Role of the contracts that may slash.
const SLASHER: u64 = 3;

/// The keeper does nothing but crank, once in ten seconds.
pub(crate) const CRANK: [(&str, &str); 2] =
    [("OPG_INFERENCE__ENABLED", "false"), ("OPG_CRANK__INTERVAL", "10s")];

pub(crate) struct Stakes {
    pub(crate) devnet: Devnet,
    pub(crate) operator: String,
    pub(crate) delegator: Address,
}

/// An address of a document.
pub(crate) fn address(value: &Value) -> Address {
    value.as_str().unwrap().parse().unwrap()
}

pub(crate) fn wei(opg: u64) -> U256 {
    U256::from(opg) * U256::from(10_u64.pow(18))
}

impl Stakes {
    pub(crate) fn start() -> Self {
        let devnet = Devnet::start();
        let operator = address(&devnet.ready["operator"]).to_string();
        let delegator = address(&devnet.ready["delegator"]);
        Self { devnet, operator, delegator }
    }

    fn folder(&self) -> &Path {
        Path::new(self.devnet.config()).parent().unwrap()
    }

    /// `opg` with the devnet's configuration.
    pub(crate) fn plain(&self, args: &[&str]) -> Command {
        let mut command = opg(&root());
        command.args(["--config", self.devnet.config()]).args(args);
        command
    }

    /// `opg` in the name of one of the devnet's accounts.
    pub(crate) fn by(&self, keystore: &str, args: &[&str]) -> Command {
        let mut command = self.plain(args);
        command.arg("--keystore").arg(self.folder().join(keystore));
        command.arg("--password-file").arg(self.folder().join("password"));
        command
    }

    /// As the delegator, about its stake at the operator.
    pub(crate) fn delegator(&self, args: &[&str]) -> Command {
        let mut command = self.by(DELEGATOR, args);
        command.args(["--operator", &self.operator]);
        command
    }

    pub(crate) fn view<C: alloy::sol_types::SolCall>(&self, call: &C) -> C::Return {
        self.devnet.block_on(self.devnet.rpc.view(self.devnet.book.staking, call))
    }

    pub(crate) fn token<C: alloy::sol_types::SolCall>(&self, call: &C) -> C::Return {
        self.devnet.block_on(self.devnet.rpc.view(self.devnet.book.opg, call))
    }

    fn pool(&self) -> PoolView {
        self.view(&IStaking::poolsOfCall { operator: self.operator.parse().unwrap() }).delegated
    }

    fn supply(&self) -> U256 {
        self.token(&Opg::totalSupplyCall {})
    }

    fn now(&self) -> u64 {
        self.devnet.block_on(self.devnet.rpc.head()).timestamp
    }

    pub(crate) fn travel(&self, seconds: u64) {
        self.devnet.cast(&["rpc", "evm_increaseTime", &seconds.to_string()]);
        let before = self.now();
        while self.now() < before + seconds {
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    pub(crate) fn send(&self, to: Address, signature: &str, args: &[&str]) {
        let to = to.to_string();
        self.devnet.cast(&[&["send", &to, signature], args].concat());
    }

    pub(crate) fn fund(&self, to: Address, opg: u64) {
        let transfer = "transfer(address,uint256)";
        self.send(self.devnet.book.opg, transfer, &[&to.to_string(), &wei(opg).to_string()]);
    }

    /// Slashes the operator as a dispute contract would: the timelock, which governs, lets the deployer do so.
    fn slash(&self, amount: U256) {
        let book = &self.devnet.book;
        let timelock = book.timelock.unwrap().to_string();
        self.devnet.cast(&["rpc", "anvil_impersonateAccount", &timelock]);
        self.devnet.cast(&["rpc", "anvil_setBalance", &timelock, "0xde0b6b3a7640000"]);
        let deployer: Address = DEPLOYER_ADDRESS.parse().unwrap();
        let arguments = (SLASHER, deployer, 0_u32).abi_encode_params();
        let grant = [&keccak256("grantRole(uint64,address,uint32)")[..4], &arguments].concat();
        let transaction = serde_json::json!({
            "from": timelock, "to": book.access_manager, "data": Bytes::from(grant), "gas": "0x100000",
        });
        self.devnet.cast(&["rpc", "eth_sendTransaction", &transaction.to_string()]);
        let from = self.now();
        while self.now() < from + 2 {
            std::thread::sleep(Duration::from_millis(50));
        }
        let zero = Address::ZERO.to_string();
        self.send(
            book.staking,
            "slash(address,uint8,uint256,uint64,address,address)",
            &[&self.operator, "1", &amount.to_string(), &(self.now() - 1).to_string(), &zero, &zero],
        );
    }
}

#[test]
fn stake_moves_as_its_owners_want_and_slashes_are_carried_out_once() {
    let mut stakes = Stakes::start();
    shown(&stakes);
    delegated(&stakes);
    unbonded(&stakes);
    a_full_queue(&stakes);
    operated(&stakes);
    inactive_operators_do_not_start(&stakes);
    slashed(&mut stakes);
}

fn shown(stakes: &Stakes) {
    let operator = json(stakes.plain(&["operator", "show"]));
    assert_eq!((&operator["status"], &operator["openSlashes"]), (&"active".into(), &0.into()));
    assert_eq!(operator["ownBondedWei"], wei(2_000).to_string());
    assert_eq!(operator["pool"]["assetsWei"], wei(1_000).to_string());
    let list = json(stakes.plain(&["operator", "list"]));
    assert_eq!(list["active"][0]["stakeWei"], wei(3_000).to_string());
    let status = json(stakes.plain(&["status"]));
    assert_eq!((&status["operatorActive"], &status["stake"]["status"]), (&true.into(), &"active".into()));
    let none = json(stakes.plain(&["operator", "show", DEPLOYER_ADDRESS]));
    assert_eq!(none["status"], "none");
}

fn delegated(stakes: &Stakes) {
    let delegate = |more: &[&str]| stakes.delegator(&[&["delegate", "100"], more].concat());
    refuses(delegate(&[]), 7, &["OPG-1001", "has 0 OPG", "100 are needed"]);
    stakes.fund(stakes.delegator, 500);

    let planned = json(delegate(&["--dry-run"]));
    assert_eq!((&planned["simulated"], planned["calls"].as_array().unwrap().len()), (&true.into(), 1));
    // A multisig has no permit to sign: it approves first.
    let mut multisig = stakes.plain(&["delegate", "100", "--operator", &stakes.operator, "--dry-run"]);
    multisig.args(["--from", DEPLOYER_ADDRESS]);
    let planned = json(multisig);
    assert_eq!(address(&planned["calls"][0]["to"]), stakes.devnet.book.opg);
    assert_eq!((&planned["simulated"], planned["calls"].as_array().unwrap().len()), (&false.into(), 2));
    assert_eq!(stakes.pool().assets, wei(1_000), "nothing was sent");

    let done = json(delegate(&[]));
    assert_eq!(done["position"]["amountWei"], wei(1_100).to_string());
    assert_eq!(done["transactions"].as_array().unwrap().len(), 1, "permit and stake are one transaction");
    refuses(delegate(&[]), 7, &["OPG-1002", "--again"]);
    let again = json(delegate(&["--again"]));
    assert_eq!(again["position"]["amountWei"], wei(1_200).to_string());
    let votes = stakes.token(&Opg::getVotesCall { account: stakes.delegator });
    assert_eq!(votes, wei(1_500), "held and staked OPG vote alike");
}

fn unbonded(stakes: &Stakes) {
    let unbonds = |done: &Value| done["position"]["unbonds"].as_array().unwrap().len();
    refuses(stakes.delegator(&["withdraw"]), 7, &["has no unbond there", "opg unbond"]);
    refuses(stakes.delegator(&["unbond", "1200.000000000000000001"]), 7, &["has 1200 OPG bonded"]);
    let begun = json(stakes.delegator(&["unbond", "50"]));
    assert_eq!((unbonds(&begun), &begun["position"]["amountWei"]), (1, &wei(1_150).to_string().into()));
    refuses(stakes.delegator(&["withdraw"]), 7, &["nothing has matured", "matures 20"]);
    refuses(stakes.delegator(&["withdraw", "1"]), 7, &["it matures 20", "wait until then"]);
    refuses(stakes.delegator(&["withdraw", "9"]), 7, &["no open unbond 9", "opg position"]);
    let undone = json(stakes.delegator(&["cancel-unbond", "1"]));
    assert_eq!((unbonds(&undone), &undone["position"]["amountWei"]), (0, &wei(1_200).to_string().into()));
    refuses(stakes.delegator(&["cancel-unbond", "1"]), 7, &["no open unbond 1"]);

    json(stakes.delegator(&["unbond", "200"]));
    stakes.travel(61);
    // Another operator does not exist yet.
    let elsewhere = ["redelegate", "2", "--to", DEPLOYER_ADDRESS];
    refuses(stakes.delegator(&elsewhere), 7, &["is not registered"]);
    let back = json(stakes.delegator(&["redelegate", "2", "--to", &stakes.operator]));
    assert_eq!(back["position"]["amountWei"], wei(1_200).to_string());
    json(stakes.delegator(&["unbond", "200", "--again"]));
    stakes.travel(61);
    let taken = json(stakes.delegator(&["withdraw"]));
    assert_eq!((unbonds(&taken), &taken["position"]["amountWei"]), (0, &wei(1_000).to_string().into()));
    let account = stakes.delegator;
    assert_eq!(stakes.token(&Opg::balanceOfCall { account }), wei(500));
}

/// As many unbonds as there may be, and what the command says of one more.
fn a_full_queue(stakes: &Stakes) {
    let book = &stakes.devnet.book;
    let (operator, account) = (stakes.operator.parse().unwrap(), DEPLOYER_ADDRESS.parse().unwrap());
    let stake = wei(300).to_string();
    stakes.send(book.opg, "approve(address,uint256)", &[&book.custody_vault.to_string(), &stake]);
    stakes.send(book.staking, "delegate(address,uint256,uint256)", &[&stakes.operator, &stake, "0"]);
    let unbond = IStaking::unbondCall { operator, account, shares: wei(1), leastAmount: U256::ZERO };
    let data = vec![Bytes::from(unbond.abi_encode()); 16];
    let call = hex::encode_prefixed(IMulticall::multicallCall { data }.abi_encode());
    stakes.devnet.cast(&["send", &book.staking.to_string(), &call]);
    let mut command = stakes.plain(&["unbond", "1", "--operator", &stakes.operator, "--dry-run"]);
    command.args(["--from", DEPLOYER_ADDRESS]);
    refuses(command, 7, &["16 unbonds are open", "opg withdraw", "the next matures 20"]);
}

fn operated(stakes: &Stakes) {
    stakes.fund(stakes.operator.parse().unwrap(), 10);
    let operator = |args: &[&str]| stakes.by(OPERATOR, args);
    refuses(operator(&["unbond", "1500"]), 7, &["below the minimum of 1000 OPG", "opg operator retire"]);
    refuses(operator(&["operator", "register", "5", "--commission", "5%"]), 7, &["is an operator already"]);
    let low = ["operator", "register", "5", "--commission", "5%"];
    refuses(stakes.by(DELEGATOR, &low), 7, &["below the minimum", "at least 995 OPG more"]);
    refuses(operator(&["operator", "commission", "20.01%"]), 7, &["20.01 %", "take at most 20 %"]);
    refuses(operator(&["operator", "commission", "5"]), 2, &["5%"]);
    let set = json(operator(&["operator", "commission", "7.5%"]));
    let operator_now = &set["operator"];
    assert_eq!(
        (&operator_now["commissionBps"], &operator_now["nextCommissionBps"]),
        (&500.into(), &750.into())
    );
    let lower = json(operator(&["operator", "commission", "1%"]));
    assert_eq!(lower["operator"]["commissionBps"], 100, "less takes effect at once");
    json(operator(&["operator", "set-endpoint", "https://example.org"]));
    refuses(operator(&["operator", "set-endpoint", &"x".repeat(513)]), 7, &["513 bytes", "shorten"]);
    refuses(operator(&["operator", "unjail"]), 7, &["is active"]);
}

fn inactive_operators_do_not_start(stakes: &Stakes) {
    let set = |signer: &str| json(stakes.by(OPERATOR, &["operator", "set-signer", signer]));
    set(DEPLOYER_ADDRESS);
    refuses(stakes.plain(&["run"]), 7, &["OPG-1003", DEPLOYER_ADDRESS, "opg operator set-signer"]);
    refuses(stakes.plain(&["doctor"]), 9, &["has registered the key", "opg operator set-signer"]);
    set(&address(&stakes.devnet.ready["signer"]).to_string());
    let mut stranger = stakes.plain(&["run"]);
    stranger.env("OPG_KEYS__OPERATOR", DEPLOYER_ADDRESS);
    refuses(stranger, 7, &["OPG-1003", "is not registered", "opg operator register 1000"]);
}

fn slashed(stakes: &mut Stakes) {
    let (supply, pool) = (stakes.supply(), stakes.pool().assets);
    // All of the own stake, and 500 of the pool.
    stakes.slash(wei(2_500));
    assert_eq!(stakes.pool().assets, pool - wei(500));
    let operator = json(stakes.plain(&["operator", "show"]));
    assert_eq!((&operator["status"], &operator["openSlashes"]), (&"jailed".into(), &1.into()));
    refuses(stakes.by(OPERATOR, &["stake", "5"]), 7, &["OPG-1001"]);
    refuses(stakes.by(OPERATOR, &["operator", "unjail"]), 7, &["jailed until 20"]);
    refuses(stakes.delegator(&["delegate", "5"]), 7, &["is jailed"]);
    refuses(stakes.plain(&["run"]), 7, &["OPG-1003", "jailed until", "opg operator unjail"]);

    // Two keepers with accounts of their own, neither of which knows of the other.
    let keystore = stakes.folder().join(DELEGATOR).display().to_string();
    let first = stakes.devnet.keeper(&CRANK);
    let other = [("OPG_KEYS__KEYSTORE", keystore.as_str()), ("OPG_STORAGE__PATH", "other.db")];
    let second = stakes.devnet.keeper(&[&CRANK[..], &other].concat());
    stakes.travel(3_601);
    let deadline = Instant::now() + Duration::from_secs(90);
    while stakes.supply() + wei(2_499) > supply {
        assert!(Instant::now() < deadline, "{} of {supply}\n{}", stakes.supply(), stakes.devnet.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    drop((first, second));
    let filter = Filter::new()
        .address(stakes.devnet.book.staking)
        .event_signature(IStaking::SlashExecuted::SIGNATURE_HASH)
        .from_block(0);
    assert_eq!(stakes.devnet.block_on(stakes.devnet.rpc.logs(&filter)).len(), 1);
    // Who lost stake lost its votes, and nothing else: what is left of the pool is what the members have.
    let account = stakes.delegator;
    let operator = stakes.operator.parse().unwrap();
    let position = stakes.view(&IStaking::positionOfCall { operator, account });
    let (held, votes) =
        (stakes.token(&Opg::balanceOfCall { account }), stakes.token(&Opg::getVotesCall { account }));
    assert!(position.amount < wei(1_000) && votes - held - position.amount < wei(1), "{position:?} {votes}");
}
