use super::parse;
use crate::{ChatInput, InputError, Task};

const MAX_MESSAGES: usize = 256;
const MAX_STOPS: usize = 8;
const MAX_STOP_BYTES: usize = 128;
const MAX_TEMPERATURE: f64 = 2.0;
const MIN_PENALTY: f64 = 0.5;
const MAX_PENALTY: f64 = 2.0;

pub(super) fn decode(bytes: &[u8]) -> Result<ChatInput, InputError> {
    let input: ChatInput = parse(Task::Chat, bytes)?;
    validate(&input)?;
    Ok(input)
}

pub(super) fn validate(input: &ChatInput) -> Result<(), InputError> {
    if input.messages.is_empty() {
        return Err(InputError::field("messages", "empty; give at least one message"));
    }
    if input.messages.len() > MAX_MESSAGES {
        let reason = format!("{} messages, at most {MAX_MESSAGES} are allowed", input.messages.len());
        return Err(InputError::field("messages", reason));
    }
    if input.max_tokens == Some(0) {
        return Err(InputError::field("max_tokens", "0 would produce no answer; give at least 1"));
    }
    if let Some(temperature) = input.temperature
        && !(0.0..=MAX_TEMPERATURE).contains(&temperature)
    {
        let reason = format!("{temperature} is outside 0 to {MAX_TEMPERATURE}");
        return Err(InputError::field("temperature", reason));
    }
    if let Some(top_p) = input.top_p
        && !(top_p > 0.0 && top_p <= 1.0)
    {
        return Err(InputError::field("top_p", format!("{top_p} is not above 0 and at most 1")));
    }
    if let Some(min_p) = input.min_p
        && !(0.0..=1.0).contains(&min_p)
    {
        return Err(InputError::field("min_p", format!("{min_p} is outside 0 to 1")));
    }
    if let Some(penalty) = input.repetition_penalty
        && !(MIN_PENALTY..=MAX_PENALTY).contains(&penalty)
    {
        let reason = format!("{penalty} is outside {MIN_PENALTY} to {MAX_PENALTY}");
        return Err(InputError::field("repetition_penalty", reason));
    }
    if let Some(constraint) = &input.constraint {
        constraint.validate()?;
    }
    validate_stops(input.stop.as_deref().unwrap_or_default())
}

fn validate_stops(stops: &[String]) -> Result<(), InputError> {
    if stops.len() > MAX_STOPS {
        let reason = format!("{} strings, at most {MAX_STOPS} are allowed", stops.len());
        return Err(InputError::field("stop", reason));
    }
    for (index, stop) in stops.iter().enumerate() {
        if stop.is_empty() {
            return Err(InputError::field(format!("stop[{index}]"), "empty; it would end every answer"));
        }
        if stop.len() > MAX_STOP_BYTES {
            let reason = format!("{} bytes, at most {MAX_STOP_BYTES} are allowed", stop.len());
            return Err(InputError::field(format!("stop[{index}]"), reason));
        }
    }
    Ok(())
}
