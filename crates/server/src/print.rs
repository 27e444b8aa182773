//! `campanella print run`: the notices of many documents into one archive, or one file for the print shop.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use billing::print_run::{self, DocumentNotice, PrintPlace, PrintSelection};
use catalogue::{Catalogue, Locale};
use clap::Args;
use db::Db;
use kernel::{Actor, Clock, Ctx, Entropy};
use paper::{BoundPdf, Issuer, Papers, ZipOfPapers};
use tokio::sync::mpsc::{Receiver, Sender, channel};

use crate::Failure;
use crate::commands::{no_such_tenant, open_existing};

/// Which notices, and where to.
#[derive(Args)]
pub struct Options {
    /// The tenant's code of the index of public administrations
    #[arg(long)]
    tenant: String,
    #[arg(long)]
    database: String,
    /// All documents of a series with something to pay
    #[arg(long, required_unless_present = "documents")]
    series: Option<String>,
    /// Documents by number, separated by commas
    #[arg(long, value_delimiter = ',')]
    documents: Vec<String>,
    /// A second language beside Italian
    #[arg(long, value_parser = language)]
    second_language: Option<Locale>,
    /// Papers set at the same time; as many as there are cores without it
    #[arg(long)]
    threads: Option<usize>,
    /// `FILE.zip`: a PDF for each document; `FILE.pdf`: all in one, for the print shop
    #[arg(long)]
    out: PathBuf,
}

/// Documents read from the database at once; a reading transaction lasts one page.
const PAGE: usize = 200;
const BETWEEN_LINES: Duration = Duration::from_secs(1);

fn language(code: &str) -> Result<Locale, String> {
    Locale::from_code(code).filter(|l| *l != Locale::It).ok_or_else(|| format!("no second language {code}"))
}

/// A run that ends early leaves what was at `out` before: the new file takes its name when it is whole. Run again, it
/// starts anew and ends in the same bytes, but for what was paid or changed meanwhile.
pub async fn run(options: Options) -> Result<ExitCode, Failure> {
    let db = open_existing(&options.database).await?;
    let mut tx = db.read().await?;
    let found = enrolment::tenant::find_by_ipa_code(&mut tx, &options.tenant).await?;
    let tenant = found.ok_or_else(|| no_such_tenant(&options.tenant))?;
    let ctx = Ctx::new(tenant.id, Actor::System("print"), &Clock::System, &Entropy::System);
    let selection = PrintSelection { series: options.series.clone(), numbers: options.documents.clone() };
    let total = print_run::count(&mut tx, &ctx, &selection).await?;
    let arms = enrolment::arms::find(&mut tx, tenant.id).await?;
    drop(tx);
    if total == 0 {
        return Err("no document of this selection has anything to pay".into());
    }
    let (to_press, documents) = channel(PAGE);
    let reading = tokio::spawn(read(db, ctx.clone(), selection, to_press));
    let press = Press { issuer: web::papers::issuer(&tenant, arms), today: ctx.today(), options, total };
    let printed = tokio::task::spawn_blocking(move || press.print(documents)).await??;
    reading.await??;
    println!("{printed}");
    Ok(ExitCode::SUCCESS)
}

async fn read(db: Db, ctx: Ctx, selection: PrintSelection, to_press: Sender<DocumentNotice>) -> Result<(), Failure> {
    let mut place = PrintPlace::default();
    loop {
        let mut tx = db.read().await?;
        let page = print_run::page(&mut tx, &ctx, &selection, &place, PAGE).await?;
        drop(tx);
        let Some(last) = page.last() else { return Ok(()) };
        place = last.place.clone();
        for document in page {
            if to_press.send(document).await.is_err() {
                return Ok(()); // the press stopped, and says why
            }
        }
    }
}

/// What a run needs besides the documents.
struct Press {
    issuer: Issuer,
    today: kernel::Day,
    options: Options,
    total: usize,
}

/// The two kinds of file a run ends in.
enum Output {
    Zip(Box<ZipOfPapers<BufWriter<File>>>),
    Pdf(Box<BoundPdf<BufWriter<File>>>),
}

