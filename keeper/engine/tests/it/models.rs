//! The pinned models, loaded once per test process.

use std::path::PathBuf;
use std::sync::LazyLock;

use opg_engine::local::{Accelerator, LocalModel};
use opg_engine::{Limits, ModelManifest, Task, digest};

const SMOLLM2: &str = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53";
const MINILM: &str = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db";

/// The cache that `make models` fills.
pub(crate) fn cache() -> PathBuf {
    let root = std::env::var_os("OPG_CACHE")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../.cache"), PathBuf::from);
    let models = root.join("models");
    assert!(models.is_dir(), "{} does not exist; run `make models` first", models.display());
    models
}

fn pinned(hex: &str) -> [u8; 32] {
    std::array::from_fn(|at| u8::from_str_radix(&hex[2 * at..2 * at + 2], 16).unwrap())
}

fn limits() -> Limits {
    Limits { max_input_tokens: 2048, max_output_tokens: 512, ..Limits::default() }
}

/// The chat model.
pub(crate) fn smollm2() -> ModelManifest {
    ModelManifest {
        name: "smollm2".to_owned(),
        task: Task::Chat,
        weights: cache().join("smollm2-135m-instruct-q4_1.gguf"),
        tokenizer: None,
        config: None,
        weights_digest: pinned(SMOLLM2),
        tokenizer_digest: None,
        config_digest: None,
        limits: limits(),
    }
}

/// The embedding model.
pub(crate) fn minilm() -> ModelManifest {
    let folder = cache().join("all-minilm-l6-v2");
    let (tokenizer, config) = (folder.join("tokenizer.json"), folder.join("config.json"));
    ModelManifest {
        name: "minilm".to_owned(),
        task: Task::Embedding,
        weights: folder.join("model.safetensors"),
        weights_digest: pinned(MINILM),
        tokenizer_digest: Some(digest::sha256_file(&tokenizer).unwrap()),
        config_digest: Some(digest::sha256_file(&config).unwrap()),
        tokenizer: Some(tokenizer),
        config: Some(config),
        limits: limits(),
    }
}

/// The chat model in this process.
pub(crate) static CHAT: LazyLock<LocalModel> =
    LazyLock::new(|| LocalModel::load(&smollm2(), Accelerator::Cpu).unwrap());

/// The embedding model in this process.
pub(crate) static EMBEDDING: LazyLock<LocalModel> =
    LazyLock::new(|| LocalModel::load(&minilm(), Accelerator::Cpu).unwrap());
