//! Until when an absence may be reported. Rules are data; this is how they are read.

use db::{Row, Tx};
use jiff::civil::Time;
use kernel::{Ctx, Day, Instant, SchoolSiteId, ServiceId, rome_day, rome_instant};

use crate::Error;

/// One rule of a service; see migration 0003.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CutoffRule {
    pub service: ServiceId,
    /// None: all sites.
    pub site: Option<SchoolSiteId>,
    /// 1 Monday ... 7 Sunday; none: all days.
    pub weekday: Option<i8>,
    /// Of the local day: 540 is 09:00, and a report at 09:00:00 is too late.
    pub minute: i16,
    /// 0 the same day, 1 the day before.
    pub days_before: i32,
    /// How many days ahead may be reported.
    pub days_ahead: i32,
    pub from_on: Day,
    pub to_on: Option<Day>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Accepted,
    TooLate { closed_at: Instant },
    TooFarAhead { last_day: Day },
}

/// The moment from which reports for `day` are too late, by the clocks of Italy.
///
/// # Panics
/// When the rule's minute is not within a day, which the table refuses.
pub fn closed_at(rule: &CutoffRule, day: Day) -> Instant {
    let (hour, minute) = (rule.minute / 60, rule.minute % 60);
    let part = |value: i16| i8::try_from(value).expect("a minute of the day has hours below 24");
    let time = Time::new(part(hour), part(minute), 0, 0).expect("the table keeps the minute within a day");
    rome_instant(day.saturating_sub(jiff::Span::new().days(rule.days_before)), time)
}

/// Whether a report for `day` that arrived at `now` is taken.
pub fn decide(rule: &CutoffRule, day: Day, now: Instant) -> Decision {
    let last_day = rome_day(now).saturating_add(jiff::Span::new().days(rule.days_ahead));
    let closed_at = closed_at(rule, day);
    if now >= closed_at {
        Decision::TooLate { closed_at }
    } else if day > last_day {
        Decision::TooFarAhead { last_day }
    } else {
        Decision::Accepted
    }
}

/// The rule for a day at a site: of those in force, one for site and weekday wins over one for the site, that over one for
/// the weekday, that over one for the whole service; among equals the one that began last.
pub fn rule_for(rules: &[CutoffRule], site: SchoolSiteId, day: Day) -> Option<&CutoffRule> {
    let weekday = day.weekday().to_monday_one_offset();
    rules
        .iter()
        .filter(|r| r.from_on <= day && r.to_on.is_none_or(|to| to >= day))
        .filter(|r| r.site.is_none_or(|s| s == site) && r.weekday.is_none_or(|w| w == weekday))
        .max_by_key(|r| (r.site.is_some(), r.weekday.is_some(), r.from_on))
}

/// The rules of a service, in no meaningful order.
pub async fn list_rules(tx: &mut Tx, ctx: &Ctx, service: ServiceId) -> Result<Vec<CutoffRule>, Error> {
    let sql = "select service_id, site_id, weekday, minute, days_before, days_ahead, from_on, to_on from cutoff_rule
               where tenant_id = $1 and service_id = $2 order by id";
    Ok(tx.query(sql, &[&ctx.tenant, &service]).await?.iter().map(read).collect::<Result<_, _>>()?)
}

