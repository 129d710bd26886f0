//! The picture of the supply curve that the documentation shows.

use opg_vesting::{allocation::MONTH, amount::OPG, calendar, svg};

use crate::support::{Sandbox, root};

#[test]
fn the_committed_picture_is_current() {
    let (_sandbox, manifest) = Sandbox::built();
    let picture = svg::supply_curve(&manifest, 96, &[]).unwrap();
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
    let step = |months: u64, tenths: u128| svg::Released {
        time: manifest.tge + months * u64::from(MONTH),
        amount: tenths * OPG * 100_000,
    };
    let history = [step(0, 600), step(12, 1_000), step(48, 1_234)];
    let picture = svg::supply_curve(&manifest, 96, &history).unwrap();
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
    // From nothing up at each release, level in between; the vertical axis of a picture points down.
    let line = released_line(&picture);
    assert_eq!(line.len(), 1 + 2 * history.len());
    for (position, pair) in line.windows(2).enumerate() {
        let (same, changed) = if position % 2 == 1 {
            (pair[0].0 == pair[1].0, pair[1].1 < pair[0].1)
        } else {
            (pair[0].1 == pair[1].1, pair[1].0 > pair[0].0 || position == 0)
        };
        assert!(same && changed, "{line:?}");
    }
}

/// Corners of the line in the colour of what was released.
fn released_line(picture: &str) -> Vec<(i32, i32)> {
    let drawn = picture.split("<polyline").skip(1).map(|rest| &rest[..rest.find("/>").unwrap()]);
    let line = drawn.into_iter().find(|line| line.contains("#C82828")).unwrap();
    let points = line.split("points=\"").nth(1).unwrap().split('"').next().unwrap();
    let pair = |point: &str| {
        let (x, y) = point.split_once(',').unwrap();
        (x.parse().unwrap(), y.parse().unwrap())
    };
    points.split_whitespace().map(pair).collect()
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
