//! Derives a genesis: tables, trees, proofs and manifest, row by row.

use std::{
    collections::BTreeMap,
    ops::ControlFlow,
    path::{Path, PathBuf},
};

use alloy_primitives::{Address, B256};

use super::{
    AirdropEntry, Beneficiaries, CategoryEntry, GenesisError, Manifest,
    leaf::Leaf,
    manifest::{MANIFEST, VERSION},
    plan::{AIRDROP, CLAIMS, Plan, Source, Terms, TgePart, check_tables, table, tree},
    rows::{Grants, Numbered, Published},
    sink::{Sink, Store},
    trees::TreeSink,
};
use crate::{
    amount::format_opg,
    merkle::{Cursor, Tree},
    schedule::{Claim, Schedule},
};

/// How far a long derivation is.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// Name of the category.
    pub name: &'a str,
    /// What is done.
    pub stage: Stage,
    /// Rows done.
    pub rows: u64,
}

/// What is done with a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Rows are read and checked.
    Rows,
    /// The tree is computed.
    Tree,
    /// Proofs are written.
    Proofs,
}

/// Is told of each step, and may stop the work.
pub type Observer<'a> = &'a mut dyn FnMut(Step<'_>) -> ControlFlow<()>;

/// Rows between two reports.
const REPORT: u64 = 4_096;

/// What a list amounts to.
struct List {
    root: B256,
    count: u32,
    total: u128,
    tge_total: u128,
}

/// Derives everything. The manifest comes last: a folder without one is no genesis.
pub(super) fn derive(plan: &Plan, store: &Store, observe: Observer<'_>) -> Result<Manifest, GenesisError> {
    if let Source::Beneficiaries(folder) = &plan.source {
        check_tables(folder, &plan.categories)?;
    }
    let mut categories = Vec::with_capacity(plan.categories.len());
    let mut airdrop = None;
    for (id, terms) in (0_u32..).zip(&plan.categories) {
        let entry = |root, count, total, tge_total| CategoryEntry {
            id,
            name: terms.name.clone(),
            root,
            count,
            total,
            tge_total,
            curve: terms.curve,
            beneficiaries: terms.beneficiaries,
        };
        categories.push(match terms.beneficiaries {
            Beneficiaries::Schedules => {
                let list = schedules(plan, id, terms, store, observe)?;
                entry(Some(list.root), list.count, list.total, list.tge_total)
            }
            Beneficiaries::Airdrop => {
                let list = claims(plan, terms, store, observe)?;
                airdrop = Some(AirdropEntry { root: list.root, count: list.count, total: list.total });
                entry(None, 1, terms.total, terms.whole_tge())
            }
            Beneficiaries::Rewards => entry(None, 1, terms.total, terms.whole_tge()),
        });
    }
    let airdrop = airdrop.ok_or_else(|| {
        let path = store.folder().unwrap_or(Path::new("")).join(MANIFEST);
        GenesisError::manifest(&path, "categories", "there is no airdrop")
    })?;
    let manifest = Manifest { version: VERSION, supply: plan.supply, tge: plan.tge, categories, airdrop };
    let mut sink = store.create(MANIFEST)?;
    for line in manifest.render().split_inclusive('\n') {
        sink.line(line)?;
    }
    sink.finish()?;
    Ok(manifest)
}

fn schedules(
    plan: &Plan,
    id: u32,
    terms: &Terms,
    store: &Store,
    observe: Observer<'_>,
) -> Result<List, GenesisError> {
    let job = Job { name: &terms.name, table: table(&terms.name), category: id, total: terms.total, store };
    match (&plan.source, terms.tge) {
        (Source::Beneficiaries(folder), TgePart::Fraction(tge)) => {
            let path = folder.join(format!("{}.csv", terms.name));
            let rows = Grants::open(&path, true)?
                .map(|row| row.map(|(line, index, grant)| (line, grant.schedule(id, index, tge))));
            job.run(&path, rows, observe)
        }
        (Source::Beneficiaries(folder) | Source::Published(folder), _) => {
            let path = folder.join(&job.table);
            job.run(&path, Published::<Schedule>::open(&path, id)?, observe)
        }
    }
}

fn claims(plan: &Plan, terms: &Terms, store: &Store, observe: Observer<'_>) -> Result<List, GenesisError> {
    let job = Job { name: AIRDROP, table: CLAIMS.to_owned(), category: 0, total: terms.total, store };
    match &plan.source {
        Source::Beneficiaries(folder) => {
            let path = folder.join(format!("{}.csv", terms.name));
            let rows = Grants::open(&path, false)?
                .map(|row| row.map(|(line, index, grant)| (line, grant.claim(index))));
            job.run(&path, rows, observe)
        }
        Source::Published(folder) => {
            let path = folder.join(CLAIMS);
            job.run(&path, Published::<Claim>::open(&path, 0)?, observe)
        }
    }
}

/// The derivation of one list.
struct Job<'a> {
    name: &'a str,
    /// Path of the derived table below the folder.
    table: String,
    category: u32,
    /// What the amounts must sum to.
    total: u128,
    store: &'a Store,
}

