use std::sync::atomic::{AtomicU32, Ordering};

use catalogue::Locale;
use jiff::civil::Date;
use serde::Serialize;
use typst::diag::{FileError, FileResult, SourceDiagnostic};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards};

use crate::ends::made_plain;
use crate::fonts::Fonts;
use crate::words::{make_printable, words_of_papers};
use crate::{Error, codes, letterhead::Issuer};

/// The templates, by the path other templates import them under.
const TEMPLATES: [(&str, &str); 7] = [
    ("house.typ", include_str!("../templates/house.typ")),
    ("notice.typ", include_str!("../templates/notice.typ")),
    ("words.typ", include_str!("../templates/words.typ")),
    ("receipt.typ", include_str!("../templates/receipt.typ")),
    ("tax.typ", include_str!("../templates/tax.typ")),
    ("account.typ", include_str!("../templates/account.typ")),
    ("absence.typ", include_str!("../templates/absence.typ")),
];

/// The typesetter keeps what it computed for the next paper. After so many papers what the last round did not use is
/// dropped: templates stay warm, and memory stays flat over a run of any length.
const PAPERS_BETWEEN_EVICTIONS: u32 = 16;

/// The printing room: typefaces and templates, loaded once and shared by all papers and threads.
pub struct Papers {
    library: LazyHash<Library>,
    fonts: Fonts,
    templates: Vec<Source>,
    standards: PdfStandards,
    /// The catalogue's words, all languages in one file that no paper changes: it is read once.
    words: Bytes,
    pagopa_logo: Option<Bytes>,
    printed: AtomicU32,
}

/// What one paper is made of, besides the room.
pub(crate) struct Draft<'a, T> {
    pub template: &'static str,
    pub issuer: &'a Issuer,
    pub issued_on: Date,
    pub language: Locale,
    pub values: &'a T,
    /// Pictures the template names, as SVG.
    pub pictures: Vec<(String, String)>,
}

/// The values as the templates see them (`/values.json`).
#[derive(Serialize)]
struct Values<'a, T> {
    has_logo: bool,
    has_pagopa_logo: bool,
    issued: [i16; 3],
    language: &'static str,
    #[serde(flatten)]
    values: &'a T,
}

impl Default for Papers {
    fn default() -> Papers {
        Papers::new()
    }
}

impl Papers {
    /// Loads typefaces and templates; takes a few milliseconds.
    pub fn new() -> Papers {
        Papers {
            library: LazyHash::new(Library::builder().build()),
            fonts: Fonts::load(),
            templates: TEMPLATES.iter().map(|(name, text)| Source::new(file_id(name), (*text).to_owned())).collect(),
            standards: PdfStandards::new(&[PdfStandard::Ua_1, PdfStandard::A_2a]).expect("the two standards agree"),
            words: Bytes::from_string(words_of_papers()),
            pagopa_logo: None,
            printed: AtomicU32::new(0),
        }
    }

    /// Draws this SVG where a paper shows the pagoPA mark. The official drawing belongs to PagoPA S.p.A. and is handed
    /// to member bodies; without it the name is set in type.
    pub fn with_pagopa_logo(mut self, svg: String) -> Papers {
        self.pagopa_logo = Some(Bytes::from_string(svg));
        self
    }

    pub(crate) fn print<T: Serialize>(&self, draft: Draft<'_, T>) -> Result<Vec<u8>, Error> {
        let values = self.values(&draft)?;
        let sheet = Sheet { papers: self, main: file_id(draft.template), files: self.files(&draft, values.clone()) };
        let document = typst::compile::<PagedDocument>(&sheet).output.map_err(|why| refused(&why))?;
        let options = PdfOptions {
            // Two papers with the same title are two documents; the same values are the same document.
            ident: Smart::Custom(format!("{}{values}", draft.template)),
            creator: Smart::Custom(Some("Campanella".to_owned())),
            standards: self.standards.clone(),
            ..PdfOptions::default()
        };
        let pdf = typst_pdf::pdf(&document, &options).map_err(|why| refused(&why))?;
        self.tidy();
        Ok(made_plain(pdf))
    }

    fn values<T: Serialize>(&self, draft: &Draft<'_, T>) -> Result<String, Error> {
        let day = draft.issued_on;
        let values = Values {
            has_logo: draft.issuer.logo_svg.is_some(),
            has_pagopa_logo: self.pagopa_logo.is_some(),
            language: draft.language.code(),
            issued: [day.year(), day.month().into(), day.day().into()],
            values: draft.values,
        };
        let mut values = serde_json::to_value(values).map_err(|why| Error::Typeset(why.to_string()))?;
        make_printable(&mut values, &|c| self.fonts.can_draw(c));
        Ok(values.to_string())
    }

    fn files<T>(&self, draft: &Draft<'_, T>, values: String) -> Vec<(FileId, Bytes)> {
        let mut files = vec![(file_id("values.json"), Bytes::from_string(values)), (file_id("words.json"), self.words.clone())];
        let logo = draft.issuer.logo_svg.clone().map(|svg| (file_id("logo.svg"), Bytes::from_string(svg)));
        let pagopa = self.pagopa_logo.clone().map(|svg| (file_id("pagopa.svg"), svg));
        files.extend(logo.into_iter().chain(pagopa));
        files.extend(draft.pictures.iter().map(|(name, svg)| (file_id(name), Bytes::from_string(svg.clone()))));
        files
    }

    fn tidy(&self) {
        if self.printed.fetch_add(1, Ordering::Relaxed) % PAPERS_BETWEEN_EVICTIONS == PAPERS_BETWEEN_EVICTIONS - 1 {
            comemo::evict(1);
        }
    }
}

/// The world as one paper sees it: the room's templates and typefaces, and its own values. No file system, no clock.
struct Sheet<'a> {
    papers: &'a Papers,
    main: FileId,
    files: Vec<(FileId, Bytes)>,
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.papers.library
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.papers.fonts.book
    }

    fn main(&self) -> FileId {
        self.main
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        self.papers.templates.iter().find(|source| source.id() == id).cloned().ok_or_else(|| absent(id))
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        self.files.iter().find(|(known, _)| *known == id).map(|(_, bytes)| bytes.clone()).ok_or_else(|| absent(id))
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.papers.fonts.faces.get(index).cloned()
    }

    fn today(&self, _: Option<Duration>) -> Option<Datetime> {
        None
    }
}

/// The typesetter numbers at most 65,535 names in a process: only the few fixed ones above come here.
fn file_id(name: &str) -> FileId {
    let path = VirtualPath::new(name).expect("the names are fixed and sound");
    RootedPath::new(VirtualRoot::Project, path).intern()
}

fn absent(id: FileId) -> FileError {
    FileError::NotFound(id.get().vpath().get_without_slash().into())
}

fn refused(why: &[SourceDiagnostic]) -> Error {
    let messages: Vec<&str> = why.iter().map(|reason| reason.message.as_str()).collect();
    Error::Typeset(messages.join("; "))
}

/// The name under which a template finds the code of the n-th module of a notice.
pub(crate) fn code_pictures(at: usize, qr: &str, slip: Option<&str>) -> Result<Vec<(String, String)>, Error> {
    let mut pictures = vec![(format!("qr-{at}.svg"), codes::qr_svg(qr)?)];
    if let Some(slip) = slip {
        pictures.push((format!("slip-{at}.svg"), codes::datamatrix_svg(slip)?));
    }
    Ok(pictures)
}
