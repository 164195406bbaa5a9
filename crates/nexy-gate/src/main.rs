//! May it go out?

fn main() {}
