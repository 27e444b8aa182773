//! A print run: notices per second of one core, on one thread and on all, into an archive and into one file, and the
//! memory held along the way.

use std::fs::File;
use std::io::{self, BufWriter};
use std::time::{Duration, Instant};

use clap::Args;
use jiff::civil::date;
use kernel::Cents;
use paper::{BoundPdf, Colour, Issuer, Locale, Module, Notice, Papers, Part, PostalAccount, Recipient, ZipOfPapers};

#[derive(Args)]
pub struct Options {
    /// Notices in each run, each of another person and amount
    #[arg(long, default_value_t = 2_000)]
    count: u32,
    /// Only runs whose name has this in it
    #[arg(long, default_value = "")]
    only: String,
}

/// Of one core, single notices into an archive.
const GATE_PER_S: f64 = 50.0;
/// What memory may grow by between a tenth of a run and its end; a run of any length holds the same few papers.
const GATE_GROWTH_MB: u64 = 32;

/// The runs: what each is called, and what its notices are like.
const RUNS: [Run; 5] = [
    Run { name: "single, archive, 1 thread", threads: 1, parts: 1, postal: false, bound: false },
    Run { name: "single, archive, all cores", threads: 0, parts: 1, postal: false, bound: false },
    Run { name: "single, one file, 1 thread", threads: 1, parts: 1, postal: false, bound: true },
    Run { name: "with postal slip, 1 thread", threads: 1, parts: 1, postal: true, bound: false },
    Run { name: "whole or 3 instalments, 1 thread", threads: 1, parts: 3, postal: false, bound: false },
];

struct Run {
    name: &'static str,
    /// 0: as many as there are cores.
    threads: usize,
    parts: u8,
    postal: bool,
    bound: bool,
}

struct Measured {
    wall: Duration,
    cpu: Duration,
    early_mb: u64,
    late_mb: u64,
    bytes: u64,
}

pub fn run(options: &Options) -> std::process::ExitCode {
    println!("papers: {} notices a run, gate {GATE_PER_S} per CPU second of the first", options.count);
    let mut good = true;
    for (at, run) in RUNS.iter().enumerate().filter(|(_, run)| run.name.contains(&options.only)) {
        let papers = Papers::new();
        let measured = run.measure(&papers, options.count).expect("a temporary file takes the papers");
        let per_s = f64::from(options.count) / measured.cpu.as_secs_f64();
        let growth = measured.late_mb.saturating_sub(measured.early_mb);
        println!(
            "{:34} {per_s:6.0} per CPU second, {:6.0} per second, {:4} MB held ({growth:+} since a tenth), {} KB each",
            run.name,
            f64::from(options.count) / measured.wall.as_secs_f64(),
            measured.late_mb,
            measured.bytes / u64::from(options.count) / 1024,
        );
        good &= growth <= GATE_GROWTH_MB && (at > 0 || per_s >= GATE_PER_S);
    }
    if good { std::process::ExitCode::SUCCESS } else { std::process::ExitCode::FAILURE }
}

impl Run {
    fn measure(&self, papers: &Papers, count: u32) -> io::Result<Measured> {
        let file = BufWriter::new(tempfile::tempfile()?);
        let (began, cpu) = (Instant::now(), cpu());
        let (mut done, mut early_mb) = (0, 0);
        let mut seen = || {
            done += 1;
            if done == count / 10 {
                early_mb = resident_mb();
            }
        };
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let threads = if self.threads == 0 { cores } else { self.threads };
        let values = (0..count).map(|at| Ok::<_, io::Error>(self.notice(at)));
        let file = if self.bound {
            let mut bound = BoundPdf::new(file, tempfile::tempfile()?, "Avvisi", Locale::It)?;
            papers.run(threads, values, Papers::notice, |_, pdf| {
                seen();
                bound.add(&pdf.map_err(io::Error::other)?)
            })?;
            bound.finish()?
        } else {
            let mut zip = ZipOfPapers::new(file);
            papers.run(threads, values, Papers::notice, |notice, pdf| {
                seen();
                zip.add(&format!("{}.pdf", notice.modules[0].notice_number), &pdf.map_err(io::Error::other)?)
            })?;
            zip.finish()?
        };
        let bytes = file.into_inner().map_err(io::IntoInnerError::into_error).and_then(|file: File| file.metadata())?.len();
        Ok(Measured { wall: began.elapsed(), cpu: self::cpu() - cpu, early_mb, late_mb: resident_mb(), bytes })
    }

    fn notice(&self, at: u32) -> Notice {
        let total = 10_000 + i64::from(at);
        let mut modules = vec![module(Part::Whole, at, total * i64::from(self.parts))];
        if self.parts > 1 {
            modules.extend((1..=self.parts).map(|n| module(Part::Instalment(n), at + u32::from(n) * 1_000_000, total)));
        }
        Notice {
            issuer: issuer(),
            second_language: None,
            recipient: Recipient {
                name: format!("Genitore Numero{at} D'Amico"),
                fiscal_code: Some("DMCNCL80A01H501U".to_owned()),
                address: Some(format!("Via Giosuè Carducci {at}, 43010 Borgo Fiorito (PR)")),
            },
            subject: "Refezione scolastica marzo 2026".to_owned(),
            cbill: Some("ABCDE".to_owned()),
            payable_on_site: true,
            modules,
            postal: self.postal.then(|| PostalAccount {
                number: "1234567".to_owned(),
                holder: "Comune di Borgo Fiorito, servizio tesoreria".to_owned(),
                authorisation: "AUT. DB/XXXX/XXX XXXXX DEL 01/01/2026".to_owned(),
            }),
            issued_on: date(2026, 4, 1),
        }
    }
}

fn issuer() -> Issuer {
    const ARMS: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 60 60"><path d="M10 6h40v26c0 12-9 18-20 24C19 50 10 44 10 32z" fill="#0B5D3B"/></svg>"##;
    Issuer {
        name: "Comune di Borgo Fiorito".to_owned(),
        sector: "Ufficio Servizi scolastici".to_owned(),
        contacts: "0521 000000 · scuola@comune.borgofiorito.example".to_owned(),
        fiscal_code: "77777777777".to_owned(),
        colour: Colour::default(),
        logo_svg: Some(ARMS.to_owned()),
    }
}

fn module(part: Part, at: u32, cents: i64) -> Module {
    let number = format!("301002026{at:09}");
    Module {
        part,
        qr: format!("PAGOPA|002|{number}|77777777777|{cents:02}"),
        datamatrix: Some(format!(
            "codfase=NBPA;18{number}1200000123456710{cents:010}38961P177777777777DMCNCL80A01H501U{:<40}{:<110}{:12}A",
            "NICCOLO D'AMICO", "REFEZIONE SCOLASTICA MARZO 2026", ""
        )),
        notice_number: number,
        amount: Cents(cents),
        due_on: Some(date(2026, 4, 30)),
    }
}

/// User and system time of this process, all threads.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this process is there");
    let after_name = &stat[stat.rfind(')').expect("the name is in brackets") + 2..];
    let ticks: u64 = after_name.split(' ').skip(11).take(2).map(|f| f.parse::<u64>().expect("clock ticks")).sum();
    Duration::from_millis(ticks * 10)
}

fn resident_mb() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or("0 kB");
    line.split_whitespace().next().and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
}
