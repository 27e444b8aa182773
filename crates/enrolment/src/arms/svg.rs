//! Reads a drawing by an allow-list and writes it anew: what comes out holds shapes and colours, and nothing else.

use std::fmt::Write;

use quick_xml::NsReader;
use quick_xml::events::attributes::Attribute;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

use super::rules::{ATTRIBUTES, ELEMENTS, LEFT_OUT, NOTES, SILENT, SVG, WORDED, XLINK};

/// Of the file; a coat of arms has rarely half of it.
pub const MOST_BYTES: usize = 128 * 1024;
pub const MOST_ELEMENTS: usize = 2_000;
pub const MOST_DEEP: usize = 24;
/// What is drawn, counting a clip again wherever it is used: else a small file could be a large paper.
const MOST_DRAWN_BYTES: usize = 4 * MOST_BYTES;

/// Why a drawing is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the drawing has more than {} KB", MOST_BYTES / 1024)]
    TooLarge,
    #[error(
        "the drawing has more than {MOST_ELEMENTS} elements, more than {MOST_DEEP} one inside the other, or clips used over and over"
    )]
    TooManyElements,
    #[error("this is not an SVG drawing: {0}")]
    NotSvg(String),
    /// A document type, which could define entities, or an instruction to a program.
    #[error("the drawing has a document type or an instruction: save it as plain SVG")]
    Instruction,
    /// Scripts, foreign objects, pictures, texts, styles, animations, references.
    #[error("the drawing has an element <{0}>, which is not taken: only shapes and gradients are")]
    Element(String),
    #[error("the element <{element}> has the attribute {attribute}, which is not taken")]
    Attribute { element: String, attribute: String },
    /// Something outside the drawing, or code in a value.
    #[error("the attribute {0} leads outside the drawing")]
    Outside(String),
    #[error("the drawing does not say its size: it needs a viewBox, or a width and a height in pixels")]
    NoSize,
}

/// A drawing that was read and written anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawing(String);

impl Drawing {
    /// # Errors
    /// The first thing that is not taken.
    pub fn read(file: &[u8]) -> Result<Drawing, Refused> {
        if file.len() > MOST_BYTES {
            return Err(Refused::TooLarge);
        }
        let text = std::str::from_utf8(file).map_err(not_svg)?;
        let mut reader = NsReader::from_str(text.strip_prefix('\u{feff}').unwrap_or(text));
        let mut copy = Copy::default();
        loop {
            let event = reader.read_event().map_err(not_svg)?;
            if matches!(event, Event::Eof) {
                return copy.finish();
            }
            copy.take(&reader, event)?;
        }
    }

    pub fn svg(&self) -> &str {
        &self.0
    }
}

fn not_svg(why: impl ToString) -> Refused {
    Refused::NotSvg(why.to_string())
}

/// The drawing as it is written anew.
#[derive(Default)]
struct Copy {
    out: String,
    /// Elements begun and not ended.
    open: Vec<String>,
    /// How many of the innermost are left out; 0: none.
    skipping: usize,
    count: usize,
    /// Where the clip under way began, how long all clips are, and how often one is used.
    clip_from: usize,
    clip_bytes: usize,
    clips_used: usize,
    is_done: bool,
}

