//! How this program came here: built in a checkout, or installed from a wheel. What to do about something missing differs.

use crate::device::LIBTORCH;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// The Python package that this program is in; `None` where it was built from source.
pub fn package() -> Option<&'static Path> {
    static PACKAGE: OnceLock<Option<PathBuf>> = OnceLock::new();
    PACKAGE.get_or_init(|| package_of(&std::env::current_exe().ok()?).map(Path::to_path_buf)).as_deref()
}

/// The package of the program at `program`: a wheel has the programs in seraug/bin/.
pub fn package_of(program: &Path) -> Option<&Path> {
    let bin = program.parent().filter(|bin| bin.ends_with("bin"))?;
    bin.parent().filter(|package| package.join("__init__.py").is_file())
}

/// The release in a folder of libtorch, such as `2.11.0+cu130`; `None` where its files do not tell.
pub fn libtorch_release(folder: &Path) -> Option<String> {
    // The archives of pytorch.org have the first file, the Python wheels the second.
    let line = fs::read_to_string(folder.join("build-version")).ok().or_else(|| {
        let python = fs::read_to_string(folder.join("version.py")).ok()?;
        let line = python.lines().find_map(|l| l.strip_prefix("__version__ = "))?;
        Some(line.trim_matches(['\'', '"']).to_owned())
    })?;
    Some(line.trim().to_owned())
}

/// The command that installs the torch release that fits a wheel.
pub fn pip_torch() -> String {
    format!("pip install 'torch=={LIBTORCH}'")
}

/// What brings libtorch with CUDA, as the beginning of an advice.
pub fn cuda_advice() -> String {
    match package() {
        Some(_) => format!("{} brings libtorch with CUDA", pip_torch()),
        None => "./bootstrap installs libtorch with CUDA".to_owned(),
    }
}

/// The command that runs the experiment `name` of experiments/.
pub fn reproduce(name: &str) -> String {
    format!("{} reproduce {name}", if package().is_some() { "seraug" } else { "just" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_is_in_a_package_where_a_wheel_has_put_it() {
        let folder = tempfile::tempdir().unwrap();
        let package = folder.path().join("site-packages/seraug");
        fs::create_dir_all(package.join("bin")).unwrap();
        let program = package.join("bin/seraug");
        assert_eq!(package_of(&program), None, "a folder called bin is not enough");
        fs::write(package.join("__init__.py"), "").unwrap();
        assert_eq!(package_of(&program), Some(package.as_path()));
        assert_eq!(package_of(&package.join("seraug")), None);
        assert_eq!(super::package(), None, "tests are built from source");
    }

    #[test]
    fn the_release_is_read_from_either_kind_of_folder() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(libtorch_release(folder.path()), None);
        let python = "from typing import Optional\n__version__ = '2.11.0+cu130'\ndebug = False\n";
        fs::write(folder.path().join("version.py"), python).unwrap();
        assert_eq!(libtorch_release(folder.path()).as_deref(), Some("2.11.0+cu130"));
        fs::write(folder.path().join("build-version"), "2.11.0+cpu\n").unwrap();
        assert_eq!(libtorch_release(folder.path()).as_deref(), Some("2.11.0+cpu"));
    }
}
