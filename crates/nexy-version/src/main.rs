//! Which version is it, and does every place agree?

fn main() {}
