//! What the service would refuse, known before it is sent.

use jiff::Timestamp;
use serde::Serialize;

use super::v1::{PaymentOption, Position};
use super::v3::{self, MAX_PARTS};
use super::{Notice, Transfer};

/// The rule a position breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    #[error("a position needs at least one payment option and no more than the service takes")]
    Options,
    #[error("an option has one to five transfers, numbered 1 to 5, each once")]
    Transfers,
    #[error("the transfers do not add up to the option's amount")]
    Sum,
    #[error("a transfer goes to an IBAN or buys a stamp, not both and not neither")]
    Destination,
    #[error("the day from which it is valid is past")]
    ValidityPast,
    #[error("it is due before it is valid, or before now")]
    DueTooEarly,
    #[error("it is kept for less time than it is due")]
    RetentionTooShort,
    #[error("a description or a causal has up to 140 characters")]
    TooLong,
}

impl Position {
    /// The service's own rules of amounts, transfers and dates.
    pub fn check(&self, now: Timestamp) -> Result<(), Broken> {
        ensure(!self.options.is_empty(), Broken::Options)?;
        ensure(self.valid_from.is_none_or(|from| from >= now), Broken::ValidityPast)?;
        self.options.iter().try_for_each(|option| check_option(option, self.valid_from.unwrap_or(now)))
    }
}

/// A position of either generation.
pub(super) trait Checked: Serialize {
    fn check(&self, now: Timestamp) -> Result<(), Broken>;
}

impl Checked for Position {
    fn check(&self, now: Timestamp) -> Result<(), Broken> {
        Position::check(self, now)
    }
}

impl Checked for v3::Position {
    fn check(&self, now: Timestamp) -> Result<(), Broken> {
        v3::Position::check(self, now)
    }
}

fn check_option(option: &PaymentOption, earliest: Timestamp) -> Result<(), Broken> {
    check_notice(&option.notice, earliest, option.retained_until)
}

impl v3::Position {
    /// The service's own rules of amounts, transfers and dates.
    pub fn check(&self, now: Timestamp) -> Result<(), Broken> {
        let within = |count: usize| (1..=MAX_PARTS).contains(&count);
        ensure(within(self.options.len()), Broken::Options)?;
        self.options.iter().try_for_each(|option| {
            ensure(within(option.installments.len()), Broken::Options)?;
            ensure(option.valid_from.is_none_or(|from| from >= now), Broken::ValidityPast)?;
            option
                .installments
                .iter()
                .try_for_each(|part| check_notice(&part.notice, option.valid_from.unwrap_or(now), option.retained_until))
        })
    }
}

fn check_notice(notice: &Notice, earliest: Timestamp, retained_until: Option<Timestamp>) -> Result<(), Broken> {
    ensure(notice.due_at >= earliest, Broken::DueTooEarly)?;
    ensure(retained_until.is_none_or(|until| until >= notice.due_at), Broken::RetentionTooShort)?;
    let transfers = &notice.transfers;
    let fits = |text: &str| text.chars().count() <= 140;
    ensure(fits(&notice.description) && transfers.iter().all(|t| fits(&t.remittance_information)), Broken::TooLong)?;
    let indexes: Vec<&str> = transfers.iter().map(|t| t.index.as_str()).collect();
    let is_once = |i: usize| matches!(indexes[i], "1" | "2" | "3" | "4" | "5") && !indexes[..i].contains(&indexes[i]);
    ensure(!indexes.is_empty() && (0..indexes.len()).all(is_once), Broken::Transfers)?;
    ensure(transfers.iter().all(goes_somewhere), Broken::Destination)?;
    let sum = transfers.iter().try_fold(0_i64, |sum, t| sum.checked_add(t.amount_cents).filter(|_| t.amount_cents > 0));
    ensure(sum == Some(notice.amount_cents), Broken::Sum)
}

