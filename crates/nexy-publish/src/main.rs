//! Puts the artifacts live without ever leaving users without a download.

fn main() {}
