//! A chain in memory with a vault that pays and skips as the contract does, and a genesis for it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard},
};

use alloy::{
    primitives::{Address, B256, Bytes, U256, keccak256},
    sol_types::SolCall,
};
use async_trait::async_trait;
use opg_chain::{bindings::IVestingVault::releaseManyCall, rpc_trait::Head};
use opg_node::{
    Clock, LedgerError, Quote,
    crank::{Genesis, VaultCategory, VestingLedger},
};
use opg_store::vesting::Known;
use opg_vesting::{AirdropEntry, Beneficiaries, CategoryEntry, Curve, GenesisError, Manifest, Schedule};

pub(crate) const VAULT: Address = Address::repeat_byte(0xfa);
pub(crate) const TGE: u64 = 1_800_000_000;
pub(crate) const MONTH: u64 = 2_629_800;
pub(crate) const OPG: u128 = 1_000_000_000_000_000_000;
/// Gas of a row and of a transaction, near what the contract takes.
const ROW_GAS: u64 = 60_000;
const BASE_GAS: u64 = 30_000;

/// Numbers that a seed decides.
#[derive(Debug, Clone)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % limit.max(1)
    }

    pub(crate) fn percent(&mut self, chance: u64) -> bool {
        self.below(100) < chance
    }
}

/// Schedules with their curves; the proof of a schedule is its leaf.
#[derive(Debug)]
pub(crate) struct FakeGenesis {
    pub(crate) manifest: Manifest,
    pub(crate) schedules: Vec<Vec<Schedule>>,
}

impl FakeGenesis {
    pub(crate) fn new(categories: Vec<(Curve, Vec<Schedule>)>) -> Self {
        let entry = |(id, (curve, schedules)): (usize, &(Curve, Vec<Schedule>))| CategoryEntry {
            id: id as u32,
            name: format!("category-{id}"),
            root: Some(root(schedules)),
            count: schedules.len() as u32,
            total: schedules.iter().map(|schedule| schedule.amount).sum(),
            tge_total: schedules.iter().map(|schedule| schedule.tge_amount).sum(),
            curve: *curve,
            beneficiaries: Beneficiaries::Schedules,
        };
        let entries: Vec<_> = categories.iter().enumerate().map(entry).collect();
        let manifest = Manifest {
            version: 1,
            supply: entries.iter().map(|entry| entry.total).sum(),
            tge: TGE,
            categories: entries,
            airdrop: AirdropEntry { root: B256::ZERO, count: 0, total: 0 },
        };
        Self { manifest, schedules: categories.into_iter().map(|(_, schedules)| schedules).collect() }
    }

    /// Up to five categories with curves of every kind and up to eight schedules each.
    pub(crate) fn random(dice: &mut Dice) -> Self {
        let categories = (0..1 + dice.below(5) as u32).map(|category| {
            let cliff = [0, 1, 12 * MONTH, dice.below(24 * MONTH)][dice.below(4) as usize];
            let duration = [0, 1, 48 * MONTH, dice.below(60 * MONTH)][dice.below(4) as usize];
            let curve = Curve { start: TGE, cliff: cliff as u32, duration: duration as u32 };
            let schedules = (0..1 + dice.below(8) as u32).map(|index| {
                let amount = [1, OPG / 3, 7 * OPG + 13, u128::from(dice.below(1 << 40)) * OPG / 1_000 + 1]
                    [dice.below(4) as usize];
                Schedule {
                    category,
                    index,
                    beneficiary: Address::with_last_byte(1 + (8 * category + index) as u8),
                    amount,
                    tge_amount: [0, amount, amount / 3][dice.below(3) as usize],
                    revocable: dice.percent(30),
                    transferable: false,
                }
            });
            (curve, schedules.collect())
        });
        Self::new(categories.collect())
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = (&Schedule, Curve)> {
        let curves = self.manifest.categories.iter().map(|entry| entry.curve);
        self.schedules
            .iter()
            .zip(curves)
            .flat_map(|(schedules, curve)| schedules.iter().map(move |schedule| (schedule, curve)))
    }
}

fn root(schedules: &[Schedule]) -> B256 {
    keccak256(schedules.iter().flat_map(|schedule| schedule.id().0).collect::<Vec<_>>())
}

impl Genesis for FakeGenesis {
    fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    fn root(&self, category: u32) -> Result<B256, GenesisError> {
        Ok(root(&self.schedules[category as usize]))
    }

