//! The words in which manifests and `nexy.toml` say on which machines a build runs.

/// The processors that a build can be for.
pub const ARCHITECTURES: [&str; 3] = ["universal2", "arm64", "x86_64"];

/// Whether a word names the processors of a build.
pub fn is_arch(text: &str) -> bool {
    ARCHITECTURES.contains(&text)
}

/// Whether a text is the number of a system: one to four numbers, joined by dots.
pub fn is_min_os(text: &str) -> bool {
    let is_number = |part: &str| (1..=4).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    text.split('.').count() <= 4 && text.split('.').all(is_number)
}
