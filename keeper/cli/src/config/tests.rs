use std::time::Duration;

use super::*;
use crate::error::Exit;

const MINIMAL: &str = "[chain]\nrpc = \"http://127.0.0.1:8545\"\n[keys]\nkeystore = \"keystore.json\"\n";

fn parse(text: &str) -> CliResult<Config> {
    Config::parse(text, Path::new("/etc/opg/opg.toml"), &[])
}

fn with_environment(text: &str, environment: &[(&str, &str)]) -> CliResult<Config> {
    let environment: Vec<_> = environment.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Config::parse(text, Path::new("/etc/opg/opg.toml"), &environment)
}

#[test]
fn only_the_key_and_the_rpc_are_required() {
    let config = parse(MINIMAL).unwrap();
    assert_eq!(config.keystore, Path::new("/etc/opg/keystore.json"));
    assert_eq!(config.database, Path::new("/etc/opg/opg.db"));
    assert_eq!(config.address_book, Path::new("/etc/opg/deployments/8453.json"));

    let error = parse("").unwrap_err();
    let inputs: Vec<_> = error.problems().map(|problem| problem.input.clone()).collect();
    assert_eq!(inputs, ["`chain.rpc` in /etc/opg/opg.toml", "`keys.keystore` in /etc/opg/opg.toml"]);
    assert_eq!(error.exit(), Exit::Config);
}

#[test]
fn every_mistake_is_reported_at_once() {
    let error = parse(
        "[chain]\nrcp = \"http://a\"\npoll_interval = 5\nid = \"x\"\n[kyes]\n[inference]\nconcurrency = 0\n\
         [[models]]\nname = 1\nwieghts = \"w\"\n",
    )
    .unwrap_err();
    let text = error.to_string();
    for part in [
        "`chain.rcp`",
        "did you mean `rpc`?",
        "`chain.poll_interval`",
        "`chain.id`",
        "`kyes`",
        "did you mean `keys`?",
        "`inference.concurrency`",
        "`models[0].name`",
        "`models[0].wieghts`",
        "did you mean `weights`?",
        "`models[0].version`",
        "`models[0].weights` in",
        "`chain.rpc`",
        "`keys.keystore`",
    ] {
        assert!(text.contains(part), "{part} is missing in:\n{text}");
    }
    for problem in error.problems() {
        assert!(!problem.input.is_empty() && !problem.reason.is_empty() && !problem.remedy.is_empty());
    }
}

#[test]
fn syntax_errors_name_the_line() {
    let error = parse("[chain]\nrpc = http://a\n").unwrap_err().to_string();
    assert!(error.contains("OPG-0102") && error.contains("line 2"), "{error}");
}

#[test]
fn sections_must_be_sections() {
    let error = parse("chain = 5\nmodels = \"x\"\n").unwrap_err().to_string();
    assert!(error.contains("[chain]") && error.contains("[[models]]"), "{error}");
}

#[test]
fn the_environment_overrides_the_file() {
    let config = with_environment(
        MINIMAL,
        &[
            ("OPG_CHAIN__RPC", "http://a:1,http://b:2"),
            ("OPG_CHAIN__ID", "31337"),
            ("OPG_CHAIN__POLL_INTERVAL", "250ms"),
            ("OPG_INFERENCE__ENABLED", "false"),
            ("OPG_KEYSTORE_PASSWORD", "not a key"),
        ],
    )
    .unwrap();
    assert_eq!(config.rpc.0, ["http://a:1", "http://b:2"]);
    assert_eq!(config.chain.id, 31_337);
    assert_eq!(config.chain.poll_interval.0, Duration::from_millis(250));
    assert!(!config.inference.enabled);
}

#[test]
fn the_crank_needs_its_genesis_and_finds_it_beside_the_file() {
    let error = parse(&format!("{MINIMAL}[crank]\nenabled = true\n")).unwrap_err().to_string();
    assert!(error.contains("`crank.genesis`") && error.contains("vault"), "{error}");
    let text = "[crank]\nenabled = true\ngenesis = \"genesis\"\ninterval = \"30m\"\ncategories = [\"investors\"]\n\
                only = [\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"]\n";
    let config = parse(&format!("{MINIMAL}{text}")).unwrap();
    assert_eq!(config.crank.genesis.as_deref(), Some(Path::new("/etc/opg/genesis")));
    assert_eq!(config.crank.interval.0, Duration::from_secs(1_800));
    assert_eq!((config.crank.categories.len(), config.crank.only.len()), (1, 1));
}

#[test]
fn the_environment_alone_is_enough() {
    let config =
        with_environment("", &[("OPG_CHAIN__RPC", "http://a"), ("OPG_KEYS__KEYSTORE", "k.json")]).unwrap();
    assert_eq!(config.keystore, Path::new("/etc/opg/k.json"));
}

