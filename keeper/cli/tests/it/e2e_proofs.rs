//! Requests for proofs against a real chain: kill -9 while a proof is made, and a key that several people made. Parts of the
//! test in `e2e_kill`, which has the devnet.

use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use alloy::primitives::{Address, B256, hex};
use opg_store::{
    Store,
    jobs::JobState,
    proofs::{self, ProofState},
};
use opg_zkml::{
    Model,
    model::{Gemm, Layer, Shape},
};
use rustix::process::Signal;
use serde_json::Value;

use crate::{
    e2e_support::{Devnet, Group, MAX_FEE, children_of, root},
    support::{json, opg, refuses},
};

/// Asks for a proof of what the model `version` makes of `input`, trusting `contributor`.
fn ask(devnet: &Devnet, version: &str, input: &[u8], contributor: Address) -> B256 {
    let head = devnet.block_on(devnet.rpc.head());
    let output = devnet.cast(&[
        "send",
        &devnet.book.inference_hub.to_string(),
        "requestProof(bytes32,bytes,address,uint128,uint32,uint64)",
        version,
        &hex::encode_prefixed(input),
        &contributor.to_string(),
        &MAX_FEE.to_string(),
        "0",
        &(head.timestamp + 600).to_string(),
    ]);
    devnet.request_in(&output)
}

fn proof(devnet: &Devnet, store: &Store, request: B256) -> Option<proofs::Proof> {
    let id = devnet.job(request)?.id;
    store.read(|tx| proofs::get(tx, id)).unwrap()
}

fn succeeds(devnet: &Devnet, request: B256) {
    devnet.until("proved and paid", request, |devnet| {
        devnet.job(request).is_some_and(|job| job.state == JobState::Succeeded)
    });
    assert_eq!(devnet.fulfilments(request).len(), 1);
    let mut verify = opg(Path::new("."));
    verify.args(["receipt", "verify", &request.to_string(), "--rpc", &devnet.url, "--address-book"]);
    verify.arg(devnet.ready["addressBook"].as_str().unwrap());
    let mut show = opg(Path::new("."));
    show.args(["--config", devnet.config(), "jobs", "show", &request.to_string()]);
    let trace = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(trace.path(), json(show)["answer"]["trace"].as_str().unwrap()).unwrap();
    verify.arg("--trace").arg(trace.path());
    let verified = json(verify);
    assert_eq!(verified["valid"], true);
    let checks = verified["checks"].as_array().unwrap();
    for name in ["proof of execution", "trace hash", "execution profile"] {
        assert!(
            checks.iter().any(|check| check["name"] == name && check["ok"] == true),
            "{name}: {verified}"
        );
    }
}

/// A keeper that is killed while it proves leaves no process behind, and its successor makes the proof once more and
/// delivers it once.
pub(crate) fn killed_while_it_proves(devnet: &mut Devnet) {
    let keeper = devnet.keeper(&[]);
    let version = devnet.ready["models"]["digits"].as_str().unwrap().to_owned();
    let images = std::fs::read(root().join("keeper/zkml/models/digits-test-images.idx")).unwrap();
    let store = Store::open(&Path::new(devnet.config()).with_file_name("opg.db")).unwrap();
    let before = devnet.credit();
    let (pid, deadline) = (keeper.0.id(), Instant::now() + Duration::from_secs(90));
    let asked = &*devnet;
    // Beside the one who asks and without a pause: the proof may be there before he has his receipt.
    let (request, workers) = std::thread::scope(|scope| {
        let asking = scope.spawn(|| ask(asked, &version, &images[16..16 + 64], Address::ZERO));
        let workers = loop {
            let made =
                asked.live_job().and_then(|(job, _)| store.read(|tx| proofs::get(tx, job.id)).unwrap());
            let workers = children_of(pid);
            // The engine's process is one of them.
            if made.is_some_and(|proof| proof.state == ProofState::Proving) && workers.len() > 1 {
                break workers;
            }
            assert!(Instant::now() < deadline, "never proving:\n{}", asked.log());
        };
        kill(keeper);
        (asking.join().unwrap(), workers)
    });
    while workers
        .iter()
        .any(|pid| Path::new(&format!("/proc/{pid}/fd")).read_dir().is_ok_and(|mut fds| fds.next().is_some()))
    {
        assert!(Instant::now() < deadline, "a process outlives its keeper");
        std::thread::sleep(Duration::from_millis(20));
    }
    let left = proof(devnet, &store, request).unwrap();
    assert_eq!((left.state, left.attempts), (ProofState::Proving, 1));

    let mut keeper = devnet.keeper(&[]);
    succeeds(devnet, request);
    assert_eq!(proof(devnet, &store, request).unwrap().attempts, 2);
    assert!(devnet.credit() > before);
    let shown = json({
        let mut show = opg(Path::new("."));
        show.args(["--config", devnet.config(), "jobs", "show", &request.to_string()]);
        show
    });
    assert_eq!((&shown["proof"]["state"], &shown["proof"]["attempts"]), (&"proved".into(), &2.into()));
    keeper.signal(Signal::TERM);
    assert!(keeper.0.wait().unwrap().success(), "{}", devnet.log());
}

