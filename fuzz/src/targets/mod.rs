//! The targets: each reads the files of a case as a command does.

mod arrays;
mod codecs;
mod corpora;
mod downloads;
mod flac;
mod formats;
mod lists;
mod runs;
mod sound;
mod specs;
mod words;

use crate::case::{Case, seeds};
use rand::rngs::SmallRng;
use seraug_core::error::{Error, Result};
use std::path::Path;

/// Reads the case in a folder; an error says what is wrong with the answer.
pub(crate) type Check = Box<dyn FnMut(&Path) -> std::result::Result<(), String>>;

/// A reader of files.
#[derive(Debug)]
pub(crate) struct Target {
    /// Its name, which is also that of its folder of seeds.
    pub name: &'static str,
    /// The file name of a seed that is a single file.
    pub main: &'static str,
    /// Folder below fuzz/seeds whose seeds it uses too.
    pub shared: &'static str,
    /// Generated seeds: audio and arrays, and files of the checkout.
    pub made: fn() -> Vec<Case>,
    /// Whether a file of a case may be mutated.
    pub wanted: fn(&str) -> bool,
    /// Corrects a checksum after a mutation, so that the code behind its check is reached.
    pub mend: fn(&mut Case, &mut SmallRng),
    /// Creates what every input needs in a folder.
    pub prepare: fn(&Path) -> Check,
    /// Its relative share of the time.
    pub share: u32,
    /// How many times longer an input takes than that of most targets; its share of the inputs is divided by that.
    pub slow: u32,
}

/// A target with default settings, for struct update syntax.
const PLAIN: Target = Target {
    name: "",
    main: "",
    shared: "",
    made: Vec::new,
    wanted: |_| true,
    mend: |_, _| {},
    prepare: |_| Box::new(|_| Ok(())),
    share: 4,
    slow: 1,
};

/// All targets.
pub(crate) const TARGETS: &[Target] = &[
    specs::SPEC,
    specs::SET,
    corpora::MANIFEST,
    corpora::TABLE,
    corpora::IEMOCAP,
    corpora::DIGESTS,
    corpora::SPLIT,
    formats::ADD,
    lists::LISTS,
    sound::WAV,
    flac::FLAC,
    codecs::CODECS,
    arrays::NPY,
    arrays::GALLERY,
    arrays::FEATURES,
    arrays::CHECKPOINT,
    runs::FILES,
    runs::STATUS,
    runs::STORE,
    runs::COMPARE,
    runs::REPORT,
    downloads::ZIP,
    downloads::TAR,
    words::EVENT,
    words::SPLICE,
];

/// The seeds of a target: those of its folder, shared ones and generated ones.
pub(crate) fn all_seeds(target: &Target) -> std::io::Result<Vec<Case>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let mut all = seeds(&folder.join(target.name), target.main)?;
    if !target.shared.is_empty() {
        all.extend(seeds(&folder.join(target.shared), target.main)?);
    }
    all.extend((target.made)());
    Ok(all)
}

/// Checks an answer: it must be a value, or an error of one line that contains one of `names`. (Control characters are
/// escaped where errors are printed.)
fn answer<T>(result: Result<T>, names: &[&str]) -> std::result::Result<Option<T>, String> {
    let e = match result {
        Ok(value) => return Ok(Some(value)),
        Err(e) => e,
    };
    let text = e.to_string();
    let one_line = !text.contains('\n') || matches!(e, Error::Missing(_));
    let fault = if !one_line {
        "more than one line"
    } else if !names.iter().any(|name| text.contains(name)) {
        "does not name the file"
    } else if text.chars().count() > 4000 {
        "longer than a screen"
    } else {
        return Ok(None);
    };
    Err(format!("answer: {fault}: {}", text.escape_debug()))
}

/// The content of a file of the checkout.
fn of_checkout(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap_or_default()
}
