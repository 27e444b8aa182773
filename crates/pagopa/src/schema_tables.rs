//! The messages of `paForNode.xsd`, one table each, in the order of the schema.

use crate::schema::Kind::{self, Any, Base64, Boolean, Date, Digits, Email, Group, Instant, Int, OneOf, Prose, Text, UpTo};
use crate::schema::{Part, one, optional, several};

const NOT_ZERO: Kind = Kind::Amount { zero: false };
const AMOUNT: Kind = Kind::Amount { zero: true };
const FISCAL_CODE: Kind = Digits(11);
const NOTICE: Kind = Digits(18);
const OUTCOME: Kind = OneOf(&["OK", "KO"]);

static QR_CODE: &[Part] = &[one("fiscalCode", FISCAL_CODE), one("noticeNumber", NOTICE)];

pub(crate) static VERIFY_REQUEST: &[Part] =
    &[one("idPA", Text(35)), one("idBrokerPA", Text(35)), one("idStation", Text(35)), one("qrCode", Group(QR_CODE))];

/// Both versions ask the same.
pub(crate) static PAYMENT_REQUEST: &[Part] = &[
    one("idPA", Text(35)),
    one("idBrokerPA", Text(35)),
    one("idStation", Text(35)),
    one("qrCode", Group(QR_CODE)),
    optional("amount", AMOUNT),
    optional("paymentNote", Text(210)),
    optional("transferType", OneOf(&["POSTAL", "PAGOPA"])),
    optional("dueDate", Date),
];

pub(crate) static RECEIPT_REQUEST: &[Part] =
    &[one("idPA", Text(35)), one("idBrokerPA", Text(35)), one("idStation", Text(35)), one("receipt", Group(RECEIPT))];

pub(crate) static RECEIPT_REQUEST_V2: &[Part] =
    &[one("idPA", Text(35)), one("idBrokerPA", Text(35)), one("idStation", Text(35)), one("receipt", Group(RECEIPT_V2))];

pub(crate) static DEMAND_REQUEST: &[Part] = &[
    one("idPA", Text(35)),
    one("idBrokerPA", Text(35)),
    one("idStation", Text(35)),
    one("idServizio", Kind::Between(5, 5)),
    one("idSoggettoServizio", Kind::Between(5, 5)),
    one("datiSpecificiServizioRequest", Base64),
];

static FAULT: &[Part] = &[
    one("faultCode", Any),
    one("faultString", Any),
    one("id", Any),
    optional("description", Any),
    optional("serial", Int),
    optional("originalFaultCode", Any),
    optional("originalFaultString", Any),
    optional("originalDescription", Any),
];

static PAYMENT_OPTION: &[Part] = &[
    one("amount", NOT_ZERO),
    one("options", OneOf(&["EQ", "LS", "GT", "ANY"])),
    optional("dueDate", Date),
    optional("detailDescription", Prose(140)),
    one("allCCP", Boolean),
];

static PAYMENT_LIST: &[Part] = &[one("paymentOptionDescription", Group(PAYMENT_OPTION))];

pub(crate) static VERIFY_RESPONSE: &[Part] = &[
    one("outcome", OUTCOME),
    optional("fault", Group(FAULT)),
    optional("paymentList", Group(PAYMENT_LIST)),
    optional("paymentDescription", Prose(140)),
    optional("fiscalCodePA", FISCAL_CODE),
    optional("companyName", Prose(140)),
    optional("officeName", Prose(140)),
];

pub(crate) static DEMAND_RESPONSE: &[Part] = &[
    one("outcome", OUTCOME),
    optional("fault", Group(FAULT)),
    optional("qrCode", Group(QR_CODE)),
    optional("paymentList", Group(PAYMENT_LIST)),
    optional("paymentDescription", Prose(140)),
    optional("fiscalCodePA", FISCAL_CODE),
    optional("companyName", Prose(140)),
    optional("officeName", Prose(140)),
];

pub(crate) static PAYMENT_RESPONSE: &[Part] =
    &[one("outcome", OUTCOME), optional("fault", Group(FAULT)), optional("data", Group(PAYMENT))];

pub(crate) static PAYMENT_RESPONSE_V2: &[Part] =
    &[one("outcome", OUTCOME), optional("fault", Group(FAULT)), optional("data", Group(PAYMENT_V2))];

pub(crate) static RECEIPT_RESPONSE: &[Part] = &[one("outcome", OUTCOME), optional("fault", Group(FAULT))];

static IDENTIFIER: &[Part] =
    &[one("entityUniqueIdentifierType", OneOf(&["F", "G"])), one("entityUniqueIdentifierValue", Kind::Between(2, 16))];

static SUBJECT: &[Part] = &[
    one("uniqueIdentifier", Group(IDENTIFIER)),
    one("fullName", Prose(70)),
    optional("streetName", Prose(70)),
    optional("civicNumber", Prose(16)),
    optional("postalCode", Prose(16)),
    optional("city", Prose(35)),
    optional("stateProvinceRegion", Prose(35)),
    optional("country", Kind::Country),
    optional("e-mail", Email),
];

static METADATA: &[Part] = &[several("mapEntry", 15, Group(MAP_ENTRY))];
static MAP_ENTRY: &[Part] = &[one("key", Text(140)), one("value", Text(140))];

