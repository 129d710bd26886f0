//! Requests over HTTP, their receipts in batches on a real chain, proofs checked by the contract and by `opg verify-batch`:
//! through a kill before anything is posted, a stop in order, and a leaf that somebody demands. One test, because the
//! scenarios share a devnet.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    time::{Duration, Instant},
};

use alloy::{
    primitives::{Address, B256, U256},
    rpc::types::Filter,
    sol_types::SolEvent as _,
};
use opg_chain::bindings::IReceiptBatches::{self, BatchPosted};
use opg_receipts::{SignedReceipt, batch::Batch};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::{
    e2e_support::{Devnet, Group, root},
    support::{json, opg, refuses},
};

/// A keeper that serves HTTP to everybody, and does nothing else.
struct Node {
    port: u16,
    keeper: Group,
}

impl Node {
    fn start(devnet: &mut Devnet, port: u16, max_age: &str) -> Self {
        let listen = format!("127.0.0.1:{port}");
        let keeper = devnet.keeper(&[
            ("OPG_INFERENCE__ENABLED", "false"),
            ("OPG_CRANK__ENABLED", "false"),
            ("OPG_GATEWAY__ENABLED", "true"),
            ("OPG_GATEWAY__LISTEN", &listen),
            ("OPG_GATEWAY__PAYMENTS", "free"),
            ("OPG_BATCHES__MAX_AGE", max_age),
            ("OPG_BATCHES__KEEP", "90d"),
        ]);
        Self { port, keeper }
    }

