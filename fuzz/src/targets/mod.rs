//! What is tried: each target reads the files of a case as a command does.

mod arrays;
mod corpora;
mod downloads;
mod flac;
mod runs;
mod sound;
mod specs;
mod words;

use crate::case::{Case, seeds};
use rand::rngs::SmallRng;
use seraug_core::error::{Error, Result};
use std::path::Path;

/// Reads the case in a folder; what is wrong with the answer.
pub type Check = Box<dyn FnMut(&Path) -> std::result::Result<(), String>>;

/// Something that reads files.
#[derive(Debug)]
pub struct Target {
    /// Its name, and that of its folder of seeds.
    pub name: &'static str,
    /// The file of a seed that is one file.
    pub main: &'static str,
    /// Folder below fuzz/seeds whose seeds it takes too.
    pub shared: &'static str,
    /// Seeds that are made here: sound and arrays, and files of the checkout.
    pub made: fn() -> Vec<Case>,
    /// Which files of a case are changed.
    pub wanted: fn(&str) -> bool,
    /// Mends a checksum after a change, so that what is behind it is reached.
    pub mend: fn(&mut Case, &mut SmallRng),
    /// Makes what every input needs in a folder.
    pub prepare: fn(&Path) -> Check,
    /// Its share of the time.
    pub share: u32,
    /// How much longer an input takes than one of most others: its share of the inputs is smaller by that.
    pub slow: u32,
}

/// A target of one text, without anything special.
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

/// All of them.
pub const TARGETS: &[Target] = &[
    specs::SPEC,
    specs::SET,
    corpora::MANIFEST,
    corpora::TABLE,
    corpora::IEMOCAP,
    corpora::DIGESTS,
    corpora::SPLIT,
    sound::WAV,
    flac::FLAC,
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

/// The seeds of a target: its folder's, those that it shares, those that it makes.
pub fn all_seeds(target: &Target) -> std::io::Result<Vec<Case>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds");
    let mut all = seeds(&folder.join(target.name), target.main)?;
    if !target.shared.is_empty() {
        all.extend(seeds(&folder.join(target.shared), target.main)?);
    }
    all.extend((target.made)());
    Ok(all)
}

/// What an answer is, if it is as a person should get it: a value, or one line that names one of `names`. Characters that
/// steer a terminal are shown where an answer is printed.
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

/// A file of the checkout.
fn of_checkout(name: &str) -> Vec<u8> {
    std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(name)).unwrap_or_default()
}
