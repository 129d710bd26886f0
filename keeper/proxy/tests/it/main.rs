//! The proxy over real sockets, between callers and nodes that may lie. The chain is a fake.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // A test that cannot go on fails.

mod budget;
mod choice;
mod honest;
mod lies;
mod recovery;
mod support;
