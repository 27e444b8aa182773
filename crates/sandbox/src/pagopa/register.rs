//! What went over the wire lately, for a person who tries things out. Kept in memory only.

use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

use askama::Template;
use axum::extract::State;
use axum::response::Html;
use kernel::{Instant, rome_date_time};

use super::Shared;

const KEPT: usize = 100;

#[derive(Clone)]
pub(crate) struct Entry {
    pub at: String,
    pub operation: &'static str,
    pub notice_number: String,
    pub outcome: String,
}

#[derive(Default)]
pub(crate) struct Register(Mutex<VecDeque<Entry>>);

impl Register {
    pub fn note(&self, at: Instant, operation: &'static str, notice_number: &str, outcome: &str) {
        let at = rome_date_time(at).strftime("%d/%m/%Y %H:%M:%S").to_string();
        tracing::debug!(operation, outcome, "the test node asked");
        let mut entries = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        entries.push_front(Entry { at, operation, notice_number: notice_number.to_owned(), outcome: outcome.to_owned() });
        entries.truncate(KEPT);
    }

    fn list(&self) -> Vec<Entry> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }
}

#[derive(Template)]
#[template(path = "pagopa/registro.html")]
struct RegisterPage {
    entries: Vec<Entry>,
}

pub(crate) async fn show(State(sandbox): State<Shared>) -> Html<String> {
    super::checkout::page(&RegisterPage { entries: sandbox.register.list() })
}