static TRANSFERS: &[Part] = &[several("transfer", 5, Group(TRANSFER))];
static TRANSFERS_V2: &[Part] = &[several("transfer", 5, Group(TRANSFER_V2))];
static RECEIPT_TRANSFERS_V2: &[Part] = &[several("transfer", 5, Group(RECEIPT_TRANSFER_V2))];

static TRANSFER: &[Part] = &[
    one("idTransfer", UpTo(5)),
    one("transferAmount", NOT_ZERO),
    one("fiscalCodePA", FISCAL_CODE),
    one("IBAN", Text(35)),
    one("remittanceInformation", Prose(140)),
    one("transferCategory", Text(140)),
    optional("metadata", Group(METADATA)),
];

static TRANSFER_V2: &[Part] = &[
    one("idTransfer", UpTo(5)),
    one("transferAmount", NOT_ZERO),
    one("fiscalCodePA", FISCAL_CODE),
    optional("companyName", Prose(140)),
    Part::Choice(&[("IBAN", Text(35)), ("richiestaMarcaDaBollo", Group(STAMP_REQUEST))]),
    one("remittanceInformation", Prose(140)),
    one("transferCategory", Text(140)),
    optional("metadata", Group(METADATA)),
];

static RECEIPT_TRANSFER_V2: &[Part] = &[
    one("idTransfer", UpTo(5)),
    one("transferAmount", NOT_ZERO),
    one("fiscalCodePA", FISCAL_CODE),
    optional("companyName", Prose(140)),
    Part::Choice(&[("IBAN", Text(35)), ("MBDAttachment", Base64)]),
    one("remittanceInformation", Prose(140)),
    one("transferCategory", Text(140)),
    optional("metadata", Group(METADATA)),
];

static STAMP_REQUEST: &[Part] =
    &[one("hashDocumento", Kind::Between(4, 72)), one("tipoBollo", OneOf(&["01"])), one("provinciaResidenza", Kind::Country)];

static PAYMENT: &[Part] = &[
    one("creditorReferenceId", Text(35)),
    one("paymentAmount", NOT_ZERO),
    one("dueDate", Date),
    optional("retentionDate", Instant),
    optional("lastPayment", Boolean),
    one("description", Prose(140)),
    optional("companyName", Prose(140)),
    optional("officeName", Prose(140)),
    one("debtor", Group(SUBJECT)),
    one("transferList", Group(TRANSFERS)),
    optional("metadata", Group(METADATA)),
];

static PAYMENT_V2: &[Part] = &[
    one("creditorReferenceId", Text(35)),
    one("paymentAmount", NOT_ZERO),
    one("dueDate", Date),
    optional("retentionDate", Instant),
    optional("lastPayment", Boolean),
    one("description", Prose(140)),
    one("companyName", Prose(140)),
    optional("officeName", Prose(140)),
    one("debtor", Group(SUBJECT)),
    one("transferList", Group(TRANSFERS_V2)),
    optional("metadata", Group(METADATA)),
];

static RECEIPT: &[Part] = &[
    one("receiptId", Any),
    one("noticeNumber", NOTICE),
    one("fiscalCode", FISCAL_CODE),
    one("outcome", OUTCOME),
    one("creditorReferenceId", Text(35)),
    one("paymentAmount", AMOUNT),
    one("description", Prose(140)),
    one("companyName", Prose(140)),
    optional("officeName", Prose(140)),
    one("debtor", Group(SUBJECT)),
    one("transferList", Group(TRANSFERS)),
    one("idPSP", Text(35)),
    optional("pspFiscalCode", Text(70)),
    optional("pspPartitaIVA", Text(20)),
    one("PSPCompanyName", Prose(70)),
    one("idChannel", Text(35)),
    one("channelDescription", Prose(35)),
    optional("payer", Group(SUBJECT)),
    optional("paymentMethod", Text(35)),
    optional("fee", AMOUNT),
    optional("paymentDateTime", Instant),
    optional("applicationDate", Date),
    optional("transferDate", Date),
    optional("metadata", Group(METADATA)),
    optional("standIn", Boolean),
    // The guide prints the name so; senders that follow it must not lose a payment.
    optional("standin", Boolean),
];

static RECEIPT_V2: &[Part] = &[
    one("receiptId", Any),
    one("noticeNumber", NOTICE),
    one("fiscalCode", FISCAL_CODE),
    one("outcome", OUTCOME),
    one("creditorReferenceId", Text(35)),
    one("paymentAmount", AMOUNT),
    one("description", Prose(140)),
    one("companyName", Prose(140)),
    optional("officeName", Prose(140)),
    one("debtor", Group(SUBJECT)),
    one("transferList", Group(RECEIPT_TRANSFERS_V2)),
    one("idPSP", Text(35)),
    optional("pspFiscalCode", Text(70)),
    optional("pspPartitaIVA", Text(20)),
    one("PSPCompanyName", Prose(70)),
    one("idChannel", Text(35)),
    one("channelDescription", Prose(35)),
    optional("payer", Group(SUBJECT)),
    optional("paymentMethod", Text(35)),
    optional("paymentNote", Text(210)),
    optional("fee", AMOUNT),
    optional("primaryCiIncurredFee", AMOUNT),
    optional("idBundle", Text(70)),
    optional("idCiBundle", Text(70)),
    optional("paymentDateTime", Instant),
    optional("applicationDate", Date),
    optional("transferDate", Date),
    optional("metadata", Group(METADATA)),
    optional("standIn", Boolean),
    optional("standin", Boolean),
];
