//! The engine against a real server that does what servers do, and what they should not.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a panic is how a test fails")]

mod attacks;
mod faults;
mod serving;
mod support;
