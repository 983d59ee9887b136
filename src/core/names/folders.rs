//! Names of experiments, which become folders and parts of commands: the one place that says which are allowed.

use super::unicode::{escape_unprintable, is_unprintable};
use std::ffi::OsStr;
use std::path::{Component, Path};

/// Most bytes of a part. File systems allow 255; temporary files and reports add a prefix and a suffix.
const LONGEST: usize = 200;
/// The link to the newest run, beside the runs.
pub const LATEST: &str = "latest";

/// Whether `part` of the name of an experiment can be a folder. Refuses only what no file system takes, what is hidden, and what
/// would be mistaken for a folder that seraug makes itself.
///
/// # Errors
/// The reason, as words that follow the part.
pub fn check_part(part: &str) -> Result<(), String> {
    let refused = |why: &str| Err(format!("a part of it {why}"));
    match part {
        "" => refused("is empty"),
        _ if part.chars().any(is_unprintable) => refused("has control characters"),
        _ if part.starts_with('.') => refused("begins with a dot"),
        // A program would take it for an option.
        _ if part.starts_with('-') => refused("begins with a hyphen"),
        _ if part.trim() != part => refused("begins or ends with white space"),
        _ if part.contains(['/', '\\']) => refused("has a slash"),
        _ if part.len() > LONGEST => refused(&format!("is longer than {LONGEST} bytes")),
        LATEST => refused("is `latest`, the link to the newest run"),
        _ if is_run_id(part) => refused("looks like a run's folder"),
        _ => Ok(()),
    }
}

/// Checks the name of an experiment: parts with `/` between them, each as [`check_part`] wants it.
///
/// # Errors
/// One line that quotes the name.
pub fn check_experiment(name: &str) -> Result<(), String> {
    name.split('/')
        .try_for_each(check_part)
        .map_err(|why| format!("`{}` names no experiment: {why}", escape_unprintable(name)))
}

/// The name of the experiment whose file is at `path`: the path below the last `experiments/`, or the file's name
/// elsewhere; without its extension. `..` removes the part before it; links are not resolved.
///
/// # Errors
/// One line that quotes the name, and says what to do.
pub fn experiment(path: &Path) -> Result<String, String> {
    let named =
        || format!("the experiment is named after its file, {}", escape_unprintable(&path.to_string_lossy()));
    let mut parts: Vec<&OsStr> = Vec::new();
    for component in path.components() {
        match component {
            // Above the first part there is nothing to remove; such a `..` is no part of the name.
            Component::ParentDir => drop(parts.pop()),
            Component::Normal(part) => parts.push(part),
            Component::CurDir | Component::RootDir | Component::Prefix(_) => {}
        }
    }
    // Folders above are no part of the name and may be called anything.
    let above = parts[..parts.len().saturating_sub(1)].iter().rposition(|p| *p == "experiments");
    let above = above.map_or(parts.len().saturating_sub(1), |at| at + 1);
    let text = |part: &OsStr| part.to_str().map(str::to_owned);
    let own: Option<Vec<String>> = parts[above..].iter().map(|part| text(part)).collect();
    let mut own = own.ok_or_else(|| format!("{}: it is not UTF-8; rename the file or folder", named()))?;
    let file = own.pop().ok_or_else(|| format!("{}: that is not a file", named()))?;
    // An extension is what follows a dot that is not the first letter.
    let stem = file.rsplit_once('.').map(|(stem, _)| stem).filter(|s| !s.is_empty()).unwrap_or(&file);
    own.push(stem.to_owned());
    let name = own.join("/");
    check_experiment(&name).map(|()| name).map_err(|why| format!("{}: {why}; rename it", named()))
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
            ("..", "not a file"),
            ("/", "not a file"),
        ] {
            let told = experiment(Path::new(path)).unwrap_err();
            assert!(told.contains(why) && !told.contains(is_unprintable), "{path:?}: {told}");
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
