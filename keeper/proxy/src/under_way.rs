//! Payments whose answer this process is waiting for, so that nothing is asked for twice at a time.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, PoisonError},
};

use alloy::primitives::B256;

/// Their numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct UnderWay(Arc<Mutex<HashSet<B256>>>);

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Claim(UnderWay, B256);

impl UnderWay {
    /// Claims a payment, unless somebody has.
    pub(crate) fn claim(&self, nonce: B256) -> Option<Claim> {
        let is_new = self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(nonce);
        is_new.then(|| Claim(self.clone(), nonce))
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.1);
    }
}
