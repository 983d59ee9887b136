//! The shape of the workspace: which crate depends on which, no import cycle inside a crate, no type name used twice, and
//! documents that name only files and fields that exist.

use seraug_test_support::common::root;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// Every crate of src/, with the crates of this workspace that it depends on.
const DEPENDENCIES: [(&str, &[&str]); 8] = [
    ("core", &[]),
    ("data", &["core"]),
    ("train", &["core", "data"]),
    ("run", &["core", "data"]),
    ("report", &["core"]),
    ("export", &["core", "data", "report"]),
    ("worker", &["core", "data", "run", "train"]),
    ("cli", &["core", "data", "export", "report", "run"]),
];

/// Dependencies that are expensive to build or that stand for one job, with the crates that may name them.
const CONFINED: [(&str, &[&str]); 11] = [
    ("tch", &["train", "worker"]),
    ("plotters", &["report"]),
    ("linfa-tsne", &["report"]),
    ("resvg", &["report"]),
    ("png", &["report"]),
    ("statrs", &["data", "report"]),
    ("polars", &["data", "report"]),
    ("rubato", &["data"]),
    ("rustfft", &["data"]),
    ("ureq", &["data"]),
    ("clap", &["cli", "run", "worker"]),
];

/// A path of modules below a crate's root; the root itself is empty.
type ModulePath = Vec<String>;

/// The code of each module of a crate, without comments and unit tests.
fn modules(name: &str) -> BTreeMap<ModulePath, String> {
    let folder = root().join("src").join(name);
    let of_library = |file: &Path| {
        let name = file.file_name().unwrap();
        let at_root = file.parent() == Some(Path::new(""));
        name != "tests.rs" && !(at_root && ["build.rs", "main.rs", "revision.rs"].iter().any(|n| name == *n))
    };
    let mut modules = BTreeMap::new();
    for file in sources(&folder) {
        let inside = file.strip_prefix(&folder).unwrap();
        if of_library(inside) {
            let mut path: ModulePath =
                inside.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
            path.pop_if(|last| last == "mod" || last == "lib");
            modules.insert(path, code(&file));
        }
    }
    modules
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let files = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    files.map(walkdir::DirEntry::into_path).filter(|f| f.extension().is_some_and(|e| e == "rs")).collect()
}

/// The text of a file without lines of comment, up to its unit tests.
fn code(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    let lines = text.lines().take_while(|line| *line != "#[cfg(test)]");
    lines.filter(|line| !line.trim_start().starts_with("//")).map(|line| format!("{line}\n")).collect()
}

