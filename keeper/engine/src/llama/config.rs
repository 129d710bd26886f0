use crate::EngineError;
use crate::gguf::Gguf;

const MAX_LAYERS: usize = 512;
const MAX_WIDTH: usize = 1 << 16;
const MAX_CONTEXT: usize = 1 << 17;

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
    pub(crate) epsilon: f32,
}

impl Config {
    pub(super) fn read(gguf: &Gguf) -> Result<Self, EngineError> {
        let architecture = gguf.str("general.architecture")?;
        if architecture != "llama" {
            return Err(gguf.error(format!("architecture `{architecture}` is not supported; `llama` is")));
        }
        refuse_unsupported(gguf)?;
        let embed = size(gguf, "llama.embedding_length", MAX_WIDTH)?;
        let heads = size(gguf, "llama.attention.head_count", MAX_WIDTH)?;
        let kv_heads = optional_size(gguf, "llama.attention.head_count_kv", MAX_WIDTH)?.unwrap_or(heads);
        let head_dim = optional_size(gguf, "llama.attention.key_length", MAX_WIDTH)?.unwrap_or(embed / heads);
        let config = Config {
            layers: size(gguf, "llama.block_count", MAX_LAYERS)?,
            embed,
            heads,
            kv_heads,
            head_dim,
            ffn: size(gguf, "llama.feed_forward_length", 4 * MAX_WIDTH)?,
            vocab: gguf
                .rows("token_embd.weight")
                .ok_or_else(|| gguf.error("tensor `token_embd.weight` is missing"))?,
            // A longer training context is no fault; only the part that we index is used.
            context: size(gguf, "llama.context_length", usize::MAX)?.min(MAX_CONTEXT),
            rope_base: gguf.float_opt("llama.rope.freq_base")?.unwrap_or(10_000.0) as f32,
            epsilon: gguf.float("llama.attention.layer_norm_rms_epsilon")? as f32,
        };
        config.check(gguf)?;
        Ok(config)
    }

    fn check(&self, gguf: &Gguf) -> Result<(), EngineError> {
        if !self.heads.is_multiple_of(self.kv_heads) {
            let reason = format!("{} heads cannot share {} key-value heads", self.heads, self.kv_heads);
            return Err(gguf.error(reason));
        }
        if self.head_dim == 0 || !self.head_dim.is_multiple_of(2) {
            return Err(gguf.error(format!("a head of {} dimensions cannot be rotated", self.head_dim)));
        }
        let rotated = gguf.uint_opt("llama.rope.dimension_count")?.unwrap_or(self.head_dim as u64);
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
fn refuse_unsupported(gguf: &Gguf) -> Result<(), EngineError> {
    if gguf.uint_opt("llama.expert_count")?.unwrap_or(0) > 1 {
        return Err(gguf.error("mixtures of experts are not supported"));
    }
    let scaling = gguf.str_opt("llama.rope.scaling.type")?.unwrap_or("none");
    if scaling != "none" || gguf.has_tensor("rope_freqs.weight") {
        return Err(gguf.error("scaled rotary positions are not supported"));
    }
    if gguf.has_tensor("blk.0.attn_q.bias") {
        return Err(gguf.error("biases in attention are not supported"));
    }
    Ok(())
}

fn optional_size(gguf: &Gguf, key: &str, limit: usize) -> Result<Option<usize>, EngineError> {
    let Some(found) = gguf.uint_opt(key)? else { return Ok(None) };
    match usize::try_from(found) {
        Ok(found) if (1..=limit).contains(&found) => Ok(Some(found)),
        _ => Err(gguf.error(format!("metadata `{key}` is {found}, outside 1 to {limit}"))),
    }
}

fn size(gguf: &Gguf, key: &str, limit: usize) -> Result<usize, EngineError> {
    optional_size(gguf, key, limit)?.ok_or_else(|| gguf.error(format!("metadata `{key}` is missing")))
}
