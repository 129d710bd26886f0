//! From a request that may be answered to its answer.
//!
//! The work is a task of its own, because it must outlive the connection once money is under way: what is paid is
//! finished, what is not is given up when its caller goes away. At a flat price a streamed answer is paid before its first
//! word, any other after it is durable and before it is released; so a node that dies in between has taken nothing for an
//! answer that it cannot give, or finds what it owes in the store. A voucher is held before anything is done and charged in
//! the transaction that stores the answer; a stream that it pays for is finished and charged whether anybody reads it or not.

use std::{
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Instant,
};

use alloy::primitives::Bytes;
use opg_engine::EngineError;
use opg_store::{
    StoreError, batches,
    channels::{self, Channel, Hold},
    http::{self, Answer, Release},
};
use rusqlite::Transaction;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::{
    ApiError,
    api::Prepared,
    context::{Caller, Context, UnderWay},
    inference,
    pay::{
        Means, Settlement,
        channels::{Channels, hold, shown::Shown, told},
        settle::{self, Standing},
    },
    receipt::{self, Terms},
    schedule::Place,
};

/// A request that may be answered.
#[derive(Debug)]
pub(crate) struct Order {
    pub(crate) prepared: Arc<Prepared>,
    pub(crate) terms: Terms,
    /// How it is paid, and where that stands.
    pub(crate) payment: Option<Means>,
    pub(crate) caller: Caller,
}

/// What happens to a request, in order. `Done` or `Failed` is the last.
#[derive(Debug)]
pub(crate) enum Event {
    /// A streamed answer begins.
    Started(Option<Settlement>),
    /// The next piece of a streamed answer.
    Text(String),
    /// The answer, durable and paid.
    Done(Box<Done>),
    /// There is none.
    Failed(ApiError),
}

/// A finished answer.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) answer: Answer,
    /// How it was paid.
    pub(crate) settled: Option<Settlement>,
}

/// A request that is worked on. Dropping it says that nobody waits.
#[derive(Debug)]
pub(crate) struct Running {
    pub(crate) events: mpsc::UnboundedReceiver<Event>,
    _gone: DropGuard,
}

/// Begins to work on `order`.
pub(crate) fn start(context: &Arc<Context>, order: Order, under_way: UnderWay) -> Running {
    let gone = CancellationToken::new();
    // Holds no more than one answer: its pieces are bounded by the model's limit.
    let (sender, events) = mpsc::unbounded_channel();
    let work = Work { context: Arc::clone(context), order, events: sender, gone: gone.clone() };
    context.tasks.spawn(async move {
        let last = match work.run().await {
            Ok(done) => Event::Done(Box::new(done)),
            Err(error) => Event::Failed(error),
        };
        drop(under_way);
        let _ = work.events.send(last);
    });
    Running { events, _gone: gone.drop_guard() }
}

struct Work {
    context: Arc<Context>,
    order: Order,
    events: mpsc::UnboundedSender<Event>,
    gone: CancellationToken,
}

impl Work {
    async fn run(&self) -> Result<Done, ApiError> {
        let place = inference::enter(&self.context, self.order.caller)?;
        if let (Some(Means::Voucher { shown, cap }), Some(channels)) =
            (&self.order.payment, &self.context.channels)
        {
            return self.by_voucher(place, (channels, shown, *cap)).await;
        }
        let mut settled = match &self.order.payment {
            Some(Means::Flat(payment, Standing::Settled(transaction))) => {
                Some(Settlement::Transaction(*transaction, payment.amount))
            }
            _ => None,
        };
        if let Some(answer) = self.stored()? {
            settled = self.pay(settled).await?;
            self.context.metrics.repeated.fetch_add(1, Relaxed);
            self.begin(settled.clone());
            return Ok(Done { answer, settled });
        }
        if self.streams() {
            if settled.is_none() {
                self.check_prompts().await?;
            }
            settled = self.pay(settled).await?;
        }
        let paid = settled.is_some();
        let answered = async { self.keep(self.produce(&place, settled.clone(), paid).await?).await };
        let answer = if paid { answered.await? } else { self.unless_gone(answered).await? };
        drop(place);
        settled = self.pay(settled).await?;
        self.context.metrics.answered.fetch_add(1, Relaxed);
        Ok(Done { answer, settled })
    }

    /// The same where a voucher pays: no transaction is waited for.
    async fn by_voucher(
        &self,
        place: Place<Caller>,
        (channels, shown, cap): (&Channels, &Shown, u128),
    ) -> Result<Done, ApiError> {
        let context = &self.context;
        let held = hold::hold(context, channels, shown, (self.order.terms.request_id, cap)).await?;
        let Some(hold) = held else {
            let answer = self.stored()?.ok_or_else(hold::in_progress)?;
            let settled = Some(told::settlement(context, shown, Some(answer.signed.receipt().fee))?);
            context.metrics.repeated.fetch_add(1, Relaxed);
            self.begin(settled.clone());
            return Ok(Done { answer, settled });
        };
        if self.streams() {
            self.check_prompts().await?;
        }
        let begun = if self.streams() { Some(told::settlement(context, shown, None)?) } else { None };
        let charged = async {
            let answer = self.produce(&place, begun, false).await?;
            self.charge(answer, hold, shown.signature.clone()).await
        };
        // Whoever has read a part of a stream pays for all of it.
        let (answer, channel) =
            if self.streams() { charged.await? } else { self.unless_gone(charged).await? };
        drop(place);
        context.metrics.answered.fetch_add(1, Relaxed);
        let fee = Some(answer.signed.receipt().fee);
        let settled = Some(Settlement::Voucher { channel: Box::new(channel), fee });
        Ok(Done { answer, settled })
    }

