//! Which profile a model has here, and in what it differs from the one that is asked for.

use sha2::{Digest, Sha256};

use super::NAME;
use super::profile::{Arithmetic, ENGINE, FORWARDED, Profile};
use crate::chat::{SAMPLER, template_source};
use crate::gguf::Gguf;
use crate::local::Accelerator;
use crate::{EngineError, ModelManifest, Task, digest};

/// Highest version number that is tried to find out what a digest stands for.
const LATEST: u32 = 16;

impl Profile {
    /// The profile in which this build computes a model, found without loading it.
    ///
    /// A chat model's template is read from the head of its file, whose digest is not checked here: loading does that.
    pub fn of(manifest: &ModelManifest, accelerator: Accelerator) -> Result<Profile, EngineError> {
        let arithmetic = accelerator.into();
        Ok(match manifest.task {
            Task::Chat => {
                let gguf = Gguf::open_unchecked(&manifest.weights)?;
                Profile::chat(manifest, arithmetic, template_source(&gguf)?)
            }
            Task::Embedding => Profile::encoder(manifest, arithmetic),
            Task::Tensor => Profile::tensor(manifest),
        })
    }

    /// The profile of a model that another server computes.
    pub fn forwarded(manifest: &ModelManifest) -> Profile {
        let (tokenizer, config) = (manifest.tokenizer_digest.as_ref(), manifest.config_digest.as_ref());
        Profile::of_forwarded(&manifest.weights_digest, tokenizer, config)
    }

    /// That of a language model whose file carries everything.
    pub(crate) fn chat(manifest: &ModelManifest, arithmetic: Arithmetic, template: &str) -> Profile {
        Profile {
            quantisation: arithmetic.quantisation().to_owned(),
            sampler: SAMPLER.to_owned(),
            template: digest::hex(&Sha256::digest(template)),
            trace: NAME.to_owned(),
            ..Profile::plain(manifest, arithmetic)
        }
    }

    /// That of a model that turns text into a vector.
    pub(crate) fn encoder(manifest: &ModelManifest, arithmetic: Arithmetic) -> Profile {
        let hex =
            |digest: &Option<[u8; 32]>| digest.as_ref().map(|hash| digest::hex(hash)).unwrap_or_default();
        Profile {
            config: hex(&manifest.config_digest),
            tokenizer: hex(&manifest.tokenizer_digest),
            ..Profile::plain(manifest, arithmetic)
        }
    }

    /// That of an integer model: integers are the same on every device.
    pub(crate) fn tensor(manifest: &ModelManifest) -> Profile {
        Profile { quantisation: "integer/1".to_owned(), ..Profile::plain(manifest, Arithmetic::Exact) }
    }

    fn plain(manifest: &ModelManifest, arithmetic: Arithmetic) -> Profile {
        Profile {
            arithmetic: arithmetic.name().to_owned(),
            config: String::new(),
            engine: ENGINE.to_owned(),
            quantisation: String::new(),
            sampler: String::new(),
            template: String::new(),
            tokenizer: String::new(),
            trace: String::new(),
            weights: digest::hex(&manifest.weights_digest),
        }
    }

    /// Refuses any other profile than this one, saying in what it differs as far as its digest gives that away.
    pub fn require(&self, expected: &[u8; 32]) -> Result<(), EngineError> {
        if self.digest() == *expected {
            return Ok(());
        }
        let difference = match self.search(expected) {
            Some(other) => {
                let parts = self.differences(&other).into_iter();
                let each = parts.map(|(name, ours, theirs)| {
                    format!("{name} is {} there and {} here", or_none(theirs), or_none(ours))
                });
                each.collect::<Vec<_>>().join(", ")
            }
            None if self.is_forwarded() => {
                "the version's answers are computed in a way that others can repeat, and those of \
                                            another server cannot be checked by anybody"
                    .to_owned()
            }
            None => format!(
                "in a part that this build does not know or a file that it does not have (here: arithmetic {}, engine {}, \
                 quantisation {}, sampler {}, trace {}, template {})",
                or_none(&self.arithmetic),
                or_none(&self.engine),
                or_none(&self.quantisation),
                or_none(&self.sampler),
                or_none(&self.trace),
                or_none(&self.template),
            ),
        };
        let (expected, found) = (digest::hex(expected), digest::hex(&self.digest()));
        Err(EngineError::Profile { expected, found, difference })
    }

    /// The profile of that digest, if it differs from this one in the arithmetic and in numbers of versions only.
    fn search(&self, expected: &[u8; 32]) -> Option<Profile> {
        let forwarded = Profile {
            engine: String::new(),
            quantisation: String::new(),
            sampler: String::new(),
            template: String::new(),
            trace: String::new(),
            arithmetic: FORWARDED.to_owned(),
            ..self.clone()
        };
        if forwarded.digest() == *expected {
            return Some(forwarded);
        }
        for arithmetic in Arithmetic::ALL {
            let quantisation = match (self.sampler.is_empty(), arithmetic) {
                (true, _) => self.quantisation.clone(),
                (false, arithmetic) => arithmetic.quantisation().to_owned(),
            };
            for engine in versions(&self.engine) {
                for sampler in versions(&self.sampler) {
                    for trace in versions(&self.trace) {
                        let candidate = Profile {
                            arithmetic: arithmetic.name().to_owned(),
                            engine: engine.clone(),
                            quantisation: quantisation.clone(),
                            sampler: sampler.clone(),
                            trace,
                            ..self.clone()
                        };
                        if candidate.digest() == *expected {
                            return Some(candidate);
                        }
                    }
                }
            }
        }
        None
    }
}

