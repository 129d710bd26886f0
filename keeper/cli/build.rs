//! Embeds the built web app, where `OPG_APP_DIST` names its folder (an absolute path, or one from the root of the
//! repository). Without it the binary has no app of its own, and building it needs no node.

use std::{
    env,
    error::Error,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-env-changed=OPG_APP_DIST");
    println!("cargo::rerun-if-changed=build.rs");
    let mut entries = String::new();
    if let Some(named) = env::var_os("OPG_APP_DIST") {
        let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../..");
        let dist = root.join(PathBuf::from(named)).canonicalize()?;
        println!("cargo::rerun-if-changed={}", dist.display());
        let mut files = Vec::new();
        collect(&dist, &mut files)?;
        files.sort();
        for file in files {
            let name = file.strip_prefix(&dist)?.to_str().ok_or("a file name of the app is not UTF-8")?;
            let path = file.to_str().ok_or("the path of the app is not UTF-8")?;
            writeln!(entries, "    ({name:?}, include_bytes!({path:?}) as &[u8]),")?;
        }
    }
    let target = Path::new(&env::var("OUT_DIR")?).join("web_app.rs");
    fs::write(target, format!("&[\n{entries}]\n"))?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() { collect(&path, files)? } else { files.push(path) }
    }
    Ok(())
}
