//! Every door of the portal, with who may pass it. What is not in this table does not exist.

use axum::Router;
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post};

use crate::guard::{self, Guard};
use crate::refusal::Refusal;
use crate::state::AppState;
use crate::{accesses, assets, cns, logout, office, password, portal, public, second_factor, sign_in};

pub struct Door {
    pub path: &'static str,
    pub guard: Guard,
    pub methods: &'static str,
    handler: fn() -> MethodRouter<AppState>,
}

macro_rules! doors {
    ($($guard:ident $methods:literal $path:literal => $handler:expr;)+) => {
        &[$(Door { path: $path, guard: Guard::$guard, methods: $methods, handler: || $handler }),+]
    };
}

#[rustfmt::skip]
pub const DOORS: &[Door] = doors! {
    Public "GET" "/" => get(public::home);
    Public "GET" "/servizi" => get(public::services);
    Public "GET" "/servizi/{slug}" => get(public::service);
    Public "GET" "/accedi" => get(sign_in::choose);
    Public "GET" "/privacy" => get(public::privacy);
    Public "GET" "/note-legali" => get(public::legal_notes);
    Public "GET" "/accessibilita" => get(public::accessibility);
    Public "GET" "/lingua/{code}" => get(public::language);
    Public "GET" "/tema-{colour}" => get(public::theme);
    Public "GET" "/stemma-{name}" => get(public::arms);
    Public "GET" "/spid/metadata" => get(sign_in::spid_metadata);
    Public "GET" "/spid/login" => get(sign_in::spid_start);
    Public "POST" "/spid/acs" => post(sign_in::spid_answer);
    Public "GET POST" "/spid/slo" => get(logout::spid_by_address).post(logout::spid_by_form);
    Public "GET" "/cie/metadata" => get(sign_in::cie_metadata);
    Public "GET" "/cie/login" => get(sign_in::cie_start);
    Public "POST" "/cie/acs" => post(sign_in::cie_answer);
    Public "GET POST" "/cie/slo" => get(logout::cie_by_address).post(logout::cie_by_form);
    Public "GET" "/cns/login" => get(cns::start);
    Public "GET" "/cns/entra" => get(cns::enter);
    AnySession "POST" "/esci" => post(logout::sign_out);
    PublicForm "GET POST" "/accedi/imprese" => get(password::business).post(password::business_enter);
    PublicForm "GET POST" "/accedi/imprese/password-dimenticata" => get(password::business_forgotten).post(password::business_ask);
    PublicForm "GET POST" "/accedi/imprese/password/{token}" => get(password::set::business_link).post(password::set::business_set);
    AnySession "GET" "/area-personale/accessi" => get(accesses::show);
    AnySession "GET" "/area-personale/accessi/resta" => get(accesses::stay);
    AnySession "POST" "/area-personale/accessi/termina" => post(accesses::end);
    AnySession "POST" "/area-personale/accessi/esci-ovunque" => post(accesses::end_everywhere);
    AnySession "GET POST" "/area-personale/accessi/password" => get(password::set::business_change).post(password::set::business_put);
    PublicForm "GET POST" "/ufficio/accedi" => get(password::staff).post(password::staff_enter);
    PublicForm "GET POST" "/ufficio/accedi/password-dimenticata" => get(password::staff_forgotten).post(password::staff_ask);
    PublicForm "GET POST" "/ufficio/accedi/password/{token}" => get(password::set::staff_link).post(password::set::staff_set);
    PublicForm "GET POST" "/ufficio/accedi/codice" => get(second_factor::show).post(second_factor::enter);
    PublicForm "GET POST" "/ufficio/accedi/attivazione" => get(second_factor::start).post(second_factor::confirm);
    AnyStaff "POST" "/ufficio/esci" => post(office::sign_out);
    Staff "GET" "/ufficio" => get(office::show);
    Staff "GET" "/ufficio/accessi/resta" => get(accesses::stay);
    Staff "POST" "/ufficio/accessi/termina" => post(accesses::end);
    Staff "POST" "/ufficio/accessi/esci-ovunque" => post(accesses::end_everywhere);
    Staff "POST" "/ufficio/codici-di-recupero" => post(office::renew_codes);
    Staff "GET POST" "/ufficio/password" => get(password::set::staff_change).post(password::set::staff_put);
    SignedIn "GET" "/area-personale" => get(portal::dashboard::show);
    SignedIn "GET" "/area-personale/messaggi" => get(portal::dashboard::messages);
    SignedIn "GET" "/area-personale/scheda-anagrafica" => get(portal::registry::list);
    SignedIn "GET" "/area-personale/scheda-anagrafica/{pupil}" => get(portal::registry::show);
    SignedIn "GET" "/area-personale/scheda-anagrafica/{pupil}/730/{year}" => get(portal::registry::tax_certificate);
    SignedIn "GET" "/area-personale/scheda-anagrafica/{pupil}/allegati/{attachment}" => get(portal::registry::attachment);
    SignedIn "GET" "/area-personale/conto-corrente-virtuale" => get(portal::account::show);
    SignedIn "GET" "/area-personale/conto-corrente-virtuale/estratto.pdf" => get(portal::account::pdf);
    SignedIn "GET" "/area-personale/conto-corrente-virtuale/estratto.csv" => get(portal::account::csv);
    SignedIn "GET" "/area-personale/refezione-scolastica" => get(portal::canteen::show);
    SignedIn "GET" "/area-personale/refezione-scolastica/presenze.csv" => get(portal::canteen::csv);
    SignedIn "GET" "/area-personale/pagamento" => get(portal::pay::list);
    SignedIn "POST" "/area-personale/pagamento/riepilogo" => post(portal::pay::review);
    SignedIn "POST" "/area-personale/pagamento/avvia" => post(portal::pay::start);
    SignedIn "GET" "/area-personale/pagamento/esito/{cart}" => get(portal::pay::outcome);
    SignedIn "GET" "/area-personale/pagamento/spontaneo" => get(portal::spontaneous::list);
    SignedIn "GET" "/area-personale/pagamento/spontaneo/causale/{cause}" => get(portal::spontaneous::show);
    SignedIn "POST" "/area-personale/pagamento/spontaneo/riepilogo" => post(portal::spontaneous::review);
    SignedIn "POST" "/area-personale/pagamento/spontaneo/conferma" => post(portal::spontaneous::confirm);
    SignedIn "POST" "/area-personale/pagamento/spontaneo/annulla" => post(portal::spontaneous::cancel);
    SignedIn "GET" "/area-personale/pagamento/spontaneo/avviso/{position}" => get(portal::spontaneous::position);
    SignedIn "GET" "/area-personale/documenti-contabili" => get(portal::documents::list);
    SignedIn "GET" "/area-personale/documenti-contabili/elenco.csv" => get(portal::documents::csv);
    SignedIn "GET" "/area-personale/documenti-contabili/{document}" => get(portal::documents::show);
    SignedIn "GET" "/area-personale/avvisi/{position}/avviso.pdf" => get(portal::documents::notice);
    SignedIn "GET" "/area-personale/avvisi/{position}/ricevuta.pdf" => get(portal::documents::receipt);
    SignedIn "GET" "/area-personale/ricariche" => get(portal::top_up::show);
    SignedIn "POST" "/area-personale/ricariche/riepilogo" => post(portal::top_up::review);
    SignedIn "POST" "/area-personale/ricariche/conferma" => post(portal::top_up::confirm);
    SignedIn "GET" "/area-personale/ricariche/{position}" => get(portal::top_up::position);
    SignedIn "GET POST" "/area-personale/comunicazioni-assenze" => get(portal::absences::show).post(portal::absences::report);
    SignedIn "POST" "/area-personale/comunicazioni-assenze/annulla" => post(portal::absences::undo);
    SignedIn "GET" "/area-personale/comunicazioni-assenze/{report}" => get(portal::absences::outcome);
    SignedIn "GET" "/area-personale/comunicazioni-assenze/{report}/ricevuta.pdf" => get(portal::absences::receipt);
};

