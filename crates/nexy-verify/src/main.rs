//! Did it arrive?

fn main() {}
