//! The models that are loaded, within a budget.

use std::collections::HashMap;

use crate::ModelManifest;
use crate::chat::{Batch, BatchLimits};
use crate::local::LocalModel;

/// A model and the answers that it is making.
pub(crate) struct Loaded {
    pub(crate) model: LocalModel,
    pub(crate) batch: Batch,
    bytes: u64,
    last_use: u64,
}

/// Loaded models by name. Those used longest ago go first when the budget is reached.
pub(crate) struct Shelf {
    budget: Option<u64>,
    clock: u64,
    models: HashMap<String, Loaded>,
}

impl Shelf {
    pub(crate) fn new(budget: Option<u64>) -> Self {
        Shelf { budget, clock: 0, models: HashMap::new() }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.models.contains_key(name)
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Loaded> {
        self.models.values_mut()
    }

    /// A loaded model, about to be used.
    pub(crate) fn get(&mut self, name: &str) -> Option<&mut Loaded> {
        self.clock += 1;
        let loaded = self.models.get_mut(name)?;
        loaded.last_use = self.clock;
        Some(loaded)
    }

    /// Drops idle models until one of that size fits, or until only working ones are left.
    pub(crate) fn make_room(&mut self, bytes: u64) {
        let Some(budget) = self.budget else { return };
        while self.models.values().map(|loaded| loaded.bytes).sum::<u64>().saturating_add(bytes) > budget {
            let idle = self.models.iter().filter(|(_, loaded)| loaded.batch.is_empty());
            let Some(name) = idle.min_by_key(|(_, loaded)| loaded.last_use).map(|(name, _)| name.clone())
            else {
                return;
            };
            tracing::info!(model = name, "model dropped to make room");
            self.models.remove(&name);
        }
    }

    /// Adds a model that has just been loaded.
    pub(crate) fn put(
        &mut self,
        manifest: &ModelManifest,
        model: LocalModel,
        limits: BatchLimits,
    ) -> &mut Loaded {
        self.clock += 1;
        let loaded =
            Loaded { model, batch: Batch::new(limits), bytes: manifest.bytes(), last_use: self.clock };
        self.models.entry(manifest.name.clone()).insert_entry(loaded).into_mut()
    }
}
