//! `[models.upstream]`: the section and what must hold of it.

use std::path::{Path, PathBuf};

use opg_upstream::{ApiKey, Upstream, UpstreamError};
use serde::Deserialize;

use super::file::ModelSection;
use crate::error::{CliError, CliResult, Code};

/// `[models.upstream]`: the server that answers for a model which this keeper does not compute.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(default)]
pub(crate) struct UpstreamSection {
    pub(crate) url: Option<String>,
    pub(crate) model: Option<String>,
    pub(crate) api_key_file: Option<PathBuf>,
    pub(crate) api_key_env: Option<String>,
    pub(crate) parallel: u32,
}

impl Default for UpstreamSection {
    fn default() -> Self {
        Self { url: None, model: None, api_key_file: None, api_key_env: None, parallel: 8 }
    }
}

/// Where a server gets its key from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum KeySource {
    None,
    File(PathBuf),
    Environment(String),
}

/// A server that answers for a model; its key is read when it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct UpstreamSettings {
    url: String,
    model: String,
    key: KeySource,
    parallel: usize,
}

impl UpstreamSettings {
    /// Takes the section of `model` apart, with files relative to `base`, or says what is wrong: key, reason, remedy.
    pub(super) fn read(
        section: &UpstreamSection,
        model: &ModelSection,
        base: &Path,
    ) -> Result<Self, (&'static str, String, &'static str)> {
        let files =
            [("tokenizer", &model.tokenizer), ("config", &model.config), ("proving_key", &model.proving_key)];
        if let Some((name, _)) = files.into_iter().find(|(_, file)| file.is_some()) {
            let reason = format!("goes with no `{name}`: the keeper does not compute the model");
            return Err(("upstream", reason, "remove one of the two"));
        }
        let url = section.url.clone().ok_or((
            "upstream.url",
            "is missing".to_owned(),
            "set where the server's API is, like \"http://127.0.0.1:8000/v1\"",
        ))?;
        let name = section.model.clone().ok_or((
            "upstream.model",
            "is missing".to_owned(),
            "set the server's name for the model; its /v1/models lists them",
        ))?;
        let key = match (&section.api_key_file, &section.api_key_env) {
            (None, None) => KeySource::None,
            (Some(file), None) => KeySource::File(base.join(file)),
            (None, Some(variable)) => KeySource::Environment(variable.clone()),
            (Some(_), Some(_)) => {
                let reason = "is set beside `api_key_file`".to_owned();
                return Err(("upstream.api_key_env", reason, "say in one place where the key is"));
            }
        };
        let parallel = section.parallel as usize;
        match Upstream::new(&url, &name, None, parallel) {
            Ok(_) => Ok(Self { url, model: name, key, parallel }),
            Err(error @ UpstreamError::Parallel) => {
                Err(("upstream.parallel", error.to_string(), "set at least 1"))
            }
            Err(error) => Err(("upstream.url", error.to_string(), "correct the address")),
        }
    }

    /// The server with its key, which is read now.
    pub(crate) fn open(&self) -> CliResult<Upstream> {
        let fault = |input: &dyn std::fmt::Display, reason: &dyn std::fmt::Display| {
            CliError::new(
                Code::ConfigValue,
                input,
                reason,
                "put the server's key there, alone on one line, or remove `upstream.api_key_file` and `upstream.api_key_env`",
            )
        };
        let key = match &self.key {
            KeySource::None => None,
            KeySource::File(path) => {
                let text = std::fs::read_to_string(path).map_err(|error| fault(&path.display(), &error))?;
                Some(ApiKey::new(&text).map_err(|error| fault(&path.display(), &error))?)
            }
            KeySource::Environment(variable) => {
                let text = std::env::var(variable).map_err(|error| fault(variable, &error))?;
                Some(ApiKey::new(&text).map_err(|error| fault(variable, &error))?)
            }
        };
        Upstream::new(&self.url, &self.model, key, self.parallel).map_err(|error| fault(&self.url, &error))
    }
}
