//! Of `opg vesting`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::DeploymentArgs;

#[derive(Debug, Subcommand)]
pub(crate) enum VestingCommand {
    /// Print the unlock calendar of a genesis and draw its supply curve.
    Schedule(VestingScheduleArgs),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct VestingScheduleArgs {
    /// Folder with the genesis.
    #[arg(long, value_name = "FOLDER")]
    pub(crate) genesis: PathBuf,
    /// How to print the calendar; --json is short for json.
    #[arg(long, value_enum, default_value_t = CalendarFormat::Table)]
    pub(crate) format: CalendarFormat,
    /// One row per category or per schedule.
    #[arg(long, value_enum, default_value_t = CalendarRows::Category)]
    pub(crate) by: CalendarRows,
    /// Draw the supply curve into this file.
    #[arg(long, value_name = "FILE")]
    pub(crate) svg: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) deployment: DeploymentArgs,
}

/// How the calendar is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalendarFormat {
    Table,
    Csv,
    Json,
}

/// What a row of the calendar is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalendarRows {
    Category,
    Beneficiary,
}
