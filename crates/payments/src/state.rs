//! What can happen to a position, as a table: the code that applies a receipt asks it and has no branches of its own.

use std::fmt::Write;

use crate::position::PositionKind;
use crate::receipt::Outcome;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Payable,
    Paid,
    /// The same debt was paid by another notice: by its parts where this asks for the whole, or the other way round.
    Closed,
    Cancelled,
}

/// What a receipt finds under its notice number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Found {
    Position(State, PositionKind),
    /// No position of this tenant has the number.
    Nothing,
}

/// The money of a receipt beside what is still due.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Fit {
    Exact,
    Short,
    Excess,
}

/// Where the money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Home {
    /// All of it to the account the position names; of a whole, to those of its parts in turn.
    Account,
    /// What was due to the position's account, the rest to the debtor's refund account.
    AccountAndRefund,
    /// All of it to the debtor's refund account.
    Refund,
    /// All of it to the suspense account, until somebody knows better.
    Suspense,
}

/// One step: what is found and how the money fits, then what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// None where the rule holds for every state.
    pub state: Option<State>,
    /// None where the rule holds for every kind.
    pub kind: Option<PositionKind>,
    /// None where the rule holds for every amount.
    pub fit: Option<Fit>,
    /// None: as it was.
    pub becomes: Option<State>,
    pub outcome: Outcome,
    pub home: Home,
}

const fn rule(
    (state, kind, fit): (Option<State>, Option<PositionKind>, Option<Fit>),
    becomes: Option<State>,
    outcome: Outcome,
    home: Home,
) -> Rule {
    Rule { state, kind, fit, becomes, outcome, home }
}

const PAYABLE: Option<State> = Some(State::Payable);
const INSTALMENT: Option<PositionKind> = Some(PositionKind::Instalment);
const WHOLE: Option<PositionKind> = Some(PositionKind::Whole);
const TOP_UP: Option<PositionKind> = Some(PositionKind::TopUp);
const SPONTANEOUS: Option<PositionKind> = Some(PositionKind::Spontaneous);

/// The first rule that holds is the one. Money that came is never refused: it is a fact, and each kind has its home.
///
/// A document, or what a payer asked for, paid short stays open for the rest. A top-up has no rest: what came is what the wallet gets. Money
/// for a document that asks nothing more goes to the refund account of its debtor, for the office to give back.
pub const RULES: [Rule; 12] = [
    rule((PAYABLE, None, Some(Fit::Exact)), Some(State::Paid), Outcome::Applied, Home::Account),
    rule((PAYABLE, INSTALMENT, Some(Fit::Short)), None, Outcome::AmountDiffers, Home::Account),
    rule((PAYABLE, INSTALMENT, Some(Fit::Excess)), Some(State::Paid), Outcome::AmountDiffers, Home::AccountAndRefund),
    rule((PAYABLE, WHOLE, Some(Fit::Short)), None, Outcome::AmountDiffers, Home::Account),
    rule((PAYABLE, WHOLE, Some(Fit::Excess)), Some(State::Paid), Outcome::AmountDiffers, Home::AccountAndRefund),
    rule((PAYABLE, SPONTANEOUS, Some(Fit::Short)), None, Outcome::AmountDiffers, Home::Account),
    rule((PAYABLE, SPONTANEOUS, Some(Fit::Excess)), Some(State::Paid), Outcome::AmountDiffers, Home::AccountAndRefund),
    rule((PAYABLE, TOP_UP, None), Some(State::Paid), Outcome::AmountDiffers, Home::Account),
    rule((Some(State::Paid), None, None), None, Outcome::DoublePayment, Home::Refund),
    rule((Some(State::Closed), None, None), None, Outcome::DoublePayment, Home::Refund),
    rule((Some(State::Cancelled), None, None), None, Outcome::AfterCancellation, Home::Refund),
    rule((None, None, None), None, Outcome::Unmatched, Home::Suspense),
];

/// The step for what a receipt finds.
pub fn step(found: Found, fit: Fit) -> Rule {
    let (state, kind) = match found {
        Found::Position(state, kind) => (Some(state), Some(kind)),
        Found::Nothing => (None, None),
    };
    let holds = |rule: &&Rule| {
        (rule.state.is_none() || rule.state == state)
            && (rule.kind.is_none() || rule.kind == kind)
            && rule.fit.is_none_or(|f| f == fit)
    };
    *RULES.iter().find(holds).expect("the last rule holds for everything")
}

/// A step that no receipt of the position itself makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Step {
    /// None: the position is new.
    pub from: Option<State>,
    pub to: State,
    pub cause: StepCause,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StepCause {
    Opened,
    /// Money reached the other side of the choice between whole and parts.
    OtherSidePaid,
    /// The office changed the amount or the due day; the number stays.
    Revised,
    /// The office reduced the amount to what had been paid.
    RevisedToPaid,
    /// The office withdrew it, who asked for it did, its days were over, or nothing of its parts was left.
    Cancelled,
}

