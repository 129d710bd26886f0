//! Checks a published genesis by deriving it again.

use std::{cell::RefCell, path::Path};

use super::{
    GenesisError, Manifest,
    derive::{Observer, derive},
    manifest::MANIFEST,
    plan::{Plan, Terms},
    sink::Store,
};
use crate::allocation::Allocation;

/// Derives the genesis in `folder` again and compares every byte. Reports the first difference.
///
/// With `sources`, an allocation and a folder of beneficiaries, it is derived from them. Without, from its own tables:
/// that shows that tables, sums, trees, roots and proofs agree, while which part of a row vests at the TGE is taken from
/// the table.
pub fn verify(
    folder: &Path,
    sources: Option<(&Allocation, &Path)>,
    observe: Observer<'_>,
) -> Result<Manifest, GenesisError> {
    let manifest = Manifest::read(folder)?;
    let plan = match sources {
        Some((allocation, beneficiaries)) => Plan::new(allocation, beneficiaries, manifest.tge),
        None => Plan::published(&manifest, folder),
    };
    compare_terms(&manifest, &plan, &folder.join(MANIFEST))?;
    let store = Store::Compare(folder.to_owned(), RefCell::default());
    let derived = derive(&plan, &store, observe)?;
    store.check_strangers()?;
    Ok(derived)
}

/// Says in words what differs in the terms: the comparison of the text would only show the line.
fn compare_terms(manifest: &Manifest, plan: &Plan, path: &Path) -> Result<(), GenesisError> {
    let differs = |field: String, is: &dyn std::fmt::Display, should: &dyn std::fmt::Display| {
        Err(GenesisError::manifest(path, field, format!("is {is}, the allocation says {should}")))
    };
    let (count, expected) = (manifest.categories.len(), plan.categories.len());
    if count != expected {
        return differs("categories".to_owned(), &format!("a list of {count}"), &expected);
    }
    for (entry, terms) in manifest.categories.iter().zip(&plan.categories) {
        let at = |field: &str| format!("categories[{}].{field}", entry.id);
        let Terms { name, total, curve, .. } = terms;
        if entry.name != *name {
            return differs(at("name"), &entry.name, name);
        }
        if entry.total != *total {
            return differs(at("total"), &entry.total, total);
        }
        if entry.curve.cliff != curve.cliff {
            return differs(at("cliff"), &entry.curve.cliff, &curve.cliff);
        }
        if entry.curve.duration != curve.duration {
            return differs(at("duration"), &entry.curve.duration, &curve.duration);
        }
    }
    Ok(())
}