#[test]
fn mistakes_in_the_environment_name_the_variable() {
    let error = with_environment(MINIMAL, &[("OPG_CHAIN__RCP", "http://a"), ("OPG_CHAIN__ID", "many")])
        .unwrap_err()
        .to_string();
    assert!(error.contains("OPG_CHAIN__RCP") && error.contains("did you mean OPG_CHAIN__RPC?"), "{error}");
    assert!(error.contains("environment variable OPG_CHAIN__ID"), "{error}");
}

#[test]
fn a_model_twice_is_refused() {
    let model =
        format!("[[models]]\nname = \"m\"\nversion = \"{}\"\nweights = \"w\"\n", B256::repeat_byte(1));
    let error = parse(&format!("{MINIMAL}{model}{model}")).unwrap_err().to_string();
    assert!(error.contains("appears twice"), "{error}");
}

#[test]
fn a_server_that_answers_instead_is_checked() {
    let with = |lines: &str| {
        let version = B256::repeat_byte(1);
        parse(&format!(
            "{MINIMAL}[[models]]\nname = \"m\"\nversion = \"{version}\"\nweights = \"w\"\n{lines}"
        ))
    };
    let url = "[models.upstream]\nurl = \"http://127.0.0.1:8000/v1\"\n";
    assert!(with(&format!("{url}model = \"big\"\n")).unwrap().models[0].upstream.is_some());
    for (lines, names) in [
        (url.to_owned(), "`models[0].upstream.model`"),
        ("[models.upstream]\nmodel = \"big\"\n".to_owned(), "`models[0].upstream.url`"),
        (
            "[models.upstream]\nmodel = \"big\"\nurl = \"http://a:b@c\"\n".to_owned(),
            "`models[0].upstream.url`",
        ),
        (format!("{url}model = \"big\"\nparallel = 0\n"), "`models[0].upstream.parallel`"),
        (
            format!("{url}model = \"big\"\napi_key_file = \"k\"\napi_key_env = \"K\"\n"),
            "`models[0].upstream.api_key_env`",
        ),
        (format!("tokenizer = \"t\"\n{url}model = \"big\"\n"), "`models[0].upstream`"),
        (format!("{url}model = \"big\"\nkey = \"k\"\n"), "`models[0].upstream.key`"),
    ] {
        let error = with(&lines).unwrap_err().to_string();
        assert!(error.contains(names) && !error.contains("a:b"), "{lines}: {error}");
    }
}

#[test]
fn the_template_is_a_valid_configuration() {
    let text = template::render(&template::Values {
        rpc: "http://127.0.0.1:8545".to_owned(),
        chain_id: 8453,
        keystore: "keystore.json".to_owned(),
        operator: None,
    });
    let written = parse(&text).unwrap();
    let defaults = parse(MINIMAL).unwrap();
    // Each commented default must be the real one: uncommenting all of them changes nothing.
    let uncommented: String = text
        .lines()
        .map(|line| match line.strip_prefix("#") {
            Some(rest) if rest.contains(" = ") && !rest.starts_with(' ') => format!("{rest}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let uncommented = parse(&uncommented).unwrap();
    for config in [&written, &uncommented] {
        assert_eq!(format!("{:?}", config.chain.id), format!("{:?}", defaults.chain.id));
        assert_eq!(format!("{:?}", config.transactions), format!("{:?}", defaults.transactions));
        assert_eq!(format!("{:?}", config.inference), format!("{:?}", defaults.inference));
        assert_eq!(format!("{:?}", config.crank), format!("{:?}", defaults.crank));
        assert_eq!(format!("{:?}", config.gateway), format!("{:?}", defaults.gateway));
        assert_eq!(format!("{:?}", config.proxy), format!("{:?}", defaults.proxy));
        assert_eq!(format!("{:?}", config.engine), format!("{:?}", defaults.engine));
        assert_eq!(format!("{:?}", config.log), format!("{:?}", defaults.log));
    }
}

#[test]
fn the_template_shows_every_key() {
    let text = template::render(&template::Values {
        rpc: "http://127.0.0.1:8545".to_owned(),
        chain_id: 8453,
        keystore: "keystore.json".to_owned(),
        operator: None,
    });
    let guide = include_str!("../../../../docs/operator-guide.md");
    for path in keys::Keys::of::<file::ConfigFile>().paths() {
        let key = path.rsplit('.').next().unwrap();
        assert!(text.contains(&format!("{key} = ")), "the template lacks {path}");
        assert!(guide.contains(&format!("| `{path}` |")), "docs/operator-guide.md lacks `{path}`");
    }
}
