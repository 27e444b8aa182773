//! What can happen to a position, as a table: the code that applies a receipt asks it and has no branches of its own.

use std::fmt::Write;

use crate::position::PositionKind;
use crate::receipt::Outcome;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum State {
    Payable,
    Paid,
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
    /// All of it to the account the position names.
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
const TOP_UP: Option<PositionKind> = Some(PositionKind::TopUp);

/// The first rule that holds is the one. Money that came is never refused: it is a fact, and each kind has its home.
///
/// A document paid short stays open for the rest. A top-up has no rest: what came is what the wallet gets. Money
/// for a document that asks nothing more goes to the refund account of its debtor, for the office to give back.
pub const RULES: [Rule; 7] = [
    rule((PAYABLE, None, Some(Fit::Exact)), Some(State::Paid), Outcome::Applied, Home::Account),
    rule((PAYABLE, INSTALMENT, Some(Fit::Short)), None, Outcome::AmountDiffers, Home::Account),
    rule((PAYABLE, INSTALMENT, Some(Fit::Excess)), Some(State::Paid), Outcome::AmountDiffers, Home::AccountAndRefund),
    rule((PAYABLE, TOP_UP, None), Some(State::Paid), Outcome::AmountDiffers, Home::Account),
    rule((Some(State::Paid), None, None), None, Outcome::DoublePayment, Home::Refund),
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

/// The office's own step; a receipt never cancels.
pub(crate) fn can_cancel(state: State) -> bool {
    state == State::Payable
}

const STATES: [(State, &str); 3] = [(State::Payable, "payable"), (State::Paid, "paid"), (State::Cancelled, "cancelled")];

impl State {
    pub fn code(self) -> &'static str {
        STATES.iter().find(|(state, _)| *state == self).expect("every state has a word").1
    }

    pub fn from_code(code: &str) -> Option<State> {
        STATES.iter().find(|(_, word)| *word == code).map(|(state, _)| *state)
    }
}

/// The table as a diagram in Mermaid's language, for a person to look at.
pub fn state_table() -> String {
    let mut out =
        String::from("stateDiagram-v2\n    [*] --> payable: opened\n    payable --> cancelled: cancelled by the office\n");
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

    const KINDS: [PositionKind; 2] = [PositionKind::Instalment, PositionKind::TopUp];
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
    fn what_is_paid_or_cancelled_stays_so_and_only_nothing_is_unmatched() {
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
    fn the_diagram_has_a_line_for_every_rule() {
        let diagram = state_table();
        assert_eq!(diagram.lines().count(), 3 + RULES.len());
        assert!(diagram.contains("payable --> payable: receipt, instalment, short / amount_differs, Account"), "{diagram}");
    }
}
