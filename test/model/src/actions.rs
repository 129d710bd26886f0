//! What can be done, as numbers that mean something in every state: so an action can be left out and the rest still says
//! something.

use crate::numbers::Random;

/// Kinds of actions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Kind {
    Stake,
    Unbond,
    Cancel,
    Withdraw,
    Redelegate,
    Sync,
    BurnOwnerless,
    Register,
    Retire,
    Unjail,
    SetCommission,
    Slash,
    Suspend,
    Veto,
    Execute,
    Jail,
    Freeze,
    Unfreeze,
    Vote,
    Transfer,
    SetAgent,
    SetClaimer,
    Pass,
    Settle,
    Pay,
    Sweep,
    Collect,
    Fund,
    Release,
    EndEpoch,
    SettlePerformance,
    Claim,
    Compound,
}

/// How often each kind comes up.
const WEIGHTS: [(Kind, u64); 33] = [
    (Kind::Stake, 14),
    (Kind::Unbond, 10),
    (Kind::Cancel, 4),
    (Kind::Withdraw, 8),
    (Kind::Redelegate, 5),
    (Kind::Sync, 4),
    (Kind::BurnOwnerless, 1),
    (Kind::Register, 3),
    (Kind::Retire, 1),
    (Kind::Unjail, 8),
    (Kind::SetCommission, 3),
    (Kind::Slash, 5),
    (Kind::Suspend, 1),
    (Kind::Veto, 3),
    (Kind::Execute, 5),
    (Kind::Jail, 1),
    (Kind::Freeze, 4),
    (Kind::Unfreeze, 2),
    (Kind::Vote, 2),
    (Kind::Transfer, 2),
    (Kind::SetAgent, 1),
    (Kind::SetClaimer, 1),
    (Kind::Pass, 24),
    (Kind::Settle, 2),
    (Kind::Pay, 6),
    (Kind::Sweep, 3),
    (Kind::Collect, 2),
    (Kind::Fund, 1),
    (Kind::Release, 2),
    (Kind::EndEpoch, 5),
    (Kind::SettlePerformance, 4),
    (Kind::Claim, 6),
    (Kind::Compound, 3),
];

/// One action.
#[derive(Debug, Clone, Copy)]
pub struct Action {
    /// What.
    pub kind: Kind,
    /// At which operator.
    pub operator: u64,
    /// Whose.
    pub account: u64,
    /// Which of several: another account, an unbond, a slash, an epoch.
    pub other: u64,
    /// How much, how long, and what else there is to choose.
    pub amount: u64,
}

impl Action {
    fn random(random: &mut Random) -> Self {
        let mut left = random.below(WEIGHTS.iter().map(|(_, weight)| weight).sum());
        let mut kind = Kind::Pass;
        for (candidate, weight) in WEIGHTS {
            if left < weight {
                kind = candidate;
                break;
            }
            left -= weight;
        }
        Self {
            kind,
            operator: random.number(),
            account: random.number(),
            other: random.number(),
            amount: random.number(),
        }
    }
}

/// The actions of a sequence.
pub fn sequence(seed: u64, length: usize) -> Vec<Action> {
    let mut random = Random::new(seed);
    (0..length).map(|_| Action::random(&mut random)).collect()
}