impl Job<'_> {
    fn run<L: Leaf>(
        &self,
        source: &Path,
        rows: impl Iterator<Item = Numbered<L>>,
        observe: Observer<'_>,
    ) -> Result<List, GenesisError> {
        let mut sink = self.store.create(&self.table)?;
        sink.line(L::HEADER)?;
        let mut leaves = TreeSink::new(self.store.create(&tree(self.name))?);
        let mut seen = Seen::default();
        let (mut total, mut tge_total, mut last) = (0_u128, 0_u128, 1);
        for row in rows {
            let (line, leaf) = row?;
            sink.line(&leaf.row())?;
            leaves.push(leaf.id())?;
            seen.add(leaf.account(), line);
            total = total.saturating_add(leaf.amount());
            tge_total = tge_total.saturating_add(leaf.tge_amount());
            if total > self.total {
                return Err(GenesisError::row(source, line, self.sum("here", total)));
            }
            last = line;
            self.report(observe, Stage::Rows, leaves.count())?;
        }
        sink.finish()?;
        seen.check(source)?;
        if total != self.total {
            return Err(GenesisError::row(source, last, self.sum("at the end", total)));
        }
        let count = u32::try_from(leaves.count()).unwrap_or(u32::MAX);
        let root = leaves.finish(&mut |rows| self.report(observe, Stage::Tree, rows))?;
        if let Some(folder) = self.store.folder() {
            self.proofs::<L>(folder, count, observe)?;
        }
        Ok(List { root, count, total, tge_total })
    }

    /// Writes each row with its proof into the file for the first byte of its address.
    fn proofs<L: Leaf>(&self, folder: &Path, count: u32, observe: Observer<'_>) -> Result<(), GenesisError> {
        let mut cursor = Cursor::new(Tree::open(&folder.join(tree(self.name)), count)?);
        let mut shards: BTreeMap<u8, Sink> = BTreeMap::new();
        for (index, row) in (0_u32..).zip(Published::<L>::open(&folder.join(&self.table), self.category)?) {
            let (_, leaf) = row?;
            let byte = leaf.account()[0];
            let shard = match shards.entry(byte) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => {
                    entry.insert(self.store.create(&format!("proofs/{}/{byte:02x}.jsonl", self.name))?)
                }
            };
            shard.line(&leaf.proof(&cursor.proof(index)?))?;
            self.report(observe, Stage::Proofs, u64::from(index) + 1)?;
        }
        shards.into_values().try_for_each(Sink::finish)
    }

    fn report(&self, observe: Observer<'_>, stage: Stage, rows: u64) -> Result<(), GenesisError> {
        if rows.is_multiple_of(REPORT) && observe(Step { name: self.name, stage, rows }).is_break() {
            return Err(GenesisError::Interrupted);
        }
        Ok(())
    }

    fn sum(&self, place: &str, total: u128) -> String {
        let (difference, word) = if total > self.total {
            (total - self.total, "too many")
        } else {
            (self.total - total, "missing")
        };
        format!(
            "the amounts sum to {} OPG {place}, the category has {}: {difference} wei {word}",
            format_opg(total),
            format_opg(self.total)
        )
    }
}

/// Finds accounts that are listed twice: 24 bytes a row.
#[derive(Default)]
struct Seen {
    rows: Vec<(Address, u32)>,
}

impl Seen {
    fn add(&mut self, account: Address, line: u64) {
        // There cannot be more rows than indices, which are of this size.
        self.rows.push((account, u32::try_from(line).unwrap_or(u32::MAX)));
    }

    /// The error is about the first line whose account was there before.
    fn check(mut self, source: &Path) -> Result<(), GenesisError> {
        self.rows.sort_unstable();
        let twice = self.rows.windows(2).filter(|pair| pair[0].0 == pair[1].0);
        match twice.map(|pair| (pair[1].1, pair[0])).min() {
            None => Ok(()),
            Some((line, (account, first))) => {
                let reason = format!("{account} is there already, in line {first}; add the amounts up");
                Err(GenesisError::row(source, line.into(), reason))
            }
        }
    }
}

/// Path of the table of a category, for whoever reads a genesis.
pub(super) fn table_path(folder: &Path, name: &str) -> PathBuf {
    folder.join(table(name))
}
