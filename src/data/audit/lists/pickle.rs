//! Files that Python unpickles: opening one runs whatever code is in it, so none is opened.

use seraug_core::error::{Error, Result};
use seraug_core::files;
use std::io::Read;
use std::path::Path;

use crate::corpora::walk::extension;

/// Extensions of files that Python unpickles, and how it reads each.
const READERS: &[(&[&str], &str, &str)] = &[
    (&["npy"], "numpy", "numpy.load('FILE', allow_pickle=True)"),
    (&["npz"], "numpy", "dict(numpy.load('FILE', allow_pickle=True))"),
    (&["pt", "pth", "ckpt"], "torch", "torch.load('FILE', weights_only=False)"),
    (&["joblib"], "joblib", "joblib.load('FILE')"),
    (&["dill"], "dill", "dill.load(open('FILE', 'rb'))"),
    (&["pkl", "pickle", "p"], "pandas", "pandas.read_pickle('FILE')"),
];
/// Frames, arrays and sets as lists, for Python's json.
const AS_LISTS: &str = "lambda o: o.tolist() if hasattr(o, 'tolist') else o.to_dict('records') if hasattr(o, 'to_dict') else list(o)";

/// Refuses `path` where its name or its first bytes are those of a pickle.
///
/// # Errors
/// It is one (usage): why it is not read, and how its owner writes it as JSON.
pub(super) fn refuse(path: &Path) -> Result<()> {
    let kind = extension(path);
    let array = begins(path, b"\x93NUMPY");
    let by_name = READERS.iter().find(|reader| reader.0.contains(&kind.as_str()));
    let reader = match by_name {
        Some(reader) => reader,
        None if array => &READERS[0],
        None if pickled(path) => &READERS[READERS.len() - 1],
        None => return Ok(()),
    };
    let (_, module, call) = reader;
    let (name, what) =
        (path.display(), if *module == "numpy" { "an array of numpy" } else { "a pickle of Python" });
    let call = call.replace("FILE", &name.to_string());
    Err(Error::usage(format!(
        "{name}: {what}, never read: opening it runs the code in it; where you trust it, write it as JSON: python -c \"import json, {module}; json.dump({call}, open('split.json', 'w'), default={AS_LISTS})\""
    )))
}

/// Whether it begins as pickles of the protocols 2 to 5 do.
fn pickled(path: &Path) -> bool {
    (2..=5).any(|protocol| begins(path, &[0x80, protocol]))
}

fn begins(path: &Path, with: &[u8]) -> bool {
    let mut head = vec![0; with.len()];
    // What cannot be opened is refused where it is read.
    files::open(path).is_ok_and(|mut file| file.read_exact(&mut head).is_ok() && head == with)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pickle_is_refused_by_its_name_and_by_its_bytes_and_a_list_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let refused = |name: &str, bytes: &[u8]| {
            std::fs::write(dir.path().join(name), bytes).unwrap();
            refuse(&dir.path().join(name)).err().map(|e| (e.exit_code(), e.to_string()))
        };
        for (name, bytes) in [
            ("a.pkl", &b"x"[..]),
            ("a.PT", b"PK\x03\x04"),
            ("a.csv", b"\x80\x04\x95"),
            ("a.npy", b"x"),
            ("a.txt", b"\x93NUMPY\x01"),
        ] {
            let (code, said) = refused(name, bytes).unwrap();
            assert!(code == 2 && said.contains(name) && said.contains("runs the code in it"), "{said}");
            assert!(said.contains("python -c"), "{said}");
        }
        assert_eq!(refused("b.csv", b"utterance,part\n"), None);
    }
}
