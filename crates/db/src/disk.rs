//! How much room the disk of a SQLite database has. A server's disk is its own administrator's to watch.

use std::path::Path;

/// The disk has less room than the alarm asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DiskAlarm {
    /// Bytes that a program without privileges may still write.
    pub free: u64,
    /// Below this many bytes it is said.
    pub below: u64,
}

/// One MB, in bytes.
const MB: u64 = 1024 * 1024;

impl std::fmt::Display for DiskAlarm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (free, below) = (self.free / MB, self.below / MB);
        write!(f, "the disk of the database is nearly full: {free} MB free, alarm below {below} MB")
    }
}

/// The alarm for the file system of a file, if it has less room than `below`.
pub(crate) fn alarm(file: &Path, below: u64) -> Option<DiskAlarm> {
    let free = free(file)?;
    (free < below).then_some(DiskAlarm { free, below })
}

/// None where the system does not say.
fn free(file: &Path) -> Option<u64> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let room = rustix::fs::statvfs(folder).ok()?;
    Some(room.f_bavail.saturating_mul(room.f_frsize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_less_room_than_asked_for_is_said_in_megabytes() {
        let file = std::env::temp_dir().join("campanella.sqlite");
        assert_eq!(alarm(&file, 0), None);
        let alarm = alarm(&file, u64::MAX).expect("no disk has so much");
        assert!(alarm.free > 0);
        let words = DiskAlarm { free: 100 * MB, below: 512 * MB }.to_string();
        assert_eq!(words, "the disk of the database is nearly full: 100 MB free, alarm below 512 MB");
    }
}
