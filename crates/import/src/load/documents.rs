use std::collections::{BTreeMap, HashMap};
use std::fmt::Write;

use billing::{NewDocument, NewInstalment, NewLine, PaidElsewhere};
use kernel::{Day, DocumentId};

use super::{Fate, Loading};
use crate::Error;
use crate::folder::Folder;
use crate::rows::{DocumentRow, InstalmentRow, LineRow};
use crate::sheet::Placed;
use crate::spec;

/// Issues what is new. A document that stands is history: other content is refused, but it may go to enforcement.
pub(super) async fn load(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let (wanted, standing) = (wanted(l, folder), standing(l).await?);
    let (mut new, mut enforced, mut fates) = (Vec::new(), Vec::new(), HashMap::new());
    for (row, document) in folder.documents.iter().zip(wanted) {
        let mut fate = Fate::Unchanged;
        match standing.get(&document.external_key) {
            None => {
                fate = Fate::Inserted;
                new.push(document);
            }
            Some(known) if known.text != text(&document) => {
                l.bad(&spec::DOCUMENTS, row.row, "il documento è già stato importato con altri dati: non si cambia, si storna");
            }
            Some(known) if known.enforced_on == document.enforced_on => {}
            Some(Standing { id, enforced_on: None, .. }) => {
                fate = Fate::Updated;
                enforced.push((*id, document.enforced_on.expect("it differs from none")));
            }
            Some(_) => l.bad(&spec::DOCUMENTS, row.row, "messa_a_ruolo: il documento è già a ruolo da un altro giorno"),
        }
        fates.insert(row.value.key.as_str(), fate);
    }
    if !l.report.bad.is_empty() {
        return Ok(());
    }
    billing::issue_all(l.tx, l.ctx, new).await?;
    for (id, on) in enforced {
        billing::enforce(l.tx, l.ctx, id, on).await?;
    }
    let of_part = |key: &str| if fates[key] == Fate::Inserted { Fate::Inserted } else { Fate::Unchanged };
    l.count_fates(&spec::DOCUMENTS, folder.documents.iter().map(|row| fates[row.value.key.as_str()]));
    l.count_fates(&spec::LINES, folder.lines.iter().map(|row| of_part(&row.value.document)));
    l.count_fates(&spec::INSTALMENTS, folder.instalments.iter().map(|row| of_part(&row.value.document)));
    l.ids.documents = ids(l).await?;
    Ok(())
}

fn wanted(l: &Loading<'_>, folder: &Folder) -> Vec<NewDocument> {
    let mut lines: HashMap<&str, Vec<&LineRow>> = HashMap::new();
    for row in &folder.lines {
        lines.entry(&row.value.document).or_default().push(&row.value);
    }
    let mut instalments: HashMap<&str, Vec<&InstalmentRow>> = HashMap::new();
    for row in &folder.instalments {
        instalments.entry(&row.value.document).or_default().push(&row.value);
    }
    let mut document = |row: &Placed<DocumentRow>| {
        let key = row.value.key.as_str();
        document(l, &row.value, lines.remove(key).unwrap_or_default(), instalments.remove(key).unwrap_or_default())
    };
    folder.documents.iter().map(&mut document).collect()
}

fn document(l: &Loading<'_>, d: &DocumentRow, mut lines: Vec<&LineRow>, mut instalments: Vec<&InstalmentRow>) -> NewDocument {
    lines.sort_by_key(|line| line.position);
    instalments.sort_by_key(|instalment| instalment.number);
    NewDocument {
        external_key: d.key.clone(),
        series: d.series.clone(),
        number: d.number.clone(),
        issued_on: d.issued_on,
        school_year: d.school_year,
        description: d.description.clone(),
        holder: l.ids.persons[&d.holder],
        pupil: d.pupil.as_ref().map(|key| l.ids.pupils[key]),
        service: l.ids.services[&d.service],
        lines: lines.into_iter().map(line).collect(),
        instalments: instalments.into_iter().map(instalment).collect(),
        enforced_on: d.enforced_on,
    }
}

fn line(l: &LineRow) -> NewLine {
    NewLine { description: l.description.clone(), quantity: l.quantity.into(), unit: l.unit, amount: l.amount }
}