const fn office(from: State, to: State, cause: StepCause) -> Step {
    Step { from: Some(from), to, cause }
}

/// The steps beside receipts. There is none out of paid, closed or cancelled.
pub const STEPS: [Step; 5] = [
    Step { from: None, to: State::Payable, cause: StepCause::Opened },
    office(State::Payable, State::Closed, StepCause::OtherSidePaid),
    office(State::Payable, State::Payable, StepCause::Revised),
    office(State::Payable, State::Paid, StepCause::RevisedToPaid),
    office(State::Payable, State::Cancelled, StepCause::Cancelled),
];

/// Where a step leads from a state, if it exists there.
pub(crate) fn after(from: State, cause: StepCause) -> Option<State> {
    STEPS.iter().find(|step| step.from == Some(from) && step.cause == cause).map(|step| step.to)
}

const STATES: [(State, &str); 4] =
    [(State::Payable, "payable"), (State::Paid, "paid"), (State::Closed, "closed"), (State::Cancelled, "cancelled")];

impl State {
    pub fn code(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).expect("every state has a word").1
    }

    pub fn from_code(code: &str) -> Option<State> {
        STATES.iter().find(|(_, word)| *word == code).map(|(state, _)| *state)
    }
}

impl StepCause {
    fn words(self) -> &'static str {
        match self {
            StepCause::Opened => "opened",
            StepCause::OtherSidePaid => "its whole or one of its parts was paid",
            StepCause::Revised => "amount or due day changed by the office",
            StepCause::RevisedToPaid => "reduced by the office to what was paid",
            StepCause::Cancelled => "withdrawn",
        }
    }
}

/// The tables as a diagram in Mermaid's language, for a person to look at.
pub fn state_table() -> String {
    let mut out = String::from("stateDiagram-v2\n");
    for step in STEPS {
        let from = step.from.map_or("[*]", State::code);
        writeln!(out, "    {from} --> {}: {}", step.to.code(), step.cause.words()).expect("a string takes all text");
    }
    for rule in RULES {
        let from = rule.state.map_or("[*]", State::code);
        let to = rule.becomes.or(rule.state).map_or("[*]", State::code);
        let kind = rule.kind.map_or("any", PositionKind::code);
        let fit = rule.fit.map_or("any amount".to_owned(), |fit| format!("{fit:?}").to_lowercase());
        let outcome = rule.outcome.code();
        writeln!(out, "    {from} --> {to}: receipt, {kind}, {fit} / {outcome}, {:?}", rule.home)
            .expect("a string takes all text");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const KINDS: [PositionKind; 4] =
        [PositionKind::Instalment, PositionKind::Whole, PositionKind::TopUp, PositionKind::Spontaneous];
    const FITS: [Fit; 3] = [Fit::Exact, Fit::Short, Fit::Excess];

    fn all() -> Vec<(Found, Fit)> {
        let positions = STATES.iter().flat_map(|(state, _)| KINDS.map(|kind| Found::Position(*state, kind)));
        positions.chain([Found::Nothing]).flat_map(|found| FITS.map(|fit| (found, fit))).collect()
    }

    #[test]
    fn every_rule_is_reached_by_something() {
        let reached: Vec<Rule> = all().into_iter().map(|(found, fit)| step(found, fit)).collect();
        assert!(RULES.iter().all(|rule| reached.contains(rule)));
    }

    #[test]
    fn what_is_paid_closed_or_cancelled_stays_so_and_only_nothing_is_unmatched() {
        for (found, fit) in all() {
            let rule = step(found, fit);
            match found {
                Found::Position(State::Payable, _) => assert!(rule.becomes.is_none() || rule.becomes == Some(State::Paid)),
                Found::Position(..) => assert_eq!((rule.becomes, rule.home), (None, Home::Refund)),
                Found::Nothing => {}
            }
            assert_eq!(rule.outcome == Outcome::Unmatched, found == Found::Nothing);
        }
    }

    #[test]
    fn no_step_of_the_office_leaves_a_state_that_is_an_end() {
        assert!(STEPS.iter().all(|step| step.from.is_none_or(|from| from == State::Payable)));
        assert_eq!(after(State::Paid, StepCause::Cancelled), None);
    }

    #[test]
    fn the_diagram_has_a_line_for_every_rule() {
        let diagram = state_table();
        assert_eq!(diagram.lines().count(), 1 + STEPS.len() + RULES.len());
        assert!(diagram.contains("payable --> payable: receipt, instalment, short / amount_differs, Account"), "{diagram}");
    }
}
