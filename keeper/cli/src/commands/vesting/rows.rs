//! Rows of the unlock calendar.

use alloy::primitives::Address;
use opg_vesting::{
    Beneficiaries, GenesisFiles, Manifest,
    amount::{format_grouped, format_opg},
    calendar::{Kind, Unlock, unlocks, unlocks_of},
};
use serde_json::{Value, json};

use super::{Stop, percent};
use crate::text::moment;

/// An unlock with whose it is.
pub(super) struct Row {
    unlock: Unlock,
    category: String,
    /// Index and beneficiary, where the row is about a schedule. A contract that is not deployed yet has no address.
    schedule: Option<(u32, Option<Address>)>,
}

/// All unlocks of the categories in the order of time.
pub(super) fn by_category(manifest: &Manifest) -> Vec<Row> {
    let mut rows: Vec<Row> = manifest
        .categories
        .iter()
        .flat_map(|category| {
            unlocks(category.curve, category.total, category.tge_total).map(|unlock| Row {
                unlock,
                category: category.name.clone(),
                schedule: None,
            })
        })
        .collect();
    // Stable: at one time, categories stay in the order of their numbers.
    rows.sort_by_key(|row| row.unlock.time);
    rows
}

/// Calls `take` with each unlock of each schedule, schedule by schedule.
pub(super) fn each_beneficiary(
    files: &GenesisFiles,
    connected: bool,
    mut take: impl FnMut(&Row) -> std::io::Result<()>,
) -> Result<(), Stop> {
    for category in &files.manifest().categories {
        let known = connected || category.beneficiaries == Beneficiaries::Schedules;
        for schedule in files.schedules(category.id).map_err(Stop::Genesis)? {
            let schedule = schedule.map_err(Stop::Genesis)?;
            let whose = Some((schedule.index, known.then_some(schedule.beneficiary)));
            for unlock in unlocks_of(&schedule, category.curve) {
                take(&Row { unlock, category: category.name.clone(), schedule: whose })?;
            }
        }
    }
    Ok(())
}

impl Row {
    pub(super) const HEADER: [&'static str; 6] =
        ["WHEN", "WHAT", "CATEGORY", "UNLOCKS OPG", "% OF FLOAT", "FLOAT OPG"];
    pub(super) const BENEFICIARY_HEADER: [&'static str; 7] =
        ["WHEN", "WHAT", "CATEGORY", "#", "BENEFICIARY", "UNLOCKS OPG", "% OF FLOAT"];
    pub(super) const CSV_HEADER: &'static str =
        "time,date,kind,category,index,beneficiary,amount,vested,float,shareOfFloat";

    /// Cells of the table by category. Float: all that has unlocked by then, this row included.
    pub(super) fn cells(&self, manifest: &Manifest) -> Vec<String> {
        let float = manifest.unlocked_at(self.unlock.time);
        vec![
            moment(self.unlock.time),
            self.kind().to_owned(),
            self.category.clone(),
            format_grouped(self.unlock.amount),
            percent(self.unlock.amount, float),
            format_grouped(float),
        ]
    }

    /// Cells of the table by beneficiary.
    pub(super) fn beneficiary_cells(&self, manifest: &Manifest) -> [String; 7] {
        let (index, beneficiary) = self.whose();
        [
            moment(self.unlock.time),
            self.kind().to_owned(),
            self.category.clone(),
            index,
            if beneficiary.is_empty() { "(contract, at deployment)".to_owned() } else { beneficiary },
            format_grouped(self.unlock.amount),
            percent(self.unlock.amount, manifest.unlocked_at(self.unlock.time)),
        ]
    }

    /// Lays the cells of a beneficiary's row out. Widths are fixed, since not all rows are known when the first is shown.
    pub(super) fn aligned([when, what, category, index, beneficiary, amount, share]: &[String; 7]) -> String {
        format!("{when:<20}  {what:<5}  {category:<18}  {index:<7}  {beneficiary:<42}  {amount:<32}  {share}")
    }

    /// The row in CSV; amounts in OPG.
    pub(super) fn csv(&self, manifest: &Manifest) -> String {
        let (index, beneficiary) = self.whose();
        let float = manifest.unlocked_at(self.unlock.time);
        format!(
            "{},{},{},{},{index},{beneficiary},{},{},{},{}",
            self.unlock.time,
            moment(self.unlock.time).replace(' ', "T"),
            self.kind(),
            self.category,
            format_opg(self.unlock.amount),
            format_opg(self.unlock.vested),
            format_opg(float),
            percent(self.unlock.amount, float)
        )
    }

    /// The row in JSON; amounts in wei.
    pub(super) fn json(&self, manifest: &Manifest) -> Value {
        let float = manifest.unlocked_at(self.unlock.time);
        let mut row = json!({
            "time": self.unlock.time,
            "kind": self.kind(),
            "category": self.category,
            "amount": self.unlock.amount.to_string(),
            "vested": self.unlock.vested.to_string(),
            "float": float.to_string(),
            "percentOfFloat": percent(self.unlock.amount, float),
        });
        if let Some((index, beneficiary)) = self.schedule {
            row["index"] = json!(index);
            row["beneficiary"] = json!(beneficiary.map(|address| address.to_string()));
        }
        row
    }

    fn kind(&self) -> &'static str {
        match self.unlock.kind {
            Kind::Tge => "TGE",
            Kind::Cliff => "cliff",
            Kind::Month => "month",
        }
    }

    fn whose(&self) -> (String, String) {
        self.schedule.map_or_else(Default::default, |(index, beneficiary)| {
            (index.to_string(), beneficiary.map_or_else(String::new, |address| address.to_string()))
        })
    }
}
