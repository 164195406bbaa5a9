//! Reads the time of day, and the timestamps of files.

use crate::fs::files::FileError;
use nexy_contract::Timestamp;
use std::{os::unix::fs::MetadataExt as _, path::Path, time::Duration};

/// The present moment, cut to whole milliseconds so that documents stay readable.
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}

/// Does nothing for a while.
pub fn pause(duration: Duration) {
    if !duration.is_zero() {
        std::thread::sleep(duration);
    }
}

/// When a file was last changed, in content, name or rights.
pub fn changed(path: &Path) -> Result<Timestamp, FileError> {
    let failed = |source| FileError { verb: "look at", path: path.to_path_buf(), source };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    let (second, nanosecond) = (metadata.mtime(), metadata.mtime_nsec()).max((metadata.ctime(), metadata.ctime_nsec()));
    let moment = i32::try_from(nanosecond).ok().and_then(|nanosecond| Timestamp::new(second, nanosecond).ok());
    moment.ok_or_else(|| failed(std::io::Error::other("its time of change is none")))
}
