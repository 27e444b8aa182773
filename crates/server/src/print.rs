//! `campanella print run`: the notices of many documents into one archive, or one file for the print shop. A notice that
//! cannot be printed is left out and named; the others are printed.

mod left_out;

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

use left_out::LeftOut;

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
/// starts anew and ends in the same bytes, but for what was paid or changed meanwhile. Ends with 1 when it left out
/// notices: they wait for a person.
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
    let press =
        Press { issuer: web::papers::issuer(&tenant, arms), today: ctx.today(), options, total, catalogue: Catalogue::load() };
    let printed = tokio::task::spawn_blocking(move || press.print(documents)).await?;
    reading.await?;
    let printed = printed?;
    println!("{}", printed.words);
    Ok(if printed.is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Sends the documents page by page; what went wrong comes last, so that half a run never passes for a whole one.
async fn read(db: Db, ctx: Ctx, selection: PrintSelection, to_press: Sender<Result<DocumentNotice, Failure>>) {
    let mut place = PrintPlace::default();
    loop {
        let page = match next(&db, &ctx, &selection, &place).await {
            Ok(page) => page,
            Err(failure) => return drop(to_press.send(Err(failure)).await),
        };
        let Some(last) = page.last() else { return };
        place = last.place.clone();
        for document in page {
            if to_press.send(Ok(document)).await.is_err() {
                return; // the press stopped, and says why
            }
        }
    }
}

async fn next(db: &Db, ctx: &Ctx, selection: &PrintSelection, place: &PrintPlace) -> Result<Vec<DocumentNotice>, Failure> {
    let mut tx = db.read().await?;
    Ok(print_run::page(&mut tx, ctx, selection, place, PAGE).await?)
}

/// What a run needs besides the documents.
struct Press {
    issuer: Issuer,
    today: kernel::Day,
    options: Options,
    total: usize,
    catalogue: Catalogue,
}

/// How a run ended.
struct Printed {
    words: String,
    /// Nothing was left out.
    is_whole: bool,
}

/// The two kinds of file a run ends in.
enum Output {
    Zip(Box<ZipOfPapers<BufWriter<File>>>),
    Pdf(Box<BoundPdf<BufWriter<File>, File>>),
}

impl Press {
    fn print(&self, documents: Receiver<Result<DocumentNotice, Failure>>) -> Result<Printed, Failure> {
        let out = &self.options.out;
        let part = part_of(out);
        let mut output = Output::create(out, &part, &self.catalogue)?;
        let printed = self.fill(documents, &mut output).and_then(|(count, left_out)| {
            self.close(output, count, &left_out)?.sync_all()?;
            Ok((count, left_out))
        });
        let (count, left_out) = printed.inspect_err(|_| drop(std::fs::remove_file(&part)))?;
        std::fs::rename(&part, out)?;
        let words = format!("{count} notices in {}{}", out.display(), left_out::lines(&left_out));
        Ok(Printed { words, is_whole: left_out.is_empty() })
    }

    /// Prints what comes: how many notices are in the output, and which are not.
    fn fill(
        &self,
        mut documents: Receiver<Result<DocumentNotice, Failure>>,
        output: &mut Output,
    ) -> Result<(usize, Vec<LeftOut>), Failure> {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let papers = Papers::new();
        let (mut progress, mut left_out) = (Progress::new(self.total), Vec::new());
        let next = std::iter::from_fn(|| documents.blocking_recv());
        let set = |papers: &Papers, document: &DocumentNotice| papers.notice(&self.notice(document));
        let taken = papers.run(self.options.threads.unwrap_or(cores), next, set, |document, paper| {
            match paper {
                Ok(pdf) => output.add(&file_name(&document), &pdf)?,
                Err(error) => left_out.push(LeftOut::new(&document, &error, &self.catalogue)),
            }
            progress.step();
            Ok(())
        });
        let taken = taken.map_err(|error: Failure| format!("the run stopped, nothing was written: {error}"))?;
        Ok((taken - left_out.len(), left_out))
    }

    /// Ends the file, an archive with the list of what is not in it.
    fn close(&self, output: Output, count: usize, left_out: &[LeftOut]) -> Result<File, Failure> {
        if count == 0 {
            return Err(format!("no notice could be printed, nothing was written{}", left_out::lines(left_out)).into());
        }
        output.finish(left_out, &self.catalogue)
    }

    fn notice(&self, document: &DocumentNotice) -> paper::Notice {
        web::papers::notice(self.issuer.clone(), self.today, self.options.second_language, &document.parts)
    }
}

impl Output {
    /// By the ending of the name.
    fn create(out: &Path, part: &Path, catalogue: &Catalogue) -> Result<Output, Failure> {
        let is = |ending: &str| out.extension().is_some_and(|found| found.eq_ignore_ascii_case(ending));
        let file = || File::create(part).map(BufWriter::new).map_err(|e| format!("{}: {e}", part.display()));
        match (is("zip"), is("pdf")) {
            (true, _) => Ok(Output::Zip(Box::new(ZipOfPapers::new(file()?)))),
            (_, true) => Ok(Output::Pdf(Box::new(bound(file()?, part, catalogue)?))),
            _ => Err("--out ends in .zip or in .pdf".into()),
        }
    }

    fn add(&mut self, name: &str, pdf: &[u8]) -> io::Result<()> {
        match self {
            Output::Zip(zip) => zip.add(name, pdf),
            Output::Pdf(bound) => bound.add(pdf),
        }
    }

    /// One file has no place for a list of what was left out; an archive has.
    fn finish(self, left_out: &[LeftOut], catalogue: &Catalogue) -> Result<File, Failure> {
        let written = match self {
            Output::Zip(mut zip) => {
                if !left_out.is_empty() {
                    let name = catalogue.text(Locale::It, "print-left-out-file");
                    zip.add(name, left_out::csv(left_out, catalogue).as_bytes())?;
                }
                zip.finish()?
            }
            Output::Pdf(bound) => bound.finish()?,
        };
        Ok(written.into_inner().map_err(io::IntoInnerError::into_error)?)
    }
}

/// The table of the file's objects grows in a file without a name, on the disk that has room for the run.
fn bound(file: BufWriter<File>, part: &Path, catalogue: &Catalogue) -> io::Result<BoundPdf<BufWriter<File>, File>> {
    let folder = part.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let beside = tempfile::tempfile_in(folder)?;
    BoundPdf::new(file, beside, catalogue.text(Locale::It, "paper-run-title"), Locale::It)
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
    format!("avviso-{}-{}-{}.pdf", plain(&place.series), plain(&place.number), notice_number(document))
}

/// Of the first part.
fn notice_number(document: &DocumentNotice) -> String {
    document.parts.first().map(|part| part.position.notice_number.to_string()).unwrap_or_default()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn press(out: PathBuf) -> Press {
        let options = Options {
            tenant: "c_x999".to_owned(),
            database: "sqlite:unused".to_owned(),
            series: None,
            documents: Vec::new(),
            second_language: None,
            threads: Some(1),
            out,
        };
        let text = str::to_owned;
        let issuer = Issuer {
            name: text("Comune di Borgo Fiorito"),
            sector: String::new(),
            contacts: String::new(),
            fiscal_code: text("77777777777"),
            colour: paper::Colour::default(),
            logo_svg: None,
        };
        Press { issuer, today: kernel::Day::constant(2026, 4, 1), options, total: 1, catalogue: Catalogue::load() }
    }

    #[test]
    fn a_run_whose_documents_stop_coming_or_that_prints_none_leaves_the_former_file_and_no_other() {
        for name in ["a.zip", "a.pdf"] {
            let folder = tempfile::tempdir().expect("a folder");
            let out = folder.path().join(name);
            std::fs::write(&out, "the former run").expect("written");
            for (stops, words) in [(true, "the database is away"), (false, "no notice could be printed")] {
                let (to_press, documents) = channel(1);
                if stops {
                    to_press.blocking_send(Err(words.into())).expect("the press listens");
                }
                drop(to_press);
                let failure = press(out.clone()).print(documents).err().expect("no file").to_string();
                assert!(failure.contains(words) && failure.contains("nothing was written"), "{failure}");
            }
            assert_eq!(std::fs::read_to_string(&out).expect("there"), "the former run");
            assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1);
        }
    }
}
