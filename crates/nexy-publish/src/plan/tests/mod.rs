//! The repair table, row by row, as a publication and as a rollback meet it.

pub(crate) mod assets;
mod publish;
mod rollback;
