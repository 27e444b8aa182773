//! How a "no" is said: one table from refusal to status, words and hint. See docs/saying-no.md.

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such thing, or it is not this person's: the same bytes.
    NotFound,
    /// Signed in, and nothing to anybody here.
    NotRelated,
    /// Staff to whom no role is left.
    NoRole,
    /// Nobody is signed in: off to the sign-in page and back.
    SignInFirst,
    /// Nobody is signed in any more, and a form was sent: it is kept.
    SessionEnded,
    /// The form's token is missing, another session's, or was changed on the way.
    FormNotValid,
    /// A one-time link that was used, is too old, or never was.
    LinkNotValid,
    BadRequest,
    MethodNotAllowed,
    TooLarge,
    TooMany {
        wait_s: u32,
    },
    /// No tenant has this host name.
    UnknownHost,
    Unavailable,
    /// Logged with its cause; the person gets a code.
    Unexpected,
    /// A sign-in that did not succeed, by the key of its words.
    SignIn {
        key: &'static str,
        status: u16,
    },
    /// A logout message that no provider is believed to have sent.
    Logout,
}

/// What the page says and does.
pub struct Words {
    pub status: StatusCode,
    /// The stem of the catalogue's keys: `<stem>-title` and `<stem>-text`.
    pub stem: &'static str,
    pub retry_after_s: Option<u32>,
    pub action: Action,
}

/// The way on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Home,
    SignIn,
    Retry,
    OtherPerson,
    /// For another one-time link.
    AskAgain,
}

impl Refusal {
    pub fn words(&self) -> Words {
        let (status, stem, retry_after_s, action) = match self {
            Refusal::NotFound => (404, "no-not-found", None, Action::Home),
            Refusal::NotRelated => (403, "no-not-related", None, Action::OtherPerson),
            Refusal::NoRole => (403, "no-role", None, Action::OtherPerson),
            Refusal::LinkNotValid => (404, "no-link", None, Action::AskAgain),
            Refusal::SignInFirst | Refusal::SessionEnded => (401, "no-session-ended", None, Action::SignIn),
            Refusal::FormNotValid => (403, "no-form-not-valid", None, Action::Retry),
            Refusal::BadRequest => (400, "no-bad-request", None, Action::Home),
            Refusal::MethodNotAllowed => (405, "no-method", None, Action::Home),
            Refusal::TooLarge => (413, "no-too-large", None, Action::Home),
            Refusal::TooMany { wait_s } => (429, "no-too-many", Some(*wait_s), Action::Retry),
            Refusal::UnknownHost => (404, "no-unknown-host", None, Action::Home),
            Refusal::Unavailable => (503, "no-unavailable", Some(30), Action::Retry),
            Refusal::Unexpected => (500, "no-unexpected", None, Action::Retry),
            Refusal::Logout => (403, "no-logout", None, Action::Home),
            Refusal::SignIn { key, status } => (*status, *key, None, Action::SignIn),
        };
        Words { status: StatusCode::from_u16(status).expect("the table has real statuses"), stem, retry_after_s, action }
    }
}

/// Handlers give a refusal; the guard, which knows the tenant and the language, makes its page.
impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = self.words().status.into_response();
        response.extensions_mut().insert(self);
        response
    }
}

impl From<db::Error> for Refusal {
    fn from(error: db::Error) -> Refusal {
        if error.is_unavailable() || error.is_retryable() {
            tracing::warn!(error = %error, "the database is unavailable");
            return Refusal::Unavailable;
        }
        tracing::error!(error = %error, "unexpected");
        Refusal::Unexpected
    }
}

impl From<enrolment::Error> for Refusal {
    fn from(error: enrolment::Error) -> Refusal {
        match error {
            enrolment::Error::Db(error) => error.into(),
            _ => Refusal::NotFound,
        }
    }
}

impl From<identity::Error> for Refusal {
    fn from(error: identity::Error) -> Refusal {
        match error {
            identity::Error::Db(error) => error.into(),
        }
    }
}

impl From<identity::credentials::Error> for Refusal {
    fn from(error: identity::credentials::Error) -> Refusal {
        use identity::credentials::Error as E;
        match error {
            E::Db(error) => error.into(),
            E::Busy => Refusal::Unavailable,
            E::LinkNotValid => Refusal::LinkNotValid,
            E::NotPending => Refusal::SignIn { key: "sign-in-expired", status: 403 },
            E::UnknownAccount | E::UnknownBusiness => Refusal::NotFound,
            other => {
                tracing::error!(error = %other, "unexpected");
                Refusal::Unexpected
            }
        }
    }
}

impl From<messages::Error> for Refusal {
    fn from(messages::Error::Db(error): messages::Error) -> Refusal {
        error.into()
    }
}
