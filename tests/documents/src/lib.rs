//! One example of every document in the field, held against the code; see `tests/examples.rs`.