impl Copy {
    fn take(&mut self, reader: &NsReader<&[u8]>, event: Event<'_>) -> Result<(), Refused> {
        match event {
            Event::Start(start) => self.begin(reader, &start),
            Event::Empty(start) => {
                self.begin(reader, &start)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(_) => Err(Refused::Element("![CDATA[".to_owned())),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(not_svg)? {
                Some(char) => self.text(char.encode_utf8(&mut [0; 4])),
                None => self.text(predefined(&reference.xml10_content()).ok_or(Refused::Instruction)?),
            },
            Event::DocType(_) | Event::PI(_) => Err(Refused::Instruction),
            Event::Decl(_) | Event::Comment(_) | Event::Eof => Ok(()),
        }
    }

    fn begin(&mut self, reader: &NsReader<&[u8]>, start: &BytesStart<'_>) -> Result<(), Refused> {
        self.count += 1;
        if self.count > MOST_ELEMENTS || self.open.len() >= MOST_DEEP {
            return Err(Refused::TooManyElements);
        }
        let (space, local) = reader.resolver().resolve_element(start.name());
        let name = local.as_ref().to_owned();
        let is_root = self.open.is_empty();
        let says_nothing = is_note(&space) || (is_svg(&space) && name == LEFT_OUT);
        if self.skipping > 0 || (says_nothing && !is_root) {
            self.skipping += 1;
            self.open.push(name);
            return Ok(());
        }
        if self.is_done || !is_svg(&space) || !ELEMENTS.contains(&name.as_str()) || is_root != (name == "svg") {
            return Err(Refused::Element(name));
        }
        let mut attributes = self.attributes(reader, start, &name)?;
        if is_root {
            frame(&mut attributes)?;
        }
        self.clips_used += attributes.iter().filter(|(name, _)| name == "clip-path").count();
        if name == "clipPath" {
            self.clip_from = self.out.len();
        }
        self.write_start(&name, is_root, &attributes);
        self.open.push(name);
        Ok(())
    }

    fn write_start(&mut self, name: &str, is_root: bool, attributes: &[(String, String)]) {
        let space = if is_root { format!(" xmlns=\"{SVG}\"") } else { String::new() };
        let each = attributes.iter().map(|(name, value)| format!(" {name}=\"{}\"", escaped(value)));
        write!(self.out, "<{name}{space}{}>", each.collect::<String>()).expect("memory takes it");
    }

    fn end(&mut self) {
        let name = self.open.pop().expect("the reader pairs starts and ends");
        if self.skipping > 0 {
            self.skipping -= 1;
        } else {
            write!(self.out, "</{name}>").expect("memory takes it");
            if name == "clipPath" {
                self.clip_bytes += self.out.len() - self.clip_from;
            }
        }
        self.is_done = self.open.is_empty();
    }

    /// Words stand in titles and descriptions; blanks between elements say nothing.
    fn text(&mut self, text: &str) -> Result<(), Refused> {
        if self.skipping > 0 || text.trim().is_empty() {
            return Ok(());
        }
        match self.open.last() {
            Some(name) if WORDED.contains(&name.as_str()) => self.out.push_str(&escaped(text)),
            Some(name) => return Err(Refused::Element(name.clone())),
            None => return Err(not_svg("text outside the drawing")),
        }
        Ok(())
    }

    fn attributes(
        &self,
        reader: &NsReader<&[u8]>,
        start: &BytesStart<'_>,
        element: &str,
    ) -> Result<Vec<(String, String)>, Refused> {
        let (mut kept, mut styled) = (Vec::new(), Vec::new());
        for attribute in start.attributes() {
            let attribute = attribute.map_err(not_svg)?;
            let Some((name, value)) = seen(reader, &attribute, element)? else { continue };
            match name.as_str() {
                "style" => styled = properties(&value)?,
                _ => put(&mut kept, name, value),
            }
        }
        // a property of a style stands above the attribute of its name
        styled.into_iter().for_each(|(name, value)| put(&mut kept, name, value));
        let in_clip = self.open.iter().any(|name| name == "clipPath");
        kept.iter().try_for_each(|(name, value)| check(name, value, in_clip))?;
        Ok(kept)
    }

    fn finish(self) -> Result<Drawing, Refused> {
        match self.is_done {
            false => Err(not_svg("it has no end")),
            true if self.out.len() + self.clips_used * self.clip_bytes > MOST_DRAWN_BYTES => Err(Refused::TooManyElements),
            true => Ok(Drawing(self.out)),
        }
    }
}

fn is_svg(space: &ResolveResult<'_>) -> bool {
    matches!(space, ResolveResult::Bound(Namespace(SVG)))
}

fn is_note(space: &ResolveResult<'_>) -> bool {
    matches!(space, ResolveResult::Bound(Namespace(space)) if NOTES.iter().any(|note| space.starts_with(note)))
}

/// The attribute by its local name with its value; none for what is left out.
fn seen(reader: &NsReader<&[u8]>, attribute: &Attribute<'_>, element: &str) -> Result<Option<(String, String)>, Refused> {
    if attribute.key.as_namespace_binding().is_some() {
        return Ok(None);
    }
    let (space, local) = reader.resolver().resolve_attribute(attribute.key);
    let name = local.as_ref().to_owned();
    let is_link = name == "href" && matches!(space, ResolveResult::Unbound | ResolveResult::Bound(Namespace(XLINK)));
    let is_data = matches!(space, ResolveResult::Unbound) && (name.starts_with("data-") || name.starts_with("aria-"));
    if is_note(&space) || is_data || SILENT.contains(&name.as_str()) {
        return Ok(None);
    }
    let is_own = matches!(space, ResolveResult::Unbound) && (name == "style" || ATTRIBUTES.contains(&name.as_str()));
    let leads_to_colours = is_link && element.ends_with("Gradient");
    if !is_own && !leads_to_colours {
        return Err(Refused::Attribute { element: element.to_owned(), attribute: name });
    }
    let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).map_err(not_svg)?;
    Ok(Some((name, value.into_owned())))
}

fn put(kept: &mut Vec<(String, String)>, name: String, value: String) {
    kept.retain(|(known, _)| *known != name);
    kept.push((name, value));
}

