//! How often each fault really happened.

use std::fmt::Write as _;

macro_rules! events {
    ($($name:ident => $words:literal,)*) => {
        /// Something that happened to the journal.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Event { $($name,)* }

        const EVENTS: &[(Event, &str)] = &[$((Event::$name, $words),)*];
    };
}

events! {
    SendLostBefore => "send fails before it takes effect",
    SendLostAfter => "send takes effect, its response is lost",
    AlreadyKnown => "node answers 'already known'",
    NonceTooLow => "node answers 'nonce too low'",
    Underpriced => "node answers 'replacement underpriced'",
    BelowBaseFee => "node answers 'less than block base fee'",
    InsufficientFunds => "node answers 'insufficient funds'",
    FundGuard => "paused by the fund guard, resumed later",
    ReadFailed => "read fails",
    RpcDown => "RPC down for a whole pass",
    StaleHead => "answer from a node that is behind",
    OrphanNode => "answer from a node on an orphaned branch",
    MissingReceipt => "receipt of a mined transaction missing",
    Dropped => "pool drops our transaction",
    Gossip => "old transactions return to the pool from other nodes",
    Censored => "block leaves our transaction out",
    Replaced => "a replacement is mined instead of the first transaction",
    EarlierMined => "an earlier transaction is mined after its replacement was sent",
    ForeignMined => "somebody else's transaction mined at our nonce",
    ForeignPooled => "somebody else's transaction replaces ours in the pool",
    ForeignReorged => "reorg removes somebody else's transaction at our nonce",
    Requeued => "intent moved to a fresh nonce",
    ReorgMined => "reorg removes a mined transaction",
    ReorgConfirmed => "reorg removes a confirmed transaction",
    ReorgShorter => "reorg to a shorter chain",
    GapFilled => "nonce gap filled by a self-transfer",
    BaseFeeRise => "base fee rises above a waiting transaction",
    LateUnsent => "deadline passes before the broadcast",
    LateSent => "deadline passes after the broadcast",
    CancelQueued => "cancellation before a nonce is taken",
    CancelSent => "cancellation after the broadcast",
    CancelWon => "cancelling self-transfer mined",
    CancelLost => "call mined in spite of its cancellation",
    StuckAtLimit => "call given up because it is stuck at its fee limits",
    Bumped => "bump asked for",
    RevertSimulated => "intent failed for its simulation",
    TooEarly => "intent waits until its simulation passes",
    RevertMined => "call reverts on-chain",
    GasCap => "intent above the transaction gas cap",
    L1Fee => "intent held or sent with an L1 fee in its cost",
    CrashCommit => "crash before a commit",
    CrashBefore => "crash before a request",
    CrashAfter => "crash after a request took effect",
    CrashSend => "crash after a send took effect",
    CrashSign => "crash while signing",
    SignerFault => "signer fails",
}

/// Counts.
#[derive(Clone, Debug)]
pub(super) struct Coverage(Vec<u64>);

impl Default for Coverage {
    fn default() -> Self {
        Self(vec![0; EVENTS.len()])
    }
}

impl Coverage {
    pub(super) fn note(&mut self, event: Event) {
        self.0[event as usize] += 1;
    }

    pub(super) fn table(&self) -> String {
        EVENTS.iter().zip(&self.0).fold(String::new(), |mut text, ((_, words), count)| {
            writeln!(text, "{count:>9}  {words}").unwrap();
            text
        })
    }

    pub(super) fn never(&self) -> Vec<&'static str> {
        EVENTS.iter().zip(&self.0).filter(|(_, count)| **count == 0).map(|((_, words), _)| *words).collect()
    }
}
