//! `seraug schema`: the JSON Schema of a spec, for editors that check and complete as one types.

use super::{Global, print};
use crate::error::Result;
use crate::spec::Spec;

/// Print the JSON Schema of a spec, for editors
#[derive(Debug, clap::Args)]
#[command(about = "Print the JSON Schema of a spec, for editors")]
pub struct Args {}

/// Prints it; experiments/schema.json is its output.
///
/// # Errors
/// As [`print`].
pub fn run(_: Args, _: &Global) -> Result<u8> {
    print(&text())?;
    Ok(0)
}

/// The schema (draft 2020-12) as indented JSON. Keys are sorted, so equal types give equal text.
pub fn text() -> String {
    let schema = schemars::schema_for!(Spec);
    serde_json::to_string_pretty(&schema).expect("a schema is plain data") + "\n"
}
