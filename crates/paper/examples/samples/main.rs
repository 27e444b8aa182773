//! Writes one PDF of every paper and variant into a folder, to be looked at and checked (`e2e/papers/check.py`).
//!
//! `cargo run -p campanella-paper --example samples -- FOLDER`
//! `cargo run --release -p campanella-paper --example samples -- --time N` prints papers per second and memory.

mod values;

use std::path::Path;
use std::time::Instant;

use paper::Papers;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--time", count] => time(count.parse()?),
        [folder] => write_all(Path::new(folder)),
        _ => Err("usage: samples FOLDER | samples --time N".into()),
    }
}

fn write_all(folder: &Path) -> Result<(), Box<dyn std::error::Error>> {
    std::fs::create_dir_all(folder)?;
    let papers = Papers::new();
    for (name, print) in values::all() {
        std::fs::write(folder.join(format!("{name}.pdf")), print(&papers)?)?;
        println!("{name}.pdf");
    }
    Ok(())
}

/// Prints `count` different notices and says how long it took and how much memory is held along the way.
fn time(count: u32) -> Result<(), Box<dyn std::error::Error>> {
    let papers = Papers::new();
    let start = Instant::now();
    for at in 0..count {
        papers.notice(&values::numbered_notice(at))?;
        if (at + 1) % (count / 5).max(1) == 0 {
            println!("{} notices in {} ms, {} KB resident", at + 1, start.elapsed().as_millis(), resident_kb());
        }
    }
    Ok(())
}

fn resident_kb() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.map_or_else(|| "unknown".to_owned(), |line| line.trim().trim_end_matches("kB").trim().to_owned())
}
