//! The configured models as the registry has them: files of these digests, computed in this execution profile.

use std::collections::HashMap;

use opg_chain::bindings::ModelSpec;
use opg_engine::{EngineError, Limits, ModelManifest, Profile, Task, local::Accelerator};
use opg_node::Ledger;
use opg_upstream::Forwarded;

use crate::{
    config::{Config, Model, upstream::UpstreamSettings},
    context,
    error::{CliError, CliResult, Code},
};

/// A configured model with what its version says of it.
#[derive(Clone, Debug)]
pub(crate) struct Registered {
    /// The engine refuses other files than these.
    pub(crate) manifest: ModelManifest,
    /// Digest of the execution profile; the engine refuses to compute in another.
    pub(crate) profile: [u8; 32],
    /// The server that answers for it, where this keeper does not compute it.
    pub(crate) upstream: Option<UpstreamSettings>,
}

impl Registered {
    /// The files of `model` and what `spec` says of them; `None` if this build does not know its task.
    pub(crate) fn of(model: &Model, spec: &ModelSpec) -> Option<Self> {
        let task = Task::parse_name(&spec.task_name())?;
        let digest = |digest: alloy::primitives::B256| (!digest.is_zero()).then_some(digest.0);
        let mut limits = Limits::default();
        limits.max_input_tokens = model.max_input_tokens.unwrap_or(limits.max_input_tokens);
        limits.max_output_tokens = model.max_output_tokens.unwrap_or(limits.max_output_tokens);
        limits.default_output_tokens = limits.default_output_tokens.min(limits.max_output_tokens);
        let manifest = ModelManifest {
            name: model.name.clone(),
            task,
            weights: model.weights.clone(),
            tokenizer: model.tokenizer.clone(),
            config: model.config.clone(),
            weights_digest: spec.weightsDigest.0,
            tokenizer_digest: digest(spec.tokenizerDigest),
            config_digest: digest(spec.configDigest),
            limits,
        };
        Some(Self { manifest, profile: spec.engineProfile.0, upstream: model.upstream.clone() })
    }

    /// Refuses a version that this build or device computes otherwise than registered. Only the head of the weights is
    /// read: the engine compares all of it when it loads the model.
    pub(crate) async fn check_profile(&self) -> CliResult {
        self.check(|registered| registered.same_profile()).await
    }

    /// Compares all files, and the profile.
    pub(crate) async fn verify(&self) -> CliResult {
        self.check(|registered| registered.manifest.verify().and_then(|()| registered.same_profile())).await
    }

    async fn check(&self, check: fn(&Self) -> Result<(), EngineError>) -> CliResult {
        let registered = self.clone();
        let checked = tokio::task::spawn_blocking(move || check(&registered)).await;
        checked
            .map_err(|error| CliError::internal("verifying model files", error))?
            .map_err(|error| context::engine(&self.manifest.name, &error))
    }

    fn same_profile(&self) -> Result<(), EngineError> {
        let profile = match self.upstream {
            Some(_) => Profile::forwarded(&self.manifest),
            // Where `settings::process` has models computed.
            None => Profile::of(&self.manifest, Accelerator::default())?,
        };
        profile.require(&self.profile)
    }
}

/// All of them, each of which this build can compute as it is registered.
pub(crate) async fn read_all(config: &Config, ledger: &dyn Ledger) -> CliResult<Vec<Registered>> {
    let mut all = Vec::new();
    for model in &config.models {
        let registered = read(model, ledger).await?;
        registered.check_profile().await?;
        all.push(registered);
    }
    Ok(all)
}

/// What the engines are told of them.
#[derive(Debug, Default)]
pub(crate) struct ForEngines {
    /// Models that are computed here, and by name the profiles in which they must be.
    pub(crate) computed: Vec<ModelManifest>,
    pub(crate) profiles: HashMap<String, [u8; 32]>,
    /// Models that other servers answer for.
    pub(crate) forwarded: Vec<Forwarded>,
}

/// Tells models that are computed here from others; the keys of servers are read now.
pub(crate) fn for_engines(all: Vec<Registered>) -> CliResult<ForEngines> {
    let mut engines = ForEngines::default();
    for Registered { manifest, profile, upstream } in all {
        if let Some(upstream) = upstream {
            engines.forwarded.push(Forwarded { manifest, upstream: upstream.open()? });
        } else {
            engines.profiles.insert(manifest.name.clone(), profile);
            engines.computed.push(manifest);
        }
    }
    Ok(engines)
}

