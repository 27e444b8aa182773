use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hasher};
use std::io::{self, Read, Seek, Write};

use hayro_syntax::Pdf;
use hayro_syntax::object::{Array, Dict, MaybeRef, Name, Object};

use super::objects::{self, Numbers};

/// The objects every bound file has, by number; those of the papers follow.
const CATALOGUE: i32 = 1;
const PAGES: i32 = 2;
const MEANING: i32 = 3;
const METADATA: i32 = 4;
const DOCUMENT: i32 = 5;
const PARENTS: i32 = 6;
const FIRST_FREE: i32 = 7;

/// More objects a PDF/A-2 file may not have (ISO 19005-2, 6.1.13): about 80,000 notices of one page.
const MOST_OBJECTS: usize = 8_388_607;

/// Many notices in one PDF, for a print shop that asks for one file: written as they come, with their pages, their tags
/// and their languages. The table of where each object is grows in a file beside; what stays in memory are three numbers
/// a notice, less than the table of contents of an archive.
///
/// Bookmarks are left out, and typefaces stand once for each notice: an archive of single papers is the better form for
/// everything but printing.
pub struct BoundPdf<W: Write, P: Read + Write + Seek> {
    to: W,
    at: u64,
    places: Places<P>,
    digest: DefaultHasher,
    title: String,
    language: &'static str,
    page_count: i64,
    /// The page trees and the tag trees of the papers, and where each tag tree's keys are.
    pages: Vec<i32>,
    meanings: Vec<i32>,
    parents: Vec<i32>,
    next_key: i64,
    roles: BTreeMap<String, String>,
    colours: Option<i32>,
}

impl<W: Write, P: Read + Write + Seek> BoundPdf<W, P> {
    /// Begins a file with a title and the language of its papers. `beside` is an empty file for the run alone, such as
    /// one without a name: it grows by about three kilobytes a notice, and nobody needs it afterwards.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn new(to: W, beside: P, title: &str, language: catalogue::Locale) -> io::Result<BoundPdf<W, P>> {
        let mut bound = BoundPdf {
            to,
            at: 0,
            places: Places::new(beside),
            digest: DefaultHasher::new(),
            title: title.to_owned(),
            language: language.code(),
            page_count: 0,
            pages: Vec::new(),
            meanings: Vec::new(),
            parents: Vec::new(),
            next_key: 0,
            roles: BTreeMap::new(),
            colours: None,
        };
        // The second line says to whoever moves the file that it is not text.
        bound.write(b"%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")?;
        Ok(bound)
    }

    /// Adds the pages of a paper this crate has set.
    ///
    /// # Errors
    /// Those of the writer; [`io::ErrorKind::InvalidData`] for what is no such paper, and for one paper more than a file
    /// may hold.
    pub fn add(&mut self, pdf: &[u8]) -> io::Result<()> {
        let pdf = Pdf::new(pdf.to_vec()).map_err(|_| unfit("not a PDF"))?;
        let paper = Paper::of(&pdf).ok_or_else(|| unfit("not a tagged paper of this house"))?;
        let mut numbers = Numbers::from(self.places.next_number(), self.next_key);
        // The top of a paper's tags hangs under the one document of the file.
        numbers.replace(paper.tags_number, DOCUMENT);
        let pages = numbers.of(paper.pages_number);
        let tops: Vec<i32> = paper.tops.iter().map(|top| numbers.of(*top)).collect();
        let parents = paper.parents(&mut numbers);
        if self.colours.is_none() {
            self.colours = paper.colours_number.map(|old| numbers.of(old));
        }
        while let Some((number, object)) = numbers.next_waiting(pdf.xref()) {
            let object = object.ok_or_else(|| unfit("an object is missing"))?;
            let mut body = Vec::new();
            let extra = if number == pages { format!("/Parent {PAGES} 0 R") } else { String::new() };
            objects::write(&mut body, &object, &mut numbers, &extra);
            self.object(number, &body)?;
        }
        self.keep(&paper, pages, tops, parents?)
    }

    /// Writes what holds the papers together.
    ///
    /// # Errors
    /// Those of the writer.
    pub fn finish(mut self) -> io::Result<W> {
        let kids = references(&self.pages);
        self.object(PAGES, format!("<</Type/Pages/Count {}/Kids[{kids}]>>", self.page_count).as_bytes())?;
        let tops = references(&self.meanings);
        self.object(DOCUMENT, format!("<</Type/StructElem/S/Document/P {MEANING} 0 R/K[{tops}]>>").as_bytes())?;
        let leaves = references(&self.parents);
        self.object(PARENTS, format!("<</Kids[{leaves}]>>").as_bytes())?;
        let roles: String = self.roles.iter().map(|(from, to)| format!("/{from}/{to}")).collect();
        let next_key = self.next_key;
        let meaning = format!(
            "<</Type/StructTreeRoot/K[{DOCUMENT} 0 R]/ParentTree {PARENTS} 0 R/ParentTreeNextKey {next_key}/RoleMap<<{roles}>>>>"
        );
        self.object(MEANING, meaning.as_bytes())?;
        let metadata = metadata(&self.title, self.language);
        let head = format!("<</Type/Metadata/Subtype/XML/Length {}>>stream\n", metadata.len());
        self.object(METADATA, &[head.as_bytes(), metadata.as_bytes(), b"\nendstream"].concat())?;
        let colours = self.colours.map(|number| format!("/OutputIntents {number} 0 R")).unwrap_or_default();
        let catalogue = format!(
            "<</Type/Catalog/Pages {PAGES} 0 R/StructTreeRoot {MEANING} 0 R/Metadata {METADATA} 0 R/Lang({})/MarkInfo<</Marked true\
             /Suspects false>>/ViewerPreferences<</DisplayDocTitle true>>{colours}>>",
            self.language
        );
        self.object(CATALOGUE, catalogue.as_bytes())?;
        self.write_places()
    }

    fn keep(&mut self, paper: &Paper<'_>, pages: i32, tops: Vec<i32>, keys: Keys) -> io::Result<()> {
        let leaf = self.places.next_number();
        self.object(leaf, &keys.leaf)?;
        self.parents.push(leaf);
        self.next_key = keys.last + 1;
        self.pages.push(pages);
        self.page_count += paper.page_count;
        self.meanings.extend(tops);
        self.roles.extend(paper.roles.iter().cloned());
        self.places.put_by()?;
        if self.places.count() > MOST_OBJECTS {
            return Err(unfit("one file cannot hold so many papers: print them into an archive"));
        }
        Ok(())
    }

    fn object(&mut self, number: i32, body: &[u8]) -> io::Result<()> {
        self.places.note(number, self.at);
        self.write(format!("{number} 0 obj\n").as_bytes())?;
        self.write(body)?;
        self.write(b"\nendobj\n")
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.at += bytes.len() as u64;
        self.digest.write(bytes);
        self.to.write_all(bytes)
    }

    /// The table of where each object is, and the end of the file.
    fn write_places(mut self) -> io::Result<W> {
        let (start, count, digest) = (self.at, self.places.count(), self.digest.finish());
        write!(self.to, "xref\n0 {count}\n0000000000 65535 f \n")?;
        self.places.write_all(&mut self.to)?;
        let id = format!("<{digest:016X}{start:016X}>");
        write!(self.to, "trailer\n<</Size {count}/Root {CATALOGUE} 0 R/ID[{id}{id}]>>\nstartxref\n{start}\n%%EOF\n")?;
        Ok(self.to)
    }
}