    fn schedules(
        &self,
        category: u32,
        from: u32,
    ) -> Result<Box<dyn Iterator<Item = Result<Schedule, GenesisError>> + '_>, GenesisError> {
        let rows = self.schedules[category as usize].iter().skip(from as usize);
        Ok(Box::new(rows.map(|schedule| Ok(*schedule))))
    }

    fn proof(&self, category: u32, index: u32) -> Result<Vec<B256>, GenesisError> {
        Ok(vec![self.schedules[category as usize][index as usize].id()])
    }
}

/// A transaction: its keeper, its intent there, what it calls.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    pub(crate) keeper: usize,
    pub(crate) intent: i64,
    pub(crate) calldata: Bytes,
}

/// What a mined transaction did.
#[derive(Debug, Clone)]
pub(crate) struct Mined {
    pub(crate) sent: Sent,
    pub(crate) paid: usize,
    pub(crate) skipped: usize,
}

#[derive(Debug, Clone)]
struct Block {
    hash: B256,
    time: u64,
    states: BTreeMap<B256, Known>,
    transactions: Vec<Mined>,
}

#[derive(Debug)]
pub(crate) struct Chain {
    blocks: Vec<Block>,
    forks: u64,
    pub(crate) pool: Vec<Sent>,
    pub(crate) base_fee: u128,
    /// Beneficiaries that the token refuses.
    pub(crate) refused: BTreeSet<Address>,
    /// Active operators.
    pub(crate) operators: Vec<Address>,
    /// Questions of which this many percent fail.
    pub(crate) faults: u64,
    pub(crate) dice: Dice,
    pub(crate) questions: usize,
}

impl Chain {
    pub(crate) fn state(&self, id: B256) -> Known {
        self.tip().states.get(&id).copied().unwrap_or_default()
    }

    fn tip(&self) -> &Block {
        self.blocks.last().unwrap()
    }

    pub(crate) fn time(&self) -> u64 {
        self.tip().time
    }

    pub(crate) fn head(&self) -> Head {
        let parent = self.blocks.len().checked_sub(2).map_or(B256::ZERO, |at| self.blocks[at].hash);
        Head {
            number: self.blocks.len() as u64 - 1,
            hash: self.tip().hash,
            parent_hash: parent,
            timestamp: self.tip().time,
            base_fee: self.base_fee,
        }
    }

    /// Where a transaction was mined, and what it did.
    pub(crate) fn find(&self, keeper: usize, intent: i64) -> Option<(u64, &Mined)> {
        self.blocks.iter().enumerate().rev().find_map(|(number, block)| {
            let found =
                block.transactions.iter().find(|one| (one.sent.keeper, one.sent.intent) == (keeper, intent));
            found.map(|one| (number as u64, one))
        })
    }

    pub(crate) fn mined(&self) -> impl Iterator<Item = &Mined> {
        self.blocks.iter().flat_map(|block| &block.transactions)
    }
}

#[derive(Debug)]
pub(crate) struct FakeVault {
    pub(crate) genesis: std::sync::Arc<FakeGenesis>,
    chain: Mutex<Chain>,
}

impl FakeVault {
    pub(crate) fn new(genesis: FakeGenesis, seed: u64) -> Self {
        let block =
            Block { hash: B256::ZERO, time: TGE - 100, states: BTreeMap::new(), transactions: Vec::new() };
        let chain = Chain {
            blocks: vec![block],
            forks: 0,
            pool: Vec::new(),
            base_fee: 10,
            refused: BTreeSet::new(),
            operators: Vec::new(),
            faults: 0,
            dice: Dice::new(seed),
            questions: 0,
        };
        Self { genesis: genesis.into(), chain: Mutex::new(chain) }
    }

    pub(crate) fn chain(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap()
    }

    /// Mines what is in the pool, `seconds` after the last block.
    pub(crate) fn mine(&self, seconds: u64) {
        let mut chain = self.chain();
        let (time, mut states) = (chain.time() + seconds, chain.tip().states.clone());
        let mut transactions = Vec::new();
        for sent in std::mem::take(&mut chain.pool) {
            let (paid, skipped) = self.execute(&chain, &mut states, time, &sent.calldata);
            transactions.push(Mined { sent, paid, skipped });
        }
        let number = chain.blocks.len() as u64;
        let hash = keccak256([number.to_be_bytes(), chain.forks.to_be_bytes()].concat());
        chain.blocks.push(Block { hash, time, states, transactions });
    }

