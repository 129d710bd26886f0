//! Errors as the command line shows them: which input, why, and what to do about it, under a stable code.

use std::fmt;

use serde::Serialize;

/// Declares the stable codes together with their exit code, so that neither can be forgotten.
macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal => $exit:ident,)*) => {
        /// A stable identifier of one kind of error. Listed in `docs/errors.md`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Code {
            $($(#[$doc])* $name,)*
        }

        impl Code {
            /// Every code, for the test that keeps `docs/errors.md` complete.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code as it is printed.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// What the process exits with.
            pub(crate) const fn exit(self) -> Exit {
                match self { $(Self::$name => Exit::$exit,)* }
            }
        }
    };
}

/// Exit codes; the table is in `docs/operator-guide.md`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    Failure = 1,
    Usage = 2,
    Config = 3,
    Keys = 4,
    Chain = 5,
    NotFound = 6,
    Conflict = 7,
    Invalid = 8,
    Unhealthy = 9,
    Timeout = 10,
    MissingTool = 11,
    Interrupted = 130,
}

codes! {
    /// Something that should not happen.
    Internal = "OPG-0001" => Failure,
    /// A file cannot be read or written.
    File = "OPG-0002" => Failure,
    /// Stopped by a signal.
    Interrupted = "OPG-0003" => Interrupted,
    /// An argument is malformed.
    Argument = "OPG-0004" => Usage,
    /// A file that would be overwritten exists.
    Exists = "OPG-0005" => Conflict,
    /// The configuration file cannot be read.
    ConfigMissing = "OPG-0101" => Config,
    /// The configuration file is not TOML.
    ConfigSyntax = "OPG-0102" => Config,
    /// A key that does not exist.
    ConfigUnknownKey = "OPG-0103" => Config,
    /// A value that is not acceptable.
    ConfigValue = "OPG-0104" => Config,
    /// A key without default is absent.
    ConfigRequired = "OPG-0105" => Config,
    /// The keystore cannot be read or is not a keystore.
    Keystore = "OPG-0201" => Keys,
    /// No password is at hand, or it is wrong.
    Password = "OPG-0202" => Keys,
    /// No RPC endpoint answers as it should.
    Rpc = "OPG-0301" => Chain,
    /// The endpoint serves another chain.
    ChainId = "OPG-0302" => Chain,
    /// The address book cannot be read or is for another chain.
    AddressBook = "OPG-0303" => Chain,
    /// A contract call or transaction failed.
    Contract = "OPG-0304" => Chain,
    /// The state database cannot be used.
    State = "OPG-0401" => Failure,
    /// No such job.
    JobUnknown = "OPG-0402" => NotFound,
    /// The job is in a state that does not allow this.
    JobState = "OPG-0403" => Conflict,
    /// No such transaction.
    TransactionUnknown = "OPG-0404" => NotFound,
    /// The transaction is in a state that does not allow this.
    TransactionState = "OPG-0405" => Conflict,
    /// The model is not in the configuration.
    ModelUnknown = "OPG-0501" => NotFound,
    /// A model file is missing or differs from its published digest.
    ModelFile = "OPG-0502" => Invalid,
    /// The engine cannot run the model.
    Engine = "OPG-0503" => Failure,
    /// A float model cannot be turned into one whose answers can be proved.
    ModelImport = "OPG-0504" => Invalid,
    /// A proving key is missing, or not the one that belongs to the model and its registered key.
    ProvingKey = "OPG-0505" => Invalid,
    /// This build computes the model in another execution profile than the registered one.
    ModelProfile = "OPG-0506" => Invalid,
    /// The chain has no result for the request.
    ResultUnknown = "OPG-0601" => NotFound,
    /// The receipt does not hold.
    ReceiptInvalid = "OPG-0602" => Invalid,
    /// A proof of execution does not hold.
    Proof = "OPG-0603" => Invalid,
    /// The chain has no such batch of receipts.
    BatchUnknown = "OPG-0604" => NotFound,
    /// A batch of receipts, or one of its leaves, does not hold.
    BatchInvalid = "OPG-0605" => Invalid,
    /// The data of a batch is not served, or is not what was posted.
    BatchData = "OPG-0606" => Invalid,
    /// `opg doctor` found a problem.
    Unhealthy = "OPG-0701" => Unhealthy,
    /// The daemon stopped for a reason that a restart would not cure.
    Daemon = "OPG-0702" => Failure,
    /// The crank's genesis folder cannot be used, or is not that of the vault.
    CrankGenesis = "OPG-0703" => Config,
    /// A program that the devnet needs is not installed.
    Tool = "OPG-0801" => MissingTool,
    /// The devnet did not come up.
    Devnet = "OPG-0802" => Failure,
    /// An answer did not arrive in time.
    DemoTimeout = "OPG-0803" => Timeout,
    /// The demo got something other than what it must.
    Demo = "OPG-0804" => Failure,
    /// A file that a genesis is built from is not acceptable.
    GenesisSource = "OPG-0901" => Config,
    /// A published genesis is not what follows from its sources.
    GenesisInvalid = "OPG-0902" => Invalid,
    /// The staking contract refuses this in the present state.
    Stake = "OPG-1001" => Conflict,
    /// The same was done a moment ago, or is being done.
    Repeated = "OPG-1002" => Conflict,
    /// The operator is not active with this keeper's key.
    OperatorInactive = "OPG-1003" => Conflict,
}

