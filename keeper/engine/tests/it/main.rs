//! Tests of the engine as its users see it, with the real models.

mod hostile;
mod models;
mod process;
mod reference;
mod tiny;
mod wire;
