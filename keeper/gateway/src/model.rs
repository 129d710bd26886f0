//! A model as the gateway sells it.

use alloy::primitives::{Address, B256};
use opg_engine::{ChatInput, Engine, EngineError, Input, Task, Tool, assumed_tokens};
use opg_node::inference::Coefficients;
use tokio::sync::OnceCell;

use crate::ApiError;

/// A served model version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Model {
    /// The engine's name, and the name that requests use.
    pub(crate) name: String,
    /// The version that receipts name.
    pub(crate) version: B256,
    /// Who is paid for its answers: the vault of operator and version. Nothing that a request says has any part in it.
    pub(crate) pay_to: Address,
    pub(crate) task: Task,
    pub(crate) coefficients: Coefficients,
    pub(crate) max_input_tokens: u32,
    pub(crate) max_output_tokens: u32,
    pub(crate) default_output_tokens: u32,
    /// Whether another server answers, so that nobody can check the answers.
    pub(crate) forwarded: bool,
    /// Whether its chat template has a place for tools, once somebody wanted to know.
    pub(crate) tools: OnceCell<bool>,
}

impl Model {
    /// Refuses a request to an address for another kind of model.
    pub(crate) fn needs(&self, task: Task) -> Result<(), ApiError> {
        if self.task == task {
            return Ok(());
        }
        let message = format!(
            "model `{}` is for {}, but this address is for {task}; choose another model",
            self.name, self.task
        );
        Err(ApiError::invalid("model", "wrong_model", message))
    }

    /// Refuses tools that the model could not be told of. Only the engine has the template, so it is asked, once.
    pub(crate) async fn needs_tools(&self, engine: &dyn Engine) -> Result<(), ApiError> {
        let ask = async || {
            let tool = Tool { name: "probe".to_owned(), description: None, parameters: None };
            let input = ChatInput { tools: vec![tool], ..ChatInput::ask("-") };
            match engine.input_tokens(&self.name, Input::Chat(input)).await {
                Ok(_) => Ok(true),
                Err(EngineError::Input(_)) => Ok(false),
                Err(error) => Err(ApiError::from(error)),
            }
        };
        if *self.tools.get_or_try_init(ask).await? {
            return Ok(());
        }
        let message = format!(
            "model `{}` was not trained to call tools: its chat template has no place for them; choose another model, or \
             leave `tools` and what came of them out",
            self.name
        );
        Err(ApiError::invalid("tools", "unsupported_parameter", message))
    }

    /// Most tokens of an answer to a request that asks for at most `asked`.
    pub(crate) fn output_limit(&self, asked: Option<u32>) -> u32 {
        asked.unwrap_or(self.default_output_tokens).min(self.max_output_tokens)
    }

    /// Tokens that the price of a request assumes for `bytes` of text in `messages` pieces, at most as many as the model reads for
    /// each of its `inputs`.
    pub(crate) fn assumed_input(&self, bytes: usize, messages: usize, inputs: usize) -> u32 {
        if self.task == Task::Tensor {
            // Each value is charged as a token, and how many there are is known.
            return u32::try_from(bytes).unwrap_or(u32::MAX).min(self.max_input_tokens);
        }
        let most = self.max_input_tokens.saturating_mul(u32::try_from(inputs).unwrap_or(u32::MAX));
        assumed_tokens(bytes, messages).min(most)
    }
}
