//! The picture of the supply curve that the documentation shows.

use opg_vesting::{amount::OPG, calendar, svg};

use crate::support::{Sandbox, root};

#[test]
fn the_committed_picture_is_current() {
    let (_sandbox, manifest) = Sandbox::built();
    let picture = svg::supply_curve(&manifest, 96, None).unwrap();
    let path = root().join("docs/images/supply.svg");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == picture,
        "docs/images/supply.svg is out of date; docs/genesis.md has the command that draws it"
    );
}

#[test]
fn the_picture_names_every_category_and_shows_what_was_released() {
    let (_sandbox, manifest) = Sandbox::built();
    let released = svg::Released { time: manifest.tge + 10_000_000, amount: 123_400_000 * OPG };
    let picture = svg::supply_curve(&manifest, 96, Some(released)).unwrap();
    for category in &manifest.categories {
        assert!(picture.contains(&category.name), "{}", category.name);
    }
    for text in [
        "OPG supply over 96 months",
        "months after the TGE",
        "million OPG",
        "released: 123.4 million",
        "190 million (19 %)",
    ] {
        assert!(picture.contains(text), "{text}");
    }
}

#[test]
fn the_supply_curve_goes_from_the_float_to_the_supply() {
    let (_sandbox, manifest) = Sandbox::built();
    let points: Vec<_> = calendar::supply(&manifest, 96).map(|point| point.unlocked()).collect();
    assert_eq!(points.len(), 97);
    // A wei may be missing for each row whose third is not whole.
    assert!((190_000_000 * OPG - 2..=190_000_000 * OPG).contains(&points[0]), "{}", points[0]);
    assert!(points.windows(2).all(|pair| pair[0] <= pair[1]));
    assert_eq!(points[96], manifest.supply);
    assert!(points[95] < manifest.supply);
}