/// The properties of a style that are attributes too; others, of typefaces for instance, say nothing here.
fn properties(style: &str) -> Result<Vec<(String, String)>, Refused> {
    if style.contains(['@', '\\', '{', '/']) {
        return Err(Refused::Outside("style".to_owned()));
    }
    let pairs = style.split(';').filter_map(|pair| pair.split_once(':'));
    let known = pairs.map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    let not_geometry =
        |name: &str| name.contains('-') || ["fill", "stroke", "opacity", "color", "display", "visibility"].contains(&name);
    Ok(known.filter(|(name, _)| ATTRIBUTES.contains(&name.as_str()) && not_geometry(name)).collect())
}

/// A value leads to a part of the same drawing, or nowhere; inside a clip not even there, so that nothing multiplies.
fn check(name: &str, value: &str, in_clip: bool) -> Result<(), Refused> {
    let outside = || Err(Refused::Outside(name.to_owned()));
    let low = value.to_ascii_lowercase();
    let reference = match name {
        "href" => Some(value),
        _ if low.contains("url") => match low.starts_with("url(") && value.ends_with(')') {
            true => Some(value[4..value.len() - 1].trim().trim_matches(['"', '\''])),
            false => return outside(),
        },
        _ => None,
    };
    let is_plain = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
    match reference {
        Some(to) if !in_clip && to.strip_prefix('#').is_some_and(|id| !id.is_empty() && is_plain(id)) => Ok(()),
        Some(_) => outside(),
        None if value.contains([':', '\\', '@', '<']) || !value.is_ascii() => outside(),
        None => Ok(()),
    }
}

/// Says the size of the root by its viewBox alone, so that whoever draws it chooses how large.
fn frame(attributes: &mut Vec<(String, String)>) -> Result<(), Refused> {
    let of = |name: &str| attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str());
    let size = |name: &str| of(name).and_then(|text| length(text.trim().trim_end_matches("px")));
    let view = match of("viewBox") {
        Some(view) => view.split([' ', ',']).filter(|part| !part.is_empty()).map(length).collect::<Option<Vec<_>>>(),
        None => size("width").zip(size("height")).map(|(width, height)| vec![0.0, 0.0, width, height]),
    };
    let view = view.filter(|view| view.len() == 4 && view[2] > 0.0 && view[3] > 0.0).ok_or(Refused::NoSize)?;
    attributes.retain(|(name, _)| !["viewBox", "width", "height", "x", "y"].contains(&name.as_str()));
    attributes.insert(0, ("viewBox".to_owned(), view.iter().map(f64::to_string).collect::<Vec<_>>().join(" ")));
    Ok(())
}

/// A measure of a drawing, not of money.
fn length(text: &str) -> Option<f64> {
    text.parse().ok().filter(|length: &f64| length.is_finite() && length.abs() <= 100_000.0)
}

