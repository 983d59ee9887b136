//! Log-mel spectrograms of 60 clips of 2 to 8 s, from samples in memory. `units` are seconds of audio.

use crate::fixture::{Draws, folder, number, syllables};
use rayon::prelude::*;
use seraug_core::manifest::Channels;
use seraug_core::spec::Features;
use seraug_data::audio::{MelExtractor, load};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

/// The clips of each folder, kept to the end of the process.
type Clips = HashMap<PathBuf, &'static [Vec<f32>]>;

static CLIPS: Mutex<Option<Clips>> = Mutex::new(None);

/// Of `clips` (60) in `folder`, which are written where they are missing, with `threads` (1) threads.
pub(crate) fn run(request: &Value) -> Value {
    let (folder, threads) = (folder(request), number(request, "threads", 1));
    let clips = {
        let mut kept = CLIPS.lock().unwrap_or_else(PoisonError::into_inner);
        let clips = kept.get_or_insert_default();
        *clips.entry(folder.clone()).or_insert_with(|| {
            let made: Vec<Vec<f32>> = (0..number(request, "clips", 60)).map(|i| clip(&folder, i)).collect();
            let extractor = MelExtractor::new(&Features::default());
            made.iter().for_each(|c| drop(extractor.extract(c)));
            made.leak()
        })
    };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started");
    // Made once, as the peer's window and filters are.
    let extractor = MelExtractor::new(&Features::default());
    let begun = Instant::now();
    let sum: f64 = match threads {
        1 => clips.iter().map(|c| f64::from(extractor.extract(c).db[0])).sum(),
        _ => pool.install(|| clips.par_iter().map(|c| f64::from(extractor.extract(c).db[0])).sum()),
    };
    let seconds = begun.elapsed().as_secs_f64();
    let units = clips.iter().map(Vec::len).sum::<usize>() as f64 / 16_000.0;
    json!({ "seconds": seconds, "units": units, "check": sum })
}

fn clip(folder: &Path, i: usize) -> Vec<f32> {
    let path = folder.join(format!("{i:03}.wav"));
    if !path.exists() {
        let spec = hound::WavSpec {
            channels: 1,
            sample_rate: 16_000,
            bits_per_sample: 32,
            sample_format: hound::SampleFormat::Float,
        };
        let n = 32_000 + (i % 60) * 96_000 / 59;
        let mut wav = hound::WavWriter::create(&path, spec).expect("a fixture can be written");
        for sample in syllables(&mut Draws(i as u64 + 1), n, 16_000) {
            wav.write_sample(sample).expect("a fixture can be written");
        }
        wav.finalize().expect("a fixture can be written");
    }
    load(&path, Channels::Mean).expect("a fixture can be read")
}
