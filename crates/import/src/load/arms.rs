//! The Comune's coat of arms, a drawing beside the sheets.

use std::io::{ErrorKind, Read};

use enrolment::arms::{self, Drawing, MOST_BYTES, MOST_DEEP, MOST_ELEMENTS, Refused};

use super::Loading;
use crate::Error;
use crate::report::{BadRow, Counts};

const FILE: &str = "stemma.svg";

/// Loads the drawing, if there is one.
pub(super) async fn load(loading: &mut Loading<'_>) -> Result<(), Error> {
    let drawing = match read(loading) {
        Ok(None) => return Ok(()),
        Ok(Some(file)) => Drawing::read(&file).map_err(|refused| words(&refused)),
        Err(error) => Err(format!("il file non si legge: {error}")),
    };
    match drawing {
        Ok(drawing) => {
            let counts = counts(arms::set(loading.tx, loading.ctx, &drawing).await?);
            loading.report.files.push((FILE, counts));
        }
        Err(reason) => loading.report.bad.push(BadRow::new(FILE, 1, reason)),
    }
    Ok(())
}

/// One byte more than is taken shows that there is too much.
fn read(loading: &Loading<'_>) -> std::io::Result<Option<Vec<u8>>> {
    let mut text = Vec::new();
    match std::fs::File::open(loading.path.join(FILE)) {
        Ok(file) => file.take(MOST_BYTES as u64 + 1).read_to_end(&mut text).map(|_| Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn counts(set: arms::Set) -> Counts {
    match set {
        arms::Set::Inserted => Counts { inserted: 1, ..Counts::default() },
        arms::Set::Updated => Counts { updated: 1, ..Counts::default() },
        arms::Set::Unchanged => Counts { unchanged: 1, ..Counts::default() },
    }
}

fn words(refused: &Refused) -> String {
    match refused {
        Refused::TooLarge => format!("il disegno supera {} KB", MOST_BYTES / 1024),
        Refused::TooManyElements => {
            format!(
                "il disegno ha più di {MOST_ELEMENTS} elementi, più di {MOST_DEEP} uno dentro l'altro, o ritagli usati troppe volte"
            )
        }
        Refused::NotSvg(why) => format!("non è un disegno SVG: {why}"),
        Refused::Instruction => "il disegno ha un DOCTYPE o un'istruzione: salvarlo come SVG semplice".to_owned(),
        Refused::Element(name) => format!("l'elemento <{name}> non è ammesso: solo forme e sfumature"),
        Refused::Attribute { element, attribute } => format!("l'elemento <{element}> ha l'attributo {attribute}, non ammesso"),
        Refused::Outside(name) => format!("l'attributo {name} porta fuori dal disegno"),
        Refused::NoSize => "il disegno non dice quanto è grande: serve viewBox, o larghezza e altezza in pixel".to_owned(),
    }
}
