//! Builds the demo town and says how long it took: `cargo run --release -p campanella-demo --example town -- [people] [url]`.

use db::Db;
use db::vault::Vault;
use demo::{DemoOptions, build};
use kernel::{Actor, Clock, Ctx, Entropy, TenantId};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let people = arguments.next().map_or(Ok(15_000), |text| text.parse())?;
    let url = arguments.next().unwrap_or_else(|| "sqlite::memory:".to_owned());
    let ctx = Ctx::new(TenantId(0), Actor::System("demo"), &Clock::System, &Entropy::System);
    let options = DemoOptions {
        people,
        seed: 1,
        today: ctx.today(),
        public_url: "http://127.0.0.1:8080".to_owned(),
        second_host: "pievelieta.localhost".to_owned(),
        sandbox_url: "http://127.0.0.1:8081".to_owned(),
    };
    let db = Db::open(&url).await?;
    db.migrate().await?;
    let folder = std::env::temp_dir().join(format!("campanella-town-{}", std::process::id()));
    let begin = kernel::Clock::System.now();
    demo::write_files(&folder.join("castelmirto"), &folder.join("pievelieta"), &options)?;
    let written = kernel::Clock::System.now();
    let town = build(&db, &ctx, &Vault::from_key([7; 32]), &folder, &options).await?;
    let done = kernel::Clock::System.now();
    println!("{}\n{}", town.reports[0], town.reports[1]);
    println!("files {:.2?}, files and import {:.2?}", written.duration_since(begin), done.duration_since(written));
    Ok(())
}
