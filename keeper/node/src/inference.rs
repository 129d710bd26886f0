//! The inference role: from a request on the chain to a paid answer.

mod attempts;
mod config;
mod context;
mod decide;
mod decision;
mod ingest;
mod metrics;
mod models;
mod pace;
mod price;
mod prove;
mod receipt;
mod role;
mod run;
mod settle;
mod submit;

pub use config::{ProvingConfig, RoleConfig, ServedModel};
pub use decide::Decide;
pub use decision::{Decision, DeclineReason};
pub use ingest::Ingest;
pub use metrics::RoleMetrics;
pub use models::ModelMismatch;
pub use price::{Affordable, Coefficients};
pub use prove::Prove;
pub use role::{InferenceRole, Parts, Services};
pub use run::Run;
pub use settle::Settle;
pub use submit::Submit;
