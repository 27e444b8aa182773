//! A server started for the measure, and what it costs.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub struct Server {
    child: Child,
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
        Server { child }
    }

    fn pid(&self) -> u32 {
        self.child.id().expect("the server runs until it is dropped")
    }

    /// User and system time of the whole process since it began.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid())).expect("the process is there");
        let after_name = &stat[stat.rfind(')').expect("the name is in brackets") + 2..];
        let fields: Vec<u64> = after_name.split(' ').skip(11).take(2).map(|f| f.parse().expect("clock ticks")).collect();
        Duration::from_millis((fields[0] + fields[1]) * 10)
    }

    /// Memory of the process, shared pages by their share, in megabytes.
    pub fn pss_mb(&self) -> u64 {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.pid())).unwrap_or_default();
        let line = rollup.lines().find(|l| l.starts_with("Pss:")).unwrap_or("Pss: 0 kB");
        line.split_whitespace().nth(1).and_then(|kb| kb.parse::<u64>().ok()).unwrap_or(0) / 1024
    }
}

/// A port nobody listens on just now.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    listener.local_addr().expect("it is bound").port()
}
