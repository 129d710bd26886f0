//! A small world for the role to live in.

mod engine;
mod ledger;
mod world;

pub(crate) use engine::{Behaviour, FakeEngine};
pub(crate) use ledger::FakeLedger;
pub(crate) use world::{CHAT, EMBED, OPERATOR, World, ask, passes, settle_down, turn};
