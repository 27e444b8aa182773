//! Issuing documents: the rows, the notices and the ledger in one transaction.

use std::collections::HashMap;

use kernel::{AccountId, Cents, Ctx, Day, DocumentId, InstalmentId, PersonId, PositionId, PupilId, SchoolYear, ServiceId};
use ledger::{AccountKind, Cause, Posting};
use payments::{NewPosition, PositionKind, WholeOffer};

use crate::store::issue as store;
use crate::{Error, store::documents};

/// A document to issue; the same external key again is the document that stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewDocument {
    pub external_key: String,
    pub series: String,
    pub number: String,
    pub issued_on: Day,
    pub school_year: SchoolYear,
    /// Payers read it everywhere: never a minor's name.
    pub description: String,
    pub holder: PersonId,
    pub pupil: Option<PupilId>,
    pub service: ServiceId,
    pub lines: Vec<NewLine>,
    /// At least one; their amounts sum to the lines'.
    pub instalments: Vec<NewInstalment>,
    /// Sent to enforcement (messa a ruolo): no notice asks what is left.
    pub enforced_on: Option<Day>,
}

/// Quantity times unit price is the amount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLine {
    pub description: String,
    pub quantity: i64,
    pub unit: Cents,
    pub amount: Cents,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInstalment {
    pub number: i64,
    pub due_on: Day,
    pub amount: Cents,
    /// What was paid before this system kept the money, or outside pagoPA.
    pub paid_elsewhere: Option<PaidElsewhere>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidElsewhere {
    pub amount: Cents,
    pub on: Day,
    /// The way it was paid: `pagoPA`, `bonifico`, `contanti`.
    pub by: String,
}

/// The clearing account of money that came by other ways than this system's notices.
pub(crate) const ELSEWHERE: &str = "elsewhere";

/// Issues a document.
///
/// # Errors
/// As [`issue_all`].
pub async fn issue(tx: &mut db::Tx, ctx: &Ctx, new: NewDocument) -> Result<DocumentId, Error> {
    Ok(issue_all(tx, ctx, vec![new]).await?[0])
}

/// Issues many in few statements, in the order given; those known by their external key stand as they are.
///
/// # Errors
/// [`Error::BadDocument`], [`Error::SameKeyOtherContent`]; nothing is to be committed then.
pub async fn issue_all(tx: &mut db::Tx, ctx: &Ctx, new: Vec<NewDocument>) -> Result<Vec<DocumentId>, Error> {
    new.iter().try_for_each(NewDocument::check)?;
    let mut known = store::known(tx, ctx, &new).await?;
    let mut drafts: Vec<Draft<'_>> = Vec::new();
    for document in &new {
        match known.get(&document.external_key) {
            Some((_, total)) if *total != document.total() => {
                return Err(Error::SameKeyOtherContent(document.external_key.clone()));
            }
            Some(_) => {}
            None => {
                let draft = Draft::new(ctx, document);
                known.insert(document.external_key.clone(), (draft.id, document.total()));
                drafts.push(draft);
            }
        }
    }
    // positions before postings: the order in which payments and the ledger are locked everywhere
    open_accounts(tx, ctx, &mut drafts).await?;
    open_positions(tx, ctx, &mut drafts).await?;
    store::insert(tx, ctx, &drafts).await?;
    let postings = postings(tx, ctx, &drafts).await?;
    ledger::post_all(tx, ctx, postings).await?;
    Ok(new.iter().map(|document| known[&document.external_key].0).collect())
}

/// Sends a document to enforcement: its notices are withdrawn, what is left is asked elsewhere.
///
/// # Errors
/// [`Error::NotVisible`] when there is none to send; [`payments::Error`] when a notice is paid only in part: the office
/// then sends the rest by hand.
pub async fn enforce(tx: &mut db::Tx, ctx: &Ctx, document: DocumentId, on: Day) -> Result<(), Error> {
    let parts = documents::parts(tx, ctx, Some(document)).await?;
    if !documents::set_enforced(tx, ctx, document, on).await? {
        return Err(Error::NotVisible);
    }
    for part in parts.iter().filter(|part| part.is_payable()) {
        payments::cancel(tx, ctx, part.position_id.expect("a payable part has a position")).await?;
    }
    Ok(db::audit::record(tx, ctx, "document.enforced", &format!("document:{document}"), &serde_json::json!({ "on": on })).await?)
}

impl NewDocument {
    pub(crate) fn total(&self) -> Cents {
        self.instalments.iter().map(|i| i.amount).sum()
    }

    fn check(&self) -> Result<(), Error> {
        let bad = |reason| Err(Error::BadDocument { key: self.external_key.clone(), reason });
        if self.instalments.is_empty() {
            return bad("it has no instalments");
        }
        if self.lines.iter().any(|line| line.unit.times(line.quantity) != line.amount) {
            return bad("a line is not its quantity times its price");
        }
        if self.lines.iter().map(|line| line.amount).sum::<Cents>() != self.total() {
            return bad("the instalments do not sum to the lines");
        }
        let mut numbers: Vec<i64> = self.instalments.iter().map(|i| i.number).collect();
        numbers.sort_unstable();
        numbers.dedup();
        if numbers.len() != self.instalments.len() {
            return bad("two instalments have the same number");
        }
        if self.instalments.iter().any(|i| i.amount.is_negative()) {
            return bad("an instalment is below zero");
        }
        let paid_fits = |i: &NewInstalment| {
            i.paid_elsewhere.as_ref().is_none_or(|paid| !paid.amount.is_negative() && paid.amount <= i.amount)
        };
        if !self.instalments.iter().all(paid_fits) { bad("more is paid than asked") } else { Ok(()) }
    }
}

/// A document on its way to the database.
pub(crate) struct Draft<'a> {
    pub id: DocumentId,
    pub new: &'a NewDocument,
    pub parts: Vec<DraftPart<'a>>,
    /// The notice for all of it, where its instalments are two or more.
    pub whole: Option<PositionId>,
}

