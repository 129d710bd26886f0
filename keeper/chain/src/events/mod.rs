//! Following the chain: from a persisted cursor to the consequences of new blocks, through reorganisations.

mod advance;
mod ancestor;
mod cursor;
mod decode;
mod error;
mod event;
mod follower;
mod logs;
mod range;

pub use cursor::Cursor;
pub(crate) use decode::decode;
pub use error::FollowError;
pub use event::{ChainEvent, FeeParts, LoggedEvent};
pub use follower::{Follower, FollowerConfig, Segment};
