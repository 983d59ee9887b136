//! `seraug schema`: the JSON Schema of an experiment file, for editors that check it and complete names.

use super::{Global, print};
use crate::documents::json_schema;
use seraug_core::error::Result;

/// Print the JSON Schema of an experiment file, with which an editor checks it and completes names
#[derive(Debug, clap::Args)]
pub struct SchemaArgs {}

/// Prints the schema; experiments/schema.json is its output.
///
/// # Errors
/// As [`print`].
pub fn run(_: SchemaArgs, _: &Global) -> Result<u8> {
    print(&json_schema::text())?;
    Ok(0)
}
