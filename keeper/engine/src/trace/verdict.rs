use serde::{Deserialize, Serialize};

/// What a check of a trace found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// Every token and every checkpoint is what this engine computes.
    Match,
    /// Something is not.
    #[serde(rename_all = "camelCase")]
    Differs {
        /// What.
        what: Difference,
        /// The first output position concerned; 0 where the difference is not in the output.
        position: u32,
        /// By how much the token's score lies below that of the token which this engine picks; 0 where it picks the
        /// same.
        gap: f64,
    },
}

/// In what a trace differs from the computation that it claims.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Difference {
    /// It was made in another execution profile, so its bits cannot be checked here.
    Profile,
    /// Its input tokens are not those of the request.
    Prompt,
    /// Its sampling parameters or its constraint are not those of the request.
    Sampling,
    /// A token is not the one that this engine picks.
    Token,
    /// The tokens are right, but a checkpoint is not: they come from other weights or another computation.
    Checkpoint,
    /// It ends too early or too late.
    Length,
}

/// How far a trace is from what this engine computes, across profiles: evidence, never proof.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gaps {
    /// Output positions compared.
    pub positions: u32,
    /// Positions at which this engine picks another token.
    pub different: u32,
    /// Mean over all positions of the gap in score between this engine's pick and the trace's token.
    pub mean: f64,
    /// The gap that 99 of 100 positions do not exceed.
    pub p99: f64,
    /// The largest gap.
    pub most: f64,
}

impl Gaps {
    /// Sums the gaps of all positions up.
    pub(crate) fn of(mut gaps: Vec<f64>, different: u32) -> Gaps {
        gaps.sort_by(f64::total_cmp);
        let rank = (gaps.len() * 99).div_ceil(100).saturating_sub(1);
        Gaps {
            positions: gaps.len() as u32,
            different,
            mean: gaps.iter().sum::<f64>() / gaps.len().max(1) as f64,
            p99: gaps.get(rank).copied().unwrap_or(0.0),
            most: gaps.last().copied().unwrap_or(0.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statistics_are_those_of_the_gaps() {
        let gaps = Gaps::of((0..200).rev().map(f64::from).collect(), 7);
        assert_eq!(gaps, Gaps { positions: 200, different: 7, mean: 99.5, p99: 197.0, most: 199.0 });
        assert_eq!(Gaps::of(Vec::new(), 0), Gaps::default());
    }
}
