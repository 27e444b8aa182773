//! Which step a position of the first generation may take, as a table.
//!
//! Source: the state rules of `pagopa-debt-position` (MIT, read in 2026).

use super::v1::PositionStatus::{self, *};

/// What happens to a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// The institution publishes it, with a day from which it is valid.
    PublishForLater,
    /// The institution publishes it with no such day: it is valid at once.
    Publish,
    /// The day from which it is valid comes.
    BecomeValid,
    /// Changed without publication.
    Update,
    /// The institution takes it back.
    Invalidate,
    /// Removed altogether.
    Delete,
    /// The due day passes and the position may expire.
    Expire,
    /// The whole, or the last of the instalments, is paid.
    PayAll,
    /// One of several instalments is paid.
    PayPart,
    /// All its money is announced in reporting flows.
    Report,
}

/// What a step leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    To(PositionStatus),
    Gone,
}

use Event::*;
use Step::{Gone, To};

/// Every step there is; what is not here is refused.
pub const STEPS: &[(PositionStatus, Event, Step)] = &[
    (Draft, PublishForLater, To(Published)),
    (Draft, Publish, To(Valid)),
    (Draft, Update, To(Draft)),
    (Draft, Delete, Gone),
    (Published, BecomeValid, To(Valid)),
    (Published, Update, To(Draft)),
    (Published, Invalidate, To(Invalid)),
    (Published, Delete, Gone),
    (Valid, Update, To(Draft)),
    (Valid, Invalidate, To(Invalid)),
    (Valid, Expire, To(Expired)),
    (Valid, PayAll, To(Paid)),
    (Valid, PayPart, To(PartiallyPaid)),
    (Valid, Delete, Gone),
    (PartiallyPaid, PayPart, To(PartiallyPaid)),
    (PartiallyPaid, PayAll, To(Paid)),
    (Paid, Report, To(Reported)),
    (Expired, Update, To(Draft)),
    (Expired, Delete, Gone),
    (Invalid, Delete, Gone),
];

/// Where the event leads from here; none when it is refused.
pub fn step(from: PositionStatus, event: Event) -> Option<Step> {
    STEPS.iter().find(|(status, on, _)| (*status, *on) == (from, event)).map(|(_, _, to)| *to)
}

/// Whether the node may take money for it.
pub fn is_payable(status: PositionStatus) -> bool {
    step(status, PayAll).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [PositionStatus; 8] = [Draft, Published, Valid, Invalid, Expired, PartiallyPaid, Paid, Reported];

    fn allowed(event: Event) -> Vec<PositionStatus> {
        ALL.into_iter().filter(|s| step(*s, event).is_some()).collect()
    }

    #[test]
    fn the_steps_are_the_documented_ones() {
        assert_eq!(allowed(Publish), [Draft]);
        assert_eq!(allowed(Update), [Draft, Published, Valid, Expired], "never when invalid or with money");
        assert_eq!(allowed(Invalidate), [Published, Valid]);
        assert_eq!(allowed(PayAll), [Valid, PartiallyPaid]);
        assert_eq!(ALL.into_iter().filter(|s| is_payable(*s)).collect::<Vec<_>>(), [Valid, PartiallyPaid]);
    }

    #[test]
    fn what_has_money_is_never_deleted_or_taken_back() {
        for status in [PartiallyPaid, Paid, Reported] {
            for event in [Delete, Invalidate, Update, Expire] {
                assert_eq!(step(status, event), None, "{status:?} {event:?}");
            }
        }
    }

    #[test]
    fn every_state_is_reached_and_no_step_stands_twice() {
        for status in ALL.into_iter().filter(|s| *s != Draft) {
            assert!(STEPS.iter().any(|(_, _, to)| *to == To(status)), "{status:?}");
        }
        for (i, (from, event, _)) in STEPS.iter().enumerate() {
            assert!(!STEPS[..i].iter().any(|(f, e, _)| (f, e) == (from, event)), "{from:?} {event:?}");
        }
    }
}