pub(crate) struct DraftPart<'a> {
    pub id: InstalmentId,
    pub new: &'a NewInstalment,
    pub receivable: Option<AccountId>,
    pub position: Option<PositionId>,
}

impl<'a> Draft<'a> {
    fn new(ctx: &Ctx, new: &'a NewDocument) -> Draft<'a> {
        let part = |new| DraftPart { id: ctx.new_id(), new, receivable: None, position: None };
        Draft { id: ctx.new_id(), new, parts: new.instalments.iter().map(part).collect(), whole: None }
    }
}

impl DraftPart<'_> {
    pub(crate) fn account(&self) -> AccountId {
        self.receivable.expect("accounts are opened before they are asked for")
    }

    fn paid(&self) -> Cents {
        self.new.paid_elsewhere.as_ref().map_or(Cents::ZERO, |paid| paid.amount)
    }
}

async fn open_accounts(tx: &mut db::Tx, ctx: &Ctx, drafts: &mut [Draft<'_>]) -> Result<(), Error> {
    let parts = || drafts.iter().flat_map(|draft| &draft.parts);
    let wanted: Vec<_> = parts().map(|part| (AccountKind::Receivable, part.id.to_string())).collect();
    let accounts = ledger::open_accounts(tx, ctx, &wanted).await?;
    for (part, account) in drafts.iter_mut().flat_map(|draft| &mut draft.parts).zip(accounts) {
        part.receivable = Some(account);
    }
    Ok(())
}

/// A notice for all that is left to ask, where one may ask it.
async fn open_positions(tx: &mut db::Tx, ctx: &Ctx, drafts: &mut [Draft<'_>]) -> Result<(), Error> {
    if drafts.is_empty() || payments::settings::find(tx, ctx.tenant).await?.is_none() {
        return Ok(());
    }
    let debtors = store::debtors(tx, ctx, drafts.iter().map(|draft| draft.new.holder)).await?;
    let taxonomies = store::taxonomies(tx, ctx).await?;
    let (mut wanted, mut places) = (Vec::new(), Vec::new());
    for (d, draft) in drafts.iter().enumerate().filter(|(_, draft)| draft.new.enforced_on.is_none()) {
        for (p, part) in draft.parts.iter().enumerate().filter(|(_, part)| part.new.amount > part.paid()) {
            if let Some(position) = position(draft, part, &debtors, &taxonomies) {
                wanted.push(position);
                places.push((d, p));
            }
        }
    }
    let opened = payments::open_all(tx, ctx, wanted).await?;
    for ((d, p), position) in places.iter().zip(&opened) {
        drafts[*d].parts[*p].position = Some(position.id);
    }
    let placed: Vec<(usize, payments::Position)> = places.into_iter().map(|(d, _)| d).zip(opened).collect();
    offer_wholes(tx, ctx, drafts, &placed).await
}

/// Who is asked in instalments may pay at once: a notice for all that is left, of each document with two or more.
async fn offer_wholes(
    tx: &mut db::Tx,
    ctx: &Ctx,
    drafts: &mut [Draft<'_>],
    placed: &[(usize, payments::Position)],
) -> Result<(), Error> {
    let several: Vec<&[(usize, payments::Position)]> = placed.chunk_by(|a, b| a.0 == b.0).filter(|c| c.len() > 1).collect();
    let offer = |parts: &&[(usize, payments::Position)]| {
        let draft = &drafts[parts[0].0];
        WholeOffer {
            origin_key: format!("document:{}", draft.id),
            description: format!("{} - documento {}", draft.new.description, draft.new.number),
            parts: parts.iter().map(|(_, position)| position.clone()).collect(),
        }
    };
    let offers: Vec<WholeOffer> = several.iter().map(offer).collect();
    for (parts, whole) in several.iter().zip(payments::offer_wholes(tx, ctx, &offers).await?) {
        drafts[parts[0].0].whole = Some(whole.id);
    }
    Ok(())
}

fn position(
    draft: &Draft<'_>,
    part: &DraftPart<'_>,
    debtors: &HashMap<PersonId, (String, String)>,
    taxonomies: &HashMap<ServiceId, String>,
) -> Option<NewPosition> {
    let (code, name) = debtors.get(&draft.new.holder)?;
    let of = draft.parts.len();
    let rate = if of > 1 { format!(", rata {} di {of}", part.new.number) } else { String::new() };
    Some(NewPosition {
        origin_key: format!("instalment:{}", part.id),
        kind: PositionKind::Instalment,
        amount: part.new.amount - part.paid(),
        due_on: Some(part.new.due_on),
        description: format!("{} - documento {}{rate}", draft.new.description, draft.new.number),
        taxonomy_code: taxonomies.get(&draft.new.service)?.clone(),
        pupil: draft.new.pupil,
        debtor: draft.new.holder,
        debtor_code: code.clone(),
        debtor_name: name.clone(),
        credit_account: part.account(),
    })
}

async fn postings(tx: &mut db::Tx, ctx: &Ctx, drafts: &[Draft<'_>]) -> Result<Vec<Posting>, Error> {
    let mut wanted: Vec<_> = drafts.iter().map(|draft| (AccountKind::Revenue, draft.new.service.to_string())).collect();
    wanted.push((AccountKind::Clearing, ELSEWHERE.to_owned()));
    let mut accounts = ledger::open_accounts(tx, ctx, &wanted).await?;
    let elsewhere = accounts.pop().expect("the last account asked for");
    let mut postings = Vec::with_capacity(drafts.len() * 2);
    for (draft, revenue) in drafts.iter().zip(accounts) {
        postings.extend(issued(draft, revenue));
        postings.extend(draft.parts.iter().filter_map(|part| paid(draft, part, elsewhere)));
    }
    Ok(postings)
}

/// Nothing for a document of nothing.
fn issued(draft: &Draft<'_>, revenue: AccountId) -> Option<Posting> {
    let mut entries: Vec<_> = draft.parts.iter().map(|part| (part.account(), -part.new.amount)).collect();
    entries.push((revenue, draft.new.total()));
    (!draft.new.total().is_zero()).then(|| Posting {
        source_key: format!("document:{}", draft.id),
        cause: Cause::DocumentIssued,
        description: format!("Documento {} del {}", draft.new.number, draft.new.issued_on.strftime("%d/%m/%Y")),
        effective_on: draft.new.issued_on,
        entries,
    })
}

fn paid(draft: &Draft<'_>, part: &DraftPart<'_>, elsewhere: AccountId) -> Option<Posting> {
    let paid = part.new.paid_elsewhere.as_ref().filter(|paid| !paid.amount.is_zero())?;
    Some(Posting {
        source_key: format!("paid_elsewhere:{}", part.id),
        cause: Cause::DocumentPaid,
        description: format!("Pagamento documento {} ({})", draft.new.number, paid.by),
        effective_on: paid.on,
        entries: vec![(elsewhere, -paid.amount), (part.account(), paid.amount)],
    })
}
