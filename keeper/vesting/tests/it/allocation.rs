//! Which allocations are acceptable, and what is said of the others.

use std::path::Path;

use opg_vesting::{
    Beneficiaries,
    allocation::{Allocation, MONTH, SUPPLY, parse_time},
    amount::OPG,
};
use serde_json::{Value, json};

use crate::support::{allocation, root};

#[test]
fn the_committed_allocation_is_the_published_one() {
    let allocation = allocation();
    assert_eq!(allocation.tge, parse_time("2026-04-21T00:00:00Z").unwrap());
    let names: Vec<_> = allocation.categories.iter().map(|category| category.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "ecosystem",
            "foundation",
            "core-contributors",
            "investors",
            "staking-rewards",
            "liquidity",
            "airdrop"
        ]
    );
    assert_eq!(allocation.categories.iter().map(|category| category.total).sum::<u128>(), SUPPLY);
    let float: u128 = allocation.categories.iter().map(|category| category.tge.of(category.total)).sum();
    assert_eq!(float, 190_000_000 * OPG);
    let investors = allocation.categories[3].curve(7);
    assert_eq!((investors.start, investors.cliff, investors.duration), (7, 12 * MONTH, 36 * MONTH));
    assert_eq!(allocation.categories[4].beneficiaries(), Beneficiaries::Rewards);
    assert_eq!(allocation.categories[6].beneficiaries(), Beneficiaries::Airdrop);
}

/// The committed file, changed.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Allocation, String> {
    let text = std::fs::read(root().join("script/config/allocation.json")).unwrap();
    let mut file: Value = serde_json::from_slice(&text).unwrap();
    change(&mut file);
    parse(&file.to_string())
}

fn parse(text: &str) -> Result<Allocation, String> {
    Allocation::parse(Path::new("a.json"), text.as_bytes()).map_err(|error| error.to_string())
}

#[test]
fn errors_name_the_field_and_the_reason() {
    type Change = fn(&mut Value);
    let table: &[(Change, &str, &str)] = &[
        (|f| f["token"] = json!("OPX"), "token", "\"OPX\""),
        (|f| f["decimals"] = json!(6), "decimals", "is 6"),
        (|f| f["totalSupply"] = json!("999999999"), "totalSupply", "mints 1000000000"),
        (|f| f["totalSupply"] = json!(1_000_000_000), "totalSupply", "invalid type"),
        (|f| f["tge"] = json!("2026-04-21"), "tge", "RFC 3339"),
        (|f| f["tge"] = json!("2026-04-21T00:00:00.5Z"), "tge", "whole second"),
        (|f| drop(f.as_object_mut().unwrap().remove("tge")), "tge", "is missing"),
        (|f| f["ticker"] = json!("OPG"), "ticker", "unknown field"),
        (|f| f["categories"] = json!([]), "categories", "sum to 0"),
        (|f| f["categories"][0]["percent"] = json!(39), "categories", "sum to 99, not to 100"),
        (|f| f["categories"][0]["percent"] = json!(41), "categories[6].percent", "sum to 101 % here"),
        (|f| f["categories"][0]["percent"] = json!(0), "categories[0].percent", "0 is no percentage"),
        (|f| f["categories"][0]["percent"] = json!(-40), "categories[0].percent", "-40 is no percentage"),
        (|f| f["categories"][0]["percent"] = json!(39.999_999_9), "categories[0].percent", "6 decimals"),
        (|f| f["categories"][2]["tgeBps"] = json!(10_001), "categories[2].tgeBps", "10001"),
        (|f| f["categories"][2]["tgeBps"] = json!(-1), "categories[2].tgeBps", "invalid value"),
        (|f| f["categories"][2]["tgeBps"] = json!("0"), "categories[2].tgeBps", "invalid type"),
        (|f| f["categories"][2]["tgeFraction"] = json!("1/3"), "categories[2].tgeFraction", "contradicts"),
        (
            |f| f["categories"][1]["tgeFraction"] = json!("4/3"),
            "categories[1].tgeFraction",
            "between 0 and 1",
        ),
        (
            |f| f["categories"][1]["tgeFraction"] = json!("1/0"),
            "categories[1].tgeFraction",
            "between 0 and 1",
        ),
        (|f| f["categories"][1]["tgeFraction"] = json!("0.33"), "categories[1].tgeFraction", "no fraction"),
        (
            |f| drop(f["categories"][2].as_object_mut().unwrap().remove("tgeBps")),
            "categories[2].tgeBps",
            "is missing",
        ),
        (
            |f| drop(f["categories"][3].as_object_mut().unwrap().remove("cliffMonths")),
            "categories[3].cliffMonths",
            "is missing",
        ),
        (|f| f["categories"][3]["cliffMonths"] = json!(241), "categories[3].cliffMonths", "more than 240"),
        (
            |f| f["categories"][3]["linearMonths"] = json!(2_400),
            "categories[3].linearMonths",
            "more than 240",
        ),
        (|f| f["categories"][3]["linearMonths"] = json!(1.5), "categories[3].linearMonths", "invalid type"),
        (|f| f["categories"][5]["linearMonths"] = json!(1), "categories[5].linearMonths", "must be 0"),
        (|f| f["categories"][0]["linearMonths"] = json!(0), "categories[0].linearMonths", "must not be 0"),
        (|f| f["categories"][6]["tgeBps"] = json!(5_000), "categories[6].linearMonths", "must not be 0"),
        (|f| f["categories"][3]["name"] = json!("ecosystem"), "categories[3].name", "twice"),
        (|f| f["categories"][3]["name"] = json!("../x"), "categories[3].name", "is no name"),
        (|f| f["categories"][6]["name"] = json!("gift"), "categories", "lacks \"airdrop\""),
        (|f| f["categories"][4]["name"] = json!("staking"), "categories", "lacks \"staking-rewards\""),
        (|f| f["categories"][4]["linearMonth"] = json!(1), "categories[4].linearMonth", "unknown field"),
    ];
    for (change, field, reason) in table {
        let error = changed(change).unwrap_err();
        assert!(error.starts_with(&format!("a.json: `{field}`: ")), "wanted {field}: {error}");
        assert!(error.contains(reason), "wanted {reason:?}: {error}");
    }
}

#[test]
fn a_field_that_is_there_twice_is_refused() {
    let error = parse(r#"{"token": "OPG", "token": "OPG"}"#).unwrap_err();
    assert!(error.contains("duplicate field `token`"), "{error}");
}

#[test]
fn text_that_is_no_json_is_refused() {
    for text in ["", "{", "[]", "{} {}"] {
        assert!(parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn percentages_may_have_decimals() {
    let allocation = changed(|file| {
        file["categories"][0]["percent"] = json!(39.5);
        file["categories"][1]["percent"] = json!(15.5);
    })
    .unwrap();
    assert_eq!(allocation.categories[0].total, 395_000_000 * OPG);
}

#[test]
fn times_are_unix_seconds_or_rfc_3339() {
    assert_eq!(parse_time("1776729600"), Ok(1_776_729_600));
    assert_eq!(parse_time("2026-04-21T02:00:00+02:00"), Ok(1_776_729_600));
    for bad in ["", "tomorrow", "-5", "1e9", "1969-12-31T23:59:59Z", "99999999999999"] {
        assert!(parse_time(bad).is_err(), "{bad:?}");
    }
}