    fn exchange(&self, head: &str, body: &str) -> Value {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let length = body.len();
        write!(
            stream,
            "{head} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("HTTP/1.1 200"), "{answer}");
        serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {answer}"))
    }

    /// Asks for an embedding and returns the request's identifier.
    fn ask(&self, text: &str) -> String {
        let body = json!({ "model": "all-minilm-l6-v2", "input": text }).to_string();
        let answer = self.exchange("POST /v1/embeddings", &body);
        answer["opg"]["receipt"]["requestId"].as_str().unwrap().to_owned()
    }

    fn receipt(&self, id: &str) -> Value {
        self.exchange(&format!("GET /v1/receipts/{id}"), "")
    }

    /// The receipt of `id`, once its batch is on the chain; `None` if that takes longer than the devnet takes receipts.
    fn posted(&self, id: &str) -> Option<Value> {
        let deadline = Instant::now() + Duration::from_secs(25);
        loop {
            let receipt = self.receipt(id);
            if receipt["batch"]["block"].is_u64() || receipt["batch"]["status"] == "final" {
                return Some(receipt);
            }
            if Instant::now() > deadline {
                return None;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

fn end_in_place(keeper: &mut Group, signal: Signal) {
    keeper.signal(signal);
    keeper.0.wait().unwrap();
}

fn end(mut keeper: Group, signal: Signal) {
    end_in_place(&mut keeper, signal);
}

fn contract(devnet: &Devnet) -> Address {
    devnet.book.receipt_batches.unwrap()
}

/// Batches on the chain: identifier and number of receipts.
fn on_chain(devnet: &Devnet) -> Vec<(B256, u32)> {
    let filter =
        Filter::new().address(contract(devnet)).event_signature(BatchPosted::SIGNATURE_HASH).from_block(0);
    let logs = devnet.block_on(devnet.rpc.logs(&filter));
    let events = logs.iter().map(|log| BatchPosted::decode_log(&log.inner).unwrap().data);
    events.map(|event| (event.batchId, event.batch.count)).collect()
}

/// What the contract thinks of a receipt that the gateway showed with its proof: 0 is no fault.
fn fault_on_chain(devnet: &Devnet, shown: &Value, index: u64) -> u8 {
    let signed: SignedReceipt = serde_json::from_value(json!({
        "receipt": shown["receipt"], "signature": shown["signature"],
    }))
    .unwrap();
    let batch: Batch = serde_json::from_value(shown["batch"]["commitment"].clone()).unwrap();
    let call = IReceiptBatches::checkLeafCall {
        batch: batch.into(),
        index: U256::from(index),
        leaf: (&signed).into(),
        proof: serde_json::from_value(shown["batch"]["proof"].clone()).unwrap(),
    };
    devnet.block_on(devnet.rpc.view(contract(devnet), &call))
}

fn verify_batch(devnet: &Devnet, batch: &str, more: &[&str]) -> std::process::Command {
    let mut command = opg(&root());
    let book = devnet.ready["addressBook"].as_str().unwrap();
    command.args(["verify-batch", batch, "--rpc", &devnet.url, "--address-book", book]).args(more);
    command
}

/// Lets the contract take the bond of a demand.
fn approve_bond(devnet: &Devnet) {
    let registry = contract(devnet).to_string();
    let bond = devnet.block_on(devnet.rpc.view(contract(devnet), &IReceiptBatches::parametersCall {}));
    let opg = devnet.book.opg.to_string();
    devnet.cast(&["send", &opg, "approve(address,uint256)", &registry, &bond.demandBond.to_string()]);
}

/// Somebody demands a leaf: the keeper shows it before the deadline.
fn demand(devnet: &Devnet, shown: &Value) {
    let commitment = &shown["batch"]["commitment"];
    let field = |name: &str| {
        let value = &commitment[name];
        value.as_str().map_or_else(|| value.to_string(), str::to_owned)
    };
    let batch = ["operator", "root", "count", "from", "to", "dataHash"].map(field).join(",");
    let registry = contract(devnet).to_string();
    let index = shown["batch"]["index"].to_string();
    let demand = "demandLeaf((address,bytes32,uint32,uint64,uint64,bytes32),uint256)";
    devnet.cast(&["send", &registry, demand, &format!("({batch})"), &index]);
    let call = IReceiptBatches::demandOfCall {
        batchId: shown["batch"]["batchId"].as_str().unwrap().parse().unwrap(),
        index: U256::from(shown["batch"]["index"].as_u64().unwrap()),
    };
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let found = devnet.block_on(devnet.rpc.view(contract(devnet), &call));
        // 1 is open, 2 answered.
        match found.status {
            2 => return,
            status => assert!(status == 1 && Instant::now() < deadline, "{status}\n{}", devnet.log()),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn receipts_are_posted_in_batches_that_anybody_can_check() {
    let mut devnet = Devnet::start();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();

    approve_bond(&devnet);

    // Nothing is pruned that somebody may demand: an hour and what a devnet takes is not enough.
    let mut command = opg(&root());
    command.args(["--config", devnet.config(), "run"]);
    command.envs([("OPG_INFERENCE__ENABLED", "false"), ("OPG_CRANK__ENABLED", "false")]);
    command.envs([("OPG_GATEWAY__ENABLED", "true"), ("OPG_GATEWAY__LISTEN", "127.0.0.1:0")]);
    command.env("OPG_BATCHES__KEEP", "1h");
    refuses(command, 3, &["OPG-0104", "batches.keep", "can be challenged", "set at least"]);

    // Killed before anything is posted. On a busy machine the restart may take longer than the twenty seconds for which a
    // devnet takes receipts; those are given up, and others tell.
    let mut node = Node::start(&mut devnet, port, "6s");
    let (ids, shown) = (0..4)
        .find_map(|_| {
            let ids: Vec<_> = ["one", "two", "three"].map(|text| node.ask(text)).into();
            assert_eq!(node.receipt(&ids[0])["batch"], Value::Null);
            end_in_place(&mut node.keeper, Signal::KILL);
            assert!(on_chain(&devnet).is_empty());
            node = Node::start(&mut devnet, port, "6s");
            node.posted(&ids[1]).map(|shown| (ids, shown))
        })
        .unwrap_or_else(|| panic!("never posted\n{}", devnet.log()));
    assert_eq!(on_chain(&devnet).len(), 1, "posted once");
    let index = shown["batch"]["index"].as_u64().unwrap();
    assert_eq!(fault_on_chain(&devnet, &shown, index), 0);
    assert_ne!(fault_on_chain(&devnet, &shown, (index + 1) % 3), 0, "not at another place");
    demand(&devnet, &shown);

    let batch = shown["batch"]["batchId"].as_str().unwrap();
    let verdict = json(verify_batch(&devnet, batch, &[]));
    assert_eq!((&verdict["valid"], &verdict["commitment"]), (&json!(true), &shown["batch"]["commitment"]));
    let leaf = &verdict["leaves"][0];
    assert_eq!(
        (&leaf["forwarded"], &leaf["modelVersion"]),
        (&json!(false), &shown["receipt"]["modelVersion"])
    );
    let leaves = verdict["leaves"].as_array().unwrap();
    assert_eq!(leaves.len(), 3);
    assert_eq!(leaves[index as usize]["requestId"], json!(ids[1]));
    // Other bytes than those that were posted, no bytes, no batch.
    let other = format!("http://127.0.0.1:{port}/healthz");
    refuses(verify_batch(&devnet, batch, &["--uri", &other]), 8, &["OPG-0606", "bytes were promised"]);
    refuses(verify_batch(&devnet, batch, &["--uri", "file:///etc/passwd"]), 8, &["OPG-0606", "http"]);
    refuses(verify_batch(&devnet, &B256::repeat_byte(1).to_string(), &[]), 6, &["OPG-0604"]);

    // Stopped in order with a receipt that could wait longer: it is handed over, and sent.
    let last = node.ask("four");
    // A receipt is posted when the second of its issue is over.
    std::thread::sleep(Duration::from_millis(2_500));
    end(node.keeper, Signal::TERM);
    let node = Node::start(&mut devnet, port, "6s");
    assert!(node.posted(&last).is_some(), "{}", devnet.log());
    let mut counts: Vec<_> = on_chain(&devnet).into_iter().map(|(_, count)| count).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 3]);
    let mut status = opg(&root());
    status.args(["--config", devnet.config(), "status"]);
    let status = json(status);
    assert_eq!((&status["batches"]["waiting"], &status["batches"]["demandedLeaves"]), (&json!(0), &json!(0)));
    let deadline = Instant::now() + Duration::from_secs(90);
    while node.receipt(&last)["batch"]["status"] != "final" {
        assert!(Instant::now() < deadline, "never final\n{}", devnet.log());
        std::thread::sleep(Duration::from_millis(200));
    }
    end(node.keeper, Signal::TERM);
}
