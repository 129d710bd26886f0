//! `opg vesting`

mod history;
mod rows;

use std::io::Write as _;

use opg_vesting::{
    ContractAddresses, GenesisFiles, Manifest,
    amount::format_grouped,
    svg::{Released, supply_curve},
};
use serde_json::json;

use self::rows::{Row, by_category, each_beneficiary};
use super::genesis::{Deployment, fault, percent};
use crate::{
    args::{CalendarFormat, CalendarRows, VestingCommand, VestingScheduleArgs},
    error::{CliError, CliResult, Code},
    output::{Output, table},
    text::moment,
};

/// Months that the supply curve shows: those of the longest category.
const MONTHS: u32 = 96;

/// Runs the verb.
pub(super) async fn run(command: &VestingCommand, output: Output) -> CliResult {
    let VestingCommand::Schedule(args) = command;
    let deployment = Deployment::open(&args.deployment).await?;
    let contracts = deployment.as_ref().map_or(
        ContractAddresses { airdrop: Default::default(), rewards: Default::default() },
        |deployment| deployment.contracts(),
    );
    let files = GenesisFiles::open(&args.genesis, contracts).map_err(|error| fault(&error))?;
    let mut history = Vec::new();
    if let Some(deployment) = &deployment {
        let head = deployment.rpc.head().await.map_err(|error| deployment.refused(&error))?;
        if args.svg.is_some() {
            history = history::history(deployment, &files, head).await?;
        }
        history.push(history::released(deployment, &files, head).await?);
    }
    let released = history.last().copied();
    if let Some(path) = &args.svg {
        let picture = supply_curve(files.manifest(), MONTHS, &history)
            .map_err(|error| CliError::internal("supply curve", error))?;
        std::fs::write(path, picture).map_err(|error| CliError::file(path, &error))?;
    }
    let format = if output.is_json() { CalendarFormat::Json } else { args.format };
    match print(args, format, &files, released, deployment.is_some()) {
        // A closed pipe (`… | head`) is not an error.
        Err(Stop::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(Stop::Output(error)) => {
            Err(CliError::new(Code::File, "standard output", error, "write it elsewhere"))
        }
        Err(Stop::Genesis(error)) => Err(fault(&error)),
        Ok(()) => Ok(()),
    }
}

/// Why printing ended early.
enum Stop {
    Output(std::io::Error),
    Genesis(opg_vesting::GenesisError),
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::Output(error)
    }
}

/// Prints the calendar. Rows of beneficiaries go out as they are read, whatever their number.
fn print(
    args: &VestingScheduleArgs,
    format: CalendarFormat,
    files: &GenesisFiles,
    released: Option<Released>,
    connected: bool,
) -> Result<(), Stop> {
    let manifest = files.manifest();
    let mut out = std::io::BufWriter::new(std::io::stdout().lock());
    match (format, args.by) {
        (CalendarFormat::Table, CalendarRows::Category) => {
            let rows: Vec<_> = by_category(manifest).iter().map(|row| row.cells(manifest)).collect();
            writeln!(out, "{}", table(&Row::HEADER, &rows))?;
            writeln!(out, "\n{}", summary(manifest, released))?;
        }
        (CalendarFormat::Table, CalendarRows::Beneficiary) => {
            writeln!(out, "{}", Row::aligned(&Row::BENEFICIARY_HEADER.map(str::to_owned)))?;
            each_beneficiary(files, connected, |row| {
                writeln!(out, "{}", Row::aligned(&row.beneficiary_cells(manifest)))
            })?;
            writeln!(out, "\n{}", summary(manifest, released))?;
        }
        (CalendarFormat::Csv, CalendarRows::Category) => {
            writeln!(out, "{}", Row::CSV_HEADER)?;
            by_category(manifest).iter().try_for_each(|row| writeln!(out, "{}", row.csv(manifest)))?;
        }
        (CalendarFormat::Csv, CalendarRows::Beneficiary) => {
            writeln!(out, "{}", Row::CSV_HEADER)?;
            each_beneficiary(files, connected, |row| writeln!(out, "{}", row.csv(manifest)))?;
        }
        (CalendarFormat::Json, by) => {
            let head = json!({
                "tge": manifest.tge,
                "supply": manifest.supply.to_string(),
                "floatAtTge": manifest.unlocked_at(manifest.tge).to_string(),
                "released": released.map(|released| released.amount.to_string()),
                "releasedAt": released.map(|released| released.time),
            });
            // The document is written by hand around its rows, so that they need not fit into memory.
            let head = head.to_string();
            write!(out, "{},\"unlocks\":[", head.trim_end_matches('}'))?;
            let mut first = true;
            let mut put = |row: &Row| {
                let comma = if std::mem::take(&mut first) { "" } else { "," };
                write!(out, "{comma}{}", row.json(manifest))
            };
            match by {
                CalendarRows::Category => by_category(manifest).iter().try_for_each(put)?,
                CalendarRows::Beneficiary => each_beneficiary(files, connected, |row| put(row))?,
            }
            writeln!(out, "]}}")?;
        }
    }
    Ok(out.flush()?)
}

fn summary(manifest: &Manifest, released: Option<Released>) -> String {
    let share =
        |part| format!("{} OPG, {} % of the supply", format_grouped(part), percent(part, manifest.supply));
    let mut lines = vec![
        format!("float at TGE   {}", share(manifest.unlocked_at(manifest.tge))),
        format!("all unlocked   {}", moment(manifest.end())),
    ];
    if let Some(released) = released {
        lines.push(format!("unlocked now   {}", share(manifest.unlocked_at(released.time))));
        lines.push(format!("released       {}, at {}", share(released.amount), moment(released.time)));
    }
    lines.join("\n")
}
