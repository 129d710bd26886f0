//! Tests of the engine as its users see it, with the real models.

mod models;
mod reference;
