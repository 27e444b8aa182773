//! How the REST services write amounts and instants. Decimal amounts are read from their digits, never as floats.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// A decimal JSON number of euros (`19.99`, `1.0E7`) as cents. More than two decimals are not money.
pub(crate) mod euros {
    use super::*;

    pub fn serialize<S: Serializer>(cents: &i64, to: S) -> Result<S::Ok, S::Error> {
        let text = crate::dates::write_amount(*cents);
        RawValue::from_string(text).map_err(serde::ser::Error::custom)?.serialize(to)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<i64, D::Error> {
        let number = Box::<RawValue>::deserialize(from)?;
        super::read_euros(number.get()).ok_or_else(|| D::Error::custom("not an amount in euros"))
    }
}

/// The same, where the amount may be absent or null.
pub(crate) mod optional_euros {
    use super::*;

    pub fn serialize<S: Serializer>(cents: &Option<i64>, to: S) -> Result<S::Ok, S::Error> {
        match cents {
            Some(cents) => super::euros::serialize(cents, to),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<i64>, D::Error> {
        let Some(number) = Option::<Box<RawValue>>::deserialize(from)? else { return Ok(None) };
        super::read_euros(number.get()).map(Some).ok_or_else(|| D::Error::custom("not an amount in euros"))
    }
}

/// Cents of a JSON number, exactly; none when it is negative, has parts of a cent or exceeds `i64`.
pub(crate) fn read_euros(number: &str) -> Option<i64> {
    let (digits, exponent) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let exponent: i64 = exponent.parse().ok().filter(|e: &i64| e.abs() <= 18)?;
    let fraction = fraction.trim_end_matches('0');
    // The amount is whole·fraction, with the point this many places before the last cent.
    let shift = exponent + 2 - i64::try_from(fraction.len()).ok()?;
    let significant = format!("{whole}{fraction}");
    let plain = !whole.is_empty() && significant.bytes().all(|b| b.is_ascii_digit());
    let value: i64 = significant.parse().ok().filter(|_| plain)?;
    match u32::try_from(shift) {
        Ok(up) => value.checked_mul(10_i64.checked_pow(up)?),
        Err(_) => {
            let divisor = 10_i64.checked_pow(u32::try_from(-shift).ok()?)?;
            (value % divisor == 0).then(|| value / divisor)
        }
    }
}

/// Instants as the services take them: UTC with exactly three decimals and a `Z`. Some answer without zone; they
/// mean UTC.
pub(crate) mod instant {
    use jiff::Timestamp;

    use super::*;

    pub fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&super::write_instant(*at))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        crate::dates::read_utc_instant(&text).ok_or_else(|| D::Error::custom("not a date and time"))
    }
}

/// The same, where the instant may be absent or null.
pub(crate) mod optional_instant {
    use jiff::Timestamp;

    use super::*;

    pub fn serialize<S: Serializer>(at: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        match at {
            Some(at) => super::instant::serialize(at, to),
            None => to.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else { return Ok(None) };
        crate::dates::read_utc_instant(&text).map(Some).ok_or_else(|| D::Error::custom("not a date and time"))
    }
}

pub(crate) fn write_instant(at: jiff::Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    struct Paid {
        #[serde(with = "euros")]
        cents: i64,
        #[serde(with = "optional_euros", default, skip_serializing_if = "Option::is_none")]
        fee: Option<i64>,
        #[serde(with = "instant")]
        at: jiff::Timestamp,
    }

    #[test]
    fn amounts_are_exact_however_they_are_written() {
        for (number, cents) in [
            ("19.99", 1999),
            ("1.1", 110),
            ("100", 10_000),
            ("0", 0),
            ("0.010", 1),
            ("1.0E7", 1_000_000_000),
            ("1.2345678E7", 1_234_567_800),
            ("1999e-2", 1999),
            ("999999999.99", 99_999_999_999),
        ] {
            assert_eq!(read_euros(number), Some(cents), "{number}");
        }
        for number in ["0.001", "-1.00", "1.005", "\"1\"", "null", "1e30", "12345678901234567890", ".5", ""] {
            assert_eq!(read_euros(number), None, "{number}");
        }
    }

    #[test]
    fn values_go_there_and_back() {
        let text = r#"{"cents":19.99,"fee":1.50,"at":"2026-04-30T21:59:59.000Z"}"#;
        let paid: Paid = serde_json::from_str(text).unwrap();
        assert_eq!((paid.cents, paid.fee), (1999, Some(150)));
        assert_eq!(serde_json::to_string(&paid).unwrap(), text);
        let without_zone: Paid = serde_json::from_str(r#"{"cents":5,"at":"2026-04-30T21:59:59"}"#).unwrap();
        assert_eq!(without_zone, Paid { cents: 500, fee: None, ..paid });
    }
}
