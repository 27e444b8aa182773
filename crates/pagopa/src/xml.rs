//! A small tree of elements, read namespace-aware and with limits, written in the one form pagoPA's readers all take.

use std::borrow::Cow;

use quick_xml::NsReader;
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

use crate::dates::collapse;

pub(crate) const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
pub(crate) const PAYLOAD: &str = "http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd";
pub(crate) const REPORTING: &str = "http://www.digitpa.gov.it/schemas/2011/Pagamenti/";
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

const MAX_DEPTH: usize = 32;
const MAX_ELEMENTS: usize = 20_000;

/// The namespaces that mean something here.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Space {
    #[default]
    None,
    Soap,
    Payload,
    Reporting,
    Other,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Element<'a> {
    pub space: Space,
    pub name: Cow<'a, str>,
    pub text: Cow<'a, str>,
    pub children: Vec<Element<'a>>,
    /// An attribute no schema of this wire allows, by name.
    pub stray_attribute: Option<String>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlError {
    #[error("not well-formed XML: {0}")]
    Malformed(String),
    #[error("document type definitions are refused")]
    DocType,
    #[error("XML nested or repeated beyond any message of this service")]
    TooLarge,
}

fn malformed(why: impl ToString) -> XmlError {
    XmlError::Malformed(why.to_string())
}

impl<'a> Element<'a> {
    pub fn leaf(name: &'static str, text: impl Into<Cow<'a, str>>) -> Element<'a> {
        Element { name: name.into(), text: text.into(), ..Element::default() }
    }

    pub fn group(name: &'static str, children: Vec<Element<'a>>) -> Element<'a> {
        Element { name: name.into(), children, ..Element::default() }
    }

    pub fn child(&self, name: &str) -> Option<&Element<'a>> {
        self.children.iter().find(|c| c.name == name)
    }

    pub fn children_named<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element<'a>> {
        self.children.iter().filter(move |c| c.name == name)
    }

    /// A child the schema has already found.
    pub fn required(&self, name: &str) -> &Element<'a> {
        self.child(name).expect("the schema was checked before reading")
    }

    /// The text of a child the schema has already found, as it stands.
    pub fn code(&self, name: &str) -> String {
        self.required(name).text.clone().into_owned()
    }

    pub fn optional_code(&self, name: &str) -> Option<String> {
        self.child(name).map(|c| c.text.clone().into_owned())
    }

    /// Words a person reads, without blanks around them.
    pub fn prose(&self, name: &str) -> String {
        self.required(name).text.trim().to_owned()
    }

    pub fn optional_prose(&self, name: &str) -> Option<String> {
        self.child(name).map(|c| c.text.trim().to_owned()).filter(|t| !t.is_empty())
    }

    /// Makes a document whose schema qualifies every element look like one that qualifies none, so that the same
    /// tables check both: elements of `space` lose it, those of none become strangers.
    pub fn unqualify(&mut self, space: Space) {
        self.space = if self.space == space { Space::None } else { Space::Other };
        self.children.iter_mut().for_each(|child| child.unqualify(space));
    }
}

/// Reads a whole message and gives its root.
pub(crate) fn parse(text: &str) -> Result<Element<'_>, XmlError> {
    parse_up_to(text, MAX_ELEMENTS)
}

/// Reads a document of at most so many elements.
pub(crate) fn parse_up_to(text: &str, max_elements: usize) -> Result<Element<'_>, XmlError> {
    let mut reader = NsReader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
    reader.config_mut().check_comments = true;
    let mut tree = Tree { max_elements, ..Tree::default() };
    loop {
        match reader.read_event().map_err(malformed)? {
            Event::Start(start) => tree.open(element(&reader, &start)?)?,
            Event::Empty(start) => {
                tree.open(element(&reader, &start)?)?;
                tree.close()?;
            }
            Event::End(_) => tree.close()?,
            Event::Text(text) => tree.text(text.xml10_content())?,
            Event::CData(text) => tree.text(text.xml10_content())?,
            Event::GeneralRef(reference) => tree.text(resolve(&reference)?)?,
            Event::DocType(_) => return Err(XmlError::DocType),
            Event::Decl(declaration) => check_encoding(&declaration)?,
            Event::Comment(_) | Event::PI(_) => {}
            Event::Eof => return tree.finish(),
        }
    }
}

#[derive(Default)]
struct Tree<'a> {
    open: Vec<Element<'a>>,
    root: Option<Element<'a>>,
    count: usize,
    max_elements: usize,
}

