//! Tests of the engine as its users see it, with the real models.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper that fails is a test that fails")]
#![allow(clippy::print_stdout, reason = "what was measured or skipped is shown")]

mod batching;
mod constraint;
mod families;
mod fuzz;
mod hostile;
mod models;
mod process;
mod profile;
mod random;
mod reference;
mod soak;
mod tensor;
mod tiny;
mod tolerance;
mod tools;
mod trace;
mod wire;
