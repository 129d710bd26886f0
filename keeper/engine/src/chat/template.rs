//! The chat template that a model's file carries, rendered within bounds.
//!
//! A template comes from whoever made the file. It can reach nothing but the messages; instructions and
//! output are limited here, memory by the worker's limit.

use std::io::{Error as IoError, Write};

use minijinja::syntax::SyntaxConfig;
use minijinja::{Environment, Error, ErrorKind, Value, context};

use crate::{EngineError, InputError, Message};

const NAME: &str = "chat";
/// Instructions of the template engine; the longest known templates use some thousand per message.
const FUEL: u64 = 2_000_000;
/// Most bytes of a rendered prompt: the input limit plus what templates add.
const MAX_PROMPT_BYTES: usize = 1 << 20;

/// For models that were not trained on conversations: they go on where the messages end.
pub(super) const PLAIN: &str = "{% for message in messages %}{{ message.content }}{% if not loop.last %}{{ '\n\n' }}{% endif %}{% endfor %}";

#[derive(Debug)]
pub(super) struct Template {
    environment: Environment<'static>,
    bos: String,
    eos: String,
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
        environment.add_template_owned(NAME, source.to_owned())?;
        Ok(Template { environment, bos: bos.to_owned(), eos: eos.to_owned() })
    }

    /// The prompt that asks for the next answer.
    pub(super) fn render(&self, messages: &[Message]) -> Result<String, EngineError> {
        let messages: Vec<Value> = messages
            .iter()
            .map(|message| context! { role => message.role.name(), content => message.content.as_str() })
            .collect();
        let values = context! {
            messages => messages,
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