/// Where each object is in the file, by number: twenty bytes a line, as a PDF says it. Those of one paper are in memory,
/// those of the papers before it are put by.
struct Places<P> {
    beside: P,
    /// Of the objects every file has.
    fixed: [u64; FIRST_FREE as usize],
    /// How many lines are put by.
    kept: usize,
    /// Of the paper under way, from the first number that is not put by; 0 where the object is not written yet.
    recent: Vec<u64>,
}

impl<P: Read + Write + Seek> Places<P> {
    fn new(beside: P) -> Places<P> {
        Places { beside, fixed: [0; FIRST_FREE as usize], kept: 0, recent: Vec::new() }
    }

    /// Of all objects, the free one before the first among them.
    fn count(&self) -> usize {
        self.fixed.len() + self.kept + self.recent.len()
    }

    fn next_number(&self) -> i32 {
        i32::try_from(self.count()).expect("far fewer objects than numbers")
    }

    fn note(&mut self, number: i32, at: u64) {
        let number = usize::try_from(number).expect("numbers are not negative");
        let Some(place) = number.checked_sub(self.fixed.len()) else {
            self.fixed[number] = at;
            return;
        };
        let place = place - self.kept;
        self.recent.resize(self.recent.len().max(place + 1), 0);
        self.recent[place] = at;
    }

    fn put_by(&mut self) -> io::Result<()> {
        self.beside.write_all(lines(&self.recent).as_bytes())?;
        self.kept += self.recent.len();
        self.recent.clear();
        Ok(())
    }

    /// Every line but that of the free object before the first.
    fn write_all(&mut self, to: &mut impl Write) -> io::Result<()> {
        to.write_all(lines(&self.fixed[1..]).as_bytes())?;
        self.beside.rewind()?;
        io::copy(&mut self.beside, to)?;
        Ok(())
    }
}

