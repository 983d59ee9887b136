//! A file may `use crate::` only its own floor or lower (docs/design.md).

use std::path::Path;

/// Module to floor. `report` and `compare` read results alone: they are held to floor 1 beside each other's files.
const FLOORS: &[(&str, &[&str])] = &[
    (
        "0 words",
        &[
            "error",
            "files",
            "panic",
            "emotion",
            "metrics",
            "interval",
            "names",
            "naming",
            "nearest",
            "seed",
            "signals",
            "statistics",
            "terminal",
        ],
    ),
    ("1 formats", &["device", "driver", "spec", "manifest", "results"]),
    ("2 data", &["audio", "corpora", "features", "split", "audit"]),
    ("3 networks", &["nets"]),
    ("4 learning", &["train", "augment"]),
    (
        "5 experiment",
        &[
            "work",
            "plan",
            "probe",
            "oom",
            "cell",
            "training_set",
            "counts",
            "estimate",
            "trial",
            "housekeeping",
            "status",
            "embedding",
            "gallery",
            "inputs",
            "launch",
            "run",
            "stage",
            "worker",
            "sizes",
            "warnings",
            "progress",
        ],
    ),
    ("6 face", &["report", "compare", "cmd", "main", "worker_main", "face", "lib"]),
];

/// The heavy crates and the modules that may name them.
const HEAVY: &[(&str, &[&str])] = &[
    ("tch", &["nets", "train", "augment", "cell", "embedding", "gallery", "work"]),
    ("polars", &["report", "corpora"]),
    ("plotters", &["report"]),
    ("linfa_tsne", &["report"]),
    ("png", &["report"]),
    ("rubato", &["audio"]),
    ("clap", &["cmd", "main", "worker_main"]),
    ("ureq", &["corpora"]),
];

fn floor(module: &str) -> usize {
    FLOORS.iter().position(|(_, modules)| modules.contains(&module)).unwrap_or_else(|| {
        panic!("`{module}` has no floor: add it to tests/all/floors.rs and docs/design.md")
    })
}

/// (file, top-level module, text without comment lines) of every source file.
fn sources() -> Vec<(String, String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let files = walkdir::WalkDir::new(&src).sort_by_file_name().into_iter().map(Result::unwrap);
    files
        .filter(|f| f.path().extension().is_some_and(|e| e == "rs"))
        .map(|f| {
            let inside = f.path().strip_prefix(&src).unwrap().with_extension("");
            let module = inside.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
            let text = std::fs::read_to_string(f.path()).unwrap();
            let code: Vec<&str> = text.lines().filter(|l| !l.trim_start().starts_with("//")).collect();
            (inside.display().to_string(), module, code.join("\n"))
        })
        .collect()
}

/// Names of the modules that `code` takes from this crate: `crate::a`, `crate::{a, b::c}`.
fn used(code: &str) -> Vec<String> {
    let mut names = Vec::new();
    for (at, _) in code.match_indices("crate::") {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '$') {
            continue;
        }
        let rest = &code[at + "crate::".len()..];
        let word = |t: &str| t.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
        match rest.strip_prefix('{') {
            None => names.push(word(rest)),
            Some(list) => {
                let mut depth = 0;
                let mut item = String::new();
                for c in list.chars() {
                    match c {
                        '{' => depth += 1,
                        '}' if depth == 0 => break,
                        '}' => depth -= 1,
                        ',' if depth == 0 => names.push(word(std::mem::take(&mut item).trim())),
                        _ => item.push(c),
                    }
                }
                names.push(word(item.trim()));
            }
        }
    }
    names.retain(|n| !n.is_empty() && n != "Result");
    names
}

#[test]
fn floors_only_look_down() {
    let mut wrong = Vec::new();
    for (file, module, code) in sources().iter().filter(|(f, ..)| !["lib", "face"].contains(&f.as_str())) {
        let own = floor(module);
        for name in used(code) {
            let readers = ["report", "compare"];
            let reading =
                readers.contains(&module.as_str()) && floor(&name) > 1 && !readers.contains(&name.as_str());
            if floor(&name) > own || reading {
                wrong.push(format!("src/{file}.rs uses crate::{name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn heavy_crates_stay_on_their_floor() {
    for (file, module, code) in sources() {
        for (heavy, allowed) in HEAVY {
            let path = format!("{heavy}::");
            let named = code.match_indices(&path).any(|(at, _)| !code[..at].ends_with(char::is_alphanumeric));
            assert!(!named || allowed.contains(&module.as_str()), "src/{file}.rs names {heavy}");
        }
    }
}

/// seraug is made from the modules of face.rs, and that crate has no tch: libtorch is of those of lib.rs alone.
#[test]
fn what_computes_is_in_lib_and_the_rest_in_face() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let declared = |name: &str| -> Vec<String> {
        let text = read(name);
        let modules = text.lines().filter_map(|l| l.strip_prefix("pub mod ")?.strip_suffix(';'));
        modules.map(str::to_owned).collect()
    };
    let (face, lib) = (declared("src/face.rs"), declared("src/lib.rs"));
    assert!(face.iter().all(|m| !lib.contains(m)), "a module is compiled twice");
    for (file, module, code) in sources() {
        let roots = ["face", "lib", "main", "worker_main"];
        assert!(
            face.contains(&module) || lib.contains(&module) || roots.contains(&module.as_str()),
            "src/{file}.rs is of no crate"
        );
        let of_lib = |name: &String| lib.contains(name);
        let wrong = face.contains(&module) && used(&code).iter().any(of_lib);
        assert!(!wrong, "src/{file}.rs is of face.rs and names a module of lib.rs");
    }
    assert!(lib.iter().any(|m| m == "nets") && face.iter().any(|m| m == "report"));
    assert!(read("Cargo.toml").contains("\ntch.workspace") && !read("face/Cargo.toml").contains("tch"));
    assert!(!read("src/main.rs").contains("seraug::"), "seraug is made from seraug_face alone");
}

#[test]
fn the_reader_sees_what_it_should() {
    assert_eq!(used("use crate::{a, b::{c, d}};\nlet x = crate::e::f();"), ["a", "b", "e"]);
}

#[test]
fn documents_name_files_and_fields_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    for document in ["README.md", "FIDELITY.md", "CONTRIBUTING.md", "docs/design.md", "docs/format.md"] {
        for word in read(document).split(|c: char| c.is_whitespace() || "`,;:()|[]{}".contains(c)) {
            let path = word.trim_end_matches('.');
            let named =
                ["src/", "docs/", "tests/"].iter().any(|p| path.starts_with(p)) && !path.contains("NAME");
            assert!(!named || root.join(path).exists(), "{document} names {path}");
        }
    }
    // Fields of FIDELITY.md are `section.field`; each must be in the resolved spec of an experiment.
    let spec = seraug::spec::load(&root.join("experiments/open/table2-emodb.toml"), &[]).unwrap().to_toml();
    for field in
        read("FIDELITY.md").split('`').filter(|f| f.starts_with("augmentor.") || f.starts_with("features."))
    {
        let name = field.split([' ', '=']).next().unwrap().rsplit('.').next().unwrap();
        assert!(
            spec.contains(&format!("{name} = ")) || spec.contains(&format!(".{name}]")),
            "FIDELITY.md names {field}"
        );
    }
}