/// The portal. Files and health checks stand outside the guard: they are of no tenant.
pub fn router(state: AppState) -> Router {
    let mut doors = Router::new();
    for door in DOORS {
        let guarded = middleware::from_fn_with_state((state.clone(), door.guard), guard::enter);
        let handler = (door.handler)().fallback(wrong_method);
        doors = doors.route(door.path, handler.layer(guarded));
    }
    let nowhere = middleware::from_fn_with_state((state.clone(), Guard::Public), guard::enter);
    doors
        .route("/assets/{name}", get(assets::serve))
        .route("/healthz", get(|| async { "ok\n" }))
        .route("/readyz", get(ready))
        .fallback_service(Router::new().fallback(nothing_here).layer(nowhere).with_state(state.clone()))
        .layer(tower_http::catch_panic::CatchPanicLayer::new())
        .with_state(state)
}

async fn nothing_here() -> Response {
    Refusal::NotFound.into_response()
}

async fn wrong_method() -> Response {
    Refusal::MethodNotAllowed.into_response()
}

async fn ready(axum::extract::State(state): axum::extract::State<AppState>) -> Response {
    match state.db.ping().await {
        // Reading goes on: whoever watches reads the words, and requests still come.
        Ok(()) => match state.db.disk_alarm() {
            Some(alarm) => format!("ready; {alarm}\n").into_response(),
            None => "ready\n".into_response(),
        },
        Err(error) => {
            tracing::warn!(%error, "not ready");
            axum::http::StatusCode::SERVICE_UNAVAILABLE.into_response()
        }
    }
}
