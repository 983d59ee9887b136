//! Names that become folders, commands and marks: what each of their parts may be, decided here alone.

use std::ffi::OsStr;
use std::path::{Component, Path};

/// Most bytes of a part. File systems take 255; temporaries and reports put something before and behind it.
const LONGEST: usize = 200;
/// The link to the newest run, beside the runs.
pub const LATEST: &str = "latest";

/// What is wrong with `part` of the name of an experiment, in words that follow it; nothing for one that can be a
/// folder. Only what cannot be one, hides itself, or is mistaken for something of ours is refused.
///
/// # Errors
/// Words that follow the part.
pub fn check_part(part: &str) -> Result<(), String> {
    let refused = |why: &str| Err(format!("a part of it {why}"));
    match part {
        "" => refused("is empty"),
        _ if part.chars().any(is_unseen) => refused("has control characters"),
        _ if part.starts_with('.') => refused("begins with a dot"),
        // Taken for an option wherever somebody names it to a program.
        _ if part.starts_with('-') => refused("begins with a hyphen"),
        _ if part.trim() != part => refused("begins or ends with white space"),
        _ if part.contains(['/', '\\']) => refused("has a slash"),
        _ if part.len() > LONGEST => refused(&format!("is longer than {LONGEST} bytes")),
        LATEST => refused("is `latest`, the link to the newest run"),
        _ if is_run_id(part) => refused("looks like a run's folder"),
        _ => Ok(()),
    }
}

/// What is wrong with the name of an experiment, which is a path of parts with `/` between them.
///
/// # Errors
/// One line that quotes the name.
pub fn check_experiment(name: &str) -> Result<(), String> {
    name.split('/')
        .try_for_each(check_part)
        .map_err(|why| format!("`{}` names no experiment: {why}", seen(name)))
}

/// The name of the experiment whose file is at `path`: the path below the last `experiments/`, or the file's name
/// elsewhere; without its extension. `..` is taken back step by step, links are not looked at.
///
/// # Errors
/// One line that quotes the name, and says what to do.
pub fn experiment(path: &Path) -> Result<String, String> {
    let named = || format!("the experiment is named after its file, {}", seen(&path.to_string_lossy()));
    let mut parts: Vec<&OsStr> = Vec::new();
    for component in path.components() {
        match component {
            // Before the first step nothing is left to take back; such a part is not of the name.
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(part) => parts.push(part),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    // Folders above are not of the name, and may be called anything.
    let above = parts[..parts.len().saturating_sub(1)].iter().rposition(|p| *p == "experiments");
    let above = above.map_or(parts.len().saturating_sub(1), |at| at + 1);
    let text = |part: &OsStr| part.to_str().map(str::to_owned);
    let own: Option<Vec<String>> = parts[above..].iter().map(|part| text(part)).collect();
    let mut own = own.ok_or_else(|| format!("{}: it is not UTF-8; rename the file or folder", named()))?;
    let file = own.pop().ok_or_else(|| format!("{}: that is no file", named()))?;
    // An extension is what follows a dot that is not the first letter.
    let stem = file.rsplit_once('.').map(|(stem, _)| stem).filter(|s| !s.is_empty()).unwrap_or(&file);
    own.push(stem.to_owned());
    let name = own.join("/");
    check_experiment(&name).map(|()| name).map_err(|why| format!("{}: {why}; rename it", named()))
}

/// Whether a character moves what is seen, or is not seen itself: it has no place in a name, a path that others read,
/// or a command.
pub fn is_unseen(c: char) -> bool {
    // Line and paragraph separators, and the marks that turn the direction of writing.
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `text` with an escape for each character that is not seen.
pub fn seen(text: &str) -> String {
    let one = |c: char| if is_unseen(c) { c.escape_default().to_string() } else { c.to_string() };
    text.chars().map(one).collect()
}

/// Whether `part` begins as the folder of a run does: `20260102T030405Z-`.
fn is_run_id(part: &str) -> bool {
    let bytes = part.as_bytes();
    let fits = |(b, p): (&u8, &u8)| if *p == b'0' { b.is_ascii_digit() } else { b == p };
    let pattern = b"00000000T000000Z-";
    bytes.len() >= pattern.len() && bytes.iter().zip(pattern).all(fits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    #[test]
    fn an_experiment_is_named_after_its_path_below_experiments() {
        for (path, name) in [
            ("experiments/quickstart.toml", "quickstart"),
            ("/a/experiments/open/x.toml", "open/x"),
            ("experiments/open/../x.toml", "x"),
            ("x/experiments/../../mini.toml", "mini"),
            ("../../mini.toml", "mini"),
            ("./mini.v2.toml", "mini.v2"),
            ("experiments", "experiments"),
            ("experiments/a/experiments/b.toml", "b"),
            ("Größe (2).toml", "Größe (2)"),
        ] {
            assert_eq!(experiment(Path::new(path)).as_deref(), Ok(name), "{path}");
        }
    }

    #[test]
    fn a_name_that_leaves_its_place_or_hides_is_refused() {
        let long = format!("{}.toml", "x".repeat(LONGEST + 1));
        for (path, why) in [
            ("experiments/..toml", "begins with a dot"),
            ("experiments/.store/x.toml", "begins with a dot"),
            (".store.toml", "begins with a dot"),
            (".toml", "begins with a dot"),
            ("latest.toml", "`latest`"),
            ("experiments/latest/x.toml", "`latest`"),
            ("experiments/a/20260102T030405Z-abc.toml", "a run's folder"),
            ("ev\ntouch pwned\n.toml", "control characters"),
            ("a\u{202e}b.toml", "control characters"),
            ("-rf.toml", "a hyphen"),
            ("a .toml", "white space"),
            ("a\\b.toml", "a slash"),
            (&long, "longer than"),
            ("..", "no file"),
            ("/", "no file"),
        ] {
            let told = experiment(Path::new(path)).unwrap_err();
            assert!(told.contains(why) && !told.contains(is_unseen), "{path:?}: {told}");
        }
        let told = experiment(Path::new(OsStr::from_bytes(b"a\xff.toml"))).unwrap_err();
        assert!(told.contains("not UTF-8"), "{told}");
    }

    #[test]
    fn a_written_name_is_checked_part_by_part() {
        for name in ["quickstart", "open/table2-emodb", "a/b/c"] {
            assert_eq!(check_experiment(name), Ok(()));
        }
        for name in ["", "/a", "a/", "a//b", "..", "a/../b", ".store/x", "a/latest", "a\0b"] {
            assert!(check_experiment(name).is_err(), "{name:?}");
        }
    }
}
