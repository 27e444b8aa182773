use enrolment::load::{self, NewAttachment};

use super::Loading;
use crate::Error;
use crate::folder::Folder;
use crate::spec;

const LARGEST: u64 = 10 * 1024 * 1024;

/// What a file may be, by how it begins.
const KINDS: [(&[u8], &str); 3] = [(b"%PDF-", "application/pdf"), (b"\x89PNG\r\n", "image/png"), (b"\xff\xd8\xff", "image/jpeg")];

/// Whether the files are there and are what they may be.
pub(super) fn check(l: &mut Loading<'_>, folder: &Folder) {
    for row in &folder.attachments {
        let file = l.path.join(&row.value.file);
        let reason = match std::fs::metadata(&file) {
            Ok(meta) if meta.len() > LARGEST => "file: è più grande di 10 MB",
            Ok(_) if content_type(&std::fs::read(&file).unwrap_or_default()).is_none() => "file: non è un PDF, PNG o JPEG",
            Ok(_) => continue,
            Err(_) => "file: non c'è nella cartella",
        };
        l.bad(&spec::ATTACHMENTS, row.row, reason);
    }
}

fn content_type(content: &[u8]) -> Option<&'static str> {
    KINDS.iter().find(|(begin, _)| content.starts_with(begin)).map(|(_, kind)| *kind)
}

pub(super) async fn load(l: &mut Loading<'_>, folder: &Folder) -> Result<(), Error> {
    let mut new = Vec::new();
    for row in &folder.attachments {
        let a = row.value.clone();
        let content = std::fs::read(l.path.join(&a.file)).unwrap_or_default();
        let Some(content_type) = content_type(&content) else {
            l.bad(&spec::ATTACHMENTS, row.row, "file: è cambiato durante l'importazione");
            continue;
        };
        new.push(NewAttachment {
            key: a.key,
            pupil: l.ids.pupils[&a.pupil],
            person: a.person.map(|key| l.ids.persons[&key]),
            kind: a.kind,
            title: a.title,
            file_name: a.file.rsplit('/').next().unwrap_or_default().to_owned(),
            content_type: content_type.to_owned(),
            content,
            issued_on: a.issued_on,
        });
    }
    let counts = load::attachments(l.tx, l.ctx, new).await?;
    l.count(&spec::ATTACHMENTS, counts);
    Ok(())
}