/// `name/1` to `name/16`; nothing but the empty text for the empty text.
fn versions(name: &str) -> Vec<String> {
    match name.rsplit_once('/') {
        Some((name, _)) => (1..=LATEST).map(|version| format!("{name}/{version}")).collect(),
        None => vec![name.to_owned()],
    }
}

fn or_none(part: &str) -> &str {
    if part.is_empty() { "none" } else { part }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::Limits;

    fn manifest() -> ModelManifest {
        ModelManifest {
            name: "some".to_owned(),
            task: Task::Embedding,
            weights: PathBuf::from("model.safetensors"),
            tokenizer: None,
            config: None,
            weights_digest: [1; 32],
            tokenizer_digest: Some([2; 32]),
            config_digest: Some([3; 32]),
            limits: Limits::default(),
        }
    }

    fn refusal(profile: &Profile, other: &Profile) -> String {
        let error = profile.require(&other.digest()).unwrap_err();
        assert_eq!(error.code(), "engine.profile");
        assert!(!error.is_retryable());
        error.to_string()
    }

    #[test]
    fn each_task_fills_the_parts_that_decide_its_answers() {
        let encoder = Profile::of(&manifest(), Accelerator::Cpu).unwrap();
        assert_eq!(
            (encoder.tokenizer.as_str(), encoder.config.as_str()),
            (&*"02".repeat(32), &*"03".repeat(32))
        );
        assert!(encoder.sampler.is_empty() && encoder.template.is_empty());
        let tensor = ModelManifest { task: Task::Tensor, ..manifest() };
        let [cpu, cuda] =
            [Accelerator::Cpu, Accelerator::Cuda(0)].map(|on| Profile::of(&tensor, on).unwrap());
        assert_eq!(cpu, cuda, "integers are the same on every device");
        assert_ne!(Profile::of(&manifest(), Accelerator::Cuda(0)).unwrap(), encoder);
        let chat = ModelManifest { task: Task::Chat, ..manifest() };
        let error = Profile::of(&chat, Accelerator::Cpu).unwrap_err();
        assert_eq!(error.code(), "engine.model_file", "its template is in the file, which is not there");
    }

    #[test]
    fn a_refusal_names_the_part_that_differs() {
        let ours = Profile::chat(&manifest(), Arithmetic::Exact, "{{ x }}");
        assert_eq!(ours.require(&ours.digest()), Ok(()));
        let says = refusal(&ours, &Profile::chat(&manifest(), Arithmetic::Cuda, "{{ x }}"));
        assert!(says.contains("arithmetic is cuda/1 there and exact/1 here"), "{says}");
        let newer = Profile {
            sampler: "opg-sampler/9".to_owned(),
            engine: "opg-engine/2".to_owned(),
            ..ours.clone()
        };
        let says = refusal(&ours, &newer);
        assert!(
            says.contains("engine is opg-engine/2 there and opg-engine/1 here, sampler is opg-sampler/9"),
            "{says}"
        );
        assert!(!says.contains("arithmetic"), "{says}");
    }

    #[test]
    fn a_forwarded_answer_is_never_taken_for_a_computed_one() {
        let ours = Profile::chat(&manifest(), Arithmetic::Exact, "{{ x }}");
        let forwarded = Profile::forwarded(&manifest());
        assert!(forwarded.is_forwarded() && !forwarded.is_exact() && !ours.is_forwarded());
        assert_eq!(forwarded, Profile::of_forwarded(&[1; 32], Some(&[2; 32]), Some(&[3; 32])));
        let says = refusal(&forwarded, &ours);
        assert!(says.contains("cannot be checked by anybody"), "{says}");
        let encoder = Profile::encoder(&manifest(), Arithmetic::Exact);
        let says = refusal(&encoder, &forwarded);
        assert!(says.contains("arithmetic is forwarded/1 there and exact/1 here"), "{says}");
        let other = ModelManifest { weights_digest: [9; 32], ..manifest() };
        refusal(&forwarded, &Profile::forwarded(&other));
    }

    #[test]
    fn a_refusal_says_so_where_the_digest_does_not_tell_what_differs() {
        let ours = Profile::encoder(&manifest(), Arithmetic::Exact);
        let other = ModelManifest { config_digest: Some([4; 32]), ..manifest() };
        let says = refusal(&ours, &Profile::encoder(&other, Arithmetic::Exact));
        assert!(says.contains("arithmetic exact/1") && says.contains("sampler none"), "{says}");
    }
}
