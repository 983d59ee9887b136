//! Readers of corpora: manifest, table, labels of IEMOCAP, digests, split.csv.

use super::sound::{Format, tone, wav};
use super::{Check, PLAIN, Target, answer, of_checkout};
use crate::case::Case;
use indicatif::ProgressBar;
use rand::Rng;
use seraug_core::digest::digest_hex;
use seraug_core::error::Result;
use seraug_core::manifest::Manifest;
use seraug_core::spec;
use seraug_data::corpora::{self, Corpus, DigestPolicy};
use seraug_data::split::{Selection, SplitTable, folds, select};
use std::fmt::Write;
use std::fs;
use std::path::Path;

const EMOTIONS: [&str; 3] = ["neutral", "angry", "sad"];

/// The tables `mini` and `maxi` in `folder/corpora`, imported: four speakers, three emotions, two utterances of each.
pub(super) fn world(folder: &Path) -> Vec<Corpus> {
    let mut tone = tone(400);
    for name in ["mini", "maxi"] {
        let root = folder.join("corpora").join(name);
        fs::create_dir_all(root.join("wav")).expect("a folder of its own");
        let mut table = "path,emotion,speaker,gender,session,language,split\n".to_owned();
        for speaker in 0..4 {
            for (e, emotion) in EMOTIONS.iter().enumerate() {
                for n in 0..2 {
                    let file = format!("wav/s{speaker}-{emotion}-{n}.wav");
                    // No two recordings are identical.
                    tone[0] = f64::from(speaker * 16 + e as i32 * 4 + n) / 100.0
                        + if name == "mini" { 0.005 } else { 0.0 };
                    fs::write(root.join(&file), wav(&Format::default(), &tone)).expect("a folder of its own");
                    let split = if speaker < 2 { "train" } else { "test" };
                    let gender = if speaker % 2 == 0 { "f" } else { "m" };
                    let _ =
                        writeln!(table, "{file},{emotion},sp{speaker},{gender},{},en,{split}", speaker / 2);
                }
            }
        }
        fs::write(root.join("table.csv"), table).expect("a folder of its own");
    }
    let import = |name| import(name, folder, &folder.join("cache")).expect("a whole corpus");
    ["mini", "maxi"].map(import).into()
}

fn import(name: &str, folder: &Path, cache: &Path) -> Result<Corpus> {
    corpora::import(name, &[], &folder.join("corpora"), cache, DigestPolicy::Cached, &ProgressBar::hidden())
}

/// Reads a corpus as `corpus check` does.
fn looked_at(corpus: &Corpus) {
    let _ = (corpus.differences(), corpus.digest(), corpus.counts(&corpora::COLUMNS));
}

/// The manifest of a corpus, data-manifests/NAME.toml.
pub(super) const MANIFEST: Target = Target {
    name: "manifest",
    main: "manifest.toml",
    made: || {
        let of = |name: &str| Case::of("manifest.toml", of_checkout(&format!("data-manifests/{name}.toml")));
        ["emodb", "ravdess", "iemocap", "synthetic"].map(of).into()
    },
    prepare: |_| -> Check {
        Box::new(|case| {
            let Ok(text) = fs::read_to_string(case.join("manifest.toml")) else { return Ok(()) };
            answer(Manifest::parse(&text, "manifest.toml"), &["manifest.toml"])?;
            answer(Manifest::own("mini", &text, "manifest.toml"), &["manifest.toml"])?;
            Ok(())
        })
    },
    ..PLAIN
};

/// table.csv with the manifest.toml beside it.
pub(super) const TABLE: Target = Target {
    name: "table",
    main: "table.csv",
    prepare: |folder| -> Check {
        world(folder);
        let root = folder.to_owned();
        Box::new(move |case| {
            let mini = root.join("corpora/mini");
            for name in ["table.csv", "manifest.toml"] {
                let (from, to) = (case.join(name), mini.join(name));
                let _ = fs::remove_file(&to);
                if from.is_file() {
                    fs::copy(&from, &to).map_err(|e| format!("{}: {e}", to.display()))?;
                }
            }
            let read = import("mini", &root, &root.join("cache"));
            if let Some(corpus) = answer(read, &["table.csv", "manifest.toml", "mini"])? {
                looked_at(&corpus);
                let spec = spec::parse(include_str!("../../seeds/spec/mini.toml"), "mini.toml", &[]);
                let spec = spec.map_err(|e| e.to_string())?;
                if let Some(selection) = answer(select(&spec, vec![corpus]), &[""])? {
                    answer(folds(&spec, &selection, 1), &[""])?;
                }
            }
            Ok(())
        })
    },
    share: 6,
    ..PLAIN
};