fn read(row: &Row) -> Result<CutoffRule, db::Error> {
    Ok(CutoffRule {
        service: row.get(0)?,
        site: row.get(1)?,
        weekday: row.get(2)?,
        minute: row.get(3)?,
        days_before: row.get(4)?,
        days_ahead: row.get(5)?,
        from_on: row.get(6)?,
        to_on: row.get(7)?,
    })
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use uuid::Uuid;

    use super::*;

    fn rule(minute: i16, days_before: i32) -> CutoffRule {
        let service = ServiceId(Uuid::nil());
        let from_on = date(2026, 1, 1);
        CutoffRule { service, site: None, weekday: None, minute, days_before, days_ahead: 30, from_on, to_on: None }
    }

    fn at(text: &str) -> Instant {
        text.parse().expect("a test writes valid instants")
    }

    /// Minute, days before, day, the last moment in time, the first too late.
    const LINES: [(i16, i32, Day, &str, &str); 8] = [
        (540, 0, date(2026, 11, 24), "2026-11-24T07:59:59Z", "2026-11-24T08:00:00Z"),
        (540, 0, date(2026, 7, 1), "2026-07-01T06:59:59Z", "2026-07-01T07:00:00Z"),
        // the clocks go forward at 02:00 on 29 March 2026 and back at 03:00 on 25 October
        (540, 0, date(2026, 3, 29), "2026-03-29T06:59:59Z", "2026-03-29T07:00:00Z"),
        (540, 0, date(2026, 10, 25), "2026-10-25T07:59:59Z", "2026-10-25T08:00:00Z"),
        (150, 0, date(2026, 3, 29), "2026-03-29T00:59:59Z", "2026-03-29T01:00:00Z"),
        (150, 0, date(2026, 10, 25), "2026-10-25T00:29:59Z", "2026-10-25T00:30:00Z"),
        (1080, 1, date(2026, 3, 30), "2026-03-29T15:59:59Z", "2026-03-29T16:00:00Z"),
        (1080, 1, date(2026, 10, 26), "2026-10-25T16:59:59Z", "2026-10-25T17:00:00Z"),
    ];

    #[test]
    fn the_last_second_is_in_and_the_cutoff_minute_is_out_also_when_clocks_change() {
        for (minute, before, day, last, first_late) in LINES {
            let rule = rule(minute, before);
            assert_eq!(closed_at(&rule, day), at(first_late), "{day}");
            assert_eq!(decide(&rule, day, at(last)), Decision::Accepted, "{day}");
            assert_eq!(decide(&rule, day, at(first_late)), Decision::TooLate { closed_at: at(first_late) }, "{day}");
        }
    }

    #[test]
    fn days_ahead_count_from_today_in_italy() {
        let rule = CutoffRule { days_ahead: 15, ..rule(540, 0) };
        let late_evening = at("2026-11-23T23:30:00Z");
        assert_eq!(decide(&rule, date(2026, 12, 9), late_evening), Decision::Accepted);
        let last_day = date(2026, 12, 9);
        assert_eq!(decide(&rule, date(2026, 12, 10), late_evening), Decision::TooFarAhead { last_day });
    }

    #[test]
    fn a_day_that_is_over_is_too_late() {
        let closed_at = at("2026-11-20T08:00:00Z");
        assert_eq!(decide(&rule(540, 0), date(2026, 11, 20), at("2026-11-24T07:00:00Z")), Decision::TooLate { closed_at });
    }

    #[test]
    fn the_most_specific_rule_in_force_wins() {
        let (here, there) = (SchoolSiteId(Uuid::from_u128(1)), SchoolSiteId(Uuid::from_u128(2)));
        let base = rule(540, 0);
        let rules = [
            CutoffRule { minute: 1, ..base.clone() },
            CutoffRule { minute: 2, weekday: Some(1), ..base.clone() },
            CutoffRule { minute: 3, site: Some(here), ..base.clone() },
            CutoffRule { minute: 4, site: Some(here), weekday: Some(1), ..base.clone() },
            CutoffRule { minute: 5, from_on: date(2026, 12, 1), ..base.clone() },
            CutoffRule { minute: 6, to_on: Some(date(2026, 1, 31)), from_on: date(2026, 1, 2), ..base },
        ];
        let minute = |site, day| rule_for(&rules, site, day).map(|r| r.minute);
        let (monday, tuesday) = (date(2026, 11, 23), date(2026, 11, 24));
        assert_eq!(minute(here, monday), Some(4));
        assert_eq!(minute(here, tuesday), Some(3));
        assert_eq!(minute(there, monday), Some(2));
        assert_eq!(minute(there, tuesday), Some(1));
        assert_eq!(minute(there, date(2026, 12, 1)), Some(5));
        assert_eq!(minute(there, date(2025, 12, 1)), None);
    }
}
