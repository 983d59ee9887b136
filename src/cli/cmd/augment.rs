//! `seraug augment`: a trained generator on any recordings.

mod output;
mod sound;

use super::{Global, given, print, print_json};
use output::WrittenSamples;
use seraug_core::device::DeviceChoice;
use seraug_core::error::{Error, Result};
use seraug_core::files::new_folder;
use seraug_core::manifest::Channels;
use seraug_core::names::file_stem::file_stems;
use seraug_core::run_files::RunInfo;
use seraug_core::text::plural;
use seraug_core::{exit, terminal};
use seraug_run::arguments::{LARGEST_SEED, MOST_THREADS, whole};
use seraug_run::augmentation::{AugmentAnswer, AugmentRequest, GeneratorPlace, InputToAugment};
use seraug_run::worker_client::answers::ask_for;
use std::path::{Path, PathBuf};

/// Most copies of an input, as of a spec.
const MOST_COPIES: u64 = 1000;

/// Make samples of recordings with a generator that a run has trained: log-mels as .npy and parquet, on request as sound
#[derive(Debug, clap::Args)]
#[command(
    about = "Make samples of recordings with a generator that a run has trained: log-mels as .npy and parquet, on request as sound"
)]
pub struct AugmentArgs {
    /// A cell, such as results/quickstart/latest/cells/aug/fold-1/seed-1, or an entry results/.store/augmentor-KEY
    generator: PathBuf,
    /// Recordings, folders of them, or lists: a .csv with a column path, and start, end (seconds), label, speaker where they are meant
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// The folder to make
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Samples of each input [default: as many as the condition makes]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1..=MOST_COPIES))]
    copies: Option<usize>,
    /// The class of every input that a list does not label; with stargan the class that inputs are converted into
    #[arg(long, value_name = "NAME")]
    label: Option<String>,
    /// Root of the draws, as a run's seed [default: the cell's own draws]
    #[arg(long, value_name = "N", value_parser = whole::<u64>(..=LARGEST_SEED))]
    seed: Option<u64>,
    /// Write arrays as networks have them, standardised, in place of decibels
    #[arg(long, conflicts_with = "audio")]
    standardised: bool,
    /// Also write what is heard of each log-mel by Griffin-Lim, and of each input's own, to compare with
    #[arg(long)]
    audio: bool,
    /// How several channels become one
    #[arg(long, value_enum, default_value = "mean")]
    channels: super::features::Which,
    /// auto, cpu, cuda or cuda:N
    #[arg(long, default_value = "auto")]
    device: DeviceChoice,
    /// Threads of a tensor operation on the CPU [default: the run's]
    #[arg(long, value_name = "N", value_parser = whole::<usize>(1..=MOST_THREADS))]
    threads: Option<usize>,
    /// Use an incomplete corpus as it is, where the corpora of the run are read
    #[arg(long)]
    partial: bool,
    /// Folder of the runs and of the store that they share, if it is not above the generator
    #[arg(long, value_name = "DIR", default_value = "results")]
    results: PathBuf,
}

/// Runs the command: exit code 1 if a recording was refused, after the samples of the others are written.
///
/// # Errors
/// A generator or an input that is not there; a folder that is there and not empty; no recording that can be used.
pub fn run(args: AugmentArgs, global: &Global) -> Result<u8> {
    let generator = GeneratorPlace::find(&args.generator, &args.results)?;
    let inputs = inputs(&args)?;
    let samples = new_folder(&args.out, |folder| {
        let samples = made(&args, global, generator, inputs, folder)?;
        if samples.rows.is_empty() {
            return Err(Error::failed("no recording can be used; nothing is written"));
        }
        samples.write(folder)?;
        if args.audio {
            sound::write(&samples, folder, &global.progress("sound"))?;
        }
        Ok(samples)
    })?;
    let refused = samples.refused;
    if global.json {
        print_json(&samples.json(&args.out))?;
    } else {
        let of = plural(samples.rows.len(), "sample");
        print(&format!("{of} of {} in {}\n", plural(samples.sources(), "recording"), args.out.display()))?;
    }
    Ok(if refused > 0 { exit::FAILED } else { exit::DONE })
}

/// The inputs of the command line, each with a name of its own.
fn inputs(args: &AugmentArgs) -> Result<Vec<InputToAugment>> {
    let recordings = given::recordings(&args.inputs)?;
    let names = file_stems(recordings.iter().map(|r| r.name.as_str()));
    let labelled = |label: String| match label.is_empty() {
        true => args.label.clone().unwrap_or_default(),
        false => label,
    };
    let input = |(r, name): (given::GivenRecording, String)| InputToAugment {
        path: r.path,
        stretch: r.stretch,
        name,
        label: labelled(r.label),
        speaker: r.speaker,
    };
    Ok(recordings.into_iter().zip(names).map(input).collect())
}

/// Has the worker make the samples in `folder`.
fn made(
    args: &AugmentArgs,
    global: &Global,
    generator: GeneratorPlace,
    inputs: Vec<InputToAugment>,
    folder: &Path,
) -> Result<WrittenSamples> {
    let threads = match (args.threads, generator.run()) {
        (Some(threads), _) => threads,
        (None, Some(run)) => RunInfo::load(&run.info())?.device.threads.max(1),
        (None, None) => 1,
    };
    let request = AugmentRequest {
        generator,
        corpora: global.corpora.clone(),
        partial: args.partial,
        inputs,
        channels: Channels::from(args.channels),
        copies: args.copies,
        seed: args.seed,
        standardised: args.standardised,
        to: std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()),
        device: args.device,
        threads,
    };
    let progress = global.progress("recordings");
    progress.set_length(request.inputs.len() as u64);
    let mut samples = WrittenSamples::of(&request.inputs, args.standardised);
    samples.device = ask_for("augment", &request, threads, |answer| {
        match answer {
            AugmentAnswer::Generator(info) => samples.generator = Some(*info),
            AugmentAnswer::Note(note) => global.note(&note),
            AugmentAnswer::Refused { error, .. } => {
                samples.refused += 1;
                progress.inc(1);
                terminal::error(&Error::failed(error));
            }
            AugmentAnswer::Original { input, sha256 } => {
                samples.sha256[input] = sha256;
                progress.inc(1);
            }
            AugmentAnswer::Sample { input, copy, frames, label, strength } => {
                samples.rows.push(output::SampleRow { input, copy, frames, label, strength });
            }
        }
        Ok(())
    })?;
    progress.finish_and_clear();
    samples.rows.sort_by_key(|row| (row.input, row.copy));
    Ok(samples)
}
