//! Values in PostgreSQL's binary form.

use bytes::{BufMut, BytesMut};
use jiff::{SignedDuration, civil::date};
use kernel::{Day, Instant};
use tokio_postgres::types::{FromSql, IsNull, ToSql, Type, to_sql_checked};
use uuid::Uuid;

use crate::value::Value;

type Failure = Box<dyn std::error::Error + Sync + Send>;

/// A value on the wire, written as the type the statement was prepared with.
#[derive(Debug)]
pub struct Pg(pub Value);

fn epoch() -> Day {
    date(2000, 1, 1)
}

fn epoch_instant() -> Instant {
    Instant::new(946_684_800, 0).expect("the year 2000 is within the calendar")
}

impl ToSql for Pg {
    fn to_sql(&self, kind: &Type, out: &mut BytesMut) -> Result<IsNull, Failure> {
        match (&self.0, kind) {
            (Value::Null, _) => return Ok(IsNull::Yes),
            (Value::Int(number), &Type::INT2) => out.put_i16(i16::try_from(*number)?),
            (Value::Int(number), &Type::INT4) => out.put_i32(i32::try_from(*number)?),
            (Value::Int(number), &Type::INT8) => out.put_i64(*number),
            (Value::Bool(truth), &Type::BOOL) => out.put_u8(u8::from(*truth)),
            (Value::Text(text), &Type::TEXT | &Type::VARCHAR | &Type::NAME | &Type::UNKNOWN) => out.put_slice(text.as_bytes()),
            (Value::Bytes(bytes), &Type::BYTEA) => out.put_slice(bytes),
            (Value::Uuid(id), &Type::UUID) => out.put_slice(id.as_bytes()),
            (Value::Day(day), &Type::DATE) => out.put_i32(day.since(epoch())?.get_days()),
            (Value::Instant(instant), &Type::TIMESTAMPTZ) => {
                // Downwards, as the text of the other engine is cut.
                let nanos = instant.duration_since(epoch_instant()).as_nanos();
                out.put_i64(i64::try_from(nanos.div_euclid(1_000))?);
            }
            (value, kind) => return Err(format!("{} is no {kind}", value.kind()).into()),
        }
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

impl<'a> FromSql<'a> for Pg {
    fn from_sql(kind: &Type, raw: &'a [u8]) -> Result<Pg, Failure> {
        Ok(Pg(match *kind {
            Type::INT2 => Value::Int(i16::from_be_bytes(raw.try_into()?).into()),
            Type::INT4 => Value::Int(i32::from_be_bytes(raw.try_into()?).into()),
            Type::INT8 => Value::Int(i64::from_be_bytes(raw.try_into()?)),
            Type::BOOL => Value::Bool(raw.first() == Some(&1)),
            Type::TEXT | Type::VARCHAR | Type::NAME | Type::UNKNOWN => Value::Text(std::str::from_utf8(raw)?.to_owned()),
            Type::BYTEA => Value::Bytes(raw.to_vec()),
            Type::UUID => Value::Uuid(Uuid::from_slice(raw)?),
            Type::DATE => Value::Day(epoch().checked_add(jiff::Span::new().try_days(i32::from_be_bytes(raw.try_into()?))?)?),
            Type::TIMESTAMPTZ => {
                let since = SignedDuration::from_micros(i64::from_be_bytes(raw.try_into()?));
                Value::Instant(epoch_instant().checked_add(since)?)
            }
            _ => return Err(format!("columns of type {kind} are not read here").into()),
        }))
    }

    fn from_sql_null(_: &Type) -> Result<Pg, Failure> {
        Ok(Pg(Value::Null))
    }

    fn accepts(_: &Type) -> bool {
        true
    }
}
