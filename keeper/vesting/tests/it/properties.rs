//! What holds for all genesis files and all curves. A failing case is printed with the seed that finds it again.

use std::{collections::HashSet, fs, ops::ControlFlow};

use alloy_primitives::Address;
use opg_vesting::{Curve, GenesisFiles, Schedule, amount::format_opg, merkle};
use proptest::prelude::*;

use crate::support::{CONTRACTS, Sandbox, account, allocation};

fn curves() -> impl Strategy<Value = Curve> {
    let seconds = prop_oneof![Just(0), 1..100_u32, any::<u32>()];
    (0..1_u64 << 40, seconds.clone(), seconds).prop_map(|(start, cliff, duration)| Curve {
        start,
        cliff,
        duration,
    })
}

/// An amount and the part of it that vests at the start.
fn amounts() -> impl Strategy<Value = (u128, u128)> {
    (1..=u128::MAX).prop_flat_map(|amount| (Just(amount), 0..=amount))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn vesting_never_falls_and_ends_exactly(
        curve in curves(), (amount, tge) in amounts(), mut times in proptest::collection::vec(any::<u64>(), 2..20),
        near in proptest::collection::vec(0..=u64::from(u32::MAX) * 2, 2..20),
    ) {
        times.extend(near.iter().map(|offset| curve.start + offset));
        times.sort_unstable();
        let vested: Vec<_> = times.iter().map(|time| curve.vested_at(amount, tge, *time)).collect();
        prop_assert!(vested.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", vested);
        prop_assert!(vested.iter().all(|vested| *vested <= amount));
        prop_assert_eq!(curve.vested_at(amount, tge, curve.end()), amount);
        if curve.start > 0 {
            prop_assert_eq!(curve.vested_at(amount, tge, curve.start - 1), 0);
        }
        if curve.duration > 0 {
            prop_assert_eq!(curve.vested_at(amount, tge, curve.cliff_end()), tge);
            prop_assert_eq!(curve.vested_at(amount, tge, curve.start), tge);
        }
    }

    #[test]
    fn a_category_vests_what_its_schedules_vest_but_for_a_wei_each(
        curve in curves(), rows in proptest::collection::vec((1..1_u128 << 90, 0..=10_000_u128), 1..20), since in any::<u32>(),
    ) {
        let time = curve.start + u64::from(since);
        let rows: Vec<_> = rows.into_iter().map(|(amount, bps)| (amount, amount * bps / 10_000)).collect();
        let sum: u128 = rows.iter().map(|(amount, tge)| curve.vested_at(*amount, *tge, time)).sum();
        let whole = curve.vested_at(rows.iter().map(|row| row.0).sum(), rows.iter().map(|row| row.1).sum(), time);
        prop_assert!(sum <= whole && whole < sum + rows.len() as u128, "{} of {}", sum, whole);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// Builds a genesis with random lists, reads it back, and checks every proof.
    #[test]
    fn what_is_built_is_read_back_and_proven(
        seed in any::<u64>(),
        weights in proptest::collection::vec(1..1_000_000_u128, 1..80),
        claims in proptest::collection::vec(1..1_000_000_u128, 1..300),
        flags in any::<u64>(),
    ) {
        let sandbox = Sandbox::new();
        let foundation = split(150_000_000_000_000_000_000_000_000, &weights);
        let flag = |row: usize, bit: u32| flags.rotate_left(row as u32 * 2 + bit) & 1 == 1;
        let table: String = foundation.iter().enumerate().map(|(row, amount)| {
            let whose = account(seed ^ row as u64);
            format!("{whose},{},{},{}\n", format_opg(*amount), flag(row, 0), flag(row, 1))
        }).collect();
        sandbox.table("foundation", format!("beneficiary,amount,revocable,transferable\n{table}"));
        let airdrop = split(40_000_000_000_000_000_000_000_000, &claims);
        let table: String = airdrop.iter().enumerate()
            .map(|(row, amount)| format!("{},{}\n", account(seed ^ row as u64), format_opg(*amount))).collect();
        sandbox.table("airdrop", format!("beneficiary,amount\n{table}"));

        let manifest = sandbox.build().unwrap();
        prop_assert_eq!(&sandbox.verify_from_sources().unwrap(), &manifest);
        prop_assert_eq!(&sandbox.verify().unwrap(), &manifest);
        let preview = opg_vesting::genesis::preview(
            &allocation(), &sandbox.beneficiaries(), manifest.tge, &mut |_| ControlFlow::Continue(()),
        ).unwrap();
        prop_assert_eq!(&preview, &manifest);

        let files = GenesisFiles::open(&sandbox.genesis(), CONTRACTS).unwrap();
        let mut leaves = HashSet::new();
        let mut supply = 0;
        for category in &manifest.categories {
            let root = files.root(category.id).unwrap();
            let rows: Vec<Schedule> = files.schedules(category.id).unwrap().map(Result::unwrap).collect();
            prop_assert_eq!(rows.len(), category.count as usize);
            prop_assert_eq!(rows.iter().map(|row| row.tge_amount).sum::<u128>(), category.tge_total);
            for (position, row) in rows.iter().enumerate() {
                prop_assert_eq!((row.category, row.index as usize), (category.id, position));
                prop_assert!(merkle::verify(root, row.id(), &files.proof(category.id, row.index).unwrap()));
                prop_assert!(leaves.insert(row.id()));
                supply += row.amount;
            }
            prop_assert!(files.proof(category.id, category.count).is_err());
        }
        prop_assert_eq!(supply, manifest.supply);
        let foundation_rows = files.schedules(1).unwrap().map(|row| row.unwrap().amount).collect::<Vec<_>>();
        prop_assert_eq!(foundation_rows, foundation);
        for (row, schedule) in files.schedules(1).unwrap().map(Result::unwrap).enumerate() {
            prop_assert_eq!((schedule.revocable, schedule.transferable), (flag(row, 0), flag(row, 1)));
            prop_assert_eq!(schedule.tge_amount, schedule.amount / 3);
        }
        for claim in files.claims().unwrap() {
            let claim = claim.unwrap();
            let proof = files.claim_proof(claim.index).unwrap();
            prop_assert!(merkle::verify(manifest.airdrop.root, claim.id(), &proof));
        }
        proof_files_hold(&sandbox, &manifest);
    }
}

/// `total` in parts in proportion to `weights`, exactly.
fn split(total: u128, weights: &[u128]) -> Vec<u128> {
    let sum: u128 = weights.iter().sum();
    let mut parts: Vec<u128> = weights.iter().map(|weight| total / sum * weight).collect();
    let rest = total - parts.iter().sum::<u128>();
    parts[0] += rest;
    parts
}

/// A claim page needs nothing but the line of an account.
fn proof_files_hold(sandbox: &Sandbox, manifest: &opg_vesting::Manifest) {
    let mut seen = 0;
    for entry in fs::read_dir(sandbox.genesis().join("proofs/airdrop")).unwrap() {
        let path = entry.unwrap().path();
        for line in fs::read_to_string(&path).unwrap().lines() {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            let account: Address = line["account"].as_str().unwrap().parse().unwrap();
            assert_eq!(path.file_stem().unwrap().to_str().unwrap(), format!("{:02x}", account[0]));
            let claim = opg_vesting::Claim {
                index: line["index"].as_u64().unwrap().try_into().unwrap(),
                account,
                amount: line["amount"].as_str().unwrap().parse().unwrap(),
            };
            let proof: Vec<_> = line["proof"]
                .as_array()
                .unwrap()
                .iter()
                .map(|node| node.as_str().unwrap().parse().unwrap())
                .collect();
            assert!(merkle::verify(manifest.airdrop.root, claim.id(), &proof));
            seen += 1;
        }
    }
    assert_eq!(seen, manifest.airdrop.count);
}
