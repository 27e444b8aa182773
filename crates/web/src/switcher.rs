//! The choice of a pupil: kept in the address, remembered from page to page in the session.

use enrolment::{PupilSummary, Right};
use kernel::PupilId;

use crate::refusal::Refusal;
use crate::visit::Visit;

/// The links, and what is chosen. No links where there is one pupil: its name is in the text.
#[derive(Clone, Debug)]
pub struct Switcher {
    pub links: Vec<SwitcherLink>,
    /// None: all of them.
    pub chosen: Option<PupilSummary>,
    pub pupils: Vec<PupilSummary>,
}

#[derive(Clone, Debug)]
pub struct SwitcherLink {
    pub words: String,
    pub href: String,
    pub current: bool,
}

/// What a page shows before anybody chose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Default {
    All,
    /// Pages that show one pupil at a time.
    First,
}

const ALL: &str = "tutti";

impl Switcher {
    /// Reads `?alunno=`, else the session; an id that is not one's own is no pupil at all.
    pub async fn read(tx: &mut db::Tx, visit: &Visit, right: Right, default: Default) -> Result<Switcher, Refusal> {
        let pupils = enrolment::visible_pupils(tx, &visit.ctx, right).await?;
        let chosen = choose(visit, &pupils, default)?;
        let mut links = Vec::new();
        if default == Default::All {
            links.push(link(visit, visit.t("switcher-all").to_owned(), ALL, chosen.is_none()));
        }
        for pupil in &pupils {
            let words = words(pupil, &pupils);
            links.push(link(visit, words, &pupil.id.to_string(), chosen.as_ref().is_some_and(|c| c.id == pupil.id)));
        }
        if pupils.len() < 2 {
            links.clear();
        }
        Ok(Switcher { links, chosen, pupils })
    }

    /// Remembers a choice made in the address; to be called by the page's handler after it read.
    pub async fn remember(&self, visit: &Visit) -> Result<(), Refusal> {
        let (Some(_), Some(session)) = (visit.query.get("alunno"), &visit.session) else { return Ok(()) };
        let chosen = self.chosen.as_ref().map(|p| p.id);
        if session.pupil == chosen {
            return Ok(());
        }
        let mut tx = visit.begin().await?;
        identity::session::choose_pupil(&mut tx, &visit.ctx, session.id, chosen).await?;
        Ok(tx.commit().await?)
    }
}

fn choose(visit: &Visit, pupils: &[PupilSummary], default: Default) -> Result<Option<PupilSummary>, Refusal> {
    let find = |id: PupilId| pupils.iter().find(|p| p.id == id).cloned();
    match visit.query.get("alunno") {
        Some(ALL) if default == Default::All => return Ok(None),
        Some(ALL) => {}
        Some(id) => return id.parse().ok().and_then(find).map(Some).ok_or(Refusal::NotFound),
        None => {}
    }
    let remembered = visit.session.as_ref().and_then(|s| s.pupil).and_then(find);
    let only = if pupils.len() == 1 || default == Default::First { pupils.first().cloned() } else { None };
    Ok(remembered.or(only))
}

fn link(visit: &Visit, words: String, value: &str, current: bool) -> SwitcherLink {
    let query = visit.query.with("alunno", value).with("pagina", "").with("badge", "");
    SwitcherLink { words, href: format!("{}{}", visit.path, query.query()), current }
}

/// The first name; with the class where two share it.
fn words(pupil: &PupilSummary, all: &[PupilSummary]) -> String {
    let namesakes = all.iter().filter(|p| p.name == pupil.name).count();
    match &pupil.class_label {
        Some(class) if namesakes > 1 => format!("{} ({class})", pupil.name),
        _ => pupil.name.clone(),
    }
}
