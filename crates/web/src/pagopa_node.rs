//! The door of the pagoPA node: `POST /pagopa/paForNode` on a listener of its own, never among the citizens' pages.
//!
//! It reads the message, finds the institution by `idPA`, asks [`payments`] and writes the answer. What cannot be read
//! is a SOAP fault with status 500; every refusal of an operation is status 200 with outcome KO. Verify and payment
//! requests are pure reads. A receipt is answered only after its commit.
//!
//! Calls for an institution that wait for the database are put to it together, see [`gather`] and [`groups`].

mod gather;
mod groups;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{ConnectInfo, DefaultBodyLimit, FromRequest, Request as HttpRequest, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response as HttpResponse};
use axum::routing::post;
use db::Db;
use groups::{Asking, Sent, Taking};
use kernel::{Clock, Entropy};
use pagopa::{
    Fault, FaultCode, Head, NoticeNumber, Operation, PaymentRequest, QrCode, Refusal, Request, Response, VerifyRequest,
};
use payments::Position;
use payments::notice::{self, Notices};
use payments::receipt::Recorded;

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

/// The node waits 7 seconds for an answer and 15 for a receipt: we give up before it does.
const READ_LIMIT: Duration = Duration::from_secs(6);
const RECEIPT_LIMIT: Duration = Duration::from_secs(13);

/// The one route of the node's listener.
pub fn router(state: NodeState) -> Router {
    let limit = DefaultBodyLimit::max(pagopa::MAX_BODY_BYTES);
    let door = Door { asking: groups::asking(&state), taking: groups::taking(&state), state };
    Router::new().route("/pagopa/paForNode", post(receive)).layer(limit).with_state(Arc::new(door))
}

struct Door {
    state: NodeState,
    asking: Asking,
    taking: Taking,
}

