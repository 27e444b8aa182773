//! App IO: the services API as a Comune calls it, and a page with what people would find on their telephones. Kept in
//! memory only.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use askama::Template;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::{Form, Json};
use jiff::SignedDuration;
use kernel::{Instant, rome_date_time};
use pagopa::SUBSCRIPTION_KEY;
use pagopa::io::{Created, NewMessage, Profile, RATE_LIMIT, Sent, SentMessage};
use serde::Deserialize;

use super::carts::problem;
use super::checkout::page;
use super::money::euros;
use super::{Sandbox, Shared};

const KEPT: usize = 200;

/// How a person or the service is played.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Mood {
    #[default]
    Well,
    /// The person does not use app IO.
    Absent,
    /// The person has switched the service off.
    Closed,
    /// The service answers 429.
    Busy,
    /// The service answers 500.
    Broken,
}

const MOODS: [(&str, Mood, &str); 5] = [
    ("bene", Mood::Well, "riceve i messaggi"),
    ("assente", Mood::Absent, "non usa app IO"),
    ("spento", Mood::Closed, "ha spento il servizio"),
    ("troppe", Mood::Busy, "il servizio risponde 429"),
    ("guasto", Mood::Broken, "il servizio risponde 500"),
];

#[derive(Clone)]
struct Received {
    id: String,
    at: Instant,
    message: NewMessage,
}

#[derive(Default)]
struct Telephone {
    received: VecDeque<Received>,
    people: HashMap<String, Mood>,
    calls: VecDeque<Instant>,
}

#[derive(Default)]
pub(crate) struct Io(Mutex<Telephone>);

