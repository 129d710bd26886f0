//! The vectors of `test/vectors/vesting.json`, which an independent implementation wrote and the Solidity tests check too.

use alloy_primitives::{Address, B256};
use opg_vesting::{Claim, Curve, Schedule, merkle};
use serde::Deserialize;

#[derive(Deserialize)]
struct Vectors {
    schedules: Vec<ScheduleVector>,
    claims: Vec<ClaimVector>,
    curves: Vec<CurveVector>,
    trees: Vec<TreeVector>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ScheduleVector {
    category: u32,
    index: u32,
    beneficiary: Address,
    amount: String,
    tge_amount: String,
    revocable: bool,
    transferable: bool,
    id: B256,
}

#[derive(Deserialize)]
struct ClaimVector {
    index: u32,
    account: Address,
    amount: String,
    id: B256,
}

#[derive(Deserialize)]
struct CurveVector {
    #[serde(flatten)]
    curve: Curve,
    points: Vec<Point>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Point {
    amount: String,
    tge_amount: String,
    time: u64,
    vested: String,
}

#[derive(Deserialize)]
struct TreeVector {
    leaves: Vec<B256>,
    root: B256,
    proofs: Vec<Vec<B256>>,
}

fn vectors() -> Vectors {
    let path = crate::support::root().join("test/vectors/vesting.json");
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn schedules_and_claims_have_the_leaves_of_the_vectors() {
    let vectors = vectors();
    assert!(vectors.schedules.len() >= 16);
    for vector in vectors.schedules {
        let schedule = Schedule {
            category: vector.category,
            index: vector.index,
            beneficiary: vector.beneficiary,
            amount: vector.amount.parse().unwrap(),
            tge_amount: vector.tge_amount.parse().unwrap(),
            revocable: vector.revocable,
            transferable: vector.transferable,
        };
        assert_eq!(schedule.id(), vector.id, "{schedule:?}");
    }
    for ClaimVector { index, account, amount, id } in vectors.claims {
        assert_eq!(Claim { index, account, amount: amount.parse().unwrap() }.id(), id, "{account}");
    }
}

#[test]
fn curves_have_the_values_of_the_vectors() {
    for CurveVector { curve, points } in vectors().curves {
        assert!(points.len() >= 20);
        for Point { amount, tge_amount, time, vested } in points {
            let found = curve.vested_at(amount.parse().unwrap(), tge_amount.parse().unwrap(), time);
            assert_eq!(found.to_string(), vested, "{curve:?}, {amount}, {tge_amount} at {time}");
        }
    }
}

#[test]
fn proofs_of_the_vectors_hold_and_no_others() {
    for TreeVector { leaves, root, proofs } in vectors().trees {
        for (position, (leaf, proof)) in leaves.iter().zip(&proofs).enumerate() {
            assert!(merkle::verify(root, *leaf, proof), "leaf {position} of {}", leaves.len());
            let other = leaves[(position + 1) % leaves.len()];
            assert!(
                leaves.len() == 1 || !merkle::verify(root, other, proof),
                "leaf {position} of {}",
                leaves.len()
            );
        }
    }
}
