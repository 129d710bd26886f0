//! Tests of the store against real SQLite files.

// A test that cannot go on fails by panicking, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batches;
mod channels;
mod concurrency;
mod crash;
mod cursors;
mod fees;
mod http;
mod jobs;
mod machine;
mod migrations;
mod proofs;
mod support;
mod vesting;
