use super::parse;
use crate::{ChatInput, InputError, Message, Role, Task, Tool};

const MAX_MESSAGES: usize = 256;
const MAX_STOPS: usize = 8;
const MAX_STOP_BYTES: usize = 128;
const MAX_TOOLS: usize = 64;
const MAX_TOOL_NAME: usize = 64;
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
    input.messages.iter().enumerate().try_for_each(|(index, message)| validate_turn(index, message))?;
    validate_tools(&input.tools)?;
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

/// Calls are the assistant's, and their results name the call.
fn validate_turn(index: usize, message: &Message) -> Result<(), InputError> {
    let refuse = |field: &str, reason| Err(InputError::field(format!("messages[{index}].{field}"), reason));
    if message.role != Role::Assistant && !message.tool_calls.is_empty() {
        return refuse("tool_calls", "only the assistant calls tools");
    }
    match (message.role, &message.tool_call_id) {
        (Role::Tool, None) => refuse("tool_call_id", "missing; name the call that this is the result of"),
        (Role::Tool, Some(_)) | (_, None) => Ok(()),
        (_, Some(_)) => refuse("tool_call_id", "only a tool's message is the result of a call"),
    }
}

fn validate_tools(tools: &[Tool]) -> Result<(), InputError> {
    if tools.len() > MAX_TOOLS {
        let reason = format!("{} tools, at most {MAX_TOOLS} are allowed", tools.len());
        return Err(InputError::field("tools", reason));
    }
    for (index, tool) in tools.iter().enumerate() {
        let field = || format!("tools[{index}].name");
        let known = |symbol: u8| symbol.is_ascii_alphanumeric() || matches!(symbol, b'_' | b'-');
        if tool.name.is_empty() || tool.name.len() > MAX_TOOL_NAME || !tool.name.bytes().all(known) {
            let reason = format!("give 1 to {MAX_TOOL_NAME} letters, digits, `_` and `-`");
            return Err(InputError::field(field(), reason));
        }
        if tools[..index].iter().any(|earlier| earlier.name == tool.name) {
            return Err(InputError::field(field(), format!("there are two tools `{}`", tool.name)));
        }
    }
    Ok(())
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
