//! Progress of a transfer: a bar on a terminal, a line every ten seconds elsewhere, nothing with `--quiet`.
//!
//! Drawn here, because one line with a rate is enough and the crates that draw bars are larger than this tool.

use nexy_outside::{Common, frame::stdio};
use std::{
    cell::Cell,
    time::{Duration, Instant},
};

const BETWEEN_LINES: Duration = Duration::from_secs(10);
const BETWEEN_FRAMES: Duration = Duration::from_millis(200);
/// A transfer that is over before this gets no bar.
const WITHOUT_BAR: Duration = Duration::from_millis(400);
const BAR_COLUMNS: usize = 24;
/// Some terminals wrap a line that reaches the last column.
const FRAME_COLUMNS: usize = 79;

/// Where the progress is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Screen {
    Nowhere,
    Terminal,
    Lines,
}

/// One transfer: it counts bytes and prints from time to time.
#[derive(Debug)]
pub(crate) struct Progress {
    screen: Screen,
    what: String,
    total_bytes: u64,
    begun: Instant,
    /// When it prints next.
    next: Cell<Duration>,
    is_drawn: Cell<bool>,
}

impl Progress {
    /// Begins a transfer; `what` names it, such as `uploading Nexy.dmg`.
    pub(crate) fn begin(common: &Common, what: impl Into<String>, total_bytes: u64) -> Self {
        let screen = match (common.quiet, stdio::stderr_is_terminal()) {
            (true, _) => Screen::Nowhere,
            (false, true) => Screen::Terminal,
            (false, false) => Screen::Lines,
        };
        let next = if screen == Screen::Lines { BETWEEN_LINES } else { WITHOUT_BAR };
        Self { screen, what: what.into(), total_bytes, begun: Instant::now(), next: Cell::new(next), is_drawn: Cell::default() }
    }

    /// Reports the bytes transferred so far.
    pub(crate) fn at(&self, bytes: u64) {
        let elapsed = self.begun.elapsed();
        if self.screen == Screen::Nowhere || elapsed < self.next.get() {
            return;
        }
        if self.screen == Screen::Terminal {
            self.next.set(elapsed + BETWEEN_FRAMES);
            self.is_drawn.set(true);
            stdio::draw(&frame(&self.what, bytes, self.total_bytes, elapsed));
        } else {
            self.next.set(elapsed + BETWEEN_LINES);
            stdio::note(&line(&self.what, bytes, self.total_bytes, elapsed));
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        if self.is_drawn.get() {
            stdio::draw("");
        }
    }
}

/// `uploading Nexy.dmg: 120.0 of 263.2 MiB, 12.1 MiB/s, 12 s left`
fn line(what: &str, bytes: u64, total: u64, elapsed: Duration) -> String {
    format!("{what}: {} of {} MiB, {}", mebibytes(bytes), mebibytes(total), pace(bytes, total, elapsed))
}

/// The same with a bar, in less than 80 columns.
fn frame(what: &str, bytes: u64, total: u64, elapsed: Duration) -> String {
    let percent = (bytes.min(total) * 100).checked_div(total).unwrap_or(100);
    let words = format!(" {percent:>3} %, {}", pace(bytes, total, elapsed));
    // The numbers come first: the bar gets the columns that are left.
    let taken = what.chars().count() + words.chars().count() + " []".len();
    let columns = FRAME_COLUMNS.saturating_sub(taken).min(BAR_COLUMNS) as u64;
    let full = (bytes.min(total) * columns).checked_div(total).unwrap_or(columns);
    let bar: String = (0..columns).map(|column| if column < full { '#' } else { '.' }).collect();
    format!("{what} [{bar}]{words}").chars().take(FRAME_COLUMNS).collect()
}

fn pace(bytes: u64, total: u64, elapsed: Duration) -> String {
    let ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let rate = bytes.saturating_mul(1000) / ms;
    let left = match total.saturating_sub(bytes).checked_div(rate) {
        Some(seconds) if seconds >= 120 => format!("{} min left", seconds.div_ceil(60)),
        Some(seconds) => format!("{seconds} s left"),
        None => "nothing has moved yet".to_owned(),
    };
    format!("{} MiB/s, {left}", mebibytes(rate))
}

fn mebibytes(bytes: u64) -> String {
    let tenths = bytes.saturating_mul(10) >> 20;
    format!("{}.{}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MIB: u64 = 1 << 20;

    #[test]
    fn rate_and_time_left_follow_from_what_is_through() {
        let ten = Duration::from_secs(10);
        assert_eq!(line("uploading A", 100 * MIB, 263 * MIB, ten), "uploading A: 100.0 of 263.0 MiB, 10.0 MiB/s, 16 s left");
        assert_eq!(line("hashing A", MIB, 1900 * MIB, ten), "hashing A: 1.0 of 1900.0 MiB, 0.0 MiB/s, 317 min left");
        assert_eq!(line("hashing A", 0, MIB, ten), "hashing A: 0.0 of 1.0 MiB, 0.0 MiB/s, nothing has moved yet");
    }

    #[test]
    fn a_bar_fits_the_screen_at_every_moment_and_is_full_at_the_end() {
        for bytes in [0, 1, MIB, 2 * MIB, 3 * MIB] {
            let frame = frame("downloading Nexy.next-0123456789ab.dmg", bytes, 2 * MIB, Duration::from_millis(1));
            assert!(frame.chars().count() < 80 && frame.contains("MiB/s, "), "{frame}");
        }
        let end = frame("uploading A", 2 * MIB, 2 * MIB, Duration::from_secs(1));
        assert_eq!(end, format!("uploading A [{}] 100 %, 2.0 MiB/s, 0 s left", "#".repeat(24)));
        assert!(frame("uploading A", MIB, 2 * MIB, Duration::from_secs(1)).contains(&format!("[{}{}]", "#".repeat(12), ".".repeat(12))));
    }
}
