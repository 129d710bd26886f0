//! Tests of receipts against vectors and against independent implementations.

// A test that cannot go on fails by panicking, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod batch;
mod canonical;
mod independent;
mod signed;
mod support;
mod vectors;
