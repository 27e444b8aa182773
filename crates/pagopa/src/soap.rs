//! The SOAP 1.1 envelope, and the fault that stands where no operation can answer.

use crate::xml::{self, Element, SOAP, Space, XmlError, escape_into};

/// Whose fault it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SoapFaultCode {
    /// The message cannot be read: sending it again is of no use.
    Client,
    Server,
    /// An envelope of another SOAP.
    VersionMismatch,
}

/// An answer with HTTP status 500: the message has no operation that could refuse it in its own words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct SoapFault {
    pub code: SoapFaultCode,
    pub text: String,
}

impl SoapFault {
    pub fn client(text: impl Into<String>) -> SoapFault {
        SoapFault { code: SoapFaultCode::Client, text: text.into() }
    }

    /// The envelope to send with status 500.
    pub fn encode(&self) -> String {
        let code = match self.code {
            SoapFaultCode::Client => "Client",
            SoapFaultCode::Server => "Server",
            SoapFaultCode::VersionMismatch => "VersionMismatch",
        };
        let mut text = String::new();
        escape_into(&self.text, &mut text);
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope xmlns:soapenv=\"{SOAP}\"><soapenv:Body><soapenv:Fault>\
             <faultcode>soapenv:{code}</faultcode><faultstring>{text}</faultstring></soapenv:Fault></soapenv:Body></soapenv:Envelope>"
        )
    }
}

impl From<XmlError> for SoapFault {
    fn from(error: XmlError) -> SoapFault {
        SoapFault::client(error.to_string())
    }
}

/// The payload of an envelope, and whether something else stood beside it.
pub(crate) struct Payload<'a> {
    pub root: Element<'a>,
    pub has_more: bool,
}

/// The payload of an envelope, or a payload that stands alone.
pub(crate) fn open_or_bare(body: &[u8]) -> Result<(Element<'_>, bool), SoapFault> {
    let root = read(body)?;
    if root.space == Space::Payload {
        return Ok((root, false));
    }
    unwrap(root).map(|payload| (payload.root, payload.has_more))
}

/// Opens an envelope.
pub(crate) fn open(body: &[u8]) -> Result<Payload<'_>, SoapFault> {
    unwrap(read(body)?)
}

fn read(body: &[u8]) -> Result<Element<'_>, SoapFault> {
    if body.len() > crate::MAX_BODY_BYTES {
        return Err(SoapFault::client("the message is longer than 1 MiB"));
    }
    let text = std::str::from_utf8(body).map_err(|_| SoapFault::client("only UTF-8 is read"))?;
    Ok(xml::parse(text)?)
}

fn unwrap(envelope: Element<'_>) -> Result<Payload<'_>, SoapFault> {
    if envelope.name != "Envelope" {
        return Err(SoapFault::client("not a SOAP envelope"));
    }
    if envelope.space != Space::Soap {
        return Err(SoapFault { code: SoapFaultCode::VersionMismatch, text: "only SOAP 1.1 is spoken here".into() });
    }
    let bodies = envelope.children.into_iter().filter(|c| c.space == Space::Soap && c.name == "Body");
    let mut payloads = bodies.flat_map(|b| b.children);
    let root = payloads.next().ok_or_else(|| SoapFault::client("no SOAP body"))?;
    Ok(Payload { root, has_more: payloads.next().is_some() })
}
