/// Tokens that a chat template adds to each message, about.
const PER_MESSAGE: u32 = 8;
/// Bytes of text per token: fewer than English has, more than the worst text.
const BYTES_PER_TOKEN: usize = 3;

/// Tokens that `bytes` of text in `messages` pieces are taken for where no tokenizer is asked. Known from the request alone, so
/// that a price can be told, and checked by anybody, without running anything.
pub fn assumed_tokens(bytes: usize, messages: usize) -> u32 {
    let text = u32::try_from(bytes.div_ceil(BYTES_PER_TOKEN)).unwrap_or(u32::MAX);
    let around = u32::try_from(messages).unwrap_or(u32::MAX).saturating_mul(PER_MESSAGE);
    text.saturating_add(around)
}
