//! The files of the built page.

use std::{collections::HashMap, fs, path::Path};

use crate::error::{CliError, CliResult, Code};

/// What the binary was built with; empty where it was built without the app.
static EMBEDDED: &[(&str, &[u8])] = include!(concat!(env!("OUT_DIR"), "/web_app.rs"));
/// In the policy of the built page, what is widened by the origins of the RPC.
const CONNECT: &str = "connect-src 'self'";

/// The built page, in memory. Only what is in here is served, whatever a path says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Files(HashMap<String, Vec<u8>>);

impl Files {
    /// The files in `folder`, or those of the binary where it is `None`.
    pub(crate) fn open(folder: Option<&Path>) -> CliResult<Self> {
        let files = match folder {
            Some(folder) => Self::read(folder)?,
            None => Self(EMBEDDED.iter().map(|(name, bytes)| ((*name).to_owned(), bytes.to_vec())).collect()),
        };
        if files.0.contains_key("index.html") {
            return Ok(files);
        }
        let place = folder.map_or_else(|| "this binary".to_owned(), |folder| folder.display().to_string());
        Err(CliError::new(
            Code::File,
            place,
            "holds no web app",
            "build it with `make app` in the repository and name app/dist with --app",
        ))
    }

    /// The page with a policy that lets it reach `origins`.
    pub(crate) fn allowing(mut self, origins: &[&str]) -> Self {
        if let Some(page) = self.0.get_mut("index.html") {
            let widened =
                std::iter::once(CONNECT).chain(origins.iter().copied()).collect::<Vec<_>>().join(" ");
            *page = String::from_utf8_lossy(page).replacen(CONNECT, &widened, 1).into_bytes();
        }
        self
    }

    /// A file by its path below the page's own.
    pub(crate) fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }

    fn read(folder: &Path) -> CliResult<Self> {
        let mut files = HashMap::new();
        let mut folders = vec![folder.to_owned()];
        while let Some(next) = folders.pop() {
            let list = fs::read_dir(&next).map_err(|error| CliError::file(&next, &error))?;
            for entry in list {
                let path = entry.map_err(|error| CliError::file(&next, &error))?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Some(name) = name_in(folder, &path) {
                    files.insert(name, fs::read(&path).map_err(|error| CliError::file(&path, &error))?);
                }
            }
        }
        Ok(Self(files))
    }
}

fn name_in(folder: &Path, path: &Path) -> Option<String> {
    path.strip_prefix(folder).ok().and_then(Path::to_str).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_a_page_is_refused() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        let error = Files::open(Some(folder.path())).err().ok_or("it was accepted")?;
        assert!(error.to_string().contains("make app"), "{error}");
        Ok(())
    }

    #[test]
    fn the_policy_is_widened_by_the_rpc_alone() -> Result<(), Box<dyn std::error::Error>> {
        let folder = tempfile::tempdir()?;
        fs::create_dir(folder.path().join("assets"))?;
        fs::write(folder.path().join("assets/a.js"), "1")?;
        fs::write(
            folder.path().join("index.html"),
            "default-src 'none'; connect-src 'self'; base-uri 'none'",
        )?;
        let files = Files::open(Some(folder.path()))?.allowing(&["http://127.0.0.1:8545"]);
        assert_eq!(
            files.get("index.html"),
            Some(b"default-src 'none'; connect-src 'self' http://127.0.0.1:8545; base-uri 'none'".as_slice())
        );
        assert_eq!(files.get("assets/a.js"), Some(b"1".as_slice()));
        assert_eq!(files.get("../index.html"), None);
        Ok(())
    }
}