/// One of them, unchecked.
pub(crate) async fn read(model: &Model, ledger: &dyn Ledger) -> CliResult<Registered> {
    let fault = |reason: String| {
        CliError::new(
            Code::ModelUnknown,
            format!("model `{}` in {}", model.name, model.version),
            reason,
            "correct the version in the configuration, or register the model with `opg model add`",
        )
    };
    let spec = ledger.model_spec(model.version).await.map_err(|error| fault(error.to_string()))?;
    Registered::of(model, &spec)
        .ok_or_else(|| fault(format!("its task {:?} is unknown to this keeper", spec.task_name())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn registered(profile: [u8; 32]) -> Registered {
        let manifest = ModelManifest {
            name: "minilm".to_owned(),
            task: Task::Embedding,
            weights: "model.safetensors".into(),
            tokenizer: Some("tokenizer.json".into()),
            config: Some("config.json".into()),
            weights_digest: [1; 32],
            tokenizer_digest: Some([2; 32]),
            config_digest: Some([3; 32]),
            limits: Limits::default(),
        };
        Registered { manifest, profile, upstream: None }
    }

    #[tokio::test]
    async fn a_version_is_served_in_its_own_profile_only() {
        let ours = Profile::of(&registered([0; 32]).manifest, Accelerator::default()).unwrap();
        registered(ours.digest()).check_profile().await.unwrap();

        let other = Profile { engine: "opg-engine/7".to_owned(), ..ours };
        let error = registered(other.digest()).check_profile().await.unwrap_err();
        let problem = error.problems().next().unwrap();
        assert_eq!(problem.code, Code::ModelProfile);
        let text = format!("{problem:?}");
        for part in ["minilm", "engine is opg-engine/7 there", "opg model add"] {
            assert!(text.contains(part), "{part}: {text}");
        }
        // A digest of something else altogether, as of a name instead of a profile.
        let error = registered([7; 32]).check_profile().await.unwrap_err();
        assert_eq!(error.problems().next().unwrap().code, Code::ModelProfile);
    }

    fn upstream() -> Option<UpstreamSettings> {
        let text = format!(
            "chain.rpc = \"http://a\"\nkeys.keystore = \"k\"\n[[models]]\nname = \"m\"\nversion = \"{}\"\nweights = \"w\"\n\
             [models.upstream]\nurl = \"http://127.0.0.1:8000/v1\"\nmodel = \"big\"\n",
            alloy::primitives::B256::repeat_byte(1)
        );
        Config::parse(&text, std::path::Path::new("opg.toml"), &[]).unwrap().models.remove(0).upstream
    }

    #[tokio::test]
    async fn a_server_answers_for_no_version_that_promises_a_computation() {
        let computed = Profile::of(&registered([0; 32]).manifest, Accelerator::default()).unwrap();
        let forwarded = Profile::forwarded(&registered([0; 32]).manifest);
        let by_server =
            |profile: &Profile| Registered { upstream: upstream(), ..registered(profile.digest()) };
        by_server(&forwarded).check_profile().await.unwrap();

        let error = by_server(&computed).check_profile().await.unwrap_err();
        let problem = error.problems().next().unwrap();
        assert_eq!(problem.code, Code::ModelProfile);
        assert!(problem.reason.contains("cannot be checked by anybody"), "{problem:?}");
        // Nor does this keeper compute what is registered as forwarded: nobody could hold it to that.
        let error = registered(forwarded.digest()).check_profile().await.unwrap_err();
        let problem = error.problems().next().unwrap();
        assert!(problem.reason.contains("arithmetic is forwarded/1 there"), "{problem:?}");
    }

    #[test]
    fn each_model_goes_to_its_engine() {
        let forwarded = Registered { upstream: upstream(), ..registered([6; 32]) };
        let engines = for_engines(vec![registered([5; 32]), forwarded]).unwrap();
        assert_eq!((engines.computed.len(), engines.profiles.get("minilm")), (1, Some(&[5; 32])));
        assert_eq!(engines.forwarded.len(), 1);
    }
}
