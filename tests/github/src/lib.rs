//! The tests of this crate hold the imitated GitHub against the real one; there is nothing else in it.