fn predefined(name: &str) -> Option<&'static str> {
    let known = [("lt", "<"), ("gt", ">"), ("amp", "&"), ("apos", "'"), ("quot", "\"")];
    known.into_iter().find(|(known, _)| *known == name).map(|(_, text)| text)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn svg(inside: &str) -> String {
        format!(r#"<svg xmlns="{SVG}" xmlns:xlink="{XLINK}" viewBox="0 0 60 60">{inside}</svg>"#)
    }

    fn refused(text: &str) -> Refused {
        Drawing::read(text.as_bytes()).expect_err(text)
    }

    #[test]
    fn shapes_gradients_and_clips_are_kept_and_styles_become_attributes() {
        let drawing = Drawing::read(
            svg(r##"<title>Uno &amp; due</title><defs><linearGradient id="a"><stop offset="0" style="stop-color:#fff;-inkscape-x:1"/></linearGradient>
                <linearGradient id="b" xlink:href="#a"/><clipPath id="c"><path d="M0 0h9v9z"/></clipPath></defs>
                <g clip-path="url(#c)" class="x"><path fill="#111" style="fill:url(#b);stroke:none" d="M1 1l2,2"/></g>"##)
            .as_bytes(),
        )
        .expect("taken");
        assert_eq!(
            drawing.svg(),
            concat!(
                r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 60"><title>Uno &amp; due</title><defs>"#,
                r##"<linearGradient id="a"><stop offset="0" stop-color="#fff"></stop></linearGradient><linearGradient id="b" href="#a"></linearGradient>"##,
                r##"<clipPath id="c"><path d="M0 0h9v9z"></path></clipPath></defs><g clip-path="url(#c)"><path d="M1 1l2,2" fill="url(#b)" stroke="none"></path></g></svg>"##
            )
        );
        assert_eq!(Drawing::read(drawing.svg().as_bytes()), Ok(drawing), "written anew it is the same");
    }

    #[test]
    fn notes_of_drawing_programs_and_comments_are_left_out() {
        let text = format!(
            r#"<?xml version="1.0"?><!-- x --><svg xmlns="{SVG}" xmlns:i="http://www.inkscape.org/namespaces/inkscape" i:version="1" version="1.1"
               width="40px" height="50"><metadata><a><b>x</b></a></metadata><i:view><rect/></i:view><g i:label="x"/></svg>"#
        );
        let drawing = Drawing::read(text.as_bytes()).expect("taken");
        assert_eq!(drawing.svg(), format!(r#"<svg xmlns="{SVG}" viewBox="0 0 40 50"><g></g></svg>"#));
    }

    #[test]
    fn what_runs_or_leads_outside_is_refused_by_name() {
        let element = |name: &str| Refused::Element(name.to_owned());
        for (inside, name) in [
            ("<script>alert(1)</script>", "script"),
            ("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>x</p></foreignObject>", "foreignObject"),
            ("<script xmlns='http://www.w3.org/1999/xhtml'>1</script>", "script"),
            ("<image href='data:image/png;base64,AA'/>", "image"),
            ("<use href='#a'/>", "use"),
            ("<style>@import url(x)</style>", "style"),
            ("<a href='x'><g/></a>", "a"),
            ("<animate attributeName='href'/>", "animate"),
            ("<set attributeName='onclick'/>", "set"),
            ("<text>Comune</text>", "text"),
            ("<filter id='f'/>", "filter"),
            ("<svg/>", "svg"),
            ("<g>parole</g>", "g"),
            ("<title><![CDATA[x]]></title>", "![CDATA["),
        ] {
            assert_eq!(refused(&svg(inside)), element(name), "{inside}");
        }
        for (inside, attribute) in [
            ("<g onload='x()'/>", "onload"),
            ("<g xml:base='http://x'/>", "base"),
            ("<path href='#a'/>", "href"),
            ("<g filter='url(#f)'/>", "filter"),
        ] {
            assert!(
                matches!(refused(&svg(inside)), Refused::Attribute { attribute: found, .. } if found == attribute),
                "{inside}"
            );
        }
        for inside in [
            "<g fill='url(http://x/y)'/>",
            "<g fill='URL(//x)'/>",
            "<g style='fill:url(https://x/#a)'/>",
            "<g style='@import x'/>",
            r"<g style='fill:u\72l(x)'/>",
            "<g fill='javascript:x'/>",
            "<linearGradient xlink:href='x.svg#a'/>",
            "<linearGradient href='data:image/svg+xml,x'/>",
            "<clipPath id='a'><path clip-path='url(#b)'/></clipPath>",
            "<g fill='&#106;avascript&#58;x'/>",
        ] {
            assert!(matches!(refused(&svg(inside)), Refused::Outside(_)), "{inside}: {:?}", refused(&svg(inside)));
        }
    }

    #[test]
    fn document_types_entities_and_instructions_are_refused() {
        for text in [
            format!("<!DOCTYPE svg [<!ENTITY a 'b'>]>{}", svg("<title>&a;</title>")),
            format!("<?xml-stylesheet href='x'?>{}", svg("")),
            svg("<title>&a;</title>"),
        ] {
            assert_eq!(refused(&text), Refused::Instruction, "{text}");
        }
    }

    #[test]
    fn what_is_no_drawing_or_too_much_of_one_is_refused() {
        assert!(matches!(refused("ciao"), Refused::NotSvg(_)));
        assert!(matches!(refused(""), Refused::NotSvg(_)));
        assert!(matches!(refused("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'><g>"), Refused::NotSvg(_)));
        assert!(matches!(Drawing::read(b"\xff\xfe"), Err(Refused::NotSvg(_))));
        assert_eq!(refused("<html/>"), Refused::Element("html".to_owned()));
        assert_eq!(refused("<svg viewBox='0 0 1 1'/>"), Refused::Element("svg".to_owned()));
        assert_eq!(refused(&svg("").repeat(2)), Refused::Element("svg".to_owned()));
        assert_eq!(refused(&svg(&" ".repeat(MOST_BYTES))), Refused::TooLarge);
        assert_eq!(refused(&svg(&"<g/>".repeat(MOST_ELEMENTS))), Refused::TooManyElements);
        assert_eq!(refused(&svg(&"<g>".repeat(MOST_DEEP))), Refused::TooManyElements);
        let clip = format!("<clipPath id='c'>{}</clipPath>", "<circle r='9'/>".repeat(100));
        assert_eq!(refused(&svg(&format!("{clip}{}", "<g clip-path='url(#c)'/>".repeat(900)))), Refused::TooManyElements);
        for size in [
            "",
            "viewBox='0 0 0 1'",
            "viewBox='0 0 1'",
            "viewBox='a b c d'",
            "width='1'",
            "width='10%' height='1'",
            "viewBox='0 0 inf 1'",
        ] {
            assert_eq!(refused(&format!("<svg xmlns='{SVG}' {size}/>")), Refused::NoSize, "{size}");
        }
    }
}
