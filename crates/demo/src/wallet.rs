//! The wallet of a badge: opening balance, top-ups before it runs out, meals.

use kernel::{Cents, Day};

use crate::chance::{Chance, plus};
use crate::family::Habit;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Movement {
    pub on: Day,
    pub kind: Kind,
    /// above zero raises the wallet
    pub amount: Cents,
    /// which of the prices of the meals
    pub price: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Opening,
    TopUp(&'static str),
    Meal,
}

/// A meal eaten on a day, at the price of its year.
pub(crate) struct Meal {
    pub on: Day,
    pub amount: Cents,
    pub price: usize,
}

const TOP_UPS: [i64; 5] = [3000, 5000, 5000, 8000, 10_000];

pub(crate) fn movements(chance: &mut Chance, opening_on: Day, meals: &[Meal], habit: Habit) -> Vec<Movement> {
    let opening = Cents(i64::from(chance.between(0, 60)) * 50);
    let mut balance = opening;
    let mut movements = Vec::with_capacity(meals.len() + 40);
    if !opening.is_zero() {
        movements.push(Movement { on: opening_on, kind: Kind::Opening, amount: opening, price: 0 });
    }
    for meal in meals {
        if !meal.amount.is_zero() && balance < least(habit, meal.amount) {
            let top_up = top_up(chance, meal.on);
            balance += top_up.amount;
            movements.push(top_up);
        }
        balance -= meal.amount;
        movements.push(Movement { on: meal.on, kind: Kind::Meal, amount: -meal.amount, price: meal.price });
    }
    if let Habit::EndsWith(credit) = habit {
        end_with(&mut movements, balance, credit);
    }
    movements
}

/// With how much less a family tops up: five meals left, or, if late, up to two meals owed.
fn least(habit: Habit, price: Cents) -> Cents {
    match habit {
        Habit::Late | Habit::Overdue => -price,
        _ => price.times(5),
    }
}

fn top_up(chance: &mut Chance, before: Day) -> Movement {
    let amount = Cents(*chance.pick(&TOP_UPS));
    let by = if chance.percent(85) { "Ricarica con pagoPA" } else { "Ricarica allo sportello" };
    Movement { on: plus(before, -1), kind: Kind::TopUp(by), amount, price: 0 }
}

/// Lowers the last top-ups so that the wallet ends with `credit`.
fn end_with(movements: &mut Vec<Movement>, balance: Cents, credit: Cents) {
    let mut surplus = balance - credit;
    while surplus > Cents::ZERO {
        let Some(last) = movements.iter().rposition(|m| matches!(m.kind, Kind::TopUp(_) | Kind::Opening)) else { return };
        let cut = surplus.min(movements[last].amount);
        movements[last].amount -= cut;
        surplus -= cut;
        if movements[last].amount.is_zero() {
            movements.remove(last);
        }
    }
    if surplus < Cents::ZERO
        && let Some(last) = movements.iter_mut().rev().find(|m| matches!(m.kind, Kind::TopUp(_) | Kind::Opening))
    {
        last.amount -= surplus;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::date;

    fn meals() -> Vec<Meal> {
        (0..100).map(|n| Meal { on: plus(date(2026, 9, 21), n), amount: Cents(460), price: 0 }).collect()
    }

    fn lowest(movements: &[Movement]) -> Cents {
        let balances = movements.iter().scan(Cents::ZERO, |sum, m| {
            *sum += m.amount;
            Some(*sum)
        });
        balances.min().unwrap_or_default()
    }

    #[test]
    fn a_punctual_family_is_never_below_zero_and_a_late_one_by_two_meals_at_most() {
        for seed in 0..50 {
            let of = |habit| movements(&mut Chance::new(seed), date(2026, 9, 1), &meals(), habit);
            assert!(lowest(&of(Habit::Punctual)) >= Cents::ZERO);
            assert!(lowest(&of(Habit::Late)) >= Cents(-920));
        }
    }

    #[test]
    fn a_wallet_ends_with_the_credit_asked_for_and_never_goes_below_zero_on_the_way() {
        for seed in 0..50 {
            let movements = movements(&mut Chance::new(seed), date(2026, 9, 1), &meals(), Habit::EndsWith(Cents(340)));
            assert_eq!(movements.iter().map(|m| m.amount).sum::<Cents>(), Cents(340));
            assert!(lowest(&movements) >= Cents::ZERO, "seed {seed}");
        }
    }
}
