//! The rules of this house, each with a test.
