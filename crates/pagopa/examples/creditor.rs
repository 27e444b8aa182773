//! A creditor institution in memory: one debt, which the node may verify, ask for and pay. No web framework, no table.
//!
//! `cargo run --example creditor` listens on 127.0.0.1:8090 and prints a notice to ask for. It answers one connection
//! after another: enough to see the wire, not to serve a node.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use pagopa::*;

const INSTITUTION: &str = "77777777777";

struct Debt {
    number: NoticeNumber,
    amount_cents: i64,
    /// The receipts that came: the same one again changes nothing.
    receipts: HashSet<String>,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let number = NoticeNumber::compose(Numbering::Segregated(1), 20_260_000_001)?;
    let mut debt = Debt { number, amount_cents: 4500, receipts: HashSet::new() };
    let listener = TcpListener::bind("127.0.0.1:8090")?;
    println!("POST to http://127.0.0.1:8090/pagopa/paForNode; notice {number} of {INSTITUTION}");
    for connection in listener.incoming() {
        if let Err(why) = converse(connection?, &mut debt) {
            eprintln!("{why}");
        }
    }
    Ok(())
}

fn converse(mut connection: TcpStream, debt: &mut Debt) -> std::io::Result<()> {
    let (status, answer) = match read_body(&connection)? {
        Some(body) => answer(debt, &body),
        None => (413, String::new()),
    };
    let head = format!(
        "HTTP/1.1 {status} \r\ncontent-type: {CONTENT_TYPE}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        answer.len()
    );
    connection.write_all(head.as_bytes())?;
    connection.write_all(answer.as_bytes())
}

/// The body, unless it is longer than any request of the node.
fn read_body(connection: &TcpStream) -> std::io::Result<Option<Vec<u8>>> {
    let mut reader = BufReader::new(connection);
    let (mut line, mut length) = (String::new(), 0);
    while reader.read_line(&mut line)? > 2 {
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(usize::MAX);
        }
        line.clear();
    }
    if length > MAX_BODY_BYTES {
        return Ok(None);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some(body))
}

/// HTTP status and text: 200 for every answer of an operation, 500 for what is none.
fn answer(debt: &mut Debt, body: &[u8]) -> (u16, String) {
    let response = match Request::decode(body) {
        Ok(request) => respond(debt, &request),
        Err(Refusal::Invalid { operation, fault }) => Response::refuse(operation, fault),
        Err(Refusal::Soap(fault)) => return (500, fault.encode()),
    };
    let failed =
        |why| Response::refuse(response.operation(), Fault::new(FaultCode::SystemError, INSTITUTION).describe(format!("{why}")));
    let text = response.encode().or_else(|why| failed(why).encode());
    (200, text.unwrap_or_else(|why| format!("<!-- {why} -->")))
}

fn respond(debt: &mut Debt, request: &Request) -> Response {
    let refuse = |code| Response::refuse(request.operation(), Fault::new(code, INSTITUTION));
    if request.head().id_pa != INSTITUTION {
        return refuse(FaultCode::IdDominioErrato);
    }
    match request {
        Request::Verify(asked) => debt.payable(&asked.qr_code).map_or_else(refuse, |()| Response::Verify(Ok(debt.summary()))),
        Request::Payment(asked) => {
            let answer = |()| Response::Payment(asked.version, Ok(Box::new(debt.payment())));
            debt.payable(&asked.qr_code).map_or_else(refuse, answer)
        }
        // Money is never refused, whatever it is for.
        Request::Receipt(sent) => {
            debt.receipts.insert(sent.receipt.receipt_id.clone());
            Response::Receipt(sent.version, Ok(()))
        }
        Request::Demand(_) => refuse(FaultCode::SystemError),
    }
}

impl Debt {
    fn payable(&self, asked: &QrCode) -> Result<(), FaultCode> {
        match () {
            () if asked.notice_number != self.number => Err(FaultCode::PagamentoSconosciuto),
            () if !self.receipts.is_empty() => Err(FaultCode::PagamentoDuplicato),
            () => Ok(()),
        }
    }

    fn summary(&self) -> PaymentSummary {
        PaymentSummary {
            amount_cents: self.amount_cents,
            due_on: None,
            is_all_postal: false,
            description: "Refezione scolastica marzo 2026".into(),
            fiscal_code_pa: INSTITUTION.into(),
            company_name: "Comune Dimostrativo".into(),
            office_name: None,
        }
    }

    fn payment(&self) -> Payment {
        Payment {
            creditor_reference_id: self.number.iuv().into(),
            amount_cents: self.amount_cents,
            due_on: NO_DUE_DATE,
            description: "Refezione scolastica marzo 2026".into(),
            company_name: "Comune Dimostrativo".into(),
            office_name: None,
            debtor: Subject { identifier: "RSSMRA80A01H501U".into(), full_name: "Maria Rossi".into(), ..Subject::default() },
            transfers: vec![self.transfer()],
            metadata: vec![],
        }
    }

    fn transfer(&self) -> Transfer {
        Transfer {
            index: 1,
            amount_cents: self.amount_cents,
            fiscal_code_pa: INSTITUTION.into(),
            company_name: None,
            destination: Destination::Iban("IT60X0542811101000000123456".into()),
            remittance_information: "Refezione scolastica marzo 2026".into(),
            category: "9/0107101TS/".into(),
            metadata: vec![],
        }
    }
}
