//! Runs of many papers: their order, their errors, the archive and the one file they end in.

mod readers;
#[path = "../examples/samples/values.rs"]
mod values;

use std::io::{self, Cursor, Read};

use paper::*;
use readers::{PAPERS, Printed, read_code};

fn numbered(count: u32) -> impl Iterator<Item = Result<Notice, io::Error>> {
    (0..count).map(|at| Ok(values::numbered_notice(at)))
}

#[test]
fn papers_come_in_the_order_of_their_values_whatever_the_number_of_threads() {
    let alone: Vec<Vec<u8>> = (0..20).map(|at| PAPERS.notice(&values::numbered_notice(at)).expect("prints")).collect();
    for threads in [0, 1, 3, 8] {
        let mut taken = Vec::new();
        let run = PAPERS.run(threads, numbered(20), Papers::notice, |notice, pdf| {
            taken.push((notice.recipient.name, pdf.expect("prints")));
            Ok(())
        });
        assert_eq!(run.expect("all are taken"), 20);
        assert!(taken.iter().enumerate().all(|(at, (name, _))| *name == format!("Genitore Numero{at} D'Amico")));
        assert!(taken.iter().map(|(_, pdf)| pdf).eq(&alone), "{threads} threads");
    }
}

#[test]
fn values_are_asked_for_only_as_papers_are_taken() {
    let taken = std::cell::Cell::new(0);
    let mut most_ahead = 0;
    let values = (0..60).map(|at| {
        most_ahead = most_ahead.max(at - taken.get());
        Ok::<_, io::Error>(values::numbered_notice(at))
    });
    let run = PAPERS.run(2, values, Papers::notice, |_, _| {
        taken.set(taken.get() + 1);
        Ok(())
    });
    assert_eq!(run.expect("all print"), 60);
    assert!(most_ahead <= 8, "{most_ahead} papers were under way at once");
}

#[test]
fn a_paper_that_is_refused_is_named_in_its_turn_and_the_run_goes_on() {
    let bad = [0, 7, 8, 19];
    let values = (0..20).map(|at| {
        let mut notice = values::numbered_notice(at);
        if bad.contains(&at) {
            notice.modules.clear();
        }
        Ok::<_, io::Error>(notice)
    });
    let (mut refused, mut printed) = (Vec::new(), 0);
    let run = PAPERS.run(3, values, Papers::notice, |notice, paper| {
        match paper {
            Ok(_) => printed += 1,
            Err(error) => refused.push((notice.recipient.name, error)),
        }
        Ok(())
    });
    assert_eq!((run.expect("all are taken"), printed), (20, 16));
    let named = bad.map(|at| (format!("Genitore Numero{at} D'Amico"), Error::Unfit(Unfit::Modules)));
    assert_eq!(refused, named);
}

#[test]
fn an_error_from_outside_ends_the_run() {
    let values = numbered(5).chain([Err(io::Error::other("the source is gone"))]).chain(numbered(5));
    let gone = PAPERS.run(2, values, Papers::notice, |_, _| Ok(()));
    assert_eq!(gone.expect_err("ends").to_string(), "the source is gone");
    let full = PAPERS.run(2, numbered(5), Papers::notice, |_, _| Err(io::Error::other("the disk is full")));
    assert_eq!(full.expect_err("ends").to_string(), "the disk is full");
}

#[test]
fn an_archive_gives_each_paper_back_under_its_name() {
    let mut archive = ZipOfPapers::new(Cursor::new(Vec::new()));
    PAPERS
        .run(2, numbered(5), Papers::notice, |notice, pdf| {
            archive.add(&format!("{}.pdf", notice.modules[0].notice_number), &pdf.expect("prints"))
        })
        .expect("all print");
    assert!(archive.add("301002026000000001.pdf", b"again").is_err(), "a name is there once");
    let mut read = zip::ZipArchive::new(archive.finish().expect("written")).expect("an archive");
    assert_eq!(read.len(), 5);
    for at in 0..5 {
        let mut pdf = Vec::new();
        read.by_name(&format!("301002026{at:09}.pdf")).expect("there").read_to_end(&mut pdf).expect("read");
        assert_eq!(pdf, PAPERS.notice(&values::numbered_notice(at)).expect("prints"));
    }
}

#[test]
fn one_file_holds_the_pages_of_every_notice_in_order() {
    let bound = Printed::new(&values::bound(&PAPERS).expect("prints"));
    let (Some(pages), Some(pictures)) = (bound.pages(), bound.pictures()) else { return };
    let single: usize =
        values::notices().iter().filter_map(|(_, notice)| Printed::new(&PAPERS.notice(notice).expect("prints")).pages()).sum();
    assert_eq!((pages, pictures.len()), (single, single));
    let first_codes = pictures.iter().filter_map(|page| Some(page.cropped(page.codes().first()?.grown(40))));
    let found: Option<Vec<String>> = first_codes.map(|code| read_code(&code)).collect();
    let wanted: Vec<String> = values::notices().iter().map(|(_, notice)| notice.modules[0].qr.clone()).collect();
    let mut found = found.expect("read before").into_iter();
    assert!(wanted.iter().all(|qr| found.any(|code| code == *qr)), "the first codes stand in the order of the notices");
}

#[test]
fn one_file_takes_only_papers_of_this_house() {
    let mut bound = BoundPdf::new(Vec::new(), Cursor::new(Vec::new()), "Avvisi", Locale::It).expect("begun");
    for strange in [&b"%PDF-1.7\n%%EOF"[..], b"", b"PK\x03\x04"] {
        assert_eq!(bound.add(strange).expect_err("refused").kind(), io::ErrorKind::InvalidData);
    }
}

#[test]
fn the_table_of_one_file_names_the_place_of_every_object() {
    let file = values::bound(&PAPERS).expect("prints");
    let text = |range: std::ops::Range<usize>| std::str::from_utf8(&file[range]).expect("plain");
    let end = text(file.len() - 40..file.len());
    let start: usize = end.lines().rev().nth(1).expect("the place of the table").parse().expect("a number");
    let count: usize = text(start..start + 20).lines().nth(1).expect("the size")[2..].parse().expect("a number");
    let first_line = start + format!("xref\n0 {count}\n").len();
    for number in 1..count {
        let line = text(first_line + 20 * number..first_line + 20 * (number + 1));
        let at: usize = line[..10].parse().expect("a place");
        let head = format!("{number} 0 obj\n");
        assert_eq!(&file[at..at + head.len()], head.as_bytes(), "{line}");
    }
    assert!(count > 1000, "{count}");
}
