//! A test pagoPA: the carts service, its hosted Checkout page, a tobacconist, and the node behind both.
//!
//! It reaches the creditor institution by the real protocols only: SOAP over HTTP to the institution's node listener.
//! It never touches the institution's database; the two things the real node knows by configuration, which notices
//! are about and who serves an institution, come through [`Directory`]. What the platform's other services know of debts
//! (the archive, settlement reports, the receipts service) they were told over their own wire, or saw being paid here.

mod archive;
mod carts;
mod checkout;
mod days;
mod debts;
mod fetched;
mod flows;
mod held;
mod io;
mod money;
mod node;
mod notices;
mod payment;
mod register;
mod till;
mod tobacconist;

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use axum::Router;
use axum::http::header;
use axum::routing::{get, post};
use kernel::{Clock, Entropy};
use serde::Serialize;

use archive::Archive;
use carts::CartStore;
use debts::Debts;
use flows::Flows;
use held::Held;
use io::Io;
use node::Node;
use register::Register;
use till::Till;

/// A notice of an institution of this installation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ListedNotice {
    /// Of the institution.
    pub fiscal_code: String,
    pub notice_number: String,
    pub amount_cents: i64,
    pub broker: String,
    pub station: String,
}

/// Who answers for an institution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Creditor {
    pub fiscal_code: String,
    pub name: String,
    pub broker: String,
    pub station: String,
}

/// An answer that comes later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = Result<T, String>> + Send + 'a>>;

/// What the real node knows of institutions and stations by configuration.
pub trait Directory: Send + Sync {
    /// Up to `limit` notices in `state` (`payable`, `paid`, `cancelled`), in a repeatable order.
    fn notices<'a>(&'a self, state: &'a str, limit: u32) -> Later<'a, Vec<ListedNotice>>;
    fn creditors(&self) -> Later<'_, Vec<Creditor>>;
}

/// The services of the platform that are played here, and their paths.
pub const SERVICES: [(&str, &str); 5] = [
    ("aca", "/aca/v1"),
    ("gpd", "/gpd/debt-positions-service/v1"),
    ("fdr", "/fdr-org/service/v1"),
    ("receipts", "/bizevents/service/v1"),
    ("io", "/io/api/v1"),
];
/// Where an institution of GPD finds its receipts, in the place of those of `receipts`.
pub const GPD_RECEIPTS: &str = "/gpd/payments-receipts-service/v1";

/// What a test pagoPA is made of.
pub struct Config {
    /// Where browsers find this sandbox, as `http://127.0.0.1:8081`.
    pub public_url: String,
    /// Where the institution listens, as `http://127.0.0.1:8082/pagopa/paForNode`.
    pub node_url: String,
    pub directory: Arc<dyn Directory>,
    pub clock: Clock,
    pub entropy: Entropy,
}

pub(crate) struct Sandbox {
    public_url: String,
    directory: Arc<dyn Directory>,
    clock: Clock,
    entropy: Entropy,
    node: Node,
    carts: CartStore,
    register: Register,
    archive: Archive,
    debts: Debts,
    till: Till,
    flows: Flows,
    io: Io,
    held: Held,
}

pub(crate) type Shared = Arc<Sandbox>;

impl Sandbox {
    async fn creditor(&self, fiscal_code: &str) -> Result<Creditor, String> {
        let all = self.directory.creditors().await?;
        all.into_iter().find(|c| c.fiscal_code == fiscal_code).ok_or_else(|| "PPT_DOMINIO_SCONOSCIUTO".to_owned())
    }
}

/// The routes of the test pagoPA.
///
/// # Errors
/// When no HTTP client can be made.
pub fn router(config: Config) -> Result<Router, String> {
    let sandbox = Arc::new(Sandbox {
        public_url: config.public_url.trim_end_matches('/').to_owned(),
        node: Node::new(config.node_url)?,
        directory: config.directory,
        clock: config.clock,
        entropy: config.entropy,
        carts: CartStore::default(),
        register: Register::default(),
        archive: Archive::default(),
        debts: Debts::default(),
        till: Till::default(),
        flows: Flows::default(),
        io: Io::default(),
        held: Held::default(),
    });
    let router = Router::new()
        .route("/checkout/ec/v1/carts", post(carts::create_v1))
        .route("/checkout/ec/v2/carts", post(carts::create_v2))
        .route("/checkout/carts-auth/v1/carts", post(carts::create_answering_200))
        .route("/checkout/{cart}", get(checkout::show).post(checkout::act))
        .route("/tabaccheria", get(tobacconist::ask).post(tobacconist::read))
        .route("/tabaccheria/paga", post(tobacconist::pay))
        .route("/aca/v1/paCreatePosition", post(archive::put))
        .merge(gpd())
        .route("/fdr-org/service/v1/organizations/{cf}/fdrs", get(flows::list))
        .route("/fdr-org/service/v1/organizations/{cf}/fdrs/{fdr}/revisions/{revision}/psps/{psp}", get(flows::header))
        .route("/fdr-org/service/v1/organizations/{cf}/fdrs/{fdr}/revisions/{revision}/psps/{psp}/payments", get(flows::payments))
        .route("/bizevents/service/v1/organizations/{cf}/receipts/{iur}/paymentoptions/{iuv}", get(fetched::by_iur))
        .route("/pagopa/flussi", get(flows::show).post(flows::act))
        .route("/pagopa/flusso.xml", get(flows::file))
        .route("/pagopa/giornale.csv", get(flows::journal))
        .route("/pagopa/giornale.xml", get(flows::journal_xml))
        .route("/io/api/v1/profiles", post(io::profile))
        .route("/io/api/v1/messages", post(io::send))
        .route("/io/api/v1/messages/{code}/{id}", get(io::get))
        .route("/io", get(io::show).post(io::act))
        .route("/pagopa/giornate", get(days::show))
        .route("/pagopa/giornate/consegna", post(days::deliver_held))
        .route("/pagopa/giornate/sconosciuto", post(days::pay_unknown))
        .route("/notices", get(notices::list))
        .route("/pagopa", get(register::show))
        .route("/pagopa/stile.css", get(style));
    Ok(router.with_state(sandbox))
}

fn gpd() -> Router<Shared> {
    let positions = "/gpd/debt-positions-service/v1/organizations/{cf}/debtpositions";
    Router::new()
        .route(positions, post(debts::create))
        .route(&format!("{positions}/{{iupd}}"), get(debts::show).put(debts::update))
        .route(&format!("{positions}/{{iupd}}/{{action}}"), post(debts::act))
        .route(&format!("{GPD_RECEIPTS}/payments/{{cf}}/receipts"), get(debts::receipts))
        .route(&format!("{GPD_RECEIPTS}/payments/{{cf}}/receipts/{{iuv}}"), get(debts::receipt))
}

async fn style() -> ([(header::HeaderName, &'static str); 1], &'static str) {
    ([(header::CONTENT_TYPE, "text/css; charset=utf-8")], include_str!("pagopa/style.css"))
}
