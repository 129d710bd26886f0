//! What was minted, who holds it, and when the rest unlocks.

use alloy::primitives::U256;
use opg_chain::{bindings::Opg, rpc::RpcError};
use opg_vesting::{CategoryEntry, Manifest};
use serde_json::{Value, json};

use super::fault;
use crate::{
    config::units::decimal,
    devnet::Devnet,
    error::CliResult,
    output::{fields, table},
};

/// Seconds of the allocation's months.
const MONTH: u32 = opg_vesting::allocation::MONTH;

/// The genesis as it was deployed, and where its tokens are.
#[derive(Debug)]
pub(super) struct Genesis {
    manifest: Manifest,
    /// Unix time of the balances.
    now: u64,
    supply: U256,
    vault: U256,
    airdrop: U256,
}

impl Genesis {
    /// Reads the files and the chain.
    pub(super) async fn read(devnet: &Devnet) -> CliResult<Self> {
        let manifest = Manifest::read(&devnet.genesis).map_err(|error| fault("genesis", error))?;
        let (rpc, book) = (&devnet.rpc, &devnet.book);
        let balance = |account| Opg::balanceOfCall { account };
        let read = async {
            let supply = rpc.view(book.opg, &Opg::totalSupplyCall {}).await?;
            let vault = rpc.view(book.opg, &balance(book.vesting_vault)).await?;
            let airdrop = rpc.view(book.opg, &balance(book.airdrop)).await?;
            // After the balances: what vests in between must not count as missing.
            Ok::<_, RpcError>((rpc.head().await?.timestamp, supply, vault, airdrop))
        };
        let (now, supply, vault, airdrop) = read.await.map_err(|error| fault("genesis", error))?;
        Ok(Self { manifest, now, supply, vault, airdrop })
    }

    /// Refuses a genesis whose tokens are elsewhere.
    pub(super) fn check(&self) -> CliResult {
        let locked = U256::from(self.manifest.supply - self.manifest.unlocked_at(self.now));
        if self.supply != U256::from(self.manifest.supply) || self.vault < locked {
            let (supply, vault) = (self.supply, self.vault);
            return Err(fault(
                "genesis",
                format!("supply {supply} wei, vault {vault}, of which {locked} locked"),
            ));
        }
        if self.airdrop != U256::from(self.manifest.airdrop.total) {
            return Err(fault("airdrop", format!("it holds {} wei before any claim", self.airdrop)));
        }
        Ok(())
    }

    /// Lines for people.
    pub(super) fn text(&self) -> String {
        let opg = |amount: U256| format!("{} OPG", decimal(amount, 18));
        let facts = fields(&[
            ("supply", opg(self.supply)),
            ("float at TGE", opg(self.float())),
            ("held by the vault", opg(self.vault)),
            (
                "held by the airdrop",
                format!("{} for {} accounts", opg(self.airdrop), self.manifest.airdrop.count),
            ),
        ]);
        let rows: Vec<_> = self.manifest.categories.iter().map(row).collect();
        let header = ["category", "OPG", "at TGE", "cliff", "linear", "schedules"];
        format!("{facts}\n\n{}", table(&header, &rows))
    }

    /// The same for scripts.
    pub(super) fn document(&self) -> Value {
        json!({
            "supplyWei": self.supply.to_string(),
            "floatAtTgeWei": self.float().to_string(),
            "vaultWei": self.vault.to_string(),
            "airdropWei": self.airdrop.to_string(),
            "tge": self.manifest.tge,
        })
    }

    fn float(&self) -> U256 {
        self.manifest.categories.iter().map(|category| U256::from(category.tge_total)).sum()
    }
}

fn row(category: &CategoryEntry) -> Vec<String> {
    let opg = |amount: u128| decimal(U256::from(amount), 18);
    let months = |seconds: u32| match seconds / MONTH {
        0 => "-".to_owned(),
        months => format!("{months} months"),
    };
    vec![
        category.name.clone(),
        opg(category.total),
        opg(category.tge_total),
        months(category.curve.cliff),
        months(category.curve.duration),
        category.count.to_string(),
    ]
}
