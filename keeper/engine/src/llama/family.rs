/// What tells one family of models from another.
#[derive(Debug)]
pub(super) struct Family {
    name: &'static str,
    pub(super) rope_base: f64,
    pub(super) local_rope_base: f32,
    pub(super) rope_halves: bool,
    pub(super) gelu: bool,
    pub(super) scales_embeddings: bool,
    pub(super) attention_bias: bool,
    pub(super) head_norms: bool,
    pub(super) post_norms: bool,
    /// Most layers see only a window of positions.
    pub(super) window: bool,
}

const LLAMA: Family = Family {
    name: "llama",
    rope_base: 10_000.0,
    local_rope_base: 10_000.0,
    rope_halves: false,
    gelu: false,
    scales_embeddings: false,
    attention_bias: false,
    head_norms: false,
    post_norms: false,
    window: false,
};

const FAMILIES: [Family; 4] = [
    LLAMA,
    Family { name: "qwen2", rope_halves: true, attention_bias: true, ..LLAMA },
    Family { name: "qwen3", rope_halves: true, head_norms: true, ..LLAMA },
    Family {
        name: "gemma3",
        rope_base: 1_000_000.0,
        rope_halves: true,
        gelu: true,
        scales_embeddings: true,
        head_norms: true,
        post_norms: true,
        window: true,
        ..LLAMA
    },
];

/// The family that GGUF files call by that name.
pub(super) fn family(name: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|family| family.name == name)
}
