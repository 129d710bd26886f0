use super::family::{Family, family};
use crate::EngineError;
use crate::gguf::Gguf;

const MAX_LAYERS: usize = 512;
const MAX_WIDTH: usize = 1 << 16;
const MAX_CONTEXT: usize = 1 << 17;
/// Of this many layers all but the last see only a window, in families that have one.
const WINDOW_PERIOD: usize = 6;

/// Shape of a model, read from its file and checked for consistency.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Config {
    pub(crate) layers: usize,
    /// Width of the hidden state.
    pub(crate) embed: usize,
    pub(crate) heads: usize,
    /// Heads of keys and values; each serves `heads / kv_heads` query heads.
    pub(crate) kv_heads: usize,
    pub(crate) head_dim: usize,
    /// Width inside the feed-forward network.
    pub(crate) ffn: usize,
    pub(crate) vocab: usize,
    /// Most positions of a sequence.
    pub(crate) context: usize,
    pub(crate) rope_base: f32,
    /// Base of the layers that see only a window.
    pub(crate) local_rope_base: f32,
    /// Dimension i of a head turns with i + dim/2; else neighbours turn together.
    pub(crate) rope_halves: bool,
    pub(crate) epsilon: f32,
    /// Factor of the scores of attention.
    pub(crate) attention_scale: f32,
    /// Factor of the embeddings.
    pub(crate) embed_scale: f32,
    /// GELU in the feed-forward network; else SiLU.
    pub(crate) gelu: bool,
    /// Queries, keys and values have biases.
    pub(crate) attention_bias: bool,
    /// Queries and keys are normalised per head.
    pub(crate) head_norms: bool,
    /// What attention and the feed-forward network give is normalised before it is added.
    pub(crate) post_norms: bool,
    /// Positions that most layers see.
    window: Option<usize>,
}

impl Config {
    pub(crate) fn read(gguf: &Gguf) -> Result<Self, EngineError> {
        let architecture = gguf.str("general.architecture")?.to_owned();
        let Some(family) = family(&architecture) else {
            let reason = format!(
                "architecture `{architecture}` is not supported; `llama`, `qwen2`, `qwen3` and `gemma3` are"
            );
            return Err(gguf.error(reason));
        };
        let keys = Keys { gguf, architecture: &architecture };
        refuse_unsupported(&keys, family)?;
        let embed = keys.size("embedding_length", MAX_WIDTH)?;
        let heads = keys.size("attention.head_count", MAX_WIDTH)?;
        let kv_heads = keys.optional_size("attention.head_count_kv", MAX_WIDTH)?.unwrap_or(heads);
        let head_dim = keys.optional_size("attention.key_length", MAX_WIDTH)?.unwrap_or(embed / heads);
        let rope_base = gguf.float_opt(&keys.name("rope.freq_base"))?.unwrap_or(family.rope_base) as f32;
        let config = Config {
            layers: keys.size("block_count", MAX_LAYERS)?,
            embed,
            heads,
            kv_heads,
            head_dim,
            ffn: keys.size("feed_forward_length", 4 * MAX_WIDTH)?,
            vocab: gguf
                .rows("token_embd.weight")
                .ok_or_else(|| gguf.error("tensor `token_embd.weight` is missing"))?,
            // A longer training context is no fault; only the part that we index is used.
            context: keys.size("context_length", usize::MAX)?.min(MAX_CONTEXT),
            rope_base,
            local_rope_base: if family.window { family.local_rope_base } else { rope_base },
            rope_halves: family.rope_halves,
            epsilon: gguf.float(&keys.name("attention.layer_norm_rms_epsilon"))? as f32,
            attention_scale: 1.0 / (head_dim as f32).sqrt(),
            embed_scale: if family.scales_embeddings { (embed as f32).sqrt() } else { 1.0 },
            gelu: family.gelu,
            attention_bias: family.attention_bias,
            head_norms: family.head_norms,
            post_norms: family.post_norms,
            window: if family.window {
                Some(keys.size("attention.sliding_window", MAX_CONTEXT)?)
            } else {
                None
            },
        };
        config.check(&keys)?;
        Ok(config)
    }

