//! The rules of this repository, each with a test.
