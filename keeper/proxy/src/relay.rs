//! An answer that is streamed: its pieces are handed on as they come, its end only when the receipt holds.

use std::{collections::VecDeque, convert::Infallible, sync::Arc};

use axum::body::Body;
use bytes::Bytes;
use futures::stream;
use serde_json::Value;

use crate::{
    answer::Streamed,
    collect::{MAX_ANSWER, Order, refuse, settle, unanswered},
    error::ProxyError,
    events::{Event, Events},
    outgoing::describe,
    proxy::Shared,
};

/// The body of a streamed answer. If it is dropped, the payment stays open, and the same request gets the same answer.
pub(crate) fn body(shared: Arc<Shared>, order: Order, response: reqwest::Response) -> Body {
    let relay = Relay {
        shared,
        order,
        response,
        size: 0,
        events: Events::default(),
        streamed: Streamed::default(),
        last: None,
        is_over: false,
        waiting: VecDeque::new(),
    };
    Body::from_stream(stream::unfold(relay, |mut relay| async move {
        let chunk = relay.next().await?;
        Some((Ok::<_, Infallible>(chunk), relay))
    }))
}

struct Relay {
    shared: Arc<Shared>,
    order: Order,
    response: reqwest::Response,
    /// Bytes that came.
    size: usize,
    events: Events,
    streamed: Streamed,
    /// The event with the receipt, which is held back until that holds.
    last: Option<Value>,
    is_over: bool,
    waiting: VecDeque<Bytes>,
}

impl Relay {
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(chunk) = self.waiting.pop_front() {
                return Some(chunk);
            }
            if self.is_over {
                return None;
            }
            if let Err(error) = self.read().await {
                // No `[DONE]` follows: clients take it for the failure that it is.
                self.waiting.push_back(event(&error.to_json()));
                self.is_over = true;
            }
        }
    }

    /// Reads what comes next.
    async fn read(&mut self) -> Result<(), ProxyError> {
        let chunk = match tokio::time::timeout_at(self.order.deadline.into(), self.response.chunk()).await {
            Ok(Ok(Some(chunk))) => chunk,
            Ok(Ok(None)) => return Err(self.broken("the stream ended without its receipt")),
            Ok(Err(error)) => return Err(self.broken(&describe(error))),
            Err(_) => return Err(self.broken("the stream does not end in time")),
        };
        self.size = self.size.saturating_add(chunk.len());
        if self.size > MAX_ANSWER {
            return Err(self.refused(&format!("the stream is longer than {MAX_ANSWER} bytes")));
        }
        for event in self.events.push(&chunk).map_err(|reason| self.refused(&reason))? {
            match event {
                Event::Comment => self.waiting.push_back(Bytes::from_static(b": still at work\n\n")),
                Event::Data(data) if data == "[DONE]" => return self.end().await,
                Event::Data(data) => self.take(&data)?,
            }
        }
        Ok(())
    }

    fn take(&mut self, data: &str) -> Result<(), ProxyError> {
        if self.last.is_some() {
            return Err(self.refused("the stream goes on after its receipt"));
        }
        let taken =
            self.streamed.add(data, &self.order.question.name).map_err(|reason| self.refused(&reason))?;
        if let Some(reason) = taken.error {
            return Err(self.broken(&reason));
        }
        if taken.is_last {
            self.last = Some(taken.event);
        } else {
            self.waiting.push_back(event(&taken.event));
        }
        Ok(())
    }

    /// The node says that this is all.
    async fn end(&mut self) -> Result<(), ProxyError> {
        let (output, extension) = std::mem::take(&mut self.streamed).end();
        settle(&self.shared, &self.order, &output, extension.as_ref()).await?;
        self.waiting.extend(self.last.take().as_ref().map(event));
        self.waiting.push_back(Bytes::from_static(b"data: [DONE]\n\n"));
        self.is_over = true;
        Ok(())
    }

    fn broken(&self, reason: &str) -> ProxyError {
        unanswered(&self.shared, &self.order, reason)
    }

    fn refused(&self, reason: &str) -> ProxyError {
        refuse(&self.shared, &self.order, reason, &Value::Null)
    }
}

fn event(value: &Value) -> Bytes {
    format!("data: {value}\n\n").into()
}
