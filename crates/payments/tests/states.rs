//! Every state and every edge of the diagram is reached by what the node and the office really do.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod common;

use std::collections::HashSet;

use common::*;
use db::testing::on_both_engines;
use kernel::Cents;
use payments::receipt::{Outcome, Recorded};
use payments::state::{RULES, Rule, STEPS, Step, StepCause};
use payments::{Position, PositionKind, Revision, State};

/// What scenarios have walked so far.
#[derive(Default)]
struct Walked {
    steps: HashSet<Step>,
    /// From where, what it was, how it turned out, to where.
    receipts: HashSet<(Option<State>, Option<PositionKind>, Outcome, Option<State>)>,
}

impl Walked {
    async fn receipt(&mut self, town: &Town, position: &Position, cents: i64) {
        let before = town.again(position).await;
        let id = format!("{}-{cents}-{}", position.notice_number, self.receipts.len() * 100 + self.steps.len());
        let Recorded::New { outcome, .. } = town.record(&receipt(&id, position.notice_number, cents)).await else {
            panic!("{id} came twice")
        };
        let after = town.again(position).await;
        self.receipts.insert((Some(before.state), Some(before.kind), outcome, Some(after.state)));
    }

    async fn step(&mut self, town: &Town, position: &Position, cause: StepCause) {
        let after = town.again(position).await;
        let from = (cause != StepCause::Opened).then_some(position.state);
        self.steps.insert(Step { from, to: after.state, cause });
    }

    fn has(&self, rule: &Rule) -> bool {
        self.receipts.iter().any(|(state, kind, outcome, to)| {
            (rule.state.is_none() || rule.state == *state)
                && (rule.kind.is_none() || rule.kind == *kind)
                && rule.outcome == *outcome
                && rule.becomes.or(rule.state) == *to
        })
    }
}

async fn revise(town: &Town, position: &Position, cents: i64) {
    let mut tx = town.db.begin().await.unwrap();
    let to = Revision { amount: Cents(cents), due_on: position.due_on, reason: "prova".to_owned() };
    payments::revise(&mut tx, &town.ctx(), position.id, &to).await.unwrap();
    tx.commit().await.unwrap();
}

async fn cancel(town: &Town, position: &Position) {
    let mut tx = town.db.begin().await.unwrap();
    payments::cancel(&mut tx, &town.ctx(), position.id).await.unwrap();
    tx.commit().await.unwrap();
}

async fn walk_receipts(town: &Town, walked: &mut Walked) {
    let asked = [
        (PositionKind::Instalment, [4500, 4500]),
        (PositionKind::Instalment, [4000, 5000]),
        (PositionKind::Spontaneous, [4000, 5000]),
        (PositionKind::TopUp, [4000, 4500]),
    ];
    for (n, (kind, amounts)) in asked.into_iter().enumerate() {
        let position = town.position(&format!("receipts:{n}"), kind, 4500).await;
        walked.step(town, &position, StepCause::Opened).await;
        for cents in amounts {
            walked.receipt(town, &position, cents).await;
        }
    }
    let (whole, one, _) = town.choice("wholes").await;
    walked.receipt(town, &whole, 1000).await;
    walked.step(town, &one, StepCause::OtherSidePaid).await;
    walked.receipt(town, &whole, 5000).await;
    walked.receipt(town, &one, 2000).await;
}

async fn walk_office(town: &Town, walked: &mut Walked) {
    let position = town.position("office:1", PositionKind::Instalment, 4500).await;
    revise(town, &position, 4000).await;
    walked.step(town, &position, StepCause::Revised).await;
    walked.receipt(town, &position, 3000).await;
    let position = town.again(&position).await;
    revise(town, &position, 3000).await;
    walked.step(town, &position, StepCause::RevisedToPaid).await;
    let position = town.position("office:2", PositionKind::Instalment, 4500).await;
    cancel(town, &position).await;
    walked.step(town, &position, StepCause::Cancelled).await;
    walked.receipt(town, &position, 4500).await;
}

#[tokio::test]
async fn every_state_and_edge_is_reached_by_scenarios() {
    on_both_engines(|db| async move {
        let (town, mut walked) = (Town::new(db).await, Walked::default());
        walk_receipts(&town, &mut walked).await;
        walk_office(&town, &mut walked).await;
        let unknown = town.record(&receipt("unknown", "302000600008408304".parse().unwrap(), 1)).await;
        let Recorded::New { outcome, .. } = unknown else { panic!("{unknown:?}") };
        walked.receipts.insert((None, None, outcome, None));
        for rule in &RULES {
            assert!(walked.has(rule), "no scenario reaches {rule:?}");
        }
        for step in &STEPS {
            assert!(walked.steps.contains(step), "no scenario reaches {step:?}");
        }
        for step in &walked.steps {
            assert!(STEPS.contains(step), "{step:?} happened and is not in the table");
        }
        town.check_ledger().await;
    })
    .await;
}