fn kill(mut keeper: Group) {
    keeper.signal(Signal::KILL);
    keeper.0.wait().unwrap();
}

/// Two people make the key of a model, one of them stands for it, and only who trusts that one may ask.
pub(crate) fn a_key_of_several_people_serves_those_who_trust_one(devnet: &mut Devnet) {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let delegator: Address = devnet.ready["delegator"].as_str().unwrap().parse().unwrap();
    let setup = finished_setup(folder.path(), delegator);

    let config = devnet.config().to_owned();
    let command = |args: &[&str]| {
        let mut command = opg(folder.path());
        command.args(["--config", &config]).args(args);
        command
    };
    let transcript = setup["transcript"].as_str().unwrap();
    let add = |name: &str| {
        command(&[
            "model",
            "add",
            name,
            "--task",
            "tensor/1",
            "--weights",
            "m.zkm",
            "--proving-key",
            "m.pk",
            "--verifying-key",
            "m.vk",
            "--transcript",
            transcript,
            "--licence",
            "Apache-2.0",
        ])
    };
    let added = json(add("tiny"));
    let version = added["version"].as_str().unwrap();
    assert_eq!(added["purposes"].as_array().unwrap().len(), 3, "key, model, version: {added}");

    let private = Path::new(&config).with_file_name("delegator.json");
    let password = Path::new(&config).with_file_name("password");
    let powers = powers();
    let attest = |keystore: &Path| {
        let mut attest = command(&["zk", "setup", "attest", "2.setup", "--model", "m.zkm", "--powers"]);
        attest.arg(&powers).arg("--keystore").arg(keystore).arg("--password-file").arg(&password);
        attest
    };
    // Somebody who did not take part cannot say that he did.
    refuses(attest(&Path::new(&config).with_file_name("operator.json")), 2, &["did not contribute"]);
    let attested = json(attest(&private));
    assert_eq!(attested["zkCommitment"], setup["zkCommitment"]);
    let stranger = Address::repeat_byte(9);
    for (contributor, trusted) in [(delegator, "true"), (stranger, "false")] {
        let keys = devnet.book.verifying_keys.unwrap().to_string();
        let commitment = setup["zkCommitment"].as_str().unwrap();
        let call = ["call", &keys, "isTrusted(bytes32,address)(bool)", commitment, &contributor.to_string()];
        assert_eq!(devnet.cast(&call).trim(), trusted, "{contributor}");
    }

    let mut keeper = devnet.keeper(&[]);
    let request = ask(devnet, version, &[77], delegator);
    succeeds(devnet, request);
    keeper.signal(Signal::TERM);
    assert!(keeper.0.wait().unwrap().success(), "{}", devnet.log());

    // A key that is not the registered one is found before anything is served.
    std::fs::copy(at("m.pk"), at("kept.pk")).unwrap();
    std::fs::write(at("m.pk"), b"no key").unwrap();
    refuses(command(&["run"]), 8, &["OPG-0505", "m.pk"]);
    refuses(command(&["model", "verify", "tiny"]), 8, &["OPG-0505"]);
    std::fs::copy(at("kept.pk"), at("m.pk")).unwrap();
}

fn powers() -> PathBuf {
    root().join("test/vectors/powers-of-tau-6.ptau")
}

/// A model, its keys `m.pk` and `m.vk`, and the setup `2.setup` of two contributors, as the commands make them.
pub(crate) fn finished_setup(folder: &Path, contributor: Address) -> Value {
    let gemm = Gemm { weights: vec![3], bias: vec![5] };
    let model =
        Model::new(Shape::vector(1), vec![Layer::Gemm(gemm), Layer::Requantise { shift: 2 }]).unwrap();
    std::fs::write(folder.join("m.zkm"), model.to_bytes()).unwrap();
    let setup = |args: &[&str], on: bool| {
        let mut command = opg(folder);
        command.args(["zk", "setup"]).args(args);
        if on {
            command.args(["--model", "m.zkm", "--powers"]).arg(powers());
        }
        json(command)
    };
    setup(&["new", "--out", "0.setup"], true);
    let other = Address::repeat_byte(0xa1).to_string();
    let first = setup(&["contribute", "0.setup", "--contributor", &other, "--out", "1.setup"], false);
    assert_eq!(first["contributors"].as_array().map(Vec::len), Some(1));
    let who = contributor.to_string();
    let second = setup(&["contribute", "1.setup", "--contributor", &who, "--out", "2.setup"], false);
    let verified = setup(&["verify", "2.setup"], true);
    assert_eq!(verified["transcript"], second["transcript"], "the last contributor finds his link");
    let finished = setup(&["finish", "2.setup", "--key", "m.pk", "--verifying-key", "m.vk"], true);
    assert_eq!(finished["transcript"], second["transcript"]);
    assert_eq!(finished["contributors"][1].as_str().unwrap().to_lowercase(), who.to_lowercase());
    finished
}
