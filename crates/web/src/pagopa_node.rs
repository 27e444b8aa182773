//! The door of the pagoPA node: `POST /pagopa/paForNode` on a listener of its own, never among the citizens' pages.
//!
//! It reads the message, finds the institution by `idPA`, asks [`payments`] and writes the answer. What cannot be read
//! is a SOAP fault with status 500; every refusal of an operation is status 200 with outcome KO. Verify and payment
//! requests are pure reads. A receipt is answered only after its commit.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Request as HttpRequest, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response as HttpResponse};
use axum::routing::post;
use db::{Db, Tx};
use kernel::{Actor, Clock, Ctx, Entropy};
use pagopa::{Fault, FaultCode, PaymentRequest, QrCode, ReceiptRequest, Refusal, Request, Response, VerifyRequest};
use payments::notice;
use payments::receipt::{self, Recorded};
use payments::settings::{self, Institution};

/// What the listener needs.
#[derive(Clone)]
pub struct NodeState {
    pub db: Db,
    pub clock: Clock,
    pub entropy: Entropy,
    /// From where calls are taken; anywhere when empty, as behind a proxy that checks the node's certificate. Serve
    /// with `into_make_service_with_connect_info` when it is not empty.
    pub allowed_sources: Arc<[IpAddr]>,
}

/// How often a transaction that met another one is tried.
const MOST_TRIES: usize = 8;
/// The node waits 7 seconds for an answer and 15 for a receipt: we give up before it does.
const READ_LIMIT: Duration = Duration::from_secs(6);
const RECEIPT_LIMIT: Duration = Duration::from_secs(13);

/// The one route of the node's listener.
pub fn router(state: NodeState) -> Router {
    let limit = DefaultBodyLimit::max(pagopa::MAX_BODY_BYTES);
    Router::new().route("/pagopa/paForNode", post(receive)).layer(limit).with_state(state)
}

async fn receive(State(state): State<NodeState>, request: HttpRequest) -> HttpResponse {
    if !is_allowed(&state, &request) {
        return unread(StatusCode::FORBIDDEN);
    }
    match Bytes::from_request(request, &()).await {
        Ok(body) => answer(&state, &body).await,
        Err(rejection) => unread(rejection),
    }
}

/// The rest of the body stays unread, so the connection ends with this answer: said, lest the caller sends more on it.
fn unread(refusal: impl IntoResponse) -> HttpResponse {
    ([(header::CONNECTION, "close")], refusal).into_response()
}

fn is_allowed(state: &NodeState, request: &HttpRequest) -> bool {
    let source = request.extensions().get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip().to_canonical());
    state.allowed_sources.is_empty() || source.is_some_and(|ip| state.allowed_sources.contains(&ip))
}

async fn answer(state: &NodeState, body: &[u8]) -> HttpResponse {
    let response = match Request::decode(body) {
        Ok(request) => answer_in_time(state, &request, body).await,
        Err(Refusal::Invalid { operation, fault }) => Response::refuse(operation, fault),
        Err(Refusal::Soap(fault)) => {
            tracing::info!(why = %fault, "a message to the node's door cannot be read");
            return soap(StatusCode::INTERNAL_SERVER_ERROR, fault.encode());
        }
    };
    soap(StatusCode::OK, encode(&response))
}

/// An answer of ours that breaks the schema is our failure, and is said so rather than sent.
fn encode(response: &Response) -> String {
    response.encode().unwrap_or_else(|why| {
        tracing::error!(%why, operation = response.operation().name(), "an answer for the node would be invalid");
        let fault = Fault::new(FaultCode::SystemError, "");
        Response::refuse(response.operation(), fault).encode().expect("a refusal without free text follows the schema")
    })
}

fn soap(status: StatusCode, body: String) -> HttpResponse {
    (status, [(header::CONTENT_TYPE, pagopa::CONTENT_TYPE)], body).into_response()
}

async fn answer_in_time(state: &NodeState, request: &Request, body: &[u8]) -> Response {
    let began = std::time::Instant::now();
    let limit = if matches!(request, Request::Receipt(_)) { RECEIPT_LIMIT } else { READ_LIMIT };
    let answered = tokio::time::timeout(limit, answer_request(state, request, body)).await;
    let response = match answered.unwrap_or(Err(Failure::TooSlow)) {
        Ok(response) => response,
        Err(Failure::Refused(fault)) => Response::refuse(request.operation(), fault),
        Err(failure) => {
            tracing::error!(%failure, operation = request.operation().name(), "the node's request failed");
            Response::refuse(request.operation(), Fault::new(FaultCode::SystemError, &request.head().id_pa))
        }
    };
    log(request, &response, began.elapsed());
    response
}

