//! A published genesis in which something is wrong: verification names it.

use std::{fs, path::Path};

use opg_vesting::{GenesisFiles, genesis::MANIFEST};

use crate::support::{CONTRACTS, Sandbox};

/// Every file of a genesis.
fn files(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(self::files(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

#[test]
fn a_genesis_verifies_from_its_tables_and_from_its_sources() {
    let (sandbox, manifest) = Sandbox::built();
    assert_eq!(sandbox.verify().unwrap(), manifest);
    assert_eq!(sandbox.verify_from_sources().unwrap(), manifest);
}

#[test]
fn a_flipped_byte_is_found_in_every_file() {
    let (sandbox, _) = Sandbox::built();
    let files = files(&sandbox.genesis());
    assert!(files.len() > 30, "{files:?}");
    for path in files {
        let good = fs::read(&path).unwrap();
        // First, middle and last byte.
        for position in [0, good.len() / 2, good.len() - 1] {
            let mut bad = good.clone();
            bad[position] ^= 1;
            fs::write(&path, &bad).unwrap();
            for error in [sandbox.verify(), sandbox.verify_from_sources()].map(Result::unwrap_err) {
                let text = error.to_string();
                let name = path.file_name().unwrap().to_str().unwrap();
                // A changed manifest may make another file look wrong first, and a changed table its tree; what
                // matters then is that nobody takes it for good.
                let derived =
                    ["trees", "proofs"].iter().any(|part| path.components().any(|c| c.as_os_str() == *part));
                assert!(!derived || text.contains(name), "{name}, byte {position}: {text}");
            }
        }
        fs::write(&path, good).unwrap();
    }
    sandbox.verify().unwrap();
}

#[test]
fn differences_are_placed() {
    let (sandbox, _) = Sandbox::built();
    let genesis = sandbox.genesis();
    let change = |name: &str, from: &str, to: &str| {
        let path = genesis.join(name);
        let good = fs::read_to_string(&path).unwrap();
        assert!(good.contains(from), "{good}");
        fs::write(&path, good.replacen(from, to, 1)).unwrap();
        let errors = [sandbox.verify(), sandbox.verify_from_sources()]
            .map(|result| result.err().map_or_else(String::new, |error| error.to_string()));
        fs::write(&path, good).unwrap();
        errors
    };
    let [own, sources] =
        change("schedules/investors.csv", ",30000000000000000000000000,", ",30000000000000000000000001,");
    assert!(own.contains("investors.tree, node 1 at byte 32"), "{own}");
    assert!(sources.contains("investors.csv, line 3: should be `1,0x23618e"), "{sources}");
    let [own, _] = change(
        "manifest.json",
        "\"total\": \"100000000000000000000000000\"",
        "\"total\": \"100000000000000000000000001\"",
    );
    assert!(own.contains("`supply`"), "{own}");
    let [own, sources] = change("manifest.json", "\"cliff\": 31557600", "\"cliff\": 31557601");
    assert!(
        sources.contains("`categories[2].cliff`: is 31557601, the allocation says 31557600"),
        "{sources}"
    );
    // Only the allocation and the deployed vault know the curve: nothing in the files depends on it.
    assert_eq!(own, "");
}

#[test]
fn a_truncated_tree_is_named() {
    let (sandbox, _) = Sandbox::built();
    let path = sandbox.genesis().join("trees/ecosystem.tree");
    let good = fs::read(&path).unwrap();
    for length in [good.len() - 1, good.len() - 32, 40, 0] {
        fs::write(&path, &good[..length]).unwrap();
        let error = sandbox.verify().unwrap_err().to_string();
        assert!(error.contains("ecosystem.tree") && error.contains("the file ends here"), "{error}");
        let error = GenesisFiles::open(&sandbox.genesis(), CONTRACTS).unwrap_err().to_string();
        assert!(error.contains("ecosystem.tree") && error.contains("is truncated"), "{error}");
    }
    fs::write(&path, [good.as_slice(), &[0]].concat()).unwrap();
    let error = sandbox.verify().unwrap_err().to_string();
    assert!(error.contains("ecosystem.tree") && error.contains("goes on"), "{error}");
}

#[test]
fn missing_and_foreign_files_are_named() {
    let (sandbox, _) = Sandbox::built();
    let foreign = sandbox.genesis().join("proofs/airdrop/00.jsonl");
    fs::write(&foreign, "{}\n").unwrap();
    let error = sandbox.verify().unwrap_err().to_string();
    assert!(error.contains("00.jsonl") && error.contains("does not belong"), "{error}");
    fs::remove_file(foreign).unwrap();
    for path in files(&sandbox.genesis()) {
        let good = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        let error = sandbox.verify().unwrap_err().to_string();
        assert!(error.contains(path.file_name().unwrap().to_str().unwrap()), "{path:?}: {error}");
        fs::write(&path, good).unwrap();
    }
}

#[test]
fn a_manifest_cannot_point_outside_its_folder() {
    let (sandbox, _) = Sandbox::built();
    let path = sandbox.genesis().join(MANIFEST);
    let good = fs::read_to_string(&path).unwrap();
    fs::write(&path, good.replace("\"investors\"", "\"../../etc/passwd\"")).unwrap();
    let error = GenesisFiles::open(&sandbox.genesis(), CONTRACTS).unwrap_err().to_string();
    assert!(error.contains("`categories[3].name`"), "{error}");
}
