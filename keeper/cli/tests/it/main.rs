//! Drives the built `opg` as a user does.

mod config;
mod init;
mod support;
mod verbs;
