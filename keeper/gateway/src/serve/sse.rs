//! A streamed answer: one event per piece, the receipt in the last one.

use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};

use axum::body::{Body, Bytes};
use futures::stream;
use serde_json::Value;

use super::infer::{blank, envelope};
use crate::{
    ApiError,
    api::{Envelope, Held, Prepared},
    context::Context,
    receipt::{Extension, Terms},
    run::{Done, Event, Running},
};

/// Silence after which a comment shows that the connection lives.
const SILENCE: Duration = Duration::from_secs(15);

/// The body of a streamed answer. Dropping it says that the client is gone.
pub(super) fn body(context: Arc<Context>, prepared: Arc<Prepared>, terms: Terms, running: Running) -> Body {
    let envelope = Envelope { created: context.now(), ..blank(&prepared, &terms) };
    let state = State {
        context,
        prepared,
        terms,
        running,
        envelope,
        first: true,
        said: 0,
        held: Held::default(),
        ended: false,
        waiting: VecDeque::new(),
    };
    Body::from_stream(stream::unfold(state, |mut state| async move {
        let chunk = state.next().await?;
        Some((Ok::<_, Infallible>(chunk), state))
    }))
}

struct State {
    context: Arc<Context>,
    prepared: Arc<Prepared>,
    terms: Terms,
    running: Running,
    envelope: Envelope,
    /// Nothing was said yet.
    first: bool,
    /// Bytes of the text that were said.
    said: usize,
    /// Text that may turn out to be a call of a tool.
    held: Held,
    ended: bool,
    waiting: VecDeque<Bytes>,
}

impl State {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(chunk) = self.waiting.pop_front() {
                return Some(chunk);
            }
            if self.ended {
                return None;
            }
            match tokio::time::timeout(SILENCE, self.running.events.recv()).await {
                Err(_) => return Some(Bytes::from_static(b": still at work\n\n")),
                Ok(Some(Event::Text(text))) => self.take(&text),
                Ok(Some(Event::Done(done))) => {
                    if let Err(error) = self.end(&done) {
                        self.fail(&error);
                    }
                }
                Ok(Some(Event::Failed(error))) => self.fail(&error),
                Ok(Some(Event::Started(_))) => {}
                Ok(None) => self.ended = true,
            }
        }
    }

    fn take(&mut self, text: &str) {
        if self.prepared.calls.is_none() {
            return self.say(text);
        }
        let certain = self.held.push(text).to_owned();
        if !certain.is_empty() {
            self.say(&certain);
        }
    }

    fn say(&mut self, text: &str) {
        let piece = self.prepared.shape.piece(&self.envelope, text, self.first);
        self.first = false;
        self.said += text.len();
        self.waiting.push_back(event(&piece));
    }

    fn fail(&mut self, error: &ApiError) {
        self.waiting.push_back(event(&error.to_json()));
        self.ended = true;
    }

    fn end(&mut self, done: &Done) -> Result<(), ApiError> {
        let output: Value = serde_json::from_slice(&done.answer.output).map_err(ApiError::internal)?;
        let extension = Extension::of(&self.context, &done.answer.signed);
        let extension = serde_json::to_value(extension).map_err(ApiError::internal)?;
        let shape = self.prepared.shape;
        // All of an answer that was given before, and what was held back of a new one.
        let rest = shape.text_of(&output).get(self.said..).unwrap_or_default().to_owned();
        let calls = shape.calls(&self.envelope, &output, self.first && rest.is_empty());
        if !rest.is_empty() || (self.first && calls.is_none()) {
            self.say(&rest);
        }
        self.waiting.extend(calls.as_ref().map(event));
        let envelope =
            Envelope { created: self.envelope.created, ..envelope(&self.prepared, &self.terms, done) };
        let last = self.prepared.shape.end(&envelope, &output, extension);
        self.waiting.extend(last.iter().map(event));
        self.waiting.push_back(Bytes::from_static(b"data: [DONE]\n\n"));
        self.ended = true;
        Ok(())
    }
}

fn event(value: &Value) -> Bytes {
    format!("data: {value}\n\n").into()
}
