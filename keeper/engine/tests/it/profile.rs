//! Execution profiles: what they pin, that they can be told without loading a model, and that nothing else changes bits.

use opg_engine::local::{Accelerator, LocalModel, Unobserved};
use opg_engine::{ChatInput, EmbeddingInput, Input, ModelManifest, Output, Profile, digest};

use crate::models::{CHAT, EMBEDDING, minilm, smollm2};
use crate::tiny::{self, Tiny};

/// Digests of the profiles in which the demo's models are computed, which their versions are registered with; last checkpoints of
/// answers, which cover prompt, tokens and the logits of the last one; sha256 of a vector's bits.
const PINNED: [(&str, &str); 5] = [
    ("profile of SmolLM2", "4df1685be31c3daa098f61e5c9223d63b9452c3a47a207e25785e05e3934d97e"),
    ("profile of MiniLM", "e1e230e160165bd6ce487a9c0ab7450ab08c4583311327ed212632e969f0e15d"),
    ("greedy answer", "34f6596ede30f6fb049b3d68704a7aa2ec7d5c4b35235c56a9d5fc5ce8869fe3"),
    ("sampled answer", "e207fbb5e801190a19d648828f4e62c946ab2af1192b06991460be2b55b154a5"),
    ("vector", "b46e886afc9433dc698848b088dd7acf01bc9e4fcdd3643ddaf089c2ddc22dc6"),
];

/// Whoever has to change one of these has changed what answers are: raise the version in the part of the profile that
/// stands for it (`opg-engine/…`, `opg-sampler/…`, `opg-trace/…`), as versions registered before are not served any more.
#[test]
fn answers_have_the_bits_that_their_profile_stands_for() {
    let last = |input: ChatInput| {
        let completion = CHAT.run(&Input::Chat(input), &mut Unobserved).unwrap();
        completion.trace.checkpoints.last().unwrap().clone()
    };
    let story = ChatInput { max_tokens: Some(40), ..ChatInput::ask("Tell me a long story about the sea.") };
    let sampled = ChatInput {
        temperature: Some(0.9),
        top_k: Some(40),
        top_p: Some(0.9),
        min_p: Some(0.01),
        repetition_penalty: Some(1.1),
        seed: Some(7),
        ..story.clone()
    };
    let text = Input::Embedding(EmbeddingInput { input: "The sea is deep and blue.".to_owned() });
    let Output::Embedding(vector) = EMBEDDING.run(&text, &mut Unobserved).unwrap().output else {
        panic!("not a vector");
    };
    let bits: Vec<u8> = vector.iter().flat_map(|value| value.to_bits().to_le_bytes()).collect();
    let found = [
        digest::hex(&CHAT.profile().digest()),
        digest::hex(&EMBEDDING.profile().digest()),
        last(story),
        last(sampled),
        digest::hex(&digest::sha256(&mut bits.as_slice()).unwrap()),
    ];
    let names = PINNED.map(|(name, _)| name);
    let found: Vec<(&str, &str)> = names.into_iter().zip(found.iter().map(String::as_str)).collect();
    assert_eq!(found, PINNED, "the profile has to change with what it stands for");
}

/// `opg model add` and a starting keeper know the profile from the manifest; the worker from the loaded model.
#[test]
fn a_manifest_tells_the_profile_that_the_loaded_model_has() {
    for (manifest, model) in [(smollm2(), &CHAT), (minilm(), &EMBEDDING)] {
        assert_eq!(Profile::of(&manifest, Accelerator::Cpu).unwrap(), *model.profile());
    }
    // A file without a template has one of its own.
    let bytes = Tiny::new().without("tokenizer.chat_template").bytes();
    let (_file, manifest) = tiny::manifest(&bytes, opg_engine::Task::Chat);
    let model = LocalModel::load(&manifest, Accelerator::Cpu).unwrap();
    assert_eq!(Profile::of(&manifest, Accelerator::Cpu).unwrap(), *model.profile());
}

#[test]
fn every_file_of_a_model_is_part_of_its_profile() {
    let profile = |manifest: &ModelManifest| Profile::of(manifest, Accelerator::Cpu).unwrap().digest();
    let minilm = minilm();
    for changed in [
        ModelManifest { weights_digest: [1; 32], ..minilm.clone() },
        ModelManifest { tokenizer_digest: Some([1; 32]), ..minilm.clone() },
        ModelManifest { config_digest: Some([1; 32]), ..minilm.clone() },
    ] {
        assert_ne!(profile(&changed), profile(&minilm));
    }
    // Names, places and limits are the operator's own.
    let moved = ModelManifest { name: "other".to_owned(), weights: "/elsewhere".into(), ..minilm.clone() };
    assert_eq!(profile(&moved), profile(&minilm));
}
