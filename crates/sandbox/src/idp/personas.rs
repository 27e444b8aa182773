//! Who one can sign in as.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};

use super::{Idp, pages};

/// Somebody of another country, by the eIDAS node: without an Italian code.
#[derive(Clone, Copy, Debug)]
pub struct Foreign {
    /// Of their own country's scheme.
    pub id: &'static str,
    pub name: &'static str,
    pub family_name: &'static str,
    pub date_of_birth: &'static str,
    pub look_at: &'static str,
}

pub const FOREIGN: [Foreign; 1] = [Foreign {
    id: "ES/IT/00000000T",
    name: "Inés",
    family_name: "Prueba Ejemplo",
    date_of_birth: "1987-06-05",
    look_at: "Identità spagnola che l'ufficio non ha ancora collegato: vede la pagina che lo spiega",
}];

/// `GET /personas`: JSON for programs, a page for people.
pub async fn list(State(idp): State<Arc<Idp>>, headers: HeaderMap) -> Response {
    let wants_page = headers.get(header::ACCEPT).and_then(|a| a.to_str().ok()).is_some_and(|a| a.contains("text/html"));
    if wants_page { pages::personas(&idp.personas, &idp.providers) } else { Json(&idp.personas).into_response() }
}

pub async fn show(State(idp): State<Arc<Idp>>) -> Response {
    pages::personas(&idp.personas, &idp.providers)
}