    /// A small shape of that family.
    #[cfg(test)]
    pub(crate) fn small(name: &str, vocab: usize) -> Self {
        let family = family(name).unwrap();
        Config {
            layers: if family.window { WINDOW_PERIOD + 1 } else { 2 },
            embed: 64,
            heads: 4,
            kv_heads: 2,
            head_dim: 24,
            ffn: 96,
            vocab,
            context: 128,
            rope_base: family.rope_base as f32,
            local_rope_base: family.local_rope_base,
            rope_halves: family.rope_halves,
            epsilon: 1e-5,
            attention_scale: 1.0 / 24.0_f32.sqrt(),
            embed_scale: if family.scales_embeddings { 8.0 } else { 1.0 },
            gelu: family.gelu,
            attention_bias: family.attention_bias,
            head_norms: family.head_norms,
            post_norms: family.post_norms,
            window: family.window.then_some(20),
        }
    }

    /// How many positions a layer sees, if not all.
    pub(crate) fn window_of(&self, layer: usize) -> Option<usize> {
        self.window.filter(|_| !(layer + 1).is_multiple_of(WINDOW_PERIOD))
    }

    /// Whether this is the plain shape of the Llama family.
    pub(crate) fn is_plain(&self) -> bool {
        !(self.rope_halves || self.gelu || self.attention_bias || self.head_norms || self.post_norms)
    }

    fn check(&self, keys: &Keys<'_>) -> Result<(), EngineError> {
        let gguf = keys.gguf;
        if !self.heads.is_multiple_of(self.kv_heads) {
            let reason = format!("{} heads cannot share {} key-value heads", self.heads, self.kv_heads);
            return Err(gguf.error(reason));
        }
        if self.head_dim == 0 || !self.head_dim.is_multiple_of(2) {
            return Err(gguf.error(format!("a head of {} dimensions cannot be rotated", self.head_dim)));
        }
        let values = keys.optional_size("attention.value_length", MAX_WIDTH)?.unwrap_or(self.head_dim);
        if values != self.head_dim {
            let reason = format!("values of {values} dimensions for keys of {}", self.head_dim);
            return Err(gguf.error(reason));
        }
        let rotated = gguf.uint_opt(&keys.name("rope.dimension_count"))?.unwrap_or(self.head_dim as u64);
        if rotated != self.head_dim as u64 {
            let reason = format!("rotating {rotated} of {} dimensions is not supported", self.head_dim);
            return Err(gguf.error(reason));
        }
        for (name, value) in [("rope base", self.rope_base), ("norm epsilon", self.epsilon)] {
            if !(value.is_finite() && value > 0.0) {
                return Err(gguf.error(format!("{name} {value} is not a positive number")));
            }
        }
        Ok(())
    }
}

/// Variants that would load but compute something else than the model's authors did.
fn refuse_unsupported(keys: &Keys<'_>, family: &Family) -> Result<(), EngineError> {
    let gguf = keys.gguf;
    if gguf.uint_opt(&keys.name("expert_count"))?.unwrap_or(0) > 1 {
        return Err(gguf.error("mixtures of experts are not supported"));
    }
    let scaling = gguf.str_opt(&keys.name("rope.scaling.type"))?.unwrap_or("none");
    if scaling != "none" || gguf.has_tensor("rope_freqs.weight") {
        return Err(gguf.error("scaled rotary positions are not supported"));
    }
    if gguf.has_tensor("blk.0.attn_q.bias") != family.attention_bias {
        let reason = if family.attention_bias {
            "biases in attention are missing"
        } else {
            "biases in attention are not supported"
        };
        return Err(gguf.error(reason));
    }
    if gguf.float_opt(&keys.name("final_logit_softcapping"))?.is_some_and(|cap| cap != 0.0) {
        return Err(gguf.error("capped logits are not supported"));
    }
    Ok(())
}

/// Metadata of the file's architecture.
struct Keys<'a> {
    gguf: &'a Gguf,
    architecture: &'a str,
}

impl Keys<'_> {
    fn name(&self, key: &str) -> String {
        format!("{}.{key}", self.architecture)
    }

    fn optional_size(&self, key: &str, limit: usize) -> Result<Option<usize>, EngineError> {
        let key = self.name(key);
        let Some(found) = self.gguf.uint_opt(&key)? else { return Ok(None) };
        match usize::try_from(found) {
            Ok(found) if (1..=limit).contains(&found) => Ok(Some(found)),
            _ => Err(self.gguf.error(format!("metadata `{key}` is {found}, outside 1 to {limit}"))),
        }
    }

    fn size(&self, key: &str, limit: usize) -> Result<usize, EngineError> {
        self.optional_size(key, limit)?
            .ok_or_else(|| self.gguf.error(format!("metadata `{}` is missing", self.name(key))))
    }
}
