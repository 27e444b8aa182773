//! Measures the pages parents open most: CPU milliseconds per request of the whole server process (user and system)
//! and requests per second, beside an empty handler in the same run.
//!
//! The CPU figure is the one to trust on a shared machine. `campanella-bench pages` ends with 1 when a page
//! exceeds its gate.

mod load;
mod node;
mod pages;
mod papers;
mod parents;
mod positions;
mod process;

use clap::Parser;

#[derive(Parser)]
#[command(about = "Measures a running Campanella beside an empty handler")]
enum Command {
    /// The floor: an HTTP server that answers a constant page.
    Empty {
        #[arg(long)]
        listen: std::net::SocketAddr,
    },
    /// Starts the program on a demo town and measures its pages.
    Pages(pages::Options),
    /// Prints runs of notices.
    Papers(papers::Options),
    /// Starts the program on a small town with many positions and measures the node's door.
    Node(node::Options),
}

#[tokio::main]
async fn main() -> std::process::ExitCode {
    match Command::parse() {
        Command::Empty { listen } => load::serve_empty(listen).await,
        Command::Pages(options) => pages::run(options).await,
        Command::Papers(options) => papers::run(&options),
        Command::Node(options) => node::run(options).await,
    }
}
