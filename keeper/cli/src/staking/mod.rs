//! Moving stake: who acts, what is sent, and what the contract's refusals mean.

mod actor;
mod desk;
mod once;
pub(crate) mod refusal;
pub(crate) mod show;

pub(crate) use self::{
    actor::Actor,
    desk::{Action, Desk, Done, contracts, permitted, read_fault, register_call},
};
