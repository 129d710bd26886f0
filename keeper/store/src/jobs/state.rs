//! The states of a job and which may follow which.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JobState {
    /// The request is on the chain; nothing was decided.
    Seen,
    /// The keeper will answer it.
    Accepted,
    /// A worker holds a lease and runs the model.
    Running,
    /// Answer and signed receipt are stored.
    Answered,
    /// The journal has an intent to deliver the answer.
    Submitted,
    /// Our answer is on the chain, deep enough to stay. Final.
    Succeeded,
    /// The keeper chose not to answer. Final unless the operator retries it.
    Declined,
    /// The keeper could not answer, or another operator did. Final unless the operator retries it.
    Failed,
    /// Nobody answered in time. Final.
    Expired,
    /// The request vanished from the chain in a reorganisation; it resumes if it comes back.
    Withdrawn,
}

impl JobState {
    /// Every state, in the order of a job's life.
    pub const ALL: [Self; 10] = [
        Self::Seen,
        Self::Accepted,
        Self::Running,
        Self::Answered,
        Self::Submitted,
        Self::Succeeded,
        Self::Declined,
        Self::Failed,
        Self::Expired,
        Self::Withdrawn,
    ];

    /// Whether work on the job goes on.
    #[must_use]
    pub fn is_live(self) -> bool {
        matches!(self, Self::Seen | Self::Accepted | Self::Running | Self::Answered | Self::Submitted)
    }

    /// Whether nothing but a command of the operator moves the job on.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Succeeded | Self::Declined | Self::Failed | Self::Expired)
    }

    /// Whether a job in this state may become `next`.
    #[must_use]
    pub fn can_become(self, next: Self) -> bool {
        use JobState::{
            Accepted, Answered, Declined, Expired, Failed, Running, Seen, Submitted, Succeeded, Withdrawn,
        };
        match (self, next) {
            // The chain ends any job, whatever the keeper was doing: someone answered, time is up, or a
            // reorganisation dropped the request.
            (from, Succeeded | Failed | Expired | Withdrawn) => from.is_live(),
            (Seen, Accepted | Declined)
            | (Accepted, Running | Declined)
            | (Running, Answered | Accepted | Declined)
            | (Answered, Submitted | Declined)
            // The transaction failed; the answer is delivered again.
            | (Submitted, Answered)
            // The request came back.
            | (Withdrawn, Seen | Answered | Submitted)
            // The operator's command to try again.
            | (Declined | Failed, Seen | Answered) => true,
            _ => false,
        }
    }

    /// Name in the database and in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Accepted => "accepted",
            Self::Running => "running",
            Self::Answered => "answered",
            Self::Submitted => "submitted",
            Self::Succeeded => "succeeded",
            Self::Declined => "declined",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}

impl FromStr for JobState {
    type Err = UnknownState;

    fn from_str(name: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.name() == name).ok_or_else(|| UnknownState(name.to_owned()))
    }
}

/// A name that is no state's.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a state of a job; the states are seen, accepted, running, answered, submitted, succeeded, declined, failed, expired and withdrawn"
)]
pub struct UnknownState(String);
