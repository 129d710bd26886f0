//! The chat template that a model's file carries, rendered within bounds.
//!
//! A template comes from whoever made the file. It can reach nothing but the messages; instructions and
//! output are limited here, memory by the worker's limit.

use std::io::{Error as IoError, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Serde};
use minijinja::{Environment, Error, ErrorKind, Value, context};
use serde_json::json;

use super::tojson::tojson;
use crate::gguf::Gguf;
use crate::{EngineError, InputError, Message, Role, Tool, ToolCall};

const NAME: &str = "chat";
/// Instructions of the template engine; the longest known templates use some thousand per message.
const FUEL: u64 = 2_000_000;
/// Most bytes of a rendered prompt: the input limit plus what templates add.
const MAX_PROMPT_BYTES: usize = 1 << 20;

/// For models that were not trained on conversations: they go on where the messages end.
const PLAIN: &str = "{% for message in messages %}{{ message.content }}{% if not loop.last %}{{ '\n\n' }}{% endif %}{% endfor %}";

/// The template that a file carries, or that of files without one.
pub(crate) fn source(gguf: &Gguf) -> Result<&str, EngineError> {
    Ok(gguf.str_opt("tokenizer.chat_template")?.unwrap_or(PLAIN))
}

#[derive(Debug)]
pub(super) struct Template {
    environment: Environment<'static>,
    bos: String,
    eos: String,
    tools: bool,
}

impl Template {
    pub(super) fn new(source: &str, bos: &str, eos: &str) -> Result<Self, Error> {
        let mut environment = Environment::new();
        // As the library for which these templates are written sets it.
        environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.set_fuel(Some(FUEL));
        environment.add_function("raise_exception", |reason: String| -> Result<String, Error> {
            Err(Error::new(ErrorKind::InvalidOperation, reason))
        });
        environment.add_filter("tojson", |value: Value, options: Kwargs| tojson(&value, options));
        environment.add_template_owned(NAME, source.to_owned())?;
        let mut template = Template { environment, bos: bos.to_owned(), eos: eos.to_owned(), tools: false };
        template.tools = template.tells_of_tools();
        Ok(template)
    }

    /// Whether it has a place for tools.
    pub(super) fn has_tools(&self) -> bool {
        self.tools
    }

    /// Tried out, because templates name what they are given in many ways.
    fn tells_of_tools(&self) -> bool {
        let name = "opg_probe_of_the_template";
        let tool = Tool { name: name.to_owned(), description: Some("-".to_owned()), parameters: None };
        let prompt = self.render(&[Message::new(Role::User, "-")], &[tool]);
        prompt.is_ok_and(|prompt| prompt.contains(name))
    }

    /// The prompt that asks for the next answer.
    pub(super) fn render(&self, messages: &[Message], tools: &[Tool]) -> Result<String, EngineError> {
        let messages: Vec<Value> = messages.iter().map(turn).collect();
        let tools = match tools {
            // Templates ask whether there are tools by whether the name is defined.
            [] => Value::UNDEFINED,
            tools => tools.iter().map(function).collect(),
        };
        let values = context! {
            messages => messages,
            tools => tools,
            bos_token => self.bos.as_str(),
            eos_token => self.eos.as_str(),
            add_generation_prompt => true,
        };
        let mut output = Bounded(Vec::new());
        self.environment
            .get_template(NAME)
            .and_then(|template| template.render_captured_to(values, &mut output).map(drop))
            .map_err(|error| {
                let cause =
                    std::error::Error::source(&error).map(|cause| format!(" ({cause})")).unwrap_or_default();
                InputError::field(
                    "messages",
                    format!("the model's chat template refuses them: {error}{cause}"),
                )
            })?;
        String::from_utf8(output.0)
            .map_err(|error| EngineError::Inference { reason: format!("rendered prompt: {error}") })
    }
}

/// A message as templates read it: they ask for some of its parts by whether they are there.
fn turn(message: &Message) -> Value {
    let mut turn = json!({ "role": message.role.name(), "content": message.content });
    if !message.tool_calls.is_empty() {
        turn["tool_calls"] = message.tool_calls.iter().map(call).collect();
    }
    if let Some(id) = &message.tool_call_id {
        turn["tool_call_id"] = id.as_str().into();
    }
    Value::from(Serde(turn))
}

fn call(call: &ToolCall) -> serde_json::Value {
    let ToolCall { id, name, arguments } = call;
    json!({ "id": id, "type": "function", "function": { "name": name, "arguments": arguments } })
}

fn function(tool: &Tool) -> Value {
    let none = || json!({ "type": "object", "properties": {} });
    let parameters = tool.parameters.clone().map_or_else(none, serde_json::Value::Object);
    let description = tool.description.as_deref().unwrap_or_default();
    let function = json!({ "name": tool.name, "description": description, "parameters": parameters });
    Value::from(Serde(json!({ "type": "function", "function": function })))
}

struct Bounded(Vec<u8>);

impl Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.0.len() + bytes.len() > MAX_PROMPT_BYTES {
            return Err(IoError::other(format!("the prompt is longer than {MAX_PROMPT_BYTES} bytes")));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