impl<'a> Tree<'a> {
    fn open(&mut self, element: Element<'a>) -> Result<(), XmlError> {
        self.count += 1;
        if self.open.len() >= MAX_DEPTH || self.count > self.max_elements {
            return Err(XmlError::TooLarge);
        }
        if self.root.is_some() {
            return Err(malformed("more than one root"));
        }
        self.open.push(element);
        Ok(())
    }

    fn close(&mut self) -> Result<(), XmlError> {
        let element = self.open.pop().ok_or_else(|| malformed("an end without a start"))?;
        match self.open.last_mut() {
            Some(parent) => parent.children.push(element),
            None => self.root = Some(element),
        }
        Ok(())
    }

    fn text(&mut self, text: Cow<'a, str>) -> Result<(), XmlError> {
        if !is_plain(&text) && !text.chars().all(is_xml_char) {
            return Err(malformed("a character XML does not have"));
        }
        match self.open.last_mut() {
            Some(element) if element.text.is_empty() => element.text = text,
            Some(element) => element.text.to_mut().push_str(&text),
            None if collapse(&text).is_empty() => {}
            None => return Err(malformed("text outside the root")),
        }
        Ok(())
    }

    fn finish(self) -> Result<Element<'a>, XmlError> {
        if !self.open.is_empty() {
            return Err(malformed("the end is missing"));
        }
        self.root.ok_or_else(|| malformed("no element"))
    }
}

fn element<'a>(reader: &NsReader<&'a [u8]>, start: &BytesStart<'a>) -> Result<Element<'a>, XmlError> {
    let (space, local) = reader.resolver().resolve_element(start.name());
    let space = match space {
        ResolveResult::Unbound => Space::None,
        ResolveResult::Bound(Namespace(SOAP)) => Space::Soap,
        ResolveResult::Bound(Namespace(PAYLOAD)) => Space::Payload,
        ResolveResult::Bound(Namespace(REPORTING)) => Space::Reporting,
        ResolveResult::Bound(_) => Space::Other,
        ResolveResult::Unknown(prefix) => return Err(malformed(format!("unknown prefix {prefix}"))),
    };
    let name = Cow::Owned(local.as_ref().to_owned());
    Ok(Element { space, name, stray_attribute: stray_attribute(reader, start)?, ..Element::default() })
}

/// The first attribute that is neither a namespace declaration nor one of the schema-instance ones.
fn stray_attribute(reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<Option<String>, XmlError> {
    let mut stray = None;
    for attribute in start.attributes() {
        let attribute = attribute.map_err(malformed)?;
        attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(malformed)?;
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let (space, local) = reader.resolver().resolve_attribute(attribute.key);
        let harmless = matches!(space, ResolveResult::Bound(Namespace(SCHEMA_INSTANCE))) && local.as_ref() != "nil";
        if let ResolveResult::Unknown(prefix) = space {
            return Err(malformed(format!("unknown prefix {prefix}")));
        }
        if !harmless && stray.is_none() {
            stray = Some(local.as_ref().to_owned());
        }
    }
    Ok(stray)
}

fn resolve(reference: &BytesRef<'_>) -> Result<Cow<'static, str>, XmlError> {
    if let Some(char) = reference.resolve_char_ref().map_err(malformed)? {
        return Ok(Cow::Owned(char.to_string()));
    }
    let name = reference.xml10_content();
    let known = [("lt", "<"), ("gt", ">"), ("amp", "&"), ("apos", "'"), ("quot", "\"")];
    let (_, text) = known.into_iter().find(|(n, _)| *n == name).ok_or_else(|| malformed("an entity nobody defined"))?;
    Ok(Cow::Borrowed(text))
}

fn check_encoding(declaration: &quick_xml::events::BytesDecl<'_>) -> Result<(), XmlError> {
    let Some(encoding) = declaration.encoding() else { return Ok(()) };
    let encoding = encoding.map_err(malformed)?;
    let accepted = ["utf-8", "utf8", "us-ascii", "ascii"].iter().any(|e| e.eq_ignore_ascii_case(&encoding));
    if accepted { Ok(()) } else { Err(malformed("only UTF-8 is read")) }
}

/// Printable ASCII without what XML has a meaning for: nearly all of what is written here, and known by its bytes.
fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| (b' '..=b'~').contains(&b) && !matches!(b, b'&' | b'<' | b'>'))
}

/// The characters of XML 1.0.
fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

