//! Says in the log that the disk of the database is nearly full, again every hour, and that it has room again.

use std::time::Duration;

use db::Db;
use tokio::sync::watch;
use tokio::time::Instant;

const LOOKS_EVERY: Duration = Duration::from_secs(60);
const SAYS_EVERY: Duration = Duration::from_secs(3600);

pub async fn keep_an_eye_on(db: Db, mut stop: watch::Receiver<bool>) {
    let mut said: Option<Instant> = None;
    loop {
        said = look(&db, said);
        tokio::select! {
            () = tokio::time::sleep(LOOKS_EVERY) => {}
            _ = stop.wait_for(|stop| *stop) => return,
        }
    }
}

/// When the alarm was said last; none while there is room.
fn look(db: &Db, said: Option<Instant>) -> Option<Instant> {
    let Some(alarm) = db.disk_alarm() else {
        if said.is_some() {
            tracing::info!("the disk of the database has room again");
        }
        return None;
    };
    if let Some(at) = said.filter(|at| at.elapsed() < SAYS_EVERY) {
        return Some(at);
    }
    tracing::error!(free_bytes = alarm.free, alarm_bytes = alarm.below, "{alarm}");
    Some(Instant::now())
}
