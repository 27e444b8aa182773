//! What a person owes to tenants that have an agreement with this one, to be paid in one cart.
//!
//! The link between tenants is the person's verified codice fiscale, and nothing else. Each tenant is read with a context
//! of its own: as the person it knows by that code, with its guardianships and restrictions, by its settings. Where it
//! knows nobody, or has no such agreement, there is nothing to see; what is seen is what can be paid, and no more.

use enrolment::{PersonKind, Right};
use kernel::{Actor, Ctx, FiscalCode, PositionId};
use payments::agreement::{self, Partner};
use payments::cart::Elsewhere;

use crate::Error;
use crate::due::{self, DueRow, DueState};

/// Who acts for another tenant until it is known whom it knows.
const LINK: Actor = Actor::System("agreement");

/// What can be paid to another tenant.
#[derive(Clone, Debug)]
pub struct DuesElsewhere {
    pub partner: Partner,
    /// Of that tenant, acting as the person it knows.
    pub ctx: Ctx,
    /// Those that can be paid here, now or after an attempt that is under way.
    pub dues: Vec<DueRow>,
}

/// A notice of another tenant, as a form names it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Chosen {
    pub ipa_code: String,
    pub position: PositionId,
}

/// By tenant; those with nothing to pay are left out. `code` is what the person proved to be theirs at sign-in.
pub async fn list_for(tx: &mut db::Tx, ctx: &Ctx, code: &FiscalCode) -> Result<Vec<DuesElsewhere>, Error> {
    let mut found = Vec::new();
    for partner in agreement::partners(tx, ctx).await? {
        if let Some(there) = as_known_there(tx, ctx, &partner, code).await? {
            let dues = dues(tx, &there, &partner).await?;
            found.push(DuesElsewhere { partner, ctx: there, dues });
        }
    }
    found.retain(|elsewhere| !elsewhere.dues.is_empty());
    Ok(found)
}

/// The context of the person with this code in the other tenant, if it knows one.
async fn as_known_there(tx: &mut db::Tx, ctx: &Ctx, partner: &Partner, code: &FiscalCode) -> Result<Option<Ctx>, Error> {
    let there = Ctx { tenant: partner.tenant, ..ctx.clone() }.acting_as(LINK);
    let known = enrolment::person::find_by_fiscal_code(tx, &there, code).await?;
    Ok(known.filter(|p| p.kind == PersonKind::Natural).map(|p| there.acting_as(Actor::Person(p.id))))
}

async fn dues(tx: &mut db::Tx, there: &Ctx, partner: &Partner) -> Result<Vec<DueRow>, Error> {
    let can_be_paid = |due: &DueRow| {
        matches!(due.state, DueState::Payable | DueState::InProgress { .. })
            && due.position_id.is_some()
            && (partner.accepts_after_due || due.overdue_days == 0)
    };
    Ok(due::list_for(tx, there).await?.into_iter().filter(can_be_paid).collect())
}

/// The chosen notices, for a cart: only what [`list_for`] shows can be chosen.
///
/// # Errors
/// [`Error::NotVisible`] for any other.
pub async fn choose(tx: &mut db::Tx, ctx: &Ctx, code: &FiscalCode, chosen: &[Chosen]) -> Result<Vec<Elsewhere>, Error> {
    let mut found = Vec::new();
    let mut left = chosen.len();
    for elsewhere in list_for(tx, ctx, code).await? {
        let shown = |id: &PositionId| elsewhere.dues.iter().any(|due| due.position_id == Some(*id));
        let of_it = chosen.iter().filter(|c| c.ipa_code == elsewhere.partner.ipa_code).map(|c| c.position);
        let positions: Vec<PositionId> = of_it.filter(shown).collect();
        left -= positions.len();
        if !positions.is_empty() {
            let pupils = enrolment::visible_pupils(tx, &elsewhere.ctx, Right::Pay).await?;
            let may_pay_for = pupils.into_iter().map(|pupil| pupil.id).collect();
            found.push(Elsewhere { ctx: elsewhere.ctx, positions, may_pay_for });
        }
    }
    if left == 0 { Ok(found) } else { Err(Error::NotVisible) }
}
