//! Tests of the store against real SQLite files.

mod concurrency;
mod crash;
mod cursors;
mod jobs;
mod machine;
mod support;