    /// Gives work up that is not paid yet when its caller goes away.
    async fn unless_gone<T>(&self, work: impl Future<Output = Result<T, ApiError>>) -> Result<T, ApiError> {
        tokio::select! {
            done = work => done,
            () = self.gone.cancelled() => {
                self.context.metrics.abandoned.fetch_add(1, Relaxed);
                Err(EngineError::Cancelled.into())
            }
        }
    }

    /// Refuses what the model could not read, before a stream is paid: too long a text, or one that its template refuses.
    async fn check_prompts(&self) -> Result<(), ApiError> {
        for input in &self.order.prepared.inputs {
            self.context.engine.input_tokens(&self.order.prepared.model.name, input.clone()).await?;
        }
        Ok(())
    }

    fn streams(&self) -> bool {
        self.order.prepared.shape.stream().is_some()
    }

    fn begin(&self, settled: Option<Settlement>) {
        if self.streams() {
            let _ = self.events.send(Event::Started(settled));
        }
    }

    /// The answer that an earlier run of this request left.
    fn stored(&self) -> Result<Option<Answer>, ApiError> {
        if self.order.payment.is_none() {
            // The number of a request that nobody pays for is new each time.
            return Ok(None);
        }
        let id = self.order.terms.request_id;
        let read = self.context.store.read(|tx| {
            let answer = http::answer(tx, id)?;
            let pruned = answer.is_none() && batches::was_pruned(tx, id)?;
            Ok::<_, StoreError>((answer, pruned))
        });
        match read? {
            // A second receipt for one request, of another price perhaps, would cost the operator its stake.
            (None, true) => Err(ApiError::expired(
                "this was answered before, and the answer is not kept any more; ask with another payment",
            )),
            (answer, _) => Ok(answer),
        }
    }

    /// Takes the payment, if there is one and it is not settled yet.
    async fn pay(&self, settled: Option<Settlement>) -> Result<Option<Settlement>, ApiError> {
        match (&self.order.payment, settled) {
            (Some(Means::Flat(payment, _)), None) => {
                settle::submit(&self.context, payment).await?;
                let transaction = settle::wait(&self.context, payment, self.order.terms.request_id).await?;
                Ok(Some(Settlement::Transaction(transaction, payment.amount)))
            }
            (_, settled) => Ok(settled),
        }
    }

    /// Runs the model and signs.
    async fn produce(
        &self,
        place: &Place<Caller>,
        settled: Option<Settlement>,
        paid: bool,
    ) -> Result<Answer, ApiError> {
        let context = &self.context;
        if !paid {
            // What is paid already is answered, whatever its receipt is worth.
            context.standing.check()?;
        }
        let turn = inference::turn(place).await?;
        self.begin(settled);
        let say = |text| self.send(text);
        let completions = inference::complete(context, &self.order.prepared, say).await?;
        drop(turn);
        let answer = receipt::sign(context, &self.order.prepared, &self.order.terms, &completions).await?;
        context.metrics.input_tokens.fetch_add(answer.input_tokens.into(), Relaxed);
        context.metrics.output_tokens.fetch_add(answer.output_tokens.into(), Relaxed);
        Ok(answer)
    }

    /// Makes an answer durable that nobody pays for, or at a flat price. Returns the one that stands.
    async fn keep(&self, answer: Answer) -> Result<Answer, ApiError> {
        let release = if self.order.payment.is_some() { Release::Settled } else { Release::Now };
        self.commit(move |tx| Ok(http::store(tx, &answer, release)?.unwrap_or(answer))).await
    }

    /// Makes an answer durable together with the charge to the voucher that pays for it, and with the voucher. Returns the
    /// channel, too.
    async fn charge(
        &self,
        answer: Answer,
        hold: Hold,
        signature: Bytes,
    ) -> Result<(Answer, Channel), ApiError> {
        let now = self.context.now();
        let commit = self.commit(move |tx| {
            let channel = channels::charge(tx, &hold, &signature, answer.signed.receipt().fee, now)?;
            let answer = http::store(tx, &answer, Release::Now)?.unwrap_or(answer);
            // The hold is handed back, for it must last until this is in the store.
            Ok((answer, channel, hold))
        });
        let (answer, channel, hold) = commit.await?;
        drop(hold);
        Ok((answer, channel))
    }

    async fn commit<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, ApiError> {
        let since = Instant::now();
        let outcome = self.context.writer.write(change).await;
        self.context.storage.note(&outcome);
        self.context.metrics.commit_seconds.observe(since.elapsed());
        Ok(outcome?)
    }

    fn send(&self, text: String) {
        if !text.is_empty() {
            let _ = self.events.send(Event::Text(text));
        }
    }
}
