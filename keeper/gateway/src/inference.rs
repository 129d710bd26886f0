//! The model's part of a request: its place in the schedule, its turn, and what the engine says.

use std::{
    sync::atomic::Ordering::Relaxed,
    time::{Duration, Instant},
};

use opg_engine::{Completion, Input};
use tokio::sync::mpsc;

use crate::{
    ApiError,
    api::Prepared,
    context::{Caller, Context},
    schedule::{Full, Place, Turn},
};

/// Longest wait for a turn.
const LONGEST_QUEUE: Duration = Duration::from_secs(120);

/// Takes a place for a request of `caller`.
pub(crate) fn enter(context: &Context, caller: Caller) -> Result<Place<Caller>, ApiError> {
    context.schedule.enter(caller).map_err(|full| {
        context.metrics.overflowed.fetch_add(1, Relaxed);
        match full {
            Full::Queue { retry_after } => ApiError::unavailable(
                "queue_full",
                "the node has all the requests that it can hold",
                retry_after,
            ),
            Full::Share { retry_after } => {
                let message = "your requests fill your share of the queue; wait for some to be answered";
                ApiError::too_many("too_many_waiting", message, retry_after)
            }
        }
    })
}

/// Waits for the turn of `place`, but not for ever.
pub(crate) async fn turn(place: &Place<Caller>) -> Result<Turn<Caller>, ApiError> {
    tokio::time::timeout(LONGEST_QUEUE, place.turn()).await.map_err(|_| {
        let message = "the request waited too long for its turn";
        ApiError::unavailable("queue_timeout", message, Duration::from_secs(10))
    })
}

/// Has the engine answer each input of `prepared`; the pieces of a streamed answer go to `say`.
pub(crate) async fn complete(
    context: &Context,
    prepared: &Prepared,
    say: impl Fn(String),
) -> Result<Vec<Completion>, ApiError> {
    let since = Instant::now();
    let mut completions = Vec::with_capacity(prepared.inputs.len());
    for input in &prepared.inputs {
        completions.push(one(context, prepared, input.clone(), &say).await?);
    }
    context.metrics.engine_seconds.observe(since.elapsed());
    Ok(completions)
}

async fn one(
    context: &Context,
    prepared: &Prepared,
    input: Input,
    say: impl Fn(String),
) -> Result<Completion, ApiError> {
    let (engine, model) = (&context.engine, &prepared.model.name);
    let cancel = context.abort.child_token();
    if prepared.shape.stream().is_none() {
        return Ok(engine.run(model, input, None, cancel).await?);
    }
    // Room for everything: a client that reads slowly must not hold the model back.
    let room = prepared.max_output as usize + 16;
    let (sender, mut pieces) = mpsc::channel(room);
    let run = engine.run(model, input, Some(sender), cancel);
    tokio::pin!(run);
    let completion = loop {
        tokio::select! {
            biased;
            Some(text) = pieces.recv() => say(text),
            completion = &mut run => break completion?,
        }
    };
    while let Ok(text) = pieces.try_recv() {
        say(text);
    }
    Ok(completion)
}