impl Press {
    fn print(&self, documents: Receiver<DocumentNotice>) -> Result<String, Failure> {
        let out = &self.options.out;
        let part = part_of(out);
        let mut output = Output::create(out, &part)?;
        let printed = self.fill(documents, &mut output);
        let whole = printed.and_then(|count| Ok((count, output.finish()?)));
        let count = match whole {
            Ok((count, file)) => file.sync_all().map(|()| count)?,
            Err(failure) => {
                let _ = std::fs::remove_file(&part);
                return Err(failure);
            }
        };
        std::fs::rename(&part, out)?;
        Ok(format!("{count} notices in {}", out.display()))
    }

    fn fill(&self, mut documents: Receiver<DocumentNotice>, output: &mut Output) -> Result<usize, Failure> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let papers = Papers::new();
        let mut progress = Progress::new(self.total);
        let next = std::iter::from_fn(|| documents.blocking_recv().map(Ok::<_, io::Error>));
        let set = |papers: &Papers, document: &DocumentNotice| papers.notice(&self.notice(document));
        let taken = papers.run(self.options.threads.unwrap_or(cores), next, set, |document, pdf| {
            output.add(&file_name(&document), &pdf)?;
            progress.step();
            Ok(())
        });
        taken.map_err(|error| format!("the run stopped, nothing was written: {error}").into())
    }

    fn notice(&self, document: &DocumentNotice) -> paper::Notice {
        web::papers::notice(self.issuer.clone(), self.today, self.options.second_language, &document.parts)
    }
}

impl Output {
    /// By the ending of the name.
    fn create(out: &Path, part: &Path) -> Result<Output, Failure> {
        let is = |ending: &str| out.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
        let file = || File::create(part).map(BufWriter::new).map_err(|e| format!("{}: {e}", part.display()));
        match (is("zip"), is("pdf")) {
            (true, _) => Ok(Output::Zip(Box::new(ZipOfPapers::new(file()?)))),
            (_, true) => Ok(Output::Pdf(Box::new(bound(file()?)?))),
            _ => Err("--out ends in .zip or in .pdf".into()),
        }
    }

    fn add(&mut self, name: &str, pdf: &[u8]) -> io::Result<()> {
        match self {
            Output::Zip(zip) => zip.add(name, pdf),
            Output::Pdf(bound) => bound.add(pdf),
        }
    }

    fn finish(self) -> Result<File, Failure> {
        let written = match self {
            Output::Zip(zip) => zip.finish()?,
            Output::Pdf(bound) => bound.finish()?,
        };
        Ok(written.into_inner().map_err(io::IntoInnerError::into_error)?)
    }
}

fn bound(file: BufWriter<File>) -> io::Result<BoundPdf<BufWriter<File>>> {
    let catalogue = Catalogue::load();
    BoundPdf::new(file, catalogue.text(Locale::It, "paper-run-title"), Locale::It)
}

/// Beside the file it will become, so that taking its name is one step.
fn part_of(out: &Path) -> PathBuf {
    let mut name = out.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    out.with_file_name(name)
}

/// `avviso-2025-000123-301002026000000178.pdf`: sorts by document, and is never twice the same.
fn file_name(document: &DocumentNotice) -> String {
    let plain = |text: &str| text.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect::<String>();
    let place = &document.place;
    let number = document.parts.first().map(|part| part.position.notice_number.to_string()).unwrap_or_default();
    format!("avviso-{}-{}-{number}.pdf", plain(&place.series), plain(&place.number))
}

/// A line on standard error, rewritten every second.
struct Progress {
    total: usize,
    done: usize,
    began: Instant,
    said: Instant,
}

impl Progress {
    fn new(total: usize) -> Progress {
        let now = now();
        Progress { total, done: 0, began: now, said: now }
    }

    fn step(&mut self) {
        self.done += 1;
        let now = now();
        if self.done == self.total || now.duration_since(self.said) >= BETWEEN_LINES {
            self.said = now;
            let ms = now.duration_since(self.began).as_millis().max(1);
            let per_s = self.done as u128 * 1000 / ms;
            eprint!("\r{} of {} notices, {per_s} a second ", self.done, self.total);
            let _ = io::stderr().flush();
        }
        if self.done == self.total {
            eprintln!();
        }
    }
}

/// The stopwatch of the progress line; nothing that is kept depends on it.
#[allow(clippy::disallowed_methods)]
fn now() -> Instant {
    Instant::now()
}
