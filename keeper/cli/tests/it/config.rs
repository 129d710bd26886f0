use crate::support::{configure, initialised, opg, refuses};

const GOOD: &str =
    "[chain]\nrpc = \"http://127.0.0.1:1\"\nid = 31337\n[keys]\nkeystore = \"keystore.json\"\n";

#[test]
fn a_missing_file_is_named() {
    let folder = tempfile::tempdir().unwrap();
    for verb in
        [&["run"][..], &["status"], &["doctor"], &["jobs", "list"], &["tx", "list"], &["model", "list"]]
    {
        let mut command = opg(folder.path());
        command.args(verb).args(["--config", "absent.toml"]);
        refuses(command, 3, &["OPG-0101", "absent.toml", "opg init"]);
    }
}

#[test]
fn every_bad_key_is_reported_with_its_remedy() {
    let folder = initialised();
    // (what is written, what the message must say)
    let cases = [
        ("[chain]\nrpc = 5", "`chain.rpc`", "URL"),
        ("[chain]\nrpc = []", "`chain.rpc`", "at least one"),
        ("[chain]\nrpc = \"ws://a\"", "`chain.rpc`", "http"),
        ("[chain]\nid = 0", "`chain.id`", "8453"),
        ("[chain]\nid = -1", "`chain.id`", "u64"),
        ("[chain]\naddress_book = 1", "`chain.address_book`", "string"),
        ("[chain]\npoll_interval = \"0s\"", "`chain.poll_interval`", "50ms"),
        ("[chain]\npoll_interval = \"soon\"", "`chain.poll_interval`", "500ms"),
        ("[chain]\nrequest_timeout = \"0s\"", "`chain.request_timeout`", "1s"),
        ("[chain]\nfinality = \"x\"", "`chain.finality`", "u64"),
        ("[chain]\nfinality = 1", "`chain.finality`", "transactions.confirmations"),
        ("[chain]\nmax_log_range = 0", "`chain.max_log_range`", "2000"),
        ("[keys]\nkeystore = 1", "`keys.keystore`", "string"),
        ("[keys]\npassword_file = 1", "`keys.password_file`", "string"),
        ("[keys]\noperator = \"0x1\"", "`keys.operator`", "40 hexadecimal"),
        ("[transactions]\nmax_fee_per_gas = \"0 gwei\"", "`transactions.max_fee_per_gas`", "10 gwei"),
        ("[transactions]\nmax_fee_per_gas = \"1\"", "`transactions.max_fee_per_gas`", "no unit"),
        ("[transactions]\nmin_balance = \"1 OPG\"", "`transactions.min_balance`", "0.01 ETH"),
        ("[transactions]\nconfirmations = 0", "`transactions.confirmations`", "at least 1"),
        ("[transactions]\nreplace_after_blocks = 0", "`transactions.replace_after_blocks`", "like 3"),
        ("[inference]\nenabled = 1", "`inference.enabled`", "boolean"),
        ("[inference]\nunit_price = \"0 OPG\"", "`inference.unit_price`", "price"),
        ("[inference]\nmin_fee = \"x\"", "`inference.min_fee`", "1.5 OPG"),
        ("[inference]\nconcurrency = 0", "`inference.concurrency`", "at least 1"),
        ("[inference]\nmax_attempts = 0", "`inference.max_attempts`", "at least 1"),
        ("[inference]\ndeadline_margin = 5", "`inference.deadline_margin`", "string"),
        ("[inference]\ndrain_timeout = \"5\"", "`inference.drain_timeout`", "500ms"),
        ("[batches]\npublic_url = \"node.example.com\"", "`batches.public_url`", "https://"),
        ("[batches]\npublic_url = \"https://node.example.com/\"", "`batches.public_url`", "slash"),
        ("[batches]\nmax_receipts = 0", "`batches.max_receipts`", "4096"),
        ("[batches]\nmax_age = \"2h\"", "`batches.max_age`", "10m"),
        ("[channels]\nwithdraw_delay = \"5m\"", "`channels.withdraw_delay`", "1h"),
        ("[channels]\npoll_interval = \"10m\"", "`channels.poll_interval`", "10s"),
        ("[channels]\nmin_claim = \"1 OPG\"", "`channels.min_claim`", "min_deposit"),
        ("[fees]\nmin_amount = \"0 OPG\"", "`fees.min_amount`", "1 OPG"),
        ("[fees]\namount = \"0.5 OPG\"", "`fees.amount`", "fees.min_amount"),
        ("[fees]\nage = \"1ms\"", "`fees.age`", "1d"),
        ("[fees]\ngas_factor = 0", "`fees.gas_factor`", "10"),
        ("[fees]\npoll_interval = \"0s\"", "`fees.poll_interval`", "60s"),
        ("[proxy]\nlisten = \"0.0.0.0:8404\"", "`proxy.listen`", "this machine only"),
        ("[proxy]\nmax_per_request = \"0 OPG\"", "`proxy.max_per_request`", "0.1 OPG"),
        ("[proxy]\nmax_per_day = \"0.01 OPG\"", "`proxy.max_per_day`", "1 OPG"),
        ("[proxy]\nprefer = \"luck\"", "`proxy.prefer`", "balanced"),
        ("[proxy]\nrefresh = \"0s\"", "`proxy.refresh`", "60s"),
        ("[crank]\nenabled = true", "`crank.genesis`", "genesis folder"),
        ("[crank]\ngenesis = 1", "`crank.genesis`", "string"),
        ("[crank]\ninterval = \"0s\"", "`crank.interval`", "like \"1h\""),
        ("[crank]\ninterval = \"1500ms\"", "`crank.interval`", "whole number of seconds"),
        ("[crank]\ncategories = \"airdrop\"", "`crank.categories`", "sequence"),
        ("[crank]\ncategories = [\"a\", \"a\"]", "`crank.categories`", "twice"),
        ("[crank]\nmin_amount = \"1\"", "`crank.min_amount`", "no unit"),
        ("[crank]\nmax_gas_price = \"0 gwei\"", "`crank.max_gas_price`", "1 gwei"),
        (
            "[crank]\nenabled = true\nmax_gas_price = \"11 gwei\"",
            "`crank.max_gas_price`",
            "transactions.max_fee_per_gas",
        ),
        ("[crank]\nbatch_gas = 20000000", "`crank.batch_gas`", "16777216"),
        ("[crank]\nbatch_gas = 1000", "`crank.batch_gas`", "8000000"),
        ("[crank]\nonly = [\"0x12\"]", "`crank.only`", "40 hexadecimal"),
        (
            "[crank]\nonly = [\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"]\n\
             except = [\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"]",
            "`crank.except`",
            "`crank.only` names too",
        ),
        ("[crank]\nenabeld = true", "`crank.enabeld`", "did you mean `enabled`?"),
        ("[engine]\nthreads = -1", "`engine.threads`", "u32"),
        ("[engine]\nqueue = 0", "`engine.queue`", "at least 1"),
        ("[engine]\nmemory_limit = \"0 GiB\"", "`engine.memory_limit`", "4 GiB"),
        ("[engine]\nmemory_limit = \"lots\"", "`engine.memory_limit`", "512 MiB"),
        ("[inference]\nopg_per_eth = \"0 OPG\"", "`inference.opg_per_eth`", "20000 OPG"),
        ("[inference]\nmin_output_tokens = \"x\"", "`inference.min_output_tokens`", "u32"),
        ("[inference]\nmax_waiting = 0", "`inference.max_waiting`", "at least 1"),
        ("[storage]\npath = 1", "`storage.path`", "string"),
        ("[log]\nfilter = \"=[\"", "`log.filter`", "info"),
        ("[log]\nformat = \"xml\"", "`log.format`", "json"),
        ("[[models]]\nname = \"m\"", "`models[0].weights`", "weights file"),
        ("[[models]]\nversion = \"0x12\"", "`models[0].version`", "remedy"),
        ("[[models]]\nmax_input_tokens = 0", "`models[0].max_input_tokens`", "at least 1"),
        ("[[models]]\nmax_output_tokens = 0", "`models[0].max_output_tokens`", "at least 1"),
        ("[[models]]\ntokenizer = 1", "`models[0].tokenizer`", "string"),
        ("[[models]]\nconfig = 1", "`models[0].config`", "string"),
        ("[transaction]", "`transaction`", "did you mean `transactions`?"),
        ("[storage]\npaht = \"x\"", "`storage.paht`", "did you mean `path`?"),
        ("[log]\nzzzzzz = 1", "`log.zzzzzz`", "the keys here are `filter`, `format`"),
        ("[chain\n", "line 1", "TOML"),
    ];
    for (text, input, part) in cases {
        configure(folder.path(), text);
        let mut command = opg(folder.path());
        command.arg("status");
        refuses(command, 3, &[input, part, "remedy: ", "opg.toml"]);
    }
}

#[test]
fn all_mistakes_come_at_once() {
    let folder = initialised();
    configure(folder.path(), "[chian]\n[log]\nformat = 1\n[engine]\nqueue = 0\n");
    let mut command = opg(folder.path());
    command.arg("status");
    refuses(
        command,
        3,
        &["`chian`", "`chain`?", "`log.format`", "`engine.queue`", "`chain.rpc`", "`keys.keystore`"],
    );
}

#[test]
fn the_environment_is_checked_like_the_file() {
    let folder = initialised();
    configure(folder.path(), GOOD);
    let mut command = opg(folder.path());
    command.env("OPG_CHAIN__IDD", "1").env("OPG_ENGINE__QUEUE", "none").arg("status");
    refuses(command, 3, &["OPG_CHAIN__IDD", "did you mean OPG_CHAIN__ID?", "OPG_ENGINE__QUEUE"]);
}

#[test]
fn the_environment_wins_over_the_file() {
    let folder = initialised();
    configure(folder.path(), GOOD);
    let mut command = opg(folder.path());
    command.env("OPG_STORAGE__PATH", "elsewhere.db").args(["jobs", "list"]);
    refuses(command, 1, &["OPG-0401", "elsewhere.db", "opg run"]);
}