/// Wraps a payload in an envelope: the root in the payload's namespace, everything below it in none.
pub(crate) fn write_envelope(root: &Element<'_>) -> String {
    let mut out = String::with_capacity(1024);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"");
    out.push_str(SOAP);
    out.push_str("\" xmlns:paf=\"");
    out.push_str(PAYLOAD);
    out.push_str("\"><soapenv:Body>");
    let root_name = format!("paf:{}", root.name);
    write_named(root, &root_name, &mut out);
    out.push_str("</soapenv:Body></soapenv:Envelope>");
    out
}

/// Writes a document whose elements are all in one namespace.
pub(crate) fn write_qualified(root: &Element<'_>, namespace: &'static str) -> String {
    let mut out = String::with_capacity(1024);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?><");
    out.push_str(&root.name);
    out.push_str(" xmlns=\"");
    out.push_str(namespace);
    out.push_str("\">");
    root.children.iter().for_each(|child| write_named(child, &child.name, &mut out));
    out.push_str("</");
    out.push_str(&root.name);
    out.push('>');
    out
}

/// Writes a document whose elements are in no namespace.
pub(crate) fn write_plain(root: &Element<'_>) -> String {
    let mut out = String::with_capacity(1024);
    out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    write_named(root, &root.name, &mut out);
    out
}

fn write_named(element: &Element<'_>, name: &str, out: &mut String) {
    out.push('<');
    out.push_str(name);
    out.push('>');
    escape_into(&element.text, out);
    for child in &element.children {
        write_named(child, &child.name, out);
    }
    out.push_str("</");
    out.push_str(name);
    out.push('>');
}

/// Escapes text content; characters XML does not have are dropped.
pub(crate) fn escape_into(text: &str, out: &mut String) {
    if is_plain(text) {
        return out.push_str(text);
    }
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\r' => out.push_str("&#13;"),
            c if is_xml_char(c) => out.push(c),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefixes_do_not_matter_and_namespaces_do() {
        let a = parse(r#"<x:r xmlns:x="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"><c>1</c></x:r>"#).unwrap();
        let b = parse(r#"<r xmlns="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"><c xmlns="">1</c></r>"#).unwrap();
        assert_eq!(a, b);
        let c = parse(r#"<r xmlns="http://pagopa-api.pagopa.gov.it/pa/paForNode.xsd"><c>1</c></r>"#).unwrap();
        assert_eq!(c.children[0].space, Space::Payload);
    }

    #[test]
    fn a_comment_or_a_section_inside_a_value_does_not_cut_it() {
        let root = parse("<r>12<!-- x -->34<![CDATA[5&]]>&amp;&#54;</r>").unwrap();
        assert_eq!(root.text, "12345&&6");
    }

    #[test]
    fn what_is_not_xml_is_refused() {
        for text in [
            "",
            "ciao",
            "<r>",
            "<r></s>",
            "<r/><r/>",
            "<r/>x",
            "<r>&nobody;</r>",
            "<r>&#0;</r>",
            "<a:r/>",
            "<r a='1' a='2'/>",
            "<r x:a='1'/>",
            "<r>&</r>",
            "<?xml version='1.0' encoding='ISO-8859-1'?><r/>",
            "<r>\u{1}</r>",
            "</r>",
            "<r a='&boh;'/>",
        ] {
            assert!(matches!(parse(text), Err(XmlError::Malformed(_))), "{text:?}: {:?}", parse(text));
        }
    }

    #[test]
    fn document_types_and_depth_are_refused() {
        assert_eq!(parse("<!DOCTYPE r [<!ENTITY a 'b'>]><r>&a;</r>"), Err(XmlError::DocType));
        assert_eq!(parse(&"<r>".repeat(10_000)), Err(XmlError::TooLarge));
        assert_eq!(parse(&format!("<r>{}</r>", "<c/>".repeat(30_000))), Err(XmlError::TooLarge));
    }

    #[test]
    fn what_is_written_is_read_back() {
        let root = Element::group("r", vec![Element::leaf("c", "Nidi & \"scuole\" <dell'infanzia>\r\n\u{1}è ]]>")]);
        let read = write_envelope(&root);
        let envelope = parse(&read).unwrap();
        assert_eq!(envelope.children[0].children[0].children[0].text, "Nidi & \"scuole\" <dell'infanzia>\r\nè ]]>");
        assert_eq!(envelope.children[0].children[0].space, Space::Payload);
    }
}