/// The label files of IEMOCAP beside its recordings.
pub(super) const IEMOCAP: Target = Target {
    name: "iemocap",
    main: "iemocap/Session1/dialog/EmoEvaluation/Ses01F_impro01.txt",
    prepare: |_| -> Check {
        Box::new(|case| {
            let root = case.join("corpora");
            let sound = wav(&Format::default(), &tone(400));
            for (session, name) in
                [(1, "Ses01F_impro01_F000"), (1, "Ses01F_impro01_M001"), (2, "Ses02M_script01_F000")]
            {
                let dialog = &name[..name.len() - 5];
                let place = root.join(format!("iemocap/Session{session}/sentences/wav/{dialog}"));
                fs::create_dir_all(&place).map_err(|e| e.to_string())?;
                fs::write(place.join(format!("{name}.wav")), &sound).map_err(|e| e.to_string())?;
            }
            fs::rename(case.join("iemocap/Session1/dialog"), root.join("iemocap/Session1/dialog"))
                .map_err(|e| e.to_string())?;
            if let Some(corpus) = answer(import("iemocap", case, &case.join("cache")), &["iemocap"])? {
                looked_at(&corpus);
            }
            Ok(())
        })
    },
    wanted: |name| name.ends_with(".txt"),
    share: 2,
    ..PLAIN
};

/// The cache of digests, results/.store/digests: a file that does not fit is ignored.
pub(super) const DIGESTS: Target = Target {
    name: "digests",
    main: "digests.txt",
    mend: |case, random| {
        if let Some(text) = case.0.get("digests.txt").and_then(|b| String::from_utf8(b.to_vec()).ok())
            && let Some((_, body)) = text.split_once('\n')
            && random.gen_bool(0.8)
        {
            let text = format!("seraug digests 2 {}\n{body}", digest_hex(body.as_bytes()));
            *case = Case::of("digests.txt", text);
        }
    },
    prepare: |folder| -> Check {
        let known = world(folder).swap_remove(0).digest();
        let root = folder.to_owned();
        Box::new(move |case| {
            let digests = root.join("cache/digests");
            fs::create_dir_all(&digests).map_err(|e| e.to_string())?;
            // The file is named after the folder of the corpus.
            let place = digest_hex(
                fs::canonicalize(root.join("corpora/mini"))
                    .unwrap_or_default()
                    .as_os_str()
                    .as_encoded_bytes(),
            );
            let file = digests.join(format!("mini-{}.txt", &place[..16]));
            fs::copy(case.join("digests.txt"), &file).map_err(|e| e.to_string())?;
            let corpus = import("mini", &root, &root.join("cache"))
                .map_err(|e| format!("a damaged cache aborts an import: {e}"))?;
            if corpus.digest() == known { Ok(()) } else { Err("digests of other recordings".to_owned()) }
        })
    },
    share: 2,
    ..PLAIN
};

/// split.csv, which the protocol `split-file` reads.
pub(super) const SPLIT: Target = Target {
    name: "split",
    main: "split.csv",
    prepare: |folder| -> Check {
        let corpora = world(folder);
        let spec =
            spec::parse(include_str!("../../seeds/spec/mini.toml"), "mini.toml", &[]).expect("a sound spec");
        let selection: Selection = select(&spec, corpora[..1].to_vec()).expect("a whole corpus");
        Box::new(move |case| {
            let path = case.join("split.csv");
            if let Some(table) = answer(SplitTable::read(&path), &["split.csv"])? {
                for seed in [1, 2] {
                    answer(table.folds(&selection, seed), &["split.csv"])?;
                }
                // A spec names a file below the working directory, which is the one of this process.
                let folder = case.file_name().unwrap_or_default().display();
                let text = include_str!("../../seeds/spec/split-file.toml")
                    .replace("split.csv", &format!("{folder}/split.csv"));
                for flag in ["seeds=[1]", "protocol.split-file.only=[1]"] {
                    let spec = spec::parse(&text, "split-file.toml", &[flag.to_owned()]);
                    let spec = spec.map_err(|e| e.to_string())?;
                    for seed in [1, 2] {
                        answer(folds(&spec, &selection, seed), &[""])?;
                    }
                }
            }
            Ok(())
        })
    },
    ..PLAIN
};
