//! A server started for the measure, and what it costs.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub struct Server {
    child: Child,
    /// The database server's first process, where it has processes of its own on this machine.
    database: Option<u32>,
}

impl Server {
    /// Starts a program and waits for the line that begins with `ready`.
    pub async fn start(program: &str, arguments: &[String]) -> Server {
        let mut command = Command::new(program);
        // A line of log for each request would hide the table; the cost of writing it stays.
        command.args(arguments).stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).kill_on_drop(true);
        let mut child = command.spawn().unwrap_or_else(|e| panic!("cannot start {program}: {e}"));
        let mut lines = BufReader::new(child.stdout.take().expect("the output is piped")).lines();
        loop {
            match lines.next_line().await.expect("the output is text") {
                Some(line) if line.starts_with("ready") => break,
                Some(_) => {}
                None => panic!("{program} ended before it was ready"),
            }
        }
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Server { child, database: None }
    }

    /// The database server's processes count as the program's: `backend` is one of them.
    pub fn beside(self, backend: u32) -> Server {
        let of_postgres = std::fs::read_to_string(format!("/proc/{backend}/comm")).is_ok_and(|name| name.trim() == "postgres");
        Server { database: stat(backend).filter(|_| of_postgres).map(|(_, parent)| parent), ..self }
    }

    fn pid(&self) -> u32 {
        self.child.id().expect("the server runs until it is dropped")
    }

    /// User and system time since it began, of the whole process and of the database server beside it.
    pub fn cpu(&self) -> Duration {
        stat(self.pid()).expect("the process is there").0 + self.database.map_or(Duration::ZERO, tree)
    }

    /// Memory of the process, shared pages by their share, in megabytes.
    pub fn pss_mb(&self) -> u64 {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid())).unwrap_or_default();
        let line = rollup.lines().find(|l| l.starts_with("Pss:")).unwrap_or("Pss: 0 kB");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
    }
}

/// User and system time of a process with those of its children that ended, and its parent.
fn stat(pid: u32) -> Option<(Duration, u32)> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let after_name = &stat[stat.rfind(')').expect("the name is in brackets") + 2..];
    let fields: Vec<u64> = after_name.split(' ').skip(1).take(14).map(|f| f.parse().unwrap_or(0)).collect();
    let ticks: u64 = fields[10..14].iter().sum();
    Some((Duration::from_millis(ticks * 10), u32::try_from(fields[0]).expect("a process")))
}

/// Of a process and its living children.
fn tree(root: u32) -> Duration {
    let all = std::fs::read_dir("/proc").expect("the system lists its processes").flatten();
    let pids = all.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    let children = pids.filter_map(stat).filter(|(_, parent)| *parent == root).map(|(cpu, _)| cpu);
    children.sum::<Duration>() + stat(root).map_or(Duration::ZERO, |(cpu, _)| cpu)
}

/// A port nobody listens on just now.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}
