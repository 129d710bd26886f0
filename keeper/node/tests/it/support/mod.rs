//! A small world for the role to live in.

mod engine;
mod ledger;
mod prover;
mod world;

pub(crate) use engine::{Behaviour, FakeEngine};
pub(crate) use ledger::FakeLedger;
pub(crate) use prover::{Attempt, FakeProver, Keys};
pub(crate) use world::{CHAT, EMBED, OPERATOR, PROVED, World, ask, passes, settle_down, turn};
