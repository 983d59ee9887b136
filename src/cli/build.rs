//! Hands the program its revision, and the experiments, manifests and reference run that it carries for `init`, `reproduce` and
//! `self-test`.

include!("revision.rs");

use std::fmt::Write as _;
use std::fs;

fn main() {
    set_revision();
    let program = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets CARGO_MANIFEST_DIR"));
    let root = program.ancestors().nth(2).expect("it is two folders below the checkout");
    let runs = root.join("results/reference/quickstart");
    let of_run =
        |file: &str| ["csv", "toml"].iter().any(|e| file.ends_with(e)) && !file.ends_with("history.csv");
    let run = newest(&runs);
    let id = run.file_name().expect("it is in a folder").to_string_lossy().into_owned();
    let mut text = format!("/// The id of the reference run.\npub const REFERENCE_ID: &str = {id:?};\n");
    for (name, folder, wanted) in [
        ("EXPERIMENTS", root.join("experiments"), &(|_: &str| true) as &dyn Fn(&str) -> bool),
        ("MANIFESTS", root.join("data-manifests"), &|_| true),
        ("REFERENCE", run, &of_run),
    ] {
        text += &embedded(name, &folder, wanted);
    }
    println!("cargo:rerun-if-changed={}", runs.display());
    older_glibc(root);
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR")).join("embedded.rs");
    fs::write(out, text).expect("OUT_DIR can be written");
}

/// Links the hypot of older systems, where there are two.
fn older_glibc(root: &Path) {
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    if [target("OS"), target("ARCH"), target("ENV")] == ["linux", "x86_64", "gnu"] {
        let source = root.join("native/hypot.c");
        println!("cargo:rerun-if-changed={}", source.display());
        let mut build = cc::Build::new();
        build.file(source).flag("-fno-builtin").link_lib_modifier("+whole-archive").compile("seraug_hypot");
    }
}

/// The newest run in a folder of runs, whose names are times.
fn newest(runs: &Path) -> PathBuf {
    let ids = fs::read_dir(runs).expect("the checkout has a reference run of the quickstart").flatten();
    let runs = ids.map(|run| run.path()).filter(|run| !run.is_symlink() && run.join("run.toml").is_file());
    runs.max().expect("the checkout has a reference run of the quickstart")
}

/// A constant with the path below `folder` and the text of each wanted file there.
fn embedded(name: &str, folder: &Path, wanted: &dyn Fn(&str) -> bool) -> String {
    println!("cargo:rerun-if-changed={}", folder.display());
    let mut files = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).expect("a folder of the checkout").flatten() {
            let path = entry.path();
            if path.is_dir() { open.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut text = format!("/// Path and text of the files.\npub const {name}: &[EmbeddedFile] = &[\n");
    for path in &files {
        let below = path.strip_prefix(folder).expect("it was found there").to_string_lossy().into_owned();
        if wanted(&below) {
            writeln!(text, "    EmbeddedFile {{ path: {below:?}, text: include_str!({path:?}) }},")
                .expect("a string takes it");
        }
    }
    text + "];\n"
}
