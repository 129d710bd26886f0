//! The gateway over real sockets, with a fake model and a fake chain.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on fails.

mod answers;
mod batches;
mod bounds;
mod channel_attacks;
mod channels;
mod disk;
mod payments;
mod prices;
mod support;
mod tensors;
mod tls;
mod tools;
mod validation;
