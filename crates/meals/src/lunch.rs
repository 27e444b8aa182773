//! Whether a pupil has lunch at school on a day: enrolment, days of the week and calendar together.

use std::collections::{BTreeSet, HashMap};

use db::Tx;
use enrolment::{EnrolmentOnDay, EnrolmentSpan, enrolment_spans};
use kernel::{Ctx, Day, PupilId, SchoolSiteId, ServiceId};

use crate::Error;
use crate::calendar::{CalendarDay, service_days};

/// What is known of one pupil and service over a range of days.
pub struct Lunches {
    spans: Vec<EnrolmentSpan>,
    calendar: HashMap<(SchoolSiteId, Day), CalendarDay>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lunch<'a> {
    NotEnrolled,
    NoLunchThatWeekday,
    Closed { cause: Option<&'a str> },
    Expected(&'a EnrolmentOnDay),
}

impl Lunches {
    pub async fn read(tx: &mut Tx, ctx: &Ctx, pupil: PupilId, service: ServiceId, days: (Day, Day)) -> Result<Lunches, Error> {
        let spans = enrolment_spans(tx, ctx, pupil, service, days).await?;
        let mut sites: Vec<SchoolSiteId> = spans.iter().map(|span| span.on_day.site).collect();
        sites.sort_unstable();
        sites.dedup();
        let mut calendar = HashMap::new();
        for site in sites {
            let days = service_days(tx, ctx, service, site, days).await?;
            calendar.extend(days.into_iter().map(|day| ((site, day.day), day)));
        }
        Ok(Lunches { spans, calendar })
    }

    /// The enrolment that covers the day; the last where several do.
    pub fn enrolment(&self, day: Day) -> Option<&EnrolmentOnDay> {
        self.spans.iter().rev().find(|span| span.covers(day)).map(|span| &span.on_day)
    }

    /// The levels of the schools the pupil sits in over these days.
    pub fn levels(&self) -> BTreeSet<String> {
        self.spans.iter().map(|span| span.on_day.level.clone()).collect()
    }

    /// A closure with a cause is told before the days of the class: a parent wants to read "Natale", not "martedì".
    pub fn on(&self, day: Day) -> Lunch<'_> {
        let Some(enrolment) = self.enrolment(day) else { return Lunch::NotEnrolled };
        let named = self.calendar.get(&(enrolment.site, day));
        let cause = named.filter(|d| !d.open).and_then(|d| d.cause.as_deref());
        if cause.is_some() {
            Lunch::Closed { cause }
        } else if !enrolment.weekdays.contains(day) {
            Lunch::NoLunchThatWeekday
        } else if named.is_some_and(|d| d.open) {
            Lunch::Expected(enrolment)
        } else {
            Lunch::Closed { cause: None }
        }
    }

    pub fn is_expected(&self, day: Day) -> bool {
        matches!(self.on(day), Lunch::Expected(_))
    }
}
