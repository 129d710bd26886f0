//! Tests of receipts against vectors and against independent implementations.

mod canonical;
mod independent;
mod signed;
mod support;
mod vectors;