fn instalment(i: &InstalmentRow) -> NewInstalment {
    let paid = i.paid.clone().map(|paid| PaidElsewhere { amount: paid.amount, on: paid.on, by: paid.by });
    NewInstalment { number: i.number.into(), due_on: i.due_on, amount: i.amount, paid_elsewhere: paid }
}

struct Standing {
    id: DocumentId,
    enforced_on: Option<Day>,
    /// all that may not change
    text: String,
}

fn text(d: &NewDocument) -> String {
    let mut text = head(&d.series, &d.number, d.issued_on, d.school_year.0.into(), &d.description);
    let pupil = d.pupil.map(|id| id.to_string()).unwrap_or_default();
    write!(text, "{}|{pupil}|{}", d.holder, d.service).expect("a text takes text");
    for line in &d.lines {
        push_line(&mut text, &line.description, line.quantity, line.unit.0);
    }
    for i in &d.instalments {
        push_instalment(&mut text, i.number, i.due_on, i.amount.0, i.paid_elsewhere.as_ref().map_or(0, |paid| paid.amount.0));
    }
    text
}

fn head(series: &str, number: &str, on: Day, year: i64, description: &str) -> String {
    format!("{series}|{number}|{on}|{year}|{description}|")
}

fn push_line(text: &mut String, description: &str, quantity: i64, unit: i64) {
    write!(text, "\nl|{description}|{quantity}|{unit}").expect("a text takes text");
}

fn push_instalment(text: &mut String, number: i64, due_on: Day, amount: i64, paid: i64) {
    write!(text, "\nr|{number}|{due_on}|{amount}|{paid}").expect("a text takes text");
}

async fn ids(l: &mut Loading<'_>) -> Result<HashMap<String, DocumentId>, Error> {
    let sql = "select external_key, id from billing_document where tenant_id = $1 and external_key is not null";
    let rows = l.tx.query(sql, &[&l.ctx.tenant]).await?;
    Ok(rows.iter().map(|row| Ok((row.get(0)?, row.get(1)?))).collect::<Result<_, db::Error>>()?)
}

/// The documents that stand, as [`text`] would write them.
async fn standing(l: &mut Loading<'_>) -> Result<HashMap<String, Standing>, Error> {
    let mut documents = heads(l).await?;
    if documents.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = "select document_id, description, quantity, unit_cents from billing_line where tenant_id = $1 order by document_id, position";
    for row in l.tx.query(sql, &[&l.ctx.tenant]).await? {
        if let Some((_, known)) = documents.get_mut(&row.get::<DocumentId>(0)?) {
            push_line(&mut known.text, &row.get::<String>(1)?, row.get(2)?, row.get(3)?);
        }
    }
    let sql = "select document_id, number, due_on, amount_cents, paid_elsewhere_cents from instalment
               where tenant_id = $1 order by document_id, number";
    for row in l.tx.query(sql, &[&l.ctx.tenant]).await? {
        if let Some((_, known)) = documents.get_mut(&row.get::<DocumentId>(0)?) {
            push_instalment(&mut known.text, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        }
    }
    Ok(documents.into_values().collect())
}

async fn heads(l: &mut Loading<'_>) -> Result<BTreeMap<DocumentId, (String, Standing)>, Error> {
    let sql = "select id, external_key, series, number, issued_on, school_year, description, holder_id, pupil_id, service_id, enforced_on
               from billing_document where tenant_id = $1 and external_key is not null";
    let mut documents = BTreeMap::new();
    for row in l.tx.query(sql, &[&l.ctx.tenant]).await? {
        let (series, number): (String, String) = (row.get(2)?, row.get(3)?);
        let mut text = head(&series, &number, row.get(4)?, row.get(5)?, &row.get::<String>(6)?);
        let (holder, service): (kernel::PersonId, kernel::ServiceId) = (row.get(7)?, row.get(9)?);
        let pupil = row.get::<Option<kernel::PupilId>>(8)?.map(|id| id.to_string()).unwrap_or_default();
        write!(text, "{holder}|{pupil}|{service}").expect("a text takes text");
        let id: DocumentId = row.get(0)?;
        documents.insert(id, (row.get(1)?, Standing { id, enforced_on: row.get(10)?, text }));
    }
    Ok(documents)
}
