// Records the revision of the code that a program is built from; included by the build.rs of both.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

/// What is compiled into the binary: a change elsewhere leaves the revision clean.
const COMPILED: [&str; 4] = ["src", "data-manifests", "Cargo.toml", "Cargo.lock"];

/// Sets SERAUG_REVISION for a program in src/NAME/.
fn set_revision() {
    let program = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let root = program.ancestors().nth(2).expect("it is two folders below the checkout");

    for path in COMPILED.map(|p| root.join(p)).iter().filter(|p| p.exists()) {
        println!("cargo:rerun-if-changed={}", path.display());
    }
    println!("cargo:rustc-env=SERAUG_REVISION={}", revision(root).unwrap_or_else(|| "unknown".to_owned()));
}

/// The commit in ten digits, with `+dirty` when what is compiled differs from it; `None` without git or outside a checkout.
fn revision(root: &Path) -> Option<String> {
    let git = |args: &[&str]| {
        let out =
            Command::new("git").arg("-C").arg(root).arg("--no-optional-locks").args(args).output().ok()?;
        out.status.success().then(|| String::from_utf8_lossy(&out.stdout).trim().to_owned())
    };
    // Sources unpacked inside somebody else's repository are not at that repository's revision.
    if Path::new(&git(&["rev-parse", "--show-toplevel"])?).canonicalize().ok()? != root.canonicalize().ok()? {
        return None;
    }
    // A commit or a checkout changes HEAD, the branch it names, or its log. Git says where they are: in a worktree
    // `.git` is a file. The index is not watched: `git add` alone would compile everything again.
    let branch = git(&["symbolic-ref", "--quiet", "HEAD"]).unwrap_or_default();
    for name in ["HEAD", "logs/HEAD", &branch].iter().filter(|name| !name.is_empty()) {
        let path = root.join(git(&["rev-parse", "--git-path", name])?);
        if path.exists() {
            println!("cargo:rerun-if-changed={}", path.display());
        }
    }
    let commit = git(&["rev-parse", "--short=10", "HEAD"])?;
    let mut status = vec!["status", "--porcelain", "--"];
    status.extend(COMPILED);
    let dirty = git(&status).is_some_and(|changes| !changes.is_empty());
    Some(if dirty { commit + "+dirty" } else { commit })
}