    /// Drops the last `depth` blocks. Their transactions may be mined again.
    pub(crate) fn reorg(&self, depth: usize) {
        let mut chain = self.chain();
        let kept = chain.blocks.len().saturating_sub(depth).max(1);
        let dropped = chain.blocks.split_off(kept);
        chain.forks += 1;
        chain.pool.extend(dropped.into_iter().flat_map(|block| block.transactions).map(|mined| mined.sent));
    }

    /// Changes a state by other means than a keeper's, in a block of its own.
    pub(crate) fn change(&self, id: B256, change: impl FnOnce(&mut Known)) {
        self.mine(1);
        change(self.chain().blocks.last_mut().unwrap().states.entry(id).or_default());
    }

    /// Pays rows and skips others, as the contract does. Nothing changes where every row is skipped: it reverts.
    fn execute(
        &self,
        chain: &Chain,
        states: &mut BTreeMap<B256, Known>,
        time: u64,
        calldata: &Bytes,
    ) -> (usize, usize) {
        let call = releaseManyCall::abi_decode(calldata).unwrap();
        assert_eq!(call.schedules.len(), call.proofs.len());
        let (mut paid, mut skipped) = (0, 0);
        for (row, proof) in call.schedules.iter().zip(&call.proofs) {
            let schedule = self.genesis.schedules[row.category as usize][row.index as usize];
            let curve = self.genesis.manifest.categories[row.category as usize].curve;
            let same = (row.beneficiary, row.amount, row.tgeAmount, row.revocable, row.transferable)
                == (
                    schedule.beneficiary,
                    schedule.amount,
                    schedule.tge_amount,
                    schedule.revocable,
                    schedule.transferable,
                );
            assert!(same && proof == &[schedule.id()], "a row that is not of the tree");
            let state = states.entry(schedule.id()).or_default();
            let vested = schedule.vested_at(&curve, time);
            let vested = state.revoked_total.map_or(vested, |total| vested.min(total));
            let due = vested - state.released;
            let refused = chain.refused.contains(&schedule.beneficiary);
            if state.manual || refused || due == 0 || U256::from(due) < call.minimum {
                skipped += 1;
            } else {
                state.released += due;
                paid += 1;
            }
        }
        (paid, skipped)
    }

    fn ask(&self) -> Result<MutexGuard<'_, Chain>, LedgerError> {
        let mut chain = self.chain();
        chain.questions += 1;
        let faults = chain.faults;
        if chain.dice.percent(faults) { Err(LedgerError::new("the node is away", true)) } else { Ok(chain) }
    }
}

#[async_trait]
impl VestingLedger for FakeVault {
    async fn head(&self) -> Result<Head, LedgerError> {
        Ok(self.ask()?.head())
    }

    async fn operators(&self) -> Result<Vec<Address>, LedgerError> {
        Ok(self.ask()?.operators.clone())
    }

    async fn category(&self, id: u32) -> Result<Option<VaultCategory>, LedgerError> {
        let entry = self.genesis.manifest.categories.get(id as usize);
        Ok(entry.map(|entry| VaultCategory {
            root: entry.root.unwrap(),
            total: entry.total,
            tge_total: entry.tge_total,
            curve: entry.curve,
        }))
    }

    async fn states(&self, schedules: &[B256]) -> Result<Vec<Known>, LedgerError> {
        let chain = self.ask()?;
        Ok(schedules.iter().map(|id| chain.state(*id)).collect())
    }

    async fn quote(&self, calldata: &Bytes) -> Result<Quote, LedgerError> {
        let chain = self.ask()?;
        let mut states = chain.tip().states.clone();
        let (paid, skipped) = self.execute(&chain, &mut states, chain.time(), calldata);
        if paid == 0 {
            return Ok(Quote::Reverts("NothingReleased".to_owned()));
        }
        let gas = BASE_GAS + ROW_GAS * (paid as u64) + ROW_GAS / 6 * (skipped as u64);
        Ok(Quote::Gas { gas, l1_fee: U256::from(5) })
    }
}

/// Keepers and chain agree on the time.
impl Clock for FakeVault {
    fn now_ms(&self) -> u64 {
        self.chain().time() * 1_000
    }
}
