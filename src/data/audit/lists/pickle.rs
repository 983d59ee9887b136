//! Files that Python unpickles: opening one runs whatever code is in it, so none is opened.

use seraug_core::error::{Error, Result};
use seraug_core::files;
use std::io::Read;
use std::path::Path;

use crate::corpora::walk::extension;

/// Extensions of pickles and of archives that have them inside.
const PICKLES: &[&str] = &["pkl", "pickle", "p", "pt", "pth", "ckpt", "joblib", "dill"];
/// Extensions of numpy's, whose lists of names are pickles.
const ARRAYS: &[&str] = &["npy", "npz"];

/// Refuses `path` where its name or its first bytes are those of a pickle.
///
/// # Errors
/// It is one (usage): why it is not read, and how its owner writes it as text.
pub(super) fn refuse(path: &Path) -> Result<()> {
    let kind = extension(path);
    let name = path.display();
    if ARRAYS.contains(&kind.as_str()) || begins(path, b"\x93NUMPY") {
        return Err(Error::usage(format!(
            "{name}: an array of Python, not read: lists of names in it are pickles, and opening a pickle runs the code in it; where you trust it, write it as text: python -c \"import numpy; numpy.savetxt('split.txt', numpy.load('{name}', allow_pickle=True), fmt='%s')\""
        )));
    }
    if PICKLES.contains(&kind.as_str()) || pickled(path) {
        return Err(Error::usage(format!(
            "{name}: a pickle of Python, never read: opening it runs the code in it; where you trust it, write it as csv: python -c \"import pandas; pandas.DataFrame(pandas.read_pickle('{name}')).to_csv('split.csv')\""
        )));
    }
    Ok(())
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
