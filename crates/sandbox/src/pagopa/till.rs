//! What was paid here: what settlement reports and the receipts service are made of. Kept in memory only.

use std::sync::{Mutex, PoisonError};

use pagopa::Receipt;
use pagopa::fdr::OutcomeCode;

/// A payment, and where it was reported.
#[derive(Clone)]
pub(crate) struct Made {
    pub receipt: Receipt,
    pub outcome: OutcomeCode,
    pub reported_in: Option<String>,
}

#[derive(Default)]
pub(crate) struct Till(Mutex<Vec<Made>>);

impl Till {
    /// Each payment once, however often its receipt is delivered.
    pub fn note(&self, receipt: &Receipt, outcome: OutcomeCode) {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if made.iter().all(|m| m.receipt.receipt_id != receipt.receipt_id) {
            made.push(Made { receipt: receipt.clone(), outcome, reported_in: None });
        }
    }

    pub fn find(&self, fiscal_code: &str, receipt_id: &str) -> Option<Made> {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().find(|m| m.receipt.fiscal_code == fiscal_code && m.receipt.receipt_id == receipt_id).cloned()
    }

    /// Of an institution, in the order they were made.
    pub fn list(&self, fiscal_code: &str) -> Vec<Made> {
        let made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        made.iter().filter(|m| m.receipt.fiscal_code == fiscal_code).cloned().collect()
    }

    /// Takes those that no report names yet and that `ripe` accepts, for the report `flow_id`.
    pub fn take_unreported(&self, fiscal_code: &str, flow_id: &str, ripe: impl Fn(&Made) -> bool) -> Vec<Made> {
        let mut made = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = made.iter_mut().filter(|m| m.receipt.fiscal_code == fiscal_code && m.reported_in.is_none());
        let mut taken = Vec::new();
        for one in waiting {
            if ripe(one) {
                one.reported_in = Some(flow_id.to_owned());
                taken.push(one.clone());
            }
        }
        taken
    }
}