/// Words and single symbols, `::` among them.
fn tokens(code: &str) -> Vec<&str> {
    let mut tokens = Vec::new();
    let mut rest = code.trim_start();
    while let Some(first) = rest.chars().next() {
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let length = if word > 0 { word } else { if rest.starts_with("::") { 2 } else { first.len_utf8() } };
        tokens.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    tokens
}

/// A path as it is written, and the name that it gets where it is imported.
type Import = (Vec<String>, String);

/// Reads the tree of a `use`, or a path in an expression, from `at`; returns where it ends.
fn read_tree(tokens: &[&str], mut at: usize, prefix: &[String], found: &mut Vec<Import>) -> usize {
    let mut path = prefix.to_vec();
    let is_name = |t: &&str| t.starts_with(|c: char| c.is_alphabetic() || c == '_');
    loop {
        match tokens.get(at) {
            Some(&"{") => {
                at += 1;
                while tokens.get(at).is_some_and(|t| *t != "}") {
                    at = read_tree(tokens, at, &path, found).max(at + 1);
                    at += usize::from(tokens.get(at) == Some(&","));
                }
                return at + 1;
            }
            Some(&"*") => at += 1,
            Some(name) if is_name(name) => {
                if *name != "self" || path.is_empty() {
                    path.push((*name).to_owned());
                }
                at += 1;
            }
            _ => return at,
        }
        if tokens.get(at) == Some(&"::") {
            at += 1;
            continue;
        }
        let renamed = tokens.get(at) == Some(&"as");
        let name = if renamed { tokens[at + 1].to_owned() } else { path.last().cloned().unwrap_or_default() };
        found.push((path, name));
        return at + if renamed { 2 } else { 0 };
    }
}

/// What a module imports or names by a path from `crate` or `super`, and what it re-exports.
fn imports(code: &str) -> (Vec<Import>, Vec<Import>) {
    let tokens = tokens(code);
    let (mut named, mut exported) = (Vec::new(), Vec::new());
    let mut at = 0;
    while at < tokens.len() {
        let before = if at > 0 { tokens[at - 1] } else { "" };
        match tokens[at] {
            "use" => {
                let public = before == "pub" || before == ")";
                let into = if public { &mut exported } else { &mut named };
                at = read_tree(&tokens, at + 1, &[], into).max(at + 1);
            }
            "crate" | "super" if tokens.get(at + 1) == Some(&"::") && before != "::" && before != "$" => {
                at = read_tree(&tokens, at, &[], &mut named).max(at + 1);
            }
            _ => at += 1,
        }
    }
    (named, exported)
}

/// The modules of a crate with what they take from one another.
struct Crate {
    code: BTreeMap<ModulePath, String>,
    /// Where a name of a module comes from that the module re-exports.
    exports: BTreeMap<(ModulePath, String), Vec<String>>,
}

impl Crate {
    fn read(code: BTreeMap<ModulePath, String>) -> Crate {
        let mut all = Crate { code, exports: BTreeMap::new() };
        for (module, text) in &all.code {
            for (path, name) in imports(text).1 {
                if let Some(path) = all.absolute(module, &path) {
                    all.exports.insert((module.clone(), name), path);
                }
            }
        }
        all
    }

    /// A path from the crate's root, unless it leads out of the crate.
    fn absolute(&self, module: &[String], path: &[String]) -> Option<Vec<String>> {
        let ups = path.iter().take_while(|p| *p == "super").count();
        let (base, rest) = match path.first()?.as_str() {
            "crate" => (&[][..], &path[1..]),
            "self" => (module, &path[1..]),
            "super" => (&module[..module.len().checked_sub(ups)?], &path[ups..]),
            first => {
                let child = [module, &[first.to_owned()]].concat();
                self.code.contains_key(&child).then_some((module, path))?
            }
        };
        Some([base, rest].concat())
    }

    /// The module that defines what an absolute path names.
    fn module_of(&self, path: &[String], depth: usize) -> ModulePath {
        let split = (0..=path.len()).rev().find(|n| self.code.contains_key(&path[..*n])).unwrap_or(0);
        let (module, rest) = path.split_at(split);
        let exported = rest.first().and_then(|name| self.exports.get(&(module.to_vec(), name.clone())));
        match exported {
            Some(from) if depth < 9 => self.module_of(&[from, &rest[1..]].concat(), depth + 1),
            _ => module.to_vec(),
        }
    }

    /// For each module the imports between its children, whole subtrees taken together. An import of an ancestor or of a
    /// descendant is none.
    fn between_siblings(&self) -> BTreeMap<ModulePath, BTreeMap<String, BTreeSet<String>>> {
        let mut all: BTreeMap<_, BTreeMap<_, BTreeSet<_>>> = BTreeMap::new();
        for (module, text) in &self.code {
            let named = imports(text).0.into_iter().filter_map(|(path, _)| self.absolute(module, &path));
            for target in named.map(|path| self.module_of(&path, 0)) {
                let common = module.iter().zip(&target).take_while(|(a, b)| a == b).count();
                if let (Some(from), Some(to)) = (module.get(common), target.get(common)) {
                    let parent = all.entry(module[..common].to_vec()).or_default();
                    parent.entry(from.clone()).or_default().insert(to.clone());
                }
            }
        }
        all
    }

    /// Sets of siblings in which each imports every other, directly or through others.
    fn cycles(&self) -> Vec<(String, BTreeSet<String>)> {
        let mut cycles = Vec::new();
        for (parent, edges) in self.between_siblings() {
            let reached: BTreeMap<&String, BTreeSet<&String>> =
                edges.keys().map(|from| (from, reachable(&edges, from))).collect();
            let with = |a: &String| -> BTreeSet<String> {
                let back = |b: &&&String| reached.get(**b).is_some_and(|from_b| from_b.contains(a));
                reached[a].iter().filter(back).map(|b| (*b).clone()).collect()
            };
            let sets: BTreeSet<BTreeSet<String>> = edges.keys().map(with).filter(|c| c.len() > 1).collect();
            cycles.extend(sets.into_iter().map(|set| (parent.join("::"), set)));
        }
        cycles
    }
}

/// Everything that can be reached from `from` along one or more edges.
fn reachable<'a>(edges: &'a BTreeMap<String, BTreeSet<String>>, from: &'a String) -> BTreeSet<&'a String> {
    let (mut reached, mut open) = (BTreeSet::new(), vec![from]);
    while let Some(node) = open.pop() {
        open.extend(edges.get(node).into_iter().flatten().filter(|next| reached.insert(*next)));
    }
    reached
}

#[test]
fn imports_inside_a_crate_have_no_cycle() {
    let mut found = Vec::new();
    for (name, _) in DEPENDENCIES {
        for (parent, cycle) in Crate::read(modules(name)).cycles() {
            found.push(format!("src/{name}: {parent}: {cycle:?} import one another"));
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

#[test]
fn the_reader_of_imports_sees_cycles_and_nothing_else() {
    let of = |files: &[(&str, &str)]| {
        let path = |p: &str| p.split("::").filter(|s| !s.is_empty()).map(str::to_owned).collect::<Vec<_>>();
        let code = files.iter().map(|(p, text)| (path(p), (*text).to_owned())).collect();
        Crate::read(code).cycles()
    };
    let set = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<BTreeSet<_>>();
    let chain = [("", ""), ("a", "use crate::{b::{self, X}, c as d};"), ("b", "super::c::f()"), ("c", "")];
    assert_eq!(of(&chain), []);
    let mut closed = chain;
    closed[3].1 = "fn f() { crate::a::g() }";
    assert_eq!(of(&closed), [(String::new(), set(&["a", "b", "c"]))]);
    // Through a name that the parent re-exports, and between descendants of siblings.
    let exported = [
        ("m", "pub use b::{T as U, V};\nuse crate::other;"),
        ("m::a", "use super::U;"),
        ("m::b", "use crate::m::a::deep::W;"),
        ("m::a::deep", "use super::super::b as x;"),
        ("other", "const NOT: &str = \"use m;\";"),
    ];
    assert_eq!(of(&exported), [("m".to_owned(), set(&["a", "b"]))]);
    // Parent and child may name one another.
    assert_eq!(of(&[("m", "use a::X;"), ("m::a", "use super::Y; use crate::m;")]), []);
}

#[test]
fn no_type_name_is_used_twice() {
    let mut places: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in sources(&root().join("src")).iter().filter(|f| !f.ends_with("tests.rs")) {
        for line in code(file).lines() {
            let item = line.trim_start();
            let item =
                item.strip_prefix("pub ").or_else(|| Some(item.strip_prefix("pub(")?.split_once(") ")?.1));
            let mut words = item.unwrap_or(line.trim_start()).split(' ');
            // An indented `type` is an associated one.
            let kinds = ["struct", "enum", "trait", "union", "type"];
            let kinds = if line.starts_with(' ') { &kinds[..4] } else { &kinds[..] };
            if words.next().is_some_and(|kind| kinds.contains(&kind)) {
                let name = words.next().unwrap_or_default();
                let name = name.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
                let place = file.strip_prefix(root()).unwrap().display().to_string();
                places.entry(name.to_owned()).or_default().push(place);
            }
        }
    }
    assert!(places.len() > 300, "only {} types were found", places.len());
    places.retain(|_, places| places.len() > 1);
    assert!(places.is_empty(), "{places:#?}");
}

/// The names in a section of a crate's Cargo.toml.
fn section(name: &str, section: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(root().join("src").join(name).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&text).unwrap();
    manifest.get(section).and_then(|s| s.as_table()).into_iter().flat_map(|s| s.keys().cloned()).collect()
}

#[test]
fn crates_depend_on_those_below_them_alone() {
    let mut folders: Vec<String> = std::fs::read_dir(root().join("src"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort_unstable();
    let mut named: Vec<&str> = DEPENDENCIES.iter().map(|(name, _)| *name).collect();
    named.sort_unstable();
    assert_eq!(folders, named, "src/ holds the crates and nothing else");
    for (name, expected) in DEPENDENCIES {
        let all = section(name, "dependencies");
        let own: Vec<&str> = all.iter().filter_map(|d| d.strip_prefix("seraug-")).collect();
        assert_eq!(own, expected, "src/{name}/Cargo.toml");
        for (dependency, allowed) in CONFINED {
            assert!(
                !all.contains(dependency) || allowed.contains(&name),
                "src/{name} depends on {dependency}, which is for {allowed:?}"
            );
        }
        let of_tests = section(name, "dev-dependencies");
        assert!(!of_tests.contains("tch"), "the tests of src/{name} depend on libtorch");
    }
}

/// README.md, FIDELITY.md, CONTRIBUTING.md and everything in docs/.
fn documents() -> Vec<PathBuf> {
    let own = ["README.md", "FIDELITY.md", "CONTRIBUTING.md"].map(|name| root().join(name));
    let files = walkdir::WalkDir::new(root().join("docs")).sort_by_file_name().into_iter();
    let pages = files.map(|f| f.unwrap().into_path()).filter(|f| f.extension().is_some_and(|e| e == "md"));
    own.into_iter().chain(pages).collect()
}

#[test]
fn documents_name_files_and_fields_that_exist() {
    let mut missing = Vec::new();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        for word in text.split(|c: char| c.is_whitespace() || "`,;:()|[]{}".contains(c)) {
            let path = word.split('#').next().unwrap_or_default().trim_end_matches('.');
            let folder = ["src/", "docs/", "tests/", "benches/", "fuzz/"].iter().any(|f| path.starts_with(f));
            let placeholder =
                path.contains(|c: char| c.is_uppercase() || "*<…".contains(c)) || path.contains("/.");
            if folder && !placeholder && !root().join(path).exists() {
                missing.push(format!("{}: {path}", document.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(missing.is_empty(), "documents name what does not exist: {missing:#?}");
    // A field in FIDELITY.md is `section.field` and must be in the resolved spec of an experiment.
    let spec = seraug_core::spec::load(&root().join("experiments/open/table2-emodb.toml"), &[]);
    let spec = spec.unwrap().to_toml();
    let fidelity = std::fs::read_to_string(root().join("FIDELITY.md")).unwrap();
    for field in fidelity.split('`').filter(|f| f.starts_with("augmentor.") || f.starts_with("features.")) {
        let name = field.split([' ', '=']).next().unwrap().rsplit('.').next().unwrap();
        assert!(
            spec.contains(&format!("{name} = ")) || spec.contains(&format!(".{name}]")),
            "FIDELITY.md names {field}"
        );
    }
}