async fn receive(State(door): State<Arc<Door>>, request: HttpRequest) -> HttpResponse {
    if !is_allowed(&door.state, &request) {
        return unread(StatusCode::FORBIDDEN);
    }
    match Bytes::from_request(request, &()).await {
        Ok(body) => answer(&door, body).await,
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

async fn answer(door: &Door, body: Bytes) -> HttpResponse {
    let response = match Request::decode(&body) {
        Ok(request) => answer_in_time(door, request, body).await,
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

async fn answer_in_time(door: &Door, request: Request, body: Bytes) -> Response {
    let (call, began) = (Call::of(&request), std::time::Instant::now());
    let limit = if matches!(request, Request::Receipt(_)) { RECEIPT_LIMIT } else { READ_LIMIT };
    let answered = tokio::time::timeout(limit, answer_request(door, request, body)).await;
    let response = match answered.unwrap_or(Err(Failure::TooSlow)) {
        Ok(response) => response,
        Err(Failure::Refused(fault)) => Response::refuse(call.operation, fault),
        Err(failure) => {
            tracing::error!(%failure, operation = call.operation.name(), "the node's request failed");
            Response::refuse(call.operation, Fault::new(FaultCode::SystemError, &call.id_pa))
        }
    };
    call.log(&response, began.elapsed());
    response
}

/// What the log says of a call.
struct Call {
    operation: Operation,
    id_pa: String,
    notice_number: Option<NoticeNumber>,
}

impl Call {
    fn of(request: &Request) -> Call {
        let notice_number = match request {
            Request::Verify(asked) => Some(asked.qr_code.notice_number),
            Request::Payment(asked) => Some(asked.qr_code.notice_number),
            Request::Receipt(sent) => Some(sent.receipt.notice_number),
            Request::Demand(_) => None,
        };
        Call { operation: request.operation(), id_pa: request.head().id_pa.clone(), notice_number }
    }

    fn log(&self, response: &Response, took: Duration) {
        tracing::info!(
            pagopa.operation = self.operation.name(),
            pagopa.id_pa = self.id_pa,
            pagopa.notice_number = self.notice_number.as_ref().map_or("", NoticeNumber::as_str),
            pagopa.outcome = response.fault().map_or("OK", |f| &f.code),
            took_ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            "the node asked"
        );
    }
}

/// Why there is no OK; shared by the calls of a group.
#[derive(Clone, Debug, thiserror::Error)]
enum Failure {
    #[error("refused")]
    Refused(Fault),
    #[error(transparent)]
    Payments(Arc<payments::Error>),
    #[error("too slow")]
    TooSlow,
    #[error("the work on it panicked")]
    Panicked,
}

impl From<payments::Error> for Failure {
    fn from(error: payments::Error) -> Failure {
        Failure::Payments(Arc::new(error))
    }
}

impl From<db::Error> for Failure {
    fn from(error: db::Error) -> Failure {
        payments::Error::from(error).into()
    }
}

impl Failure {
    /// Whether it may be the fault of one call of a group; a database that is away is away for all of them.
    fn may_be_of_one(&self) -> bool {
        matches!(self, Failure::Payments(error) if !error.database().is_some_and(db::Error::is_unavailable))
    }
}

async fn answer_request(door: &Door, request: Request, body: Bytes) -> Result<Response, Failure> {
    match request {
        Request::Verify(asked) => verify(door, &asked).await,
        Request::Payment(asked) => payment(door, &asked).await,
        Request::Receipt(request) => take_receipt(door, Sent { request, body }).await,
        // National catalogue services are none of a school office's.
        Request::Demand(asked) => Err(Failure::Refused(Fault::new(FaultCode::SystemError, &asked.head.id_pa))),
    }
}

async fn verify(door: &Door, asked: &VerifyRequest) -> Result<Response, Failure> {
    let notices = find(door, &asked.head, &asked.qr_code).await?;
    let position = payable(door, &notices, &asked.head, &asked.qr_code)?;
    Ok(Response::Verify(Ok(notice::summary(&notices.institution, position))))
}

async fn payment(door: &Door, asked: &PaymentRequest) -> Result<Response, Failure> {
    let notices = find(door, &asked.head, &asked.qr_code).await?;
    let position = payable(door, &notices, &asked.head, &asked.qr_code)?;
    let payment = notice::payment(&notices.institution, position, asked.transfer_type);
    Ok(Response::Payment(asked.version, Ok(Box::new(payment))))
}

async fn find(door: &Door, head: &Head, qr_code: &QrCode) -> Result<Arc<Notices>, Failure> {
    let unknown = || Failure::Refused(Fault::new(FaultCode::IdDominioErrato, &head.id_pa));
    if head.id_pa != qr_code.fiscal_code {
        return Err(unknown());
    }
    let found = door.asking.ask(&head.id_pa, qr_code.notice_number).await;
    found.ok_or(Failure::Panicked)??.ok_or_else(unknown)
}

/// Institution, broker, station, then the notice: the order of the node's guide.
fn payable<'n>(door: &Door, notices: &'n Notices, head: &Head, qr_code: &QrCode) -> Result<&'n Position, Failure> {
    let found = notices.check(head).and_then(|()| notices.payable(qr_code.notice_number, door.state.clock.now()));
    found.map_err(|code| Failure::Refused(Fault::new(code, &head.id_pa)))
}

/// A receipt is refused for one reason only: it is not for an institution of ours. A station that was moved, an
/// unknown notice or another amount are no reasons: the money is on its way.
async fn take_receipt(door: &Door, sent: Sent) -> Result<Response, Failure> {
    let (version, id_pa) = (sent.request.version, sent.request.head.id_pa.clone());
    if !sent.request.receipt.is_paid {
        let fault = Fault::new(FaultCode::Semantica, &id_pa).describe("solo le ricevute con esito OK sono acquisite");
        return Err(Failure::Refused(fault));
    }
    match door.taking.ask(&id_pa, sent).await.ok_or(Failure::Panicked)?? {
        Recorded::New { .. } => Ok(Response::Receipt(version, Ok(()))),
        Recorded::Duplicate => Err(Failure::Refused(Fault::new(FaultCode::ReceiptDuplicata, &id_pa))),
    }
}
