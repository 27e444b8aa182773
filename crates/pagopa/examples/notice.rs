//! Makes the next notice of an institution and shows it with its QR code: `cargo run --example notice -- 4500`.

use fast_qr::{ECL, QRBuilder, Version};
use pagopa::{NoticeSequence, Numbering, qr_text};

const INSTITUTION: &str = "77777777777";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let amount_cents: i64 = std::env::args().nth(1).unwrap_or_else(|| "4500".into()).parse()?;
    // The last number given, from wherever the institution keeps it.
    let mut sequence = NoticeSequence::after(Numbering::Segregated(1), 20_260_000_000);
    let number = sequence.next().expect("a sequence never ends")?;
    let text = qr_text(number, INSTITUTION, amount_cents);
    let code = QRBuilder::new(text.as_bytes()).version(Version::V04).ecl(ECL::M).build()?;
    code.print();
    println!("Codice avviso  {}", number.grouped());
    println!("IUV            {}", number.iuv());
    println!("Ente           {INSTITUTION}");
    println!("Importo        {},{:02} euro", amount_cents / 100, amount_cents % 100);
    println!("Nel codice QR  {text}");
    Ok(())
}
