//! Names of files for what others named: an utterance, a recording.

use std::collections::HashSet;

/// Most bytes; file systems allow 255, and an extension and a number follow.
const LONGEST: usize = 120;

/// `name` as the beginning of a file's name that stays in its folder: ASCII letters, digits, `-`, `_` and dots that are not the first;
/// anything else is `_`.
pub fn file_stem(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '_' };
    let mut stem: String = name.chars().take(LONGEST).map(kept).collect();
    if stem.starts_with(['.', '-']) {
        stem.replace_range(..1, "_");
    }
    if stem.is_empty() { "_".to_owned() } else { stem }
}

/// The [`file_stem`] of each name, and a number after a dot where another has it already, also in other case.
pub fn file_stems<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut taken = HashSet::new();
    let mut free = |stem: String| taken.insert(stem.to_lowercase()).then_some(stem);
    let mut one = |name: &str| {
        let stem = file_stem(name);
        free(stem.clone()).or_else(|| (2..).find_map(|n| free(format!("{stem}.{n}"))))
    };
    names.into_iter().map(|name| one(name).unwrap_or_default()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_folder_or_meets_another() {
        for (name, stem) in [
            ("03a01Fa", "03a01Fa"),
            ("../x", "_._x"),
            ("a/b.c", "a_b.c"),
            ("/etc/passwd", "_etc_passwd"),
            ("-rf", "_rf"),
            (".hidden", "_hidden"),
            ("größe 1\n", "gr__e_1_"),
            ("", "_"),
        ] {
            assert_eq!(file_stem(name), stem);
        }
        assert_eq!(file_stem(&"x".repeat(500)).len(), LONGEST);
        assert_eq!(
            file_stems(["a/b", "a_b", "A_b", "a_b.2", "c"]),
            ["a_b", "a_b.2", "A_b.3", "a_b.2.2", "c"]
        );
    }
}