impl Io {
    fn open(&self) -> MutexGuard<'_, Telephone> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Whether the call is taken at all: a key, no more calls than are allowed, and a service that works.
fn enter(sandbox: &Sandbox, headers: &HeaderMap, of: &str) -> Result<Mood, Box<Response>> {
    if headers.get(SUBSCRIPTION_KEY).is_none_or(|key| key.is_empty()) {
        return Err(Box::new(problem(StatusCode::UNAUTHORIZED, "Unauthorized", "a subscription key is needed")));
    }
    let (now, mut io) = (sandbox.clock.now(), sandbox.io.open());
    let within = SignedDuration::try_from(RATE_LIMIT.within).expect("a few seconds");
    while io.calls.front().is_some_and(|call| now.duration_since(*call) >= within) {
        io.calls.pop_front();
    }
    let mood = io.people.get(of).copied().unwrap_or_default();
    if io.calls.len() >= RATE_LIMIT.calls as usize || mood == Mood::Busy {
        let busy = problem(StatusCode::TOO_MANY_REQUESTS, "Too many requests", "slow down");
        return Err(Box::new(([("x-rate-limit-retry-after", "5")], busy).into_response()));
    }
    io.calls.push_back(now);
    match mood {
        Mood::Broken => Err(Box::new(problem(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error", "it is out of order"))),
        mood => Ok(mood),
    }
}

#[derive(Deserialize)]
pub(crate) struct Asked {
    fiscal_code: String,
}

/// `POST /profiles`
pub(crate) async fn profile(State(sandbox): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let Ok(asked) = serde_json::from_slice::<Asked>(&body) else {
        return problem(StatusCode::BAD_REQUEST, "Invalid", "a fiscal_code is needed");
    };
    match enter(&sandbox, &headers, &asked.fiscal_code) {
        Err(refused) => *refused,
        Ok(Mood::Absent) => problem(StatusCode::NOT_FOUND, "Not found", "no such profile"),
        Ok(mood) => {
            let sender_allowed = mood != Mood::Closed;
            Json(Profile { sender_allowed, preferred_languages: vec!["it_IT".to_owned()] }).into_response()
        }
    }
}

/// `POST /messages`
pub(crate) async fn send(State(sandbox): State<Shared>, headers: HeaderMap, body: Bytes) -> Response {
    let message = match serde_json::from_slice::<NewMessage>(&body).map_err(|e| e.to_string()) {
        Ok(message) => message,
        Err(why) => return problem(StatusCode::BAD_REQUEST, "Invalid", &why),
    };
    if let Err(why) = message.check() {
        return problem(StatusCode::BAD_REQUEST, "Invalid", &why.to_string());
    }
    match enter(&sandbox, &headers, &message.fiscal_code) {
        Err(refused) => *refused,
        Ok(Mood::Absent) => problem(StatusCode::NOT_FOUND, "Not found", "no such profile"),
        Ok(Mood::Closed) => problem(StatusCode::FORBIDDEN, "Forbidden", "the person takes no messages of this service"),
        Ok(_) => {
            let id = sandbox.entropy.token()[..26].to_owned();
            let received = Received { id: id.clone(), at: sandbox.clock.now(), message };
            let mut io = sandbox.io.open();
            io.received.push_front(received);
            io.received.truncate(KEPT);
            (StatusCode::CREATED, Json(Created { id })).into_response()
        }
    }
}

/// `GET /messages/{fiscal code}/{id}`
pub(crate) async fn get(State(sandbox): State<Shared>, headers: HeaderMap, Path((code, id)): Path<(String, String)>) -> Response {
    if let Err(refused) = enter(&sandbox, &headers, &code) {
        return *refused;
    }
    let io = sandbox.io.open();
    let found = io.received.iter().find(|r| r.id == id && r.message.fiscal_code == code);
    match found {
        None => problem(StatusCode::NOT_FOUND, "Not found", "no such message"),
        Some(r) => {
            let (id, fiscal_code, sender_service_id) = (r.id.clone(), code, String::new());
            let message = SentMessage { id, fiscal_code, created_at: r.at, sender_service_id };
            let status = Some("PROCESSED".to_owned());
            Json(Sent { message, status, read_status: None, payment_status: None }).into_response()
        }
    }
}

/// A message as the page shows it.
struct Shown {
    at: String,
    to: String,
    subject: String,
    paragraphs: Vec<String>,
    due: Option<String>,
    /// Amount, notice, institution.
    payment: Option<(String, String, String)>,
}

impl Shown {
    fn of(received: &Received) -> Shown {
        let written = |at: Instant| rome_date_time(at).strftime("%d/%m/%Y %H:%M:%S").to_string();
        let content = &received.message.content;
        Shown {
            at: written(received.at),
            to: received.message.fiscal_code.clone(),
            subject: content.subject.clone(),
            paragraphs: content.markdown.split("\n\n").map(str::to_owned).collect(),
            due: content.due_at.map(written),
            payment: content
                .payment
                .as_ref()
                .map(|p| (euros(p.amount_cents), p.notice_number.clone(), p.payee.fiscal_code.clone())),
        }
    }
}

#[derive(Template)]
#[template(path = "pagopa/io.html")]
struct IoPage {
    messages: Vec<Shown>,
    moods: Vec<(&'static str, &'static str)>,
    /// Who is not played well: code and words.
    people: Vec<(String, &'static str)>,
}

/// `GET /io`: what would be on the telephones.
pub(crate) async fn show(State(sandbox): State<Shared>) -> Html<String> {
    let io = sandbox.io.open();
    let words = |mood: Mood| MOODS.iter().find(|(_, known, _)| *known == mood).map_or("", |(_, _, words)| *words);
    let mut people: Vec<_> = io.people.iter().map(|(code, mood)| (code.clone(), words(*mood))).collect();
    people.sort();
    page(&IoPage {
        messages: io.received.iter().map(Shown::of).collect(),
        moods: MOODS.iter().map(|(key, _, words)| (*key, *words)).collect(),
        people,
    })
}

#[derive(Deserialize)]
pub(crate) struct Play {
    codice: String,
    come: String,
}

/// `POST /io`: how a person is played from now on.
pub(crate) async fn act(State(sandbox): State<Shared>, Form(play): Form<Play>) -> Response {
    let mood = MOODS.iter().find(|(key, ..)| *key == play.come).map(|(_, mood, _)| *mood);
    let code = play.codice.trim().to_ascii_uppercase();
    let Some(mood) = mood.filter(|_| !code.is_empty()) else { return StatusCode::BAD_REQUEST.into_response() };
    let mut io = sandbox.io.open();
    if mood == Mood::Well {
        io.people.remove(&code)
    } else {
        io.people.insert(code, mood)
    };
    Redirect::to("/io").into_response()
}
