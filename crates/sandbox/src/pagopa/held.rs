//! Receipts of payments made here that wait for a person to deliver them. Kept in memory only.

use std::sync::{Mutex, PoisonError};

use pagopa::Receipt;

use super::Creditor;

#[derive(Default)]
pub(crate) struct Held(Mutex<Vec<(Creditor, Receipt)>>);

impl Held {
    pub fn put(&self, creditor: &Creditor, receipt: Receipt) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((creditor.clone(), receipt));
    }

    /// In the order they were paid.
    pub fn list(&self) -> Vec<(Creditor, Receipt)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Takes one out; of two who ask at once one gets it.
    pub fn take(&self, receipt_id: &str) -> Option<(Creditor, Receipt)> {
        let mut held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = held.iter().position(|(_, receipt)| receipt.receipt_id == receipt_id)?;
        Some(held.remove(at))
    }
}
