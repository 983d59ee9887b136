//! Readers of experiment files and of `--set`.

use super::{Check, PLAIN, Target, answer, of_checkout};
use crate::case::Case;
use crate::targets::corpora::world;
use seraug_core::device::{DeviceInfo, NumericClass};
use seraug_core::spec::{self, File, Pace, Spec};
use seraug_core::store::Store;
use seraug_data::corpora::Corpus;
use seraug_run::plan::{Plan, cell_actions, listing};
use seraug_run::warnings;
use std::path::Path;

/// A spec, loaded, written, loaded again and planned.
pub(super) const SPEC: Target = Target {
    name: "spec",
    main: "spec.toml",
    made: || {
        let names = [
            "quickstart",
            "figure3",
            "figure4",
            "table1",
            "table2",
            "table2-aug",
            "table2-bagan",
            "ablation",
            "paper",
            "open/baselines-emodb",
        ];
        let of = |name: &&str| Case::of("spec.toml", of_checkout(&format!("experiments/{name}.toml")));
        names.iter().map(of).collect()
    },
    prepare: |folder| {
        let (corpora, results) = (world(folder), folder.join("results"));
        Box::new(move |case| {
            let read = answer(spec::load_file(&case.join("spec.toml"), &[]), &["spec.toml"])?;
            match read {
                Some(File::Experiment(spec)) => planned(*spec, &corpora, &results),
                _ => Ok(()),
            }
        })
    },
    share: 8,
    ..PLAIN
};

/// `--set` over a spec: a line a flag.
pub(super) const SET: Target = Target {
    name: "set",
    main: "set.txt",
    slow: 2,
    prepare: |folder| -> Check {
        let (corpora, results) = (world(folder), folder.join("results"));
        let text = include_str!("../../seeds/spec/mini.toml");
        Box::new(move |case| {
            let sets = std::fs::read(case.join("set.txt")).unwrap_or_default();
            let sets: Vec<String> =
                String::from_utf8_lossy(&sets).split("\n--set ").map(str::to_owned).collect();
            match answer(spec::parse(text, "mini.toml", &sets), &["--set ", "mini.toml"])? {
                Some(spec) => planned(spec, &corpora, &results),
                None => Ok(()),
            }
        })
    },
    ..PLAIN
};

/// What a spec that is taken must also do: read back equal, and be planned, or say why not.
fn planned(spec: Spec, corpora: &[Corpus], results: &Path) -> Result<(), String> {
    let text = spec.to_toml();
    let again = spec::parse(&text, "again.toml", &[]).map_err(|e| format!("does not read back: {e}"))?;
    // A number that is none is not equal to itself.
    if again != spec && !text.contains("nan") {
        return Err("does not read back equal".to_owned());
    }
    let of = |name: &&str| corpora.iter().find(|c| c.manifest.name == *name).cloned();
    let found: Vec<Corpus> = spec.corpora().iter().filter_map(of).collect();
    if found.len() < spec.corpora().len() || spec.seeds.len() > 50 {
        return Ok(());
    }
    let segments = |frames: usize| spec.classifier.segment_count(frames);
    let _ =
        (warnings::of_spec(&spec), Pace::new(&spec.classifier, 500 * segments(60), 2000 * segments(4000)));
    if let Some(plan) = answer(Plan::new(spec, "mini".to_owned(), found, NumericClass::CPU), &[""])? {
        answer(plan.audit(), &[""])?;
        let rows = plan.rows();
        let verdicts = cell_actions(
            &plan,
            &DeviceInfo::default(),
            &Store::of(results),
            results,
            &mut Default::default(),
        );
        if rows.len() != verdicts.len() || listing(&plan, &verdicts, true).is_empty() {
            return Err("a plan without its cells".to_owned());
        }
    }
    Ok(())
}
