//! From the chain into the store.

use alloy::sol_types::SolValue as _;
use opg_chain::events::{ChainEvent, Cursor, Segment};
use opg_store::{
    Store, StoreError, cursors,
    staking::{self, SlashRow},
};

use super::StakingLedger;
use crate::ServiceError;

/// Name of the cursor.
const CURSOR: &str = "staking";

/// Takes one step along the chain. False at its end.
pub(super) async fn step(store: &Store, ledger: &dyn StakingLedger) -> Result<bool, ServiceError> {
    let blocks = store.read(|tx| cursors::load(tx, CURSOR))?;
    let Some(segment) = ledger.poll(&Cursor::from_blocks(blocks)).await? else { return Ok(false) };
    let more = segment.behind() > 0;
    apply(store, &segment)?;
    Ok(more)
}

fn apply(store: &Store, segment: &Segment) -> Result<(), StoreError> {
    store.write(|tx| {
        if let Some(ancestor) = segment.rollback_to {
            staking::roll_back(tx, ancestor)?;
        }
        for logged in &segment.events {
            match &logged.event {
                ChainEvent::Delegated { operator, owner } if operator != owner => {
                    staking::add_member(tx, *operator, *owner, logged.block)?;
                }
                ChainEvent::SlashOpened { slash_id, slash } => {
                    let row = SlashRow {
                        id: *slash_id,
                        operator: slash.operator,
                        slash: slash.abi_encode().into(),
                        pool: !slash.pool.is_zero(),
                        block: logged.block,
                        gone_at: None,
                        decided: false,
                    };
                    staking::open_slash(tx, &row)?;
                    tracing::info!(slash = %slash_id, operator = %slash.operator, "a slash was opened");
                }
                _ => {}
            }
        }
        cursors::save(tx, CURSOR, segment.cursor.blocks())
    })
}
