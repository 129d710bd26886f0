//! The worker by itself, for tests and benchmarks of the engine; `opg` has it built in.

use std::process::ExitCode;

fn main() -> ExitCode {
    opg_engine::worker::main()
}
