//! What goes into a statement and what comes out of a row, the same on both engines.

use kernel::*;
use uuid::Uuid;

use crate::Error;
use crate::postgres::{Pg, chain};

/// A parameter or a column.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    Null,
    Int(i64),
    Bool(bool),
    Text(String),
    Bytes(Vec<u8>),
    Day(Day),
    Instant(Instant),
    Uuid(Uuid),
}

/// What may be a parameter.
pub trait ToValue: Sync {
    fn to_value(&self) -> Value;
}

/// What may be read from a column. SQLite keeps days and instants as text and uuids as blobs: the type asked for decides.
pub trait FromValue: Sized {
    /// None when the value is of another kind.
    fn from_value(value: Value) -> Option<Self>;
}

/// A row, read by position in the order of the select list.
pub struct Row(pub(crate) Columns);

pub(crate) enum Columns {
    Sqlite(Vec<Value>),
    Postgres(tokio_postgres::Row),
}

impl Row {
    /// # Errors
    /// [`Error::Row`] when the column is missing, null for a type that has no null, or of another kind.
    pub fn get<T: FromValue>(&self, column: usize) -> Result<T, Error> {
        let wrong = |found: String| Error::Row { column, kind: std::any::type_name::<T>(), found };
        let value = match &self.0 {
            Columns::Sqlite(values) => values.get(column).cloned().ok_or_else(|| wrong("no column".to_owned()))?,
            Columns::Postgres(row) => row.try_get::<_, Pg>(column).map_err(|e| wrong(chain(&e)))?.0,
        };
        let found = value.kind();
        T::from_value(value).ok_or_else(|| wrong(found.to_owned()))
    }
}

impl Value {
    /// Its kind, for messages: the value itself may be personal.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Value::Null => "null",
            Value::Int(_) => "a number",
            Value::Bool(_) => "true or false",
            Value::Text(_) => "text",
            Value::Bytes(_) => "bytes",
            Value::Day(_) => "a day",
            Value::Instant(_) => "an instant",
            Value::Uuid(_) => "a uuid",
        }
    }
}

/// One row of parameters for [`crate::Tx::insert_many`] and [`crate::Tx::execute_many`].
#[macro_export]
macro_rules! row {
    ($($value:expr),* $(,)?) => { vec![$($crate::ToValue::to_value(&$value)),*] };
}

/// The fixed-width text SQLite keeps an instant as: it sorts as time does.
pub(crate) fn instant_text(instant: Instant) -> String {
    format!("{instant:.6}")
}

macro_rules! integers {
    ($($kind:ty),+) => {$(
        impl ToValue for $kind {
            fn to_value(&self) -> Value {
                Value::Int(i64::from(*self))
            }
        }
        impl FromValue for $kind {
            fn from_value(value: Value) -> Option<Self> {
                if let Value::Int(number) = value { number.try_into().ok() } else { None }
            }
        }
    )+};
}
integers!(i8, i16, i32, i64, u8, u16, u32);

macro_rules! wrapped {
    ($($kind:ident($inner:ty)),+ $(,)?) => {$(
        impl ToValue for $kind {
            fn to_value(&self) -> Value {
                self.0.to_value()
            }
        }
        impl FromValue for $kind {
            fn from_value(value: Value) -> Option<Self> {
                <$inner>::from_value(value).map($kind)
            }
        }
    )+};
}
wrapped!(Cents(i64), TenantId(i64), SchoolYear(i16));
wrapped!(
    PersonId(Uuid),
    PupilId(Uuid),
    GuardianshipId(Uuid),
    SchoolSiteId(Uuid),
    ClassGroupId(Uuid),
    EnrolmentId(Uuid),
    ServiceId(Uuid),
    BadgeId(Uuid),
    AttachmentId(Uuid),
    DietId(Uuid),
    MenuDayId(Uuid),
    DishId(Uuid),
    AbsenceReportId(Uuid),
    AttendanceId(Uuid),
    AccountId(Uuid),
    PostingId(Uuid),
    TariffPlanId(Uuid),
    TariffRuleId(Uuid),
    DocumentId(Uuid),
    InstalmentId(Uuid),
    PositionId(Uuid),
    CartId(Uuid),
    CauseId(Uuid),
    ReceiptId(Uuid),
    SettlementReportId(Uuid),
    TreasuryEntryId(Uuid),
    SessionId(Uuid),
    OperatorId(Uuid),
    CredentialId(Uuid),
    SignInRequestId(Uuid),
    JobId(Uuid),
    MessageId(Uuid),
);

macro_rules! plain {
    ($($kind:ty => $value:ident),+ $(,)?) => {$(
        impl ToValue for $kind {
            fn to_value(&self) -> Value {
                Value::$value(self.clone())
            }
        }
    )+};
}
plain!(bool => Bool, String => Text, Vec<u8> => Bytes, Day => Day, Instant => Instant, Uuid => Uuid);

impl ToValue for str {
    fn to_value(&self) -> Value {
        Value::Text(self.to_owned())
    }
}

impl ToValue for [u8] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value {
        Value::Bytes(self.to_vec())
    }
}

impl ToValue for FiscalCode {
    fn to_value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
}

impl ToValue for VatNumber {
    fn to_value(&self) -> Value {
        Value::Text(self.as_str().to_owned())
    }
}

impl ToValue for Value {
    fn to_value(&self) -> Value {
        self.clone()
    }
}

impl<T: ToValue + ?Sized> ToValue for &T {
    fn to_value(&self) -> Value {
        (**self).to_value()
    }
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value {
        self.as_ref().map_or(Value::Null, ToValue::to_value)
    }
}

impl<T: FromValue> FromValue for Option<T> {
    fn from_value(value: Value) -> Option<Self> {
        if value == Value::Null { Some(None) } else { T::from_value(value).map(Some) }
    }
}

impl FromValue for Value {
    fn from_value(value: Value) -> Option<Self> {
        Some(value)
    }
}

impl FromValue for bool {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Bool(truth) => Some(truth),
            Value::Int(number) => Some(number != 0),
            _ => None,
        }
    }
}

impl FromValue for String {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text) } else { None }
    }
}

impl FromValue for Vec<u8> {
    fn from_value(value: Value) -> Option<Self> {
        if let Value::Bytes(bytes) = value { Some(bytes) } else { None }
    }
}

impl FromValue for Day {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Day(day) => Some(day),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl FromValue for Instant {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Instant(instant) => Some(instant),
            Value::Text(text) => text.parse().ok(),
            _ => None,
        }
    }
}

impl FromValue for Uuid {
    fn from_value(value: Value) -> Option<Self> {
        match value {
            Value::Uuid(id) => Some(id),
            Value::Bytes(bytes) => Uuid::from_slice(&bytes).ok(),
            _ => None,
        }
    }
}

impl FromValue for FiscalCode {
    fn from_value(value: Value) -> Option<Self> {
        FiscalCode::parse(&String::from_value(value)?).ok()
    }
}

impl FromValue for VatNumber {
    fn from_value(value: Value) -> Option<Self> {
        VatNumber::parse(&String::from_value(value)?).ok()
    }
}