fn lines(offsets: &[u64]) -> String {
    offsets.iter().map(|offset| format!("{offset:010} 00000 n \n")).collect()
}

/// What a paper brings to a bound file.
struct Paper<'a> {
    pages_number: i32,
    page_count: i64,
    tags_number: i32,
    tops: Vec<i32>,
    parent_pairs: Array<'a>,
    roles: Vec<(String, String)>,
    colours_number: Option<i32>,
}

/// The keys of a paper's marked content, as they stand in the bound file.
struct Keys {
    leaf: Vec<u8>,
    last: i64,
}

impl<'a> Paper<'a> {
    /// None for what lacks pages or tags, or names its tags, which another paper might do alike.
    fn of(pdf: &'a Pdf) -> Option<Paper<'a>> {
        let root: Dict<'a> = pdf.xref().get(pdf.xref().root_id())?;
        let tags: Dict<'a> = root.get("StructTreeRoot")?;
        let roles: Dict<'a> = tags.get("RoleMap").unwrap_or_default();
        if tags.contains_key("IDTree") {
            return None;
        }
        Some(Paper {
            pages_number: root.get_ref("Pages")?.obj_number,
            page_count: root.get::<Dict<'a>>("Pages")?.get::<i32>("Count")?.into(),
            tags_number: root.get_ref("StructTreeRoot")?.obj_number,
            tops: tags.get::<Array<'a>>("K")?.raw_iter().filter_map(|top| Some(top.as_obj_ref()?.obj_number)).collect(),
            parent_pairs: tags.get::<Dict<'a>>("ParentTree")?.get("Nums")?,
            roles: roles.keys().filter_map(|from| Some((name(&from)?, name(&roles.get::<Name<'a>>(&*from)?)?))).collect(),
            colours_number: root.get_ref("OutputIntents").map(|reference| reference.obj_number),
        })
    }

    fn parents(&self, numbers: &mut Numbers) -> io::Result<Keys> {
        let (mut pairs, mut keys) = (Vec::new(), Vec::new());
        for (at, item) in self.parent_pairs.raw_iter().enumerate() {
            match item {
                MaybeRef::NotRef(Object::Number(key)) if at % 2 == 0 => {
                    keys.push(key.as_i64() + numbers.key_base);
                    pairs.extend(format!("{} ", key.as_i64() + numbers.key_base).bytes());
                }
                value => objects::write_either(&mut pairs, &value, numbers),
            }
            pairs.push(b' ');
        }
        let (Some(first), Some(last)) = (keys.first().copied(), keys.last().copied()) else {
            return Err(unfit("no content has a tag"));
        };
        let head = format!("<</Limits[{first} {last}]/Nums[");
        Ok(Keys { leaf: [head.as_bytes(), &pairs, b"]>>"].concat(), last })
    }
}

fn name(bytes: &[u8]) -> Option<String> {
    String::from_utf8(bytes.to_vec()).ok()
}

fn references(numbers: &[i32]) -> String {
    numbers.iter().map(|number| format!("{number} 0 R ")).collect()
}

fn unfit(why: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// PDF/A asks that a property it does not know be described: the one by which a file says it is PDF/UA.
const UA_SCHEMA: &str = r#"<pdfaExtension:schemas xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/"
 xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#"><rdf:Bag>
<rdf:li rdf:parseType="Resource"><pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI><pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix>
<pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource"><pdfaProperty:name>part</pdfaProperty:name>
<pdfaProperty:valueType>Integer</pdfaProperty:valueType><pdfaProperty:category>internal</pdfaProperty:category>
<pdfaProperty:description>Part of the standard the file conforms to</pdfaProperty:description></rdf:li></rdf:Seq></pdfaSchema:property>
</rdf:li></rdf:Bag></pdfaExtension:schemas>
"#;

/// Says in the file's own words what it conforms to: PDF/A-2a and PDF/UA-1.
fn metadata(title: &str, language: &str) -> String {
    let title = title.replace('&', "&amp;").replace('<', "&lt;");
    format!(
        r#"<?xpacket begin="{bom}" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/">
<dc:title><rdf:Alt><rdf:li xml:lang="x-default">{title}</rdf:li></rdf:Alt></dc:title>
<dc:language><rdf:Bag><rdf:li>{language}</rdf:li></rdf:Bag></dc:language>
<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance><pdfuaid:part>1</pdfuaid:part>
{UA_SCHEMA}</rdf:Description></rdf:RDF></x:xmpmeta>
<?xpacket end="w"?>"#,
        bom = '\u{FEFF}'
    )
}
