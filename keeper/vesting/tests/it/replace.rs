//! A genesis appears complete or not at all, and never in place of something else.

use std::{fs, ops::ControlFlow, os::unix::fs::PermissionsExt as _};

use opg_vesting::{
    GenesisError,
    genesis::{build, preview},
};

use crate::support::{Sandbox, TGE, allocation};

#[test]
fn the_same_genesis_may_be_built_again_and_heals_the_folder() {
    let (sandbox, manifest) = Sandbox::built();
    fs::remove_file(sandbox.genesis().join("trees/ecosystem.tree")).unwrap();
    assert_eq!(sandbox.build().unwrap(), manifest);
    sandbox.verify().unwrap();
    assert_eq!(sandbox.left_behind(), ["genesis"]);
}

#[test]
fn another_genesis_is_replaced_only_by_force() {
    let (sandbox, manifest) = Sandbox::built();
    let again = |force| {
        build(&allocation(), &sandbox.beneficiaries(), TGE + 1, &sandbox.genesis(), force, &mut |_| {
            ControlFlow::Continue(())
        })
    };
    let error = again(false).unwrap_err();
    assert!(
        matches!(&error, GenesisError::Occupied { reason, .. } if reason == "holds another genesis"),
        "{error}"
    );
    assert_eq!(sandbox.verify().unwrap(), manifest);
    assert_eq!(again(true).unwrap().tge, TGE + 1);
    assert_eq!(sandbox.verify().unwrap().tge, TGE + 1);
    assert_eq!(sandbox.left_behind(), ["genesis"]);
}

#[test]
fn a_folder_with_anything_else_is_never_touched() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.genesis()).unwrap();
    let precious = sandbox.genesis().join("thesis.txt");
    fs::write(&precious, "forty pages").unwrap();
    let error = build(&allocation(), &sandbox.beneficiaries(), TGE, &sandbox.genesis(), true, &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap_err();
    assert!(error.to_string().contains("holds something that is no genesis"), "{error}");
    assert_eq!(fs::read_to_string(precious).unwrap(), "forty pages");
}

#[test]
fn an_empty_folder_is_taken() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.genesis()).unwrap();
    sandbox.build().unwrap();
    sandbox.verify().unwrap();
}

#[test]
fn what_is_stopped_leaves_nothing() {
    let sandbox = Sandbox::new();
    // Enough rows for a report.
    let rows: String = (0..5_000).map(|n| format!("{},8000\n", crate::support::account(n))).collect();
    sandbox.table("airdrop", format!("beneficiary,amount\n{rows}"));
    let error = build(&allocation(), &sandbox.beneficiaries(), TGE, &sandbox.genesis(), false, &mut |_| {
        ControlFlow::Break(())
    })
    .unwrap_err();
    assert!(matches!(error, GenesisError::Interrupted), "{error}");
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
}

#[test]
fn an_unwritable_folder_is_named() {
    let sandbox = Sandbox::new();
    let locked = sandbox.folder.path().join("locked");
    fs::create_dir(&locked).unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o500)).unwrap();
    // The administrator may write everywhere: then a file in the way must do.
    let target = if fs::write(locked.join("probe"), "").is_ok() {
        locked.join("probe/genesis")
    } else {
        locked.join("genesis")
    };
    let error = build(&allocation(), &sandbox.beneficiaries(), TGE, &target, false, &mut |_| {
        ControlFlow::Continue(())
    })
    .unwrap_err();
    assert!(matches!(error, GenesisError::Io { .. }) && error.to_string().contains("locked"), "{error}");
}

#[test]
fn a_preview_finds_the_same_and_writes_nothing() {
    let (built, manifest) = Sandbox::built();
    let sandbox = Sandbox::new();
    let seen =
        preview(&allocation(), &sandbox.beneficiaries(), TGE, &mut |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(seen, manifest);
    assert_eq!(sandbox.left_behind(), Vec::<String>::new());
    drop(built);
}