/// One thing that is wrong.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Problem {
    #[serde(serialize_with = "code_text")]
    pub(crate) code: Code,
    /// The input that is at fault: an argument, a file, a configuration key, an address.
    pub(crate) input: String,
    /// Why it is not acceptable.
    pub(crate) reason: String,
    /// What to do.
    pub(crate) remedy: String,
}

fn code_text<S: serde::Serializer>(code: &Code, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(code.as_str())
}

impl Problem {
    /// States what is wrong with `input`, why, and how to mend it.
    pub(crate) fn new(
        code: Code,
        input: impl fmt::Display,
        reason: impl fmt::Display,
        remedy: impl fmt::Display,
    ) -> Self {
        Self { code, input: input.to_string(), reason: reason.to_string(), remedy: remedy.to_string() }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error[{}]: {}: {}\n  remedy: {}", self.code.as_str(), self.input, self.reason, self.remedy)
    }
}

/// Why a command failed: one problem or more, never none.
#[derive(Clone, Debug)]
pub(crate) struct CliError {
    first: Problem,
    rest: Vec<Problem>,
}

/// Result of a command.
pub(crate) type CliResult<T = ()> = Result<T, CliError>;

impl CliError {
    /// A single problem.
    pub(crate) fn new(
        code: Code,
        input: impl fmt::Display,
        reason: impl fmt::Display,
        remedy: impl fmt::Display,
    ) -> Self {
        Problem::new(code, input, reason, remedy).into()
    }

    /// All of `problems`, or `None` where there are none.
    pub(crate) fn from_problems(problems: Vec<Problem>) -> Option<Self> {
        let mut problems = problems.into_iter();
        problems.next().map(|first| Self { first, rest: problems.collect() })
    }

    /// An operation on a file failed.
    pub(crate) fn file(path: &std::path::Path, source: &std::io::Error) -> Self {
        Self::new(Code::File, path.display(), source, "check that the path exists and that you may access it")
    }

    /// A failure that no input explains.
    pub(crate) fn internal(what: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self::new(Code::Internal, what, reason, "report this with the log, it is a fault of the keeper")
    }

    /// Stopped by a signal.
    pub(crate) fn interrupted() -> Self {
        Self::new(Code::Interrupted, "signal", "stopped on request", "start the command again")
    }

    /// The problems, the first of which decides the exit code.
    pub(crate) fn problems(&self) -> impl Iterator<Item = &Problem> {
        std::iter::once(&self.first).chain(&self.rest)
    }

    /// The code of the first problem.
    pub(crate) const fn code(&self) -> Code {
        self.first.code
    }

    /// What the process exits with.
    pub(crate) const fn exit(&self) -> Exit {
        self.first.code.exit()
    }

    /// The error as an object for scripts.
    pub(crate) fn to_json(&self) -> serde_json::Value {
        serde_json::json!({
            "error": { "exit": self.exit() as u8, "problems": self.problems().collect::<Vec<_>>() }
        })
    }
}

impl From<Problem> for CliError {
    fn from(first: Problem) -> Self {
        Self { first, rest: Vec::new() }
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems().enumerate() {
            let separator = if index == 0 { "" } else { "\n" };
            write!(f, "{separator}{problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CliError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_and_exit_is_documented() {
        let errors = include_str!("../../../docs/errors.md");
        let guide = include_str!("../../../docs/operator-guide.md");
        for code in Code::ALL {
            let row = errors.lines().find(|line| line.starts_with(&format!("| `{}` |", code.as_str())));
            let row = row.unwrap_or_else(|| panic!("docs/errors.md lacks {}", code.as_str()));
            let exit = code.exit() as u8;
            assert!(row.contains(&format!("| {exit} |")), "{row} should name exit code {exit}");
            assert!(guide.contains(&format!("| {exit} |")), "docs/operator-guide.md lacks exit code {exit}");
        }
    }

    #[test]
    fn codes_are_unique() {
        let mut seen = std::collections::HashSet::new();
        assert!(Code::ALL.iter().all(|code| seen.insert(code.as_str())));
    }
}
