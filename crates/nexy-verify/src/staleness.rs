//! How long the feed described the old artifact: from the swap until a probe first saw the right public feed.

use nexy_contract::{Record, Timestamp};

/// Fills in the window of every manifest that has none, if this release has swapped the feed's artifact.
pub(crate) fn fill(record: &mut Record, feed_artifact: &str, seen: Timestamp) {
    let live = record.artifacts.iter().find(|artifact| artifact.name == feed_artifact).and_then(|artifact| artifact.live.as_ref());
    let Some(swapped_at) = live.filter(|live| live.changed).and_then(|live| live.swapped_at) else {
        return;
    };
    let window_s = seconds_rounded_up(swapped_at, seen);
    for manifest in &mut record.manifests {
        manifest.window_s.get_or_insert(window_s);
    }
}

/// Two clocks may differ by a little, so an end before the start is a window of nothing.
fn seconds_rounded_up(from: Timestamp, to: Timestamp) -> u64 {
    let milliseconds = u64::try_from(to.as_millisecond().saturating_sub(from.as_millisecond())).unwrap_or(0);
    milliseconds.div_ceil(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_is_rounded_up_and_never_negative() {
        let at = |milliseconds| Timestamp::from_millisecond(milliseconds).expect("a moment");
        for (from, to, seconds) in [(0, 0, 0), (0, 1, 1), (0, 1000, 1), (0, 1001, 2), (5000, 0, 0), (500, 1400, 1)] {
            assert_eq!(seconds_rounded_up(at(from), at(to)), seconds, "{from}..{to}");
        }
    }
}
