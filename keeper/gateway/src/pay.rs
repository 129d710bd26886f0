//! Payments by x402, version 2: what is asked, whether what comes is good, and its settlement.
//!
//! A scheme turns a header into a [`Payment`](verify::Payment): who pays, under which number, how much, and the call that
//! settles it. `exact` is the one that is implemented. What follows (binding to a request, settling, releasing) knows
//! nothing of schemes.

pub(crate) mod quote;
pub(crate) mod settle;
pub(crate) mod verify;
pub(crate) mod wire;