fn log(request: &Request, response: &Response, took: Duration) {
    let notice_number = match request {
        Request::Verify(asked) => asked.qr_code.notice_number.to_string(),
        Request::Payment(asked) => asked.qr_code.notice_number.to_string(),
        Request::Receipt(sent) => sent.receipt.notice_number.to_string(),
        Request::Demand(_) => String::new(),
    };
    tracing::info!(
        pagopa.operation = request.operation().name(),
        pagopa.id_pa = request.head().id_pa,
        pagopa.notice_number = notice_number,
        pagopa.outcome = response.fault().map_or("OK", |f| &f.code),
        took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        "the node asked"
    );
}

/// Why there is no OK.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("refused")]
    Refused(Fault),
    #[error(transparent)]
    Payments(#[from] payments::Error),
    #[error("too slow")]
    TooSlow,
}

impl From<db::Error> for Failure {
    fn from(error: db::Error) -> Failure {
        Failure::Payments(error.into())
    }
}

async fn answer_request(state: &NodeState, request: &Request, body: &[u8]) -> Result<Response, Failure> {
    match request {
        Request::Verify(asked) => verify(state, asked).await,
        Request::Payment(asked) => payment(state, asked).await,
        Request::Receipt(sent) => take_receipt(state, sent, body).await,
        // National catalogue services are none of a school office's.
        Request::Demand(asked) => Err(Failure::Refused(Fault::new(FaultCode::SystemError, &asked.head.id_pa))),
    }
}

async fn verify(state: &NodeState, asked: &VerifyRequest) -> Result<Response, Failure> {
    let mut tx = state.db.read().await?;
    let (institution, position) = payable(&mut tx, state, &asked.head, &asked.qr_code).await?;
    Ok(Response::Verify(Ok(notice::summary(&institution, &position))))
}

async fn payment(state: &NodeState, asked: &PaymentRequest) -> Result<Response, Failure> {
    let mut tx = state.db.read().await?;
    let (institution, position) = payable(&mut tx, state, &asked.head, &asked.qr_code).await?;
    let payment = notice::payment(&institution, &position, asked.transfer_type);
    Ok(Response::Payment(asked.version, Ok(Box::new(payment))))
}

/// Institution, broker, station, then the notice: the order of the node's guide.
async fn payable(
    tx: &mut Tx,
    state: &NodeState,
    head: &pagopa::Head,
    qr_code: &QrCode,
) -> Result<(Institution, Box<payments::Position>), Failure> {
    let refused = |code| Failure::Refused(Fault::new(code, &head.id_pa));
    if head.id_pa != qr_code.fiscal_code {
        return Err(refused(FaultCode::IdDominioErrato));
    }
    let institution = notice::institution_for(tx, head).await?.map_err(refused)?;
    let found = notice::ask_institution(tx, &institution, qr_code.notice_number, state.clock.now()).await?;
    let position = found.payable(&institution).map_err(Failure::Refused)?;
    Ok((institution, position))
}

/// A receipt is refused for one reason only: it is not for an institution of ours. A station that was moved, an
/// unknown notice or another amount are no reasons: the money is on its way.
async fn take_receipt(state: &NodeState, sent: &ReceiptRequest, body: &[u8]) -> Result<Response, Failure> {
    let id_pa = &sent.head.id_pa;
    if !sent.receipt.is_paid {
        let fault = Fault::new(FaultCode::Semantica, id_pa).describe("solo le ricevute con esito OK sono acquisite");
        return Err(Failure::Refused(fault));
    }
    let raw_xml = std::str::from_utf8(body).expect("what was decoded is UTF-8");
    let mut tries = 1;
    let recorded = loop {
        match record(state, sent, raw_xml).await {
            Err(Failure::Payments(met)) if met.is_retryable() && tries < MOST_TRIES => tries += 1,
            other => break other?,
        }
    };
    match recorded {
        Recorded::New { .. } => Ok(Response::Receipt(sent.version, Ok(()))),
        Recorded::Duplicate => Err(Failure::Refused(Fault::new(FaultCode::ReceiptDuplicata, id_pa))),
    }
}

async fn record(state: &NodeState, sent: &ReceiptRequest, raw_xml: &str) -> Result<Recorded, Failure> {
    let mut tx = state.db.begin().await?;
    let found = settings::find_institution(&mut tx, &sent.head.id_pa).await?;
    let institution = found.ok_or_else(|| Failure::Refused(Fault::new(FaultCode::IdDominioErrato, &sent.head.id_pa)))?;
    if institution.pagopa.station != sent.head.id_station {
        tracing::warn!(pagopa.station = sent.head.id_station, "a receipt came for another station and is taken");
    }
    let ctx = Ctx::new(institution.tenant, Actor::PagopaNode, &state.clock, &state.entropy);
    let recorded = receipt::record(&mut tx, &ctx, &institution, &sent.receipt, raw_xml).await?;
    tx.commit().await?;
    Ok(recorded)
}
