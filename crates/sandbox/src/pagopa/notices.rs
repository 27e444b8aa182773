//! Which notices there are to try with.

use axum::Json;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use serde::Deserialize;

use super::{ListedNotice, Shared};

const MOST: u32 = 20_000;

#[derive(Deserialize)]
pub(crate) struct Asked {
    #[serde(default = "payable")]
    state: String,
    #[serde(default = "twenty")]
    limit: u32,
}

fn payable() -> String {
    "payable".to_owned()
}

fn twenty() -> u32 {
    20
}

pub(crate) async fn list(
    State(sandbox): State<Shared>,
    Query(asked): Query<Asked>,
) -> Result<Json<Vec<ListedNotice>>, (StatusCode, String)> {
    if !["payable", "paid", "cancelled"].contains(&asked.state.as_str()) {
        return Err((StatusCode::BAD_REQUEST, "state is payable, paid or cancelled".to_owned()));
    }
    let notices = sandbox.directory.notices(&asked.state, asked.limit.min(MOST)).await;
    notices.map(Json).map_err(|why| (StatusCode::SERVICE_UNAVAILABLE, why))
}
