//! A million rows in bounded memory. Takes minutes and 2 GB of disk, so it runs only when asked for:
//!
//! ```text
//! cargo test --locked --workspace --test it a_million_rows -- --ignored --nocapture
//! ```

use std::{
    fs::File,
    io::{BufWriter, Write as _},
    ops::ControlFlow,
    time::Instant,
};

use opg_vesting::genesis;

use crate::support::{Sandbox, TGE, account, allocation};

const ROWS: u64 = 1_000_000;
/// Twice what the duplicate check takes for a million rows, and what a process has anyway.
const BOUND: u64 = 128 << 20;

#[test]
#[ignore = "takes minutes and 2 GB of disk"]
fn a_million_rows_take_bounded_memory() {
    let sandbox = Sandbox::new();
    let mut table = BufWriter::new(File::create(sandbox.beneficiaries().join("airdrop.csv")).unwrap());
    writeln!(table, "beneficiary,amount").unwrap();
    for row in 0..ROWS {
        writeln!(table, "{},40", account(row)).unwrap();
    }
    table.into_inner().unwrap();

    let timed = |what: &str, work: &mut dyn FnMut()| {
        let start = Instant::now();
        work();
        println!("{what}: {:.1} s, peak {} MiB", start.elapsed().as_secs_f64(), peak() >> 20);
    };
    let beneficiaries = sandbox.beneficiaries();
    let mut roots = Vec::new();
    timed("preview", &mut || {
        let manifest =
            genesis::preview(&allocation(), &beneficiaries, TGE, &mut |_| ControlFlow::Continue(())).unwrap();
        roots.push(manifest.airdrop.root);
    });
    timed("build", &mut || roots.push(sandbox.build().unwrap().airdrop.root));
    timed("verify", &mut || roots.push(sandbox.verify_from_sources().unwrap().airdrop.root));
    assert!(roots.iter().all(|root| *root == roots[0]), "{roots:?}");
    assert!(peak() < BOUND, "{} bytes", peak());
}

/// Most memory that this process ever had, in bytes.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap() * 1_024
}
