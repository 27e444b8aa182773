//! Every JSON body this crate sends, and the answers a test service would give, checked against the published
//! OpenAPI documents.
//!
//! They carry no licence, so they are not part of this project: the test reads them where `CAMPANELLA_PAGOPA_DATA`
//! says (a directory with `openapi/*.json`), and is skipped with words elsewhere.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common_json;

use std::path::PathBuf;

use common_json::*;
use pagopa::{aca, fdr, gpd};
use serde::Serialize;
use serde_json::Value;

fn document(name: &str) -> Option<Value> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/data/pagopa");
    let directory = std::env::var_os("CAMPANELLA_PAGOPA_DATA").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let text = std::fs::read_to_string(directory.join("openapi").join(name)).ok();
    if text.is_none() {
        eprintln!("{name} not checked: set CAMPANELLA_PAGOPA_DATA to the directory that holds openapi/{name}");
    }
    Some(serde_json::from_str(&text?).unwrap())
}

/// What breaks the schema, by path. Unknown properties break it too: they would be a misspelling of ours.
fn violations(document: &Value, schema: &Value, value: &Value, path: &str) -> Vec<String> {
    if let Some(reference) = schema["$ref"].as_str() {
        return violations(document, document.pointer(&reference[1..]).unwrap(), value, path);
    }
    let mut found = Vec::new();
    let mut expect = |holds: bool, what: &str| {
        if !holds {
            found.push(format!("{path}: {what}: {value}"));
        }
    };
    let is_type = match schema["type"].as_str().unwrap_or("any") {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "boolean" => value.is_boolean(),
        _ => true,
    };
    expect(is_type, "another type");
    if let Some(allowed) = schema["enum"].as_array() {
        expect(allowed.contains(value), "not of the list");
    }
    let within = |size: f64, least: &str, most: &str| {
        schema[least].as_f64().is_none_or(|l| size >= l) && schema[most].as_f64().is_none_or(|m| size <= m)
    };
    match value {
        Value::String(text) => {
            #[allow(clippy::cast_precision_loss, reason = "a length")]
            let length = text.chars().count() as f64;
            expect(within(length, "minLength", "maxLength"), "length");
        }
        Value::Number(number) => expect(within(number.as_f64().unwrap(), "minimum", "maximum"), "range"),
        _ => {}
    }
    for name in schema["required"].as_array().into_iter().flatten() {
        expect(value.get(name.as_str().unwrap()).is_some(), &format!("{name} is missing"));
    }
    if let (Some(properties), Some(object)) = (schema["properties"].as_object(), value.as_object()) {
        for (name, inner) in object {
            match properties.get(name) {
                Some(schema) => found.extend(violations(document, schema, inner, &format!("{path}.{name}"))),
                None => found.push(format!("{path}: {name} is not known")),
            }
        }
    }
    for (i, inner) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(violations(document, &schema["items"], inner, &format!("{path}[{i}]")));
    }
    found
}

fn check(document: &Value, schema: &str, message: &impl Serialize) {
    let schema_of = &document["components"]["schemas"][schema];
    assert!(schema_of.is_object(), "no schema {schema}");
    let value = serde_json::to_value(message).unwrap();
    assert_eq!(violations(document, schema_of, &value, schema), Vec::<String>::new());
}

#[test]
fn what_goes_to_the_archive_follows_its_document() {
    let Some(document) = document("paCreatePosition.json") else { return };
    check(&document, "NewDebtPositionRequest", &aca_position());
    check(&document, "NewDebtPositionRequest", &aca_position().closed());
    let kept = aca::Kept { company_name: Some("Comune".into()), status: Some("VALID".into()), ..aca::Kept::default() };
    check(&document, "DebtPositionResponse", &kept);
}

#[test]
fn what_goes_to_gpd_follows_its_document() {
    let Some(document) = document("gpd.json") else { return };
    check(&document, "PaymentPositionModel", &gpd_position());
    check(&document, "PaymentPositionModelBaseResponse", &gpd_answer());
    let positions = gpd::v1::Positions { positions: vec![gpd_answer()], page_info: gpd::PageInfo::default() };
    check(&document, "PaymentPositionsInfo", &positions);
    check(&document, "UpdateTransferIbanMassiveResponse", &gpd::v1::IbanChanged::default());
}

#[test]
fn what_goes_to_the_third_gpd_follows_its_document() {
    let Some(document) = document("gpd_v3.json") else { return };
    check(&document, "PaymentPositionModelV3", &gpd_position_v3());
}

#[test]
fn what_the_flow_service_answers_follows_its_document() {
    let Some(document) = document("fdr_organization.json") else { return };
    let metadata = fdr::PageMetadata { page_size: 1000, page_number: 1, total_pages: 1 };
    check(&document, "PaginatedFlowsResponse", &fdr::FlowsPage { metadata, count: 1, data: vec![listed_flow(1)] });
    check(&document, "SingleFlowResponse", &header(1, 1999));
    check(&document, "PaginatedPaymentsResponse", &fdr::PaymentsPage { metadata, count: 1, data: vec![row(1, 1999)] });
    check(&document, "ErrorResponse", &fdr::ErrorResponse::default());
}

#[test]
fn a_receipt_asked_for_follows_its_document() {
    let Some(document) = document("biz_events.json") else { return };
    let mut receipt = biz_receipt();
    receipt.transfers[0].metadata = None;
    receipt.transfers[0].mbd_attachment = Some(String::new());
    check(&document, "CtReceiptModelResponse", &receipt);
}
