//! docs/reproductions.md: which command makes which numbers, and who has made them again, from archives.

use super::agreement::{AgreementVerdict, TOLERANCE, agreement};
use super::archive::OpenedArchive;
use super::verify::verified;
use crate::experiments::is_scored_run;
use seraug_core::error::{Error, Result};
use seraug_core::run_files::RunInfo;
use seraug_report::compare;
use seraug_report::scores::Scores;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

const INTRODUCTION: &str = "# Reproductions

Which command makes which numbers, and who has made them again. Written by `just reproductions` from the archives in reports/reproductions, each of which
`seraug verify` has held against its own predictions. Yours: `seraug reproduce NAME`, then `seraug archive results/NAME/latest --out
reports/reproductions/NAME-WHO.zip --author WHO`, and the same recipe. `seraug reproduce ARCHIVE.zip` makes the run of an archive again and compares.
";

/// An archive whose numbers were derived again.
struct Reproduction {
    archive: OpenedArchive,
    info: RunInfo,
}

/// The document. The first run of an experiment is what the others are compared with.
///
/// # Errors
/// As `seraug verify`; an archive that cannot be compared with the first of its experiment.
pub(super) fn markdown(archives: &[PathBuf]) -> Result<String> {
    if archives.is_empty() {
        return Err(Error::usage(
            "docs reproductions: give the archives, such as reports/reproductions/*.zip",
        ));
    }
    let mut experiments: BTreeMap<String, Vec<Reproduction>> = BTreeMap::new();
    for path in archives {
        let archive = OpenedArchive::open(path)?;
        if is_scored_run(archive.run().path()) {
            let why = "was scored from predictions, which no command makes again; leave it out";
            return Err(Error::usage(format!("docs reproductions: {} {why}", path.display())));
        }
        verified(&archive)?;
        let info = RunInfo::load(&archive.run().info())?;
        experiments.entry(info.experiment.clone()).or_default().push(Reproduction { archive, info });
    }
    let mut text = INTRODUCTION.to_owned();
    for (experiment, mut of) in experiments {
        of.sort_by(|a, b| a.info.started.cmp(&b.info.started));
        text += &section(&experiment, &of)?;
    }
    Ok(text)
}

fn section(experiment: &str, of: &[Reproduction]) -> Result<String> {
    let first = &of[0];
    let scores = Scores::of(first.archive.run())?;
    let (title, table) = (scores.title(), scores.table().markdown());
    let mut text = format!(
        "\n## {experiment}\n\n{title}: percent, mean ± half of the 95 % interval.\n\n    seraug reproduce {experiment}\n\n{table}\n"
    );
    let _ = write!(
        text,
        "Reproduced where the mean UAR of no condition differs by more than {TOLERANCE} points; on the same kind of processor, equal.\n\n\
         | who | started | seraug | libtorch | device | against the first |\n| :-- | :-- | :-- | :-- | :-- | :-- |\n"
    );
    for (number, one) in of.iter().enumerate() {
        let info = &one.info;
        let result = if number == 0 { "the first".to_owned() } else { against(first, one)? };
        let who = one.archive.author().unwrap_or_else(|| "–".to_owned());
        let version = format!("{} ({})", info.version, info.revision);
        let (started, libtorch, device) = (&info.started, &info.libtorch, &info.device.name);
        let _ = writeln!(text, "| {who} | {started} | {version} | {libtorch} | {device} | {result} |");
    }
    Ok(text)
}

/// What a later run is beside the first.
fn against(first: &Reproduction, other: &Reproduction) -> Result<String> {
    let comparison = compare::compare_public(&[first.archive.run().clone(), other.archive.run().clone()])?;
    let found = agreement(&comparison.against[0], TOLERANCE);
    Ok(match found.verdict {
        AgreementVerdict::Equal => {
            format!("equal to the last digit, {} of {} cells", found.equal, found.cells)
        }
        AgreementVerdict::Within => {
            format!(
                "within {:.1} points ({}); {} of {} cells equal",
                found.points, found.condition, found.equal, found.cells
            )
        }
        AgreementVerdict::Differs => {
            format!("**differs** by {:.1} points ({})", found.points, found.condition)
        }
    })
}
