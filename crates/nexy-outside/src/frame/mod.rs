//! What the main function of every tool is made of: command line, streams, record and target.

pub mod manifests;
pub mod options;
pub mod published;
pub mod record_io;
pub mod run;
pub mod stdio;
pub mod version_file;
pub mod workspace;
