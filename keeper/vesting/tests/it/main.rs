//! Tests of the genesis files through the public interface.

// A test that cannot go on fails by panicking, in its helpers too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod allocation;
mod faults;
mod large;
mod picture;
mod properties;
mod replace;
mod support;
mod tables;
mod vectors;
