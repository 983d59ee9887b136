//! Importing a corpus and extracting its features with cold caches: SHA-256 of every file, decoding, resampling, log-mel,
//! the cache on disk. `units` are seconds of audio.

use crate::fixture::{Draws, folder, number, syllables};
use indicatif::ProgressBar;
use rayon::prelude::*;
use seraug_core::spec::Features;
use seraug_data::corpora::{DigestPolicy, import};
use seraug_data::features::extract_all;
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;

const NAME: &str = "bench";

/// Of `seconds` (25000) of audio in `utterances` (10000) files at `rate` (16000), with `threads` (2) threads. The corpus
/// is written below `folder` where it is missing; the caches are emptied each time.
pub(crate) fn run(request: &Value) -> Value {
    let seconds = request["seconds"].as_f64().unwrap_or(25_000.0);
    let (n, rate) = (number(request, "utterances", 10_000), number(request, "rate", 16_000));
    let corpora = folder(request).join(format!("{seconds}-{n}-{rate}"));
    if !corpora.join(NAME).join("table.csv").exists() {
        write(&corpora.join(NAME), seconds, n, rate);
    }
    let cache = corpora.join("cache");
    let _ = std::fs::remove_dir_all(&cache);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(number(request, "threads", 2)).build();
    let (hidden, pool) = (ProgressBar::hidden(), pool.expect("threads can be started"));
    pool.install(|| {
        let begun = Instant::now();
        let corpus = import(NAME, &[], &corpora, &cache, DigestPolicy::Cached, &hidden)
            .expect("a corpus that imports");
        let imported = begun.elapsed().as_secs_f64();
        let mels = extract_all(&corpus.utterances, &Features::default(), &cache, &hidden).expect("features");
        let all = begun.elapsed().as_secs_f64();
        assert_eq!(mels.len(), n);
        json!({ "seconds": all, "units": seconds, "import": imported, "features": all - imported,
            "frames": mels.iter().map(|m| m.frames).sum::<usize>() })
    })
}

/// wav/00000.wav and so on, 16 bits, and their table.csv; from half to one and a half of the mean in length.
fn write(root: &Path, seconds: f64, n: usize, rate: usize) {
    std::fs::create_dir_all(root.join("wav")).expect("a fixture can be written");
    let mean = seconds / n as f64 * rate as f64;
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate as u32,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    (0..n).into_par_iter().for_each(|i| {
        // The fraction of a multiple of the golden ratio: spread evenly over [0, 1).
        let length = (mean * (0.5 + (i as f64 * 0.618_033_988_749_895).fract())) as usize;
        let path = root.join(format!("wav/{i:05}.wav"));
        let mut wav = hound::WavWriter::create(path, spec).expect("a fixture can be written");
        for sample in syllables(&mut Draws(i as u64 + 1), length.max(1), rate) {
            wav.write_sample((sample * 32_767.0) as i16).expect("a fixture can be written");
        }
        wav.finalize().expect("a fixture can be written");
    });
    let mut table = "path,emotion,speaker\n".to_owned();
    for i in 0..n {
        let emotion = ["angry", "happy", "neutral", "sad"][i % 4];
        let _ = writeln!(table, "wav/{i:05}.wav,{emotion},s{:02}", i % 10);
    }
    // Last: it says that the others are there.
    std::fs::write(root.join("table.csv"), table).expect("a fixture can be written");
}