fn goes_somewhere(transfer: &Transfer) -> bool {
    let to_account = transfer.iban.is_some() || transfer.postal_iban.is_some();
    to_account != transfer.stamp.is_some()
}

fn ensure(holds: bool, broken: Broken) -> Result<(), Broken> {
    if holds { Ok(()) } else { Err(broken) }
}

#[cfg(test)]
mod tests {
    use super::super::Stamp;
    use super::*;

    const NOW: Timestamp = Timestamp::UNIX_EPOCH;

    fn later(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn transfer(index: &str, amount_cents: i64) -> Transfer {
        Transfer { index: index.into(), amount_cents, iban: Some("IT60X0542811101000000123456".into()), ..Transfer::default() }
    }

    fn notice(transfers: Vec<Transfer>) -> Notice {
        Notice {
            nav: None,
            iuv: "01002026000000178".into(),
            amount_cents: 4500,
            description: "Refezione".into(),
            due_at: later(10),
            transfers,
        }
    }

    fn option(transfers: Vec<Transfer>) -> PaymentOption {
        of(notice(transfers))
    }

    fn of(notice: Notice) -> PaymentOption {
        PaymentOption { notice, is_partial_payment: false, retained_until: None, fee_cents: None, metadata: vec![] }
    }

    fn checked(option: PaymentOption, valid_from: Option<Timestamp>) -> Result<(), Broken> {
        Position { options: vec![option], valid_from, ..Position::default() }.check(NOW)
    }

    #[test]
    fn each_rule_of_the_service_is_known_before_sending() {
        let whole = || vec![transfer("1", 4500)];
        let stamp = Stamp { hash_document: "YQ==".into(), stamp_type: "01".into(), province: "RM".into() };
        let nowhere = Transfer { iban: None, ..transfer("1", 4500) };
        let both = Transfer { stamp: Some(stamp), ..transfer("1", 4500) };
        assert_eq!(checked(option(whole()), None), Ok(()));
        assert_eq!(checked(option(vec![transfer("1", 4000), transfer("2", 500)]), Some(later(5))), Ok(()));
        for (broken, valid_from, why) in [
            (option(vec![]), None, Broken::Transfers),
            (option(vec![transfer("6", 4500)]), None, Broken::Transfers),
            (option(vec![transfer("1", 4000), transfer("1", 500)]), None, Broken::Transfers),
            (option(vec![transfer("1", 4501)]), None, Broken::Sum),
            (option(vec![transfer("1", 5000), transfer("2", -500)]), None, Broken::Sum),
            (option(vec![nowhere]), None, Broken::Destination),
            (option(vec![both]), None, Broken::Destination),
            (option(whole()), Some(later(-1)), Broken::ValidityPast),
            (option(whole()), Some(later(11)), Broken::DueTooEarly),
            (of(Notice { due_at: later(-1), ..notice(whole()) }), None, Broken::DueTooEarly),
            (PaymentOption { retained_until: Some(later(9)), ..option(whole()) }, None, Broken::RetentionTooShort),
            (of(Notice { description: "è".repeat(141), ..notice(whole()) }), None, Broken::TooLong),
        ] {
            assert_eq!(checked(broken, valid_from), Err(why));
        }
        assert_eq!(Position::default().check(NOW), Err(Broken::Options));
    }

    #[test]
    fn the_third_generation_has_the_same_rules_and_its_own_limits() {
        let part = v3::Installment { notice: notice(vec![transfer("1", 4500)]), status: None, metadata: vec![] };
        let plan = |count| v3::Position {
            options: vec![v3::PaymentOption { installments: vec![part.clone(); count], ..v3::PaymentOption::default() }],
            ..v3::Position::default()
        };
        assert_eq!(plan(100).check(NOW), Ok(()));
        assert_eq!(plan(101).check(NOW), Err(Broken::Options));
        assert_eq!(plan(0).check(NOW), Err(Broken::Options));
        assert_eq!(plan(1).check(later(11)), Err(Broken::DueTooEarly));
    }
}
