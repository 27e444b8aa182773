//! A visit: one request of one browser, made once by the guard and handed to the page.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts as RequestParts;
use catalogue::{Arg, Locale};
use enrolment::Tenant;
use identity::Session;
use identity::staff::Role;
use kernel::Ctx;

use crate::fields::Fields;
use crate::papers;
use crate::refusal::Refusal;
use crate::state::AppState;

#[derive(Clone)]
pub struct Visit {
    pub state: AppState,
    pub tenant: Arc<Tenant>,
    pub ctx: Ctx,
    /// Present behind the guard `SignedIn`; may be present on public pages.
    pub session: Option<Session>,
    /// The roles in force of who is signed in; empty but behind the guard `Staff`.
    pub roles: Vec<Role>,
    /// The address the request comes from, as far as proxies are trusted: what tries are counted by.
    pub source: String,
    pub locale: Locale,
    pub path: String,
    pub query: Fields,
    /// What was sent, its token already checked; or what comes back after an expired session. Empty otherwise.
    pub form: Fields,
    /// Whether `form` was kept over a sign-in and is to be looked at again, not acted on.
    pub restored: bool,
}

impl Visit {
    pub fn t<'a>(&'a self, key: &'a str) -> &'a str {
        self.state.catalogue.text(self.locale, key)
    }

    pub fn f(&self, key: &str, args: &[(&str, Arg<'_>)]) -> String {
        self.state.catalogue.format(self.locale, key, args)
    }

    pub async fn read(&self) -> Result<db::Tx, Refusal> {
        Ok(self.state.db.read().await?)
    }

    /// The body on its papers.
    pub async fn issuer(&self) -> Result<paper::Issuer, Refusal> {
        let arms = match self.tenant.arms {
            Some(_) => enrolment::arms::find(&mut self.read().await?, self.tenant.id).await?,
            None => None,
        };
        Ok(papers::issuer(&self.tenant, arms))
    }

    pub async fn begin(&self) -> Result<db::Tx, Refusal> {
        Ok(self.state.db.begin().await?)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visit {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut RequestParts, _: &S) -> Result<Visit, Refusal> {
        parts.extensions.get::<Visit>().cloned().ok_or(Refusal::Unexpected)
    }
}
